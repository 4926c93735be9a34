//! A JSON document to entries, by a path mapping: programming interfaces and hot lists.

use super::as_html;
use crate::error::ParseError;
use crate::parse::{ENTRIES_MAX, FeedEntry, ParsedFeed};
use crate::{date, text};
use autoglm_domain::{JsonMapping, Timestamp};
use serde_json::Value;
use url::Url;

/// Names taken from one item at most.
const AUTHORS_MAX: usize = 20;
/// From this number on a time is in milliseconds: as seconds it would lie beyond the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;

/// Reads a document.
///
/// # Errors
/// When it is not JSON, a path cannot be read, or no list is where the mapping says.
pub fn read(
    document: &str,
    mapping: &JsonMapping,
    base_url: &str,
) -> Result<ParsedFeed, ParseError> {
    let root: Value = serde_json::from_str(document.trim_start_matches('\u{feff}'))
        .map_err(|error| ParseError::NotJson(error.to_string()))?;
    let rules = Rules::compile(mapping).map_err(ParseError::Mapping)?;
    let items = match rules.items.find(&root) {
        Some(Value::Array(items)) => items.iter().collect::<Vec<_>>(),
        // Some interfaces answer with items by their ids.
        Some(Value::Object(items)) => items.values().collect(),
        _ => return Err(ParseError::Mapping(format!("there is no list at {:?}", mapping.items))),
    };
    let base = Url::parse(base_url).ok();
    let mut feed = ParsedFeed {
        site_url: base.as_ref().map(|base| base.origin().ascii_serialization()),
        base_url: base_url.to_owned(),
        ..ParsedFeed::default()
    };
    let (mut untitled, all) = (0, items.len());
    for item in items.into_iter().take(ENTRIES_MAX) {
        match rules.entry(item, base.as_ref()) {
            Some(entry) => feed.entries.push(entry),
            None => untitled += 1,
        }
    }
    if feed.entries.is_empty() && untitled > 0 {
        return Err(ParseError::Mapping(format!(
            "none of the {untitled} items has a title at {:?} or a link at {:?}",
            mapping.title, mapping.link
        )));
    }
    if untitled > 0 {
        feed.problem(format!("{untitled} items have neither title nor link"));
    }
    if all > ENTRIES_MAX {
        feed.problem(format!("{} items beyond {ENTRIES_MAX} were left out", all - ENTRIES_MAX));
    }
    Ok(feed)
}

/// Whether every path can be read.
///
/// # Errors
/// The first that cannot.
pub fn check(mapping: &JsonMapping) -> Result<(), ParseError> {
    Rules::compile(mapping).map(|_rules| ()).map_err(ParseError::Mapping)
}

/// A mapping whose paths have been read.
struct Rules {
    items: Path,
    title: Path,
    link: Link,
    id: Option<Path>,
    summary: Option<Path>,
    content: Option<Path>,
    published: Option<Path>,
    author: Option<Path>,
}

impl Rules {
    fn compile(mapping: &JsonMapping) -> Result<Self, String> {
        let path = |text: &Option<String>| text.as_deref().map(Path::parse).transpose();
        Ok(Self {
            items: Path::parse(&mapping.items)?,
            title: Path::parse(&mapping.title)?,
            link: Link::parse(&mapping.link)?,
            id: path(&mapping.id)?,
            summary: path(&mapping.summary)?,
            content: path(&mapping.content)?,
            published: path(&mapping.published)?,
            author: path(&mapping.author)?,
        })
    }

