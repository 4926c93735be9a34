//! Writes a list with everything this product knows of a subscription but its secrets.

use super::{DEPTH_MAX, FOLDER_SEPARATOR, OpmlFeed, OpmlWishes};
use autoglm_domain::SourceKind;
use quick_xml::escape;
use std::fmt::Write;

/// What the prefix of our own attributes stands for.
const NAMESPACE: &str = "urn:autoglm:opml";

/// Writes a list (OPML 2.0) that [`super::read`] gives back, all but secrets: folders in the order of
/// their first feed.
#[must_use]
pub fn write(title: &str, feeds: &[OpmlFeed]) -> String {
    let mut root = Folder::default();
    for feed in feeds {
        let mut folder = &mut root;
        let names = feed.folder.as_deref().unwrap_or("").split(FOLDER_SEPARATOR);
        for name in names.map(str::trim).filter(|name| !name.is_empty()).take(DEPTH_MAX) {
            folder = folder.enter(name);
        }
        folder.feeds.push(feed);
    }
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\" \
         xmlns:autoglm=\"{NAMESPACE}\">\n  <head>\n    <title>{}</title>\n  </head>\n  <body>\n",
        escaped(title)
    );
    root.write(&mut out, 2);
    out.push_str("  </body>\n</opml>\n");
    out
}

#[derive(Default)]
struct Folder<'a> {
    feeds: Vec<&'a OpmlFeed>,
    folders: Vec<(&'a str, Self)>,
}

impl<'a> Folder<'a> {
    fn enter(&mut self, name: &'a str) -> &mut Self {
        let at = match self.folders.iter().position(|(known, _)| *known == name) {
            Some(at) => at,
            None => {
                self.folders.push((name, Self::default()));
                self.folders.len() - 1
            }
        };
        &mut self.folders[at].1
    }

    fn write(&self, out: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        for feed in &self.feeds {
            let kind = feed.wishes.kind.unwrap_or(SourceKind::Feed);
            let sort = if kind == SourceKind::Feed { "rss" } else { kind.name() };
            let title = escaped(&feed.title);
            let url = escaped(&feed.url);
            let _ = write!(
                out,
                "{indent}<outline type=\"{sort}\" text=\"{title}\" title=\"{title}\" xmlUrl=\"{url}\""
            );
            if let Some(site_url) = &feed.site_url {
                let _ = write!(out, " htmlUrl=\"{}\"", escaped(site_url));
            }
            for (name, value) in attributes(&feed.wishes) {
                let _ = write!(out, " autoglm:{name}=\"{}\"", escaped(&value));
            }
            out.push_str("/>\n");
        }
        for (name, folder) in &self.folders {
            let name = escaped(name);
            let _ = writeln!(out, "{indent}<outline text=\"{name}\" title=\"{name}\">");
            folder.write(out, depth + 1);
            let _ = writeln!(out, "{indent}</outline>");
        }
    }
}

/// What has no place in other programs' lists. Of secrets only the names, so that whoever reads the
/// list again is told what to give anew.
fn attributes(wishes: &OpmlWishes) -> Vec<(&'static str, String)> {
    let mut attributes = Vec::new();
    let mut add = |name, value: Option<String>| attributes.extend(value.map(|value| (name, value)));
    add("kind", wishes.kind.map(|kind| kind.name().to_owned()));
    let settings = Some(&wishes.settings).filter(|settings| !settings.is_default());
    add("settings", settings.and_then(|settings| serde_json::to_string(settings).ok()).map(ascii));
    add("interval", wishes.interval.map(|interval| interval.as_secs().to_string()));
    add("paused", wishes.paused.then(|| "true".to_owned()));
    add("userAgent", wishes.request.user_agent.clone());
    add("proxy", wishes.request.proxy.clone());
    let withheld = wishes.request.names_set().into_iter();
    let withheld: Vec<String> =
        withheld.filter(|name| name != "user_agent" && name != "proxy").collect();
    add("withheld", (!withheld.is_empty()).then(|| withheld.join(" ")));
    attributes
}

/// JSON without the characters that an attribute cannot hold or that a repair would change.
fn ascii(json: String) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if matches!(c, ' '..='~') {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// Escaped for an attribute, without the characters XML cannot hold.
fn escaped(value: &str) -> String {
    let legal: String = value.chars().filter(|c| !c.is_control()).collect();
    escape::escape(legal).into_owned()
}
