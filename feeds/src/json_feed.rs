//! JSON Feed 1.0 and 1.1, read field by field: a wrong type costs the field, not the feed.

use crate::error::ParseError;
use crate::parse::{ENTRIES_MAX, FeedEntry, ParsedFeed};
use crate::{date, text};
use serde_json::Value;
use url::Url;

/// Reads a document that begins with a brace.
pub(crate) fn read(document: &str, base_url: &str) -> Result<ParsedFeed, ParseError> {
    let root: Value = serde_json::from_str(document.trim_end_matches('\0'))
        .map_err(|error| ParseError::Broken(format!("it is not JSON: {error}")))?;
    let items = root.get("items").and_then(Value::as_array);
    let Some(items) = items.filter(|_| is_feed(&root)) else {
        return Err(ParseError::NotAFeed);
    };
    let base = Url::parse(base_url).ok();
    let authors = authors(&root);
    let mut feed = ParsedFeed {
        title: text(&root, "title").map(|title| text::title_line(&title)),
        site_url: link(&root, "home_page_url", base.as_ref()),
        base_url: base_url.to_owned(),
        language: text(&root, "language"),
        ..ParsedFeed::default()
    };
    for (number, item) in items.iter().take(ENTRIES_MAX).enumerate() {
        if item.is_object() {
            feed.entries.push(entry(item, &authors, base.as_ref()));
        } else {
            feed.problem(format!("entry {} is not an object", number + 1));
        }
    }
    if items.len() > ENTRIES_MAX {
        let more = items.len() - ENTRIES_MAX;
        feed.problem(format!("{more} entries beyond the first {ENTRIES_MAX} were left out"));
    }
    Ok(feed)
}

/// The version names the format; without one the title has to do. A title that is no text, or a
/// version of something else, belongs to another kind of JSON with `items`.
fn is_feed(root: &Value) -> bool {
    let title = root.get("title").filter(|title| !title.is_null());
    match root.get("version").filter(|version| !version.is_null()) {
        Some(version) => {
            version.as_str().is_some_and(|version| version.contains("jsonfeed.org"))
                && title.is_none_or(Value::is_string)
        }
        None => title.is_some_and(Value::is_string),
    }
}

fn entry(item: &Value, feed_authors: &[String], base: Option<&Url>) -> FeedEntry {
    let mut own_authors = authors(item);
    if own_authors.is_empty() {
        own_authors = feed_authors.to_vec();
    }
    let moment = |name: &str| text(item, name).and_then(|value| date::parse(&value));
    let plain = text(item, "content_text").map(|plain| text::to_html(&plain));
    FeedEntry {
        id: text(item, "id"),
        link: link(item, "url", base).or_else(|| link(item, "external_url", base)),
        title: text(item, "title"),
        authors: own_authors,
        language: text(item, "language"),
        published: moment("date_published"),
        updated: moment("date_modified"),
        summary_html: text(item, "summary").map(|summary| text::to_html(&summary)),
        content_html: text(item, "content_html").or(plain),
        ..FeedEntry::default()
    }
}

/// A field as text; numbers count, blank text does not.
fn text(value: &Value, name: &str) -> Option<String> {
    let text = match value.get(name)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn link(value: &Value, name: &str, base: Option<&Url>) -> Option<String> {
    let link = text(value, name)?;
    match base.map(|base| base.join(&link)) {
        Some(Ok(url)) => Some(url.into()),
        _ => Some(link),
    }
}

/// `authors` of version 1.1 and `author` of version 1.0, objects or plain names.
fn authors(value: &Value) -> Vec<String> {
    let many = value.get("authors").and_then(Value::as_array).into_iter().flatten();
    let mut names = Vec::new();
    for author in many.chain(value.get("author")).take(20) {
        let name = match author {
            Value::String(name) => Some(name.trim().to_owned()),
            other => text(other, "name"),
        };
        if let Some(name) = name.filter(|name| !name.is_empty() && !names.contains(name)) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_with_items_is_a_feed_only_by_its_version_or_its_title() {
        let is = |document: &str| read(document, "https://example.org/").is_ok();
        assert!(is(r#"{"version": "https://jsonfeed.org/version/1.1", "items": []}"#));
        assert!(is(r#"{"title": "News", "items": []}"#));
        assert!(!is(r#"{"items": []}"#));
        assert!(!is(r#"{"version": "1.0", "title": "News", "items": []}"#));
        assert!(!is(r#"{"version": "https://jsonfeed.org/version/1", "title": [], "items": []}"#));
    }
}
