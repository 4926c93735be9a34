//! Subscription lists: a reader that takes what other programs write, and a writer.

mod outline_tag;

use crate::error::OpmlError;
use crate::{encoding, repair, text};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, escape};
use std::fmt::Write;

/// Largest list read, in bytes.
pub const OPML_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most feeds read of one list.
pub const OPML_FEEDS_MAX: usize = 20_000;
/// Deepest nesting of folders; deeper ones count as the last allowed one.
const DEPTH_MAX: usize = 10;
/// Longest name of a folder, in bytes.
const FOLDER_BYTES_MAX: usize = 200;
/// Stands between the names of nested folders.
const FOLDER_SEPARATOR: &str = "/";

/// One subscription of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpmlFeed {
    /// The feed's address as the list has it; it is not checked.
    pub url: String,
    /// Its name; the address where the list gives none.
    pub title: String,
    /// Its web page.
    pub site_url: Option<String>,
    /// Names of the folders it lies in, outermost first, joined by `/`.
    pub folder: Option<String>,
}

/// A list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpmlDocument {
    /// Its name.
    pub title: Option<String>,
    /// Its subscriptions, in order, doubles included.
    pub outlines: Vec<OpmlFeed>,
    /// What could not be read, for people.
    pub problems: Vec<String>,
}

/// A subscription with its folders apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outline {
    pub(crate) feed: OpmlFeed,
    pub(crate) path: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Outlines {
    pub(crate) title: Option<String>,
    pub(crate) found: Vec<Outline>,
    problems: Vec<String>,
    seen_outline: bool,
}

/// Reads a list in any encoding: names in any letter case, with or without head, type or closing
/// tags. `Err` when it is too large or has no outline at all.
pub fn read(document: &[u8]) -> Result<OpmlDocument, OpmlError> {
    let outlines = read_outlines(document)?;
    let join = |outline: Outline| {
        let folder = (!outline.path.is_empty()).then(|| outline.path.join(FOLDER_SEPARATOR));
        OpmlFeed { folder, ..outline.feed }
    };
    Ok(OpmlDocument {
        title: outlines.title,
        outlines: outlines.found.into_iter().map(join).collect(),
        problems: outlines.problems,
    })
}

pub(crate) fn read_outlines(document: &[u8]) -> Result<Outlines, OpmlError> {
    if document.len() > OPML_BYTES_MAX {
        return Err(OpmlError::TooLarge(OPML_BYTES_MAX));
    }
    let text = encoding::decode(document, None).text;
    let document = repair::well_form(&outline_tag::close_quotes(&text));
    let mut reader = Reader::from_str(&document);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut outlines = Outlines::default();
    // For each open outline the folder it names, or none for a feed that has children.
    let mut open: Vec<Option<String>> = Vec::new();
    let mut in_title = false;
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) if is_named(&tag, "outline") => {
                let folder = outlines.take(&tag, &open);
                open.push(folder);
            }
            Ok(Event::Empty(tag)) if is_named(&tag, "outline") => {
                outlines.take(&tag, &open);
            }
            Ok(Event::End(tag)) if tag.name().as_ref().eq_ignore_ascii_case("outline") => {
                open.pop();
            }
            Ok(Event::Start(tag)) if is_named(&tag, "title") => in_title = open.is_empty(),
            Ok(Event::End(_)) => in_title = false,
            Ok(Event::Text(words)) if in_title => outlines.add_title(&words.xml10_content()),
            Ok(Event::CData(words)) if in_title => outlines.add_title(&words.xml10_content()),
            Ok(Event::GeneralRef(name)) if in_title => {
                outlines.add_title(&format!("&{};", name.as_ref()));
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                outlines.problems.push(format!("the list breaks off: {error}"));
                break;
            }
        }
        if outlines.found.len() >= OPML_FEEDS_MAX {
            outlines.problems.push(format!("only the first {OPML_FEEDS_MAX} feeds were read"));
            break;
        }
    }
    outlines.title = outlines.title.map(|title| text::title_line(&title));
    outlines.title.take_if(|title| title.is_empty());
    if outlines.seen_outline { Ok(outlines) } else { Err(OpmlError::NoOutline) }
}

fn is_named(tag: &BytesStart<'_>, name: &str) -> bool {
    tag.name().as_ref().eq_ignore_ascii_case(name)
}

impl Outlines {
    fn add_title(&mut self, words: &str) {
        let title = self.title.get_or_insert_default();
        if title.len() < 4 * text::TITLE_CHARS_MAX {
            title.push_str(words);
        }
    }