    /// `None` for an item with neither title nor link.
    fn entry(&self, item: &Value, base: Option<&Url>) -> Option<FeedEntry> {
        let text_at =
            |path: &Option<Path>| path.as_ref().and_then(|path| path.find(item)).and_then(text_of);
        let title = self.title.find(item).and_then(text_of);
        let link = self.link.find(item).map(|link| match base.map(|base| base.join(&link)) {
            Some(Ok(url)) => url.into(),
            _ => link,
        });
        if title.is_none() && link.is_none() {
            return None;
        }
        let at = |path: &Option<Path>| path.as_ref().and_then(|path| path.find(item));
        Some(FeedEntry {
            id: text_at(&self.id),
            link,
            title,
            authors: at(&self.author).map(names).unwrap_or_default(),
            published: at(&self.published).and_then(moment),
            summary_html: text_at(&self.summary).map(|text| as_html(&text)),
            content_html: text_at(&self.content).map(|text| as_html(&text)),
            ..FeedEntry::default()
        })
    }
}

/// A way into a document: members by name, elements by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Element(usize),
}

impl Path {
    /// Reads `data.list[0].title`; `$` is the document, and may begin every path.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let refuse =
            || format!("{text:?} is no path; write something like data.list[0].title or $");
        let trimmed = text.trim();
        let inner = trimmed.strip_prefix('$').unwrap_or(trimmed);
        let inner = inner.strip_prefix('.').unwrap_or(inner);
        if trimmed.is_empty() {
            return Err(refuse());
        }
        let mut steps = Vec::new();
        for part in inner.split('.').filter(|_| !inner.is_empty()) {
            let (name, elements) = part.split_at(part.find('[').unwrap_or(part.len()));
            if !name.is_empty() {
                steps.push(Step::Member(name.to_owned()));
            } else if elements.is_empty() {
                return Err(refuse());
            }
            for element in elements.split_inclusive(']') {
                let number = element.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                let number = number.and_then(|number| number.trim().parse().ok());
                steps.push(Step::Element(number.ok_or_else(refuse)?));
            }
        }
        Ok(Self(steps))
    }

    /// What is there; `null` is nothing.
    pub(crate) fn find<'a>(&self, root: &'a Value) -> Option<&'a Value> {
        let found = self.0.iter().try_fold(root, |value, step| match step {
            Step::Member(name) => value.get(name),
            Step::Element(number) => value.get(number),
        });
        found.filter(|value| !value.is_null())
    }
}

/// An address, or a template with paths in braces.
enum Link {
    At(Path),
    Template(Vec<(String, Option<Path>)>),
}

impl Link {
    fn parse(text: &str) -> Result<Self, String> {
        if !text.contains('{') {
            return Ok(Self::At(Path::parse(text)?));
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (path, after) = after
                .split_once('}')
                .ok_or_else(|| format!("{text:?} is no template; a brace is not closed"))?;
            parts.push((before.to_owned(), Some(Path::parse(path)?)));
            rest = after;
        }
        parts.push((rest.to_owned(), None));
        Ok(Self::Template(parts))
    }

    /// `None` when a part of it is missing: half an address leads to the wrong page.
    fn find(&self, item: &Value) -> Option<String> {
        match self {
            Self::At(path) => path.find(item).and_then(text_of),
            Self::Template(parts) => {
                let mut link = String::new();
                for (before, path) in parts {
                    link.push_str(before);
                    if let Some(path) = path {
                        link.push_str(&path.find(item).and_then(text_of)?);
                    }
                }
                Some(link)
            }
        }
    }
}

/// A text or a number, trimmed; the first of a list.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => items.first().filter(|first| !first.is_array()).and_then(text_of),
        _ => None,
    }
}

/// Names in a text, an object with `name` (or `given` and `family`), or a list of either.
fn names(value: &Value) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(name) => Some(name.trim().to_owned()),
        object => {
            let part = |name: &str| object.get(name).and_then(text_of);
            part("name").or_else(|| match (part("given"), part("family")) {
                (Some(given), Some(family)) => Some(format!("{given} {family}")),
                (given, family) => given.or(family),
            })
        }
    };
    let names: Vec<Option<String>> = match value {
        Value::Array(many) => many.iter().take(AUTHORS_MAX).map(one).collect(),
        single => vec![one(single)],
    };
    let plain = names.into_iter().flatten().map(|name| text::title_line(&name));
    plain.filter(|name| !name.is_empty()).collect()
}

