//! Subscription lists: a reader that takes what other programs write, and a writer.

mod outline_tag;
mod wishes;
mod write;
mod xpath;

use crate::error::OpmlError;
use crate::{encoding, repair, text};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, escape};
use wishes::Attributes;
pub use wishes::OpmlWishes;
pub use write::write;

/// Largest list read, in bytes.
pub const OPML_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most feeds read of one list.
pub const OPML_FEEDS_MAX: usize = 20_000;
/// Deepest nesting of folders; deeper ones count as the last allowed one.
const DEPTH_MAX: usize = 10;
/// Longest name of a folder, in bytes.
const FOLDER_BYTES_MAX: usize = 200;
/// Beginnings of the attributes in which programs keep the settings of a feed.
const SETTINGS: [&str; 3] = ["autoglm:", "frss:", "miniflux:"];
/// Most problems of a list as a whole.
const PROBLEMS_MAX: usize = 200;
/// Most such attributes of one feed.
const ATTRIBUTES_MAX: usize = 100;
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
    /// How it is read, asked and scheduled.
    pub wishes: OpmlWishes,
    /// What the list says of it that has no equal here.
    pub problems: Vec<String>,
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
        let mut more = Attributes::new();
        for attribute in tag.attributes().with_checks(false).flatten() {
            let name = attribute.key.as_ref().to_ascii_lowercase();
            let slot = ["xmlurl", "title", "text", "htmlurl", "url"]
                .iter()
                .position(|known| *known == name);
            let is_setting = name == "type" || SETTINGS.iter().any(|own| name.starts_with(own));
            if slot.is_none() && !is_setting {
                continue;
            }
            let value = escape::unescape(&attribute.value)
                .map_or_else(|_| attribute.value.to_string(), Into::into);
            let value = value.trim().to_owned();
            match slot {
                Some(slot) => values[slot] = Some(value).filter(|value| !value.is_empty()),
                None if more.len() < ATTRIBUTES_MAX => {
                    more.insert(name, value);
                }
                None => {}
            }
        }
        let [feed_url, title, words, site_url, plain_url] = values;
        let is_link = |url: &String| url.contains("://");
        let feed_url = feed_url.or(plain_url.filter(|url| site_url.is_none() && is_link(url)));
        let name = words.or(title).map(|name| text::title_line(&name));
        let name = name.filter(|name| !name.is_empty());
        let Some(url) = feed_url else {
            if more.contains_key("frss:opmlurl") && self.problems.len() < PROBLEMS_MAX {
                let folder = name.as_deref().unwrap_or_default();
                self.problems.push(format!(
                    "the folder {folder:.100} mirrors another list, which is not followed here; import that list"
                ));
            }
            return name.map(|name| text::prefix(&name, FOLDER_BYTES_MAX).to_owned());
        };
        let path = open.iter().flatten().take(DEPTH_MAX).cloned().collect();
        let title = name.unwrap_or_else(|| url.clone());
        let (wishes, problems) = wishes::read(more);
        let feed = OpmlFeed { url, title, site_url, folder: None, wishes, problems };
        self.found.push(Outline { feed, path });
        None
    }
}

#[cfg(test)]
mod tests;