    /// Reads one outline: keeps it when it is a feed, returns its name when it is a folder.
    fn take(&mut self, tag: &BytesStart<'_>, open: &[Option<String>]) -> Option<String> {
        self.seen_outline = true;
        let mut values: [Option<String>; 5] = Default::default();
        for attribute in tag.attributes().with_checks(false).flatten() {
            let name = attribute.key.as_ref().to_ascii_lowercase();
            let Some(slot) = ["xmlurl", "title", "text", "htmlurl", "url"]
                .iter()
                .position(|known| *known == name)
            else {
                continue;
            };
            let value = escape::unescape(&attribute.value)
                .map_or_else(|_| attribute.value.to_string(), Into::into);
            values[slot] = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        }
        let [feed_url, title, words, site_url, plain_url] = values;
        let is_link = |url: &String| url.contains("://");
        let feed_url = feed_url.or(plain_url.filter(|url| site_url.is_none() && is_link(url)));
        let name = words.or(title).map(|name| text::title_line(&name));
        let name = name.filter(|name| !name.is_empty());
        let Some(url) = feed_url else {
            return name.map(|name| text::prefix(&name, FOLDER_BYTES_MAX).to_owned());
        };
        let path = open.iter().flatten().take(DEPTH_MAX).cloned().collect();
        let title = name.unwrap_or_else(|| url.clone());
        let feed = OpmlFeed { url, title, site_url, folder: None };
        self.found.push(Outline { feed, path });
        None
    }
}

/// Writes a list (OPML 2.0) that [`read`] gives back: folders in the order of their first feed.
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
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n  <head>\n    \
         <title>{}</title>\n  </head>\n  <body>\n",
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
            let title = escaped(&feed.title);
            let url = escaped(&feed.url);
            let _ = write!(
                out,
                "{indent}<outline type=\"rss\" text=\"{title}\" title=\"{title}\" xmlUrl=\"{url}\""
            );
            if let Some(site_url) = &feed.site_url {
                let _ = write!(out, " htmlUrl=\"{}\"", escaped(site_url));
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

/// Escaped for an attribute, without the characters XML cannot hold.
fn escaped(value: &str) -> String {
    let legal: String = value.chars().filter(|c| !c.is_control()).collect();
    escape::escape(legal).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_other_programs_write_is_read() {
        let list = r#"Notice: x
            <OPML><BODY><OUTLINE TEXT="A & B"><outline XMLURL='https://a.example/?x=1&y=2'
            htmlUrl="https://a.example" custom:thing="1" text="One">
            <outline title="Deep" text=""><outline xmlurl="https://b.example/f"/></OUTLINE>
            </outline></OUTLINE><outline type="rss" url="https://c.example/f" title="Three">"#;
        let read = read(list.as_bytes()).expect("has outlines");
        let found: Vec<(&str, &str, Option<&str>)> = read
            .outlines
            .iter()
            .map(|feed| (feed.url.as_str(), feed.title.as_str(), feed.folder.as_deref()))
            .collect();
        assert_eq!(
            found,
            [
                ("https://a.example/?x=1&y=2", "One", Some("A & B")),
                ("https://b.example/f", "https://b.example/f", Some("A & B/Deep")),
                ("https://c.example/f", "Three", None),
            ]
        );
    }

    #[test]
    fn a_quote_inside_a_value_does_not_cost_the_feeds_behind_it() {
        let list = r#"<opml><body><outline text="He said "it's so," and left" xmlUrl="https://a.example"/>
            <outline text="Two" xmlUrl='https://b.example'/></body></opml>"#;
        let read = read(list.as_bytes()).expect("has outlines");
        let titles: Vec<&str> = read.outlines.iter().map(|feed| feed.title.as_str()).collect();
        assert_eq!(titles, ["He said \"it's so,\" and left", "Two"]);
    }

    #[test]
    fn nesting_without_end_is_survived() {
        let deep = "<outline text='x'>".repeat(100_000) + "<outline xmlUrl='https://a.example'/>";
        let read = read(deep.as_bytes()).expect("has outlines");
        assert_eq!(read.outlines[0].folder.as_deref().map(|f| f.len()), Some(2 * DEPTH_MAX - 1));
    }

    #[test]
    fn a_document_without_outlines_is_refused() {
        assert_eq!(read(b"<html><body>no</body></html>"), Err(OpmlError::NoOutline));
        assert_eq!(read(b""), Err(OpmlError::NoOutline));
    }

    proptest! {
        #[test]
        fn a_written_list_is_read_back(
            names in proptest::collection::vec("[a-z<>&\"' ]{0,8}[a-z]", 1..6),
            folder in proptest::option::of("[a-z&]{1,5}(/[a-z]{1,5})?"),
        ) {
            let feeds: Vec<OpmlFeed> = names.iter().enumerate().map(|(number, name)| OpmlFeed {
                url: format!("https://example.org/{number}?a=1&b=2"),
                title: text::title_line(name),
                site_url: (number % 2 == 0).then(|| "https://example.org/".to_owned()),
                folder: folder.clone(),
            }).filter(|feed| text::title_line(&feed.title) == feed.title).collect();
            prop_assume!(!feeds.is_empty());
            let read = read(write("My <list>", &feeds).as_bytes()).expect("was written here");
            prop_assert_eq!(read.outlines, feeds);
            prop_assert_eq!(read.title.as_deref(), Some("My <list>"));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
        }
    }
}