/// A date in words, or seconds or milliseconds since 1970.
fn moment(value: &Value) -> Option<Timestamp> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.trim().len() >= 9 => text.trim().parse().ok(),
        _ => None,
    };
    match number {
        Some(number) if number.is_finite() && number > 0.0 && number < 1e15 => {
            let milliseconds = if number < MILLISECONDS_FROM { number * 1e3 } else { number };
            #[allow(clippy::cast_possible_truncation, reason = "bounded above")]
            Some(Timestamp(milliseconds as i64))
        }
        _ => date::parse(&text_of(value)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mapping(items: &str, title: &str, link: &str) -> JsonMapping {
        let [items, title, link] = [items, title, link].map(str::to_owned);
        JsonMapping { items, title, link, ..JsonMapping::default() }
    }

    #[test]
    fn articles_are_found_where_the_mapping_says() {
        let document = r#"{"data": {"list": [
            {"t": "One", "path": "/1", "at": 1700000000, "by": [{"name": "A"}, "B"], "s": "a < b"},
            {"t": "Two", "path": "/2", "at": "2024-05-01T00:00:00Z", "by": {"given": "C", "family": "D"}},
            {"other": 1}]}}"#;
        let some = |path: &str| Some(path.to_owned());
        let mapping = JsonMapping {
            published: some("at"),
            author: some("by"),
            summary: some("s"),
            ..mapping("$.data.list", "t", "path")
        };
        let feed = read(document, &mapping, "https://example.org/api").expect("read");
        assert_eq!(feed.entries.len(), 2);
        let [one, two] = &feed.entries[..] else { panic!("two") };
        assert_eq!(one.link.as_deref(), Some("https://example.org/1"));
        assert_eq!(one.published, Some(Timestamp(1_700_000_000_000)));
        assert_eq!(one.authors, ["A", "B"]);
        assert_eq!(one.summary_html.as_deref(), Some("a &lt; b"));
        assert_eq!(two.authors, ["C D"]);
        assert!(two.published.is_some());
        assert_eq!(feed.problems.len(), 1);
    }

    #[test]
    fn a_link_can_be_made_of_parts_and_half_a_link_is_none() {
        let document = r#"[{"id": 7, "title": "Seven"}, {"title": "Nobody"}]"#;
        let rules = mapping("$", "title", "https://example.org/item/{id}?x=1");
        let feed = read(document, &rules, "https://api.example.org/").expect("read");
        assert_eq!(feed.entries[0].link.as_deref(), Some("https://example.org/item/7?x=1"));
        assert_eq!(feed.entries[1].link, None);
    }

    #[test]
    fn items_may_lie_in_an_object_by_their_ids() {
        let document = r#"{"result": {"11": {"title": "Eleven", "url": "https://e.org/11"}}}"#;
        let feed = read(document, &mapping("result", "title", "url"), "https://e.org/");
        assert_eq!(feed.expect("read").entries.len(), 1);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let say = |document: &str, mapping: &JsonMapping| {
            read(document, mapping, "https://e.org/").expect_err("refused").to_string()
        };
        let rules = mapping("data", "title", "url");
        assert!(say("<html>", &rules).contains("not JSON"));
        assert!(say(r#"{"date": []}"#, &rules).contains("no list at \"data\""));
        assert!(say(r#"{"data": [{"a": 1}]}"#, &rules).contains("none of the 1 items"));
        assert!(say("[]", &mapping("a[x]", "t", "u")).contains("no path"));
        assert!(say("[]", &mapping("$", "t", "https://e.org/{id")).contains("not closed"));
    }

    proptest! {
        #[test]
        fn no_path_and_no_document_makes_reading_panic(path in ".{0,40}", text in ".{0,200}") {
            if let Ok(path) = Path::parse(&path) {
                let root = serde_json::from_str(&text).unwrap_or(Value::Null);
                let _ = path.find(&root);
            }
            let _ = Link::parse(&text);
            let _ = read(&text, &mapping(&path, "a", "b"), "https://e.org/");
        }
    }
}
