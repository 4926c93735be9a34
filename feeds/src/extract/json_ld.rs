//! What a page says of its article in JSON-LD (schema.org).

use crate::text;
use dom_query::Document;
use serde_json::{Map, Value};

/// Longest script that is read, in bytes.
const SCRIPT_BYTES_MAX: usize = 1024 * 1024;
/// Most scripts that are read.
const SCRIPTS_MAX: usize = 30;
/// Most objects that are looked at.
const OBJECTS_MAX: usize = 2_000;
/// Most authors that are told.
const AUTHORS_MAX: usize = 30;

/// The article of a page as its JSON-LD tells it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct JsonLd {
    pub(super) headline: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) published: Option<String>,
    pub(super) site_name: Option<String>,
    pub(super) language: Option<String>,
    pub(super) body: Option<String>,
}

/// Reads the first article in the JSON-LD scripts of a page.
pub(super) fn read(page: &Document) -> JsonLd {
    let scripts = page.select("script[type*='ld+json' i]");
    let documents: Vec<Value> =
        scripts.iter().take(SCRIPTS_MAX).filter_map(|script| parse(&script.text())).collect();
    let mut objects = Vec::new();
    for document in &documents {
        collect(document, &mut objects);
    }
    let article = objects.iter().find(|object| is_article(object));
    article.map_or_else(JsonLd::default, |article| describe(article, &objects))
}

/// JSON as pages write it: in comments or CDATA, with line breaks inside of strings.
fn parse(script: &str) -> Option<Value> {
    if script.len() > SCRIPT_BYTES_MAX {
        return None;
    }
    let script = script.split_once("<![CDATA[").map_or(script, |(_, inside)| inside);
    let script = script.split_once("]]>").map_or(script, |(inside, _)| inside);
    let start = script.find(['{', '['])?;
    let end = script.rfind(['}', ']'])?;
    let json = script.get(start..=end)?;
    if let Ok(value) = serde_json::from_str(json) {
        return Some(value);
    }
    let mended: String = json.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    serde_json::from_str(&mended).ok()
}

/// Every object of a graph, outer ones first.
fn collect<'a>(value: &'a Value, objects: &mut Vec<&'a Map<String, Value>>) {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items.iter().rev()),
            Value::Object(object) if objects.len() < OBJECTS_MAX => {
                objects.push(object);
                let inner = object.iter().filter(|(name, _)| {
                    matches!(name.as_str(), "@graph" | "mainEntity" | "author" | "creator")
                });
                waiting.extend(inner.map(|(_, value)| value));
            }
            _ => {}
        }
    }
}

fn has_type(object: &Map<String, Value>, wanted: impl Fn(&str) -> bool) -> bool {
    match object.get("@type") {
        Some(Value::String(kind)) => wanted(kind),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).any(wanted),
        _ => false,
    }
}

fn is_article(object: &&Map<String, Value>) -> bool {
    has_type(object, |kind| {
        kind.ends_with("Article")
            || kind.ends_with("Posting")
            || matches!(kind, "Report" | "Recipe" | "Review" | "APIReference")
    })
}

fn describe(article: &Map<String, Value>, objects: &[&Map<String, Value>]) -> JsonLd {
    let string = |name: &str| article.get(name).and_then(first_string);
    let author = ["author", "creator"].iter().find_map(|name| article.get(*name));
    let mut authors = Vec::new();
    if let Some(author) = author {
        add_names(author, objects, &mut authors);
    }
    let publisher = article.get("publisher").map(|publisher| {
        let mut names = Vec::new();
        add_names(publisher, objects, &mut names);
        names
    });
    JsonLd {
        headline: string("headline").or_else(|| string("name")),
        authors,
        published: ["datePublished", "dateCreated", "uploadDate"].iter().find_map(|n| string(n)),
        site_name: publisher.and_then(|names| names.into_iter().next()),
        language: string("inLanguage"),
        body: string("articleBody"),
    }
}

fn first_string(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text,
        Value::Array(items) => items.iter().find_map(Value::as_str)?,
        _ => return None,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The names in a person, a list of people, a bare name, or a reference to a person elsewhere.
fn add_names(value: &Value, objects: &[&Map<String, Value>], names: &mut Vec<String>) {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    for item in items.iter().take(AUTHORS_MAX) {
        let name = match item {
            Value::String(name) => Some(name.clone()),
            Value::Object(person) => person.get("name").and_then(first_string).or_else(|| {
                let id = person.get("@id")?;
                let known = objects.iter().filter(|object| object.get("@id") == Some(id));
                known.filter_map(|object| object.get("name")).find_map(first_string)
            }),
            _ => None,
        };
        let name = name.map(|name| text::title_line(&name)).filter(|name| !name.is_empty());
        names.extend(name.filter(|name| !names.contains(name)).as_slice().to_vec());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> JsonLd {
        read(&Document::from(format!("<script type='application/ld+json'>{json}</script>")))
    }

    #[test]
    fn the_article_is_found_in_a_graph_and_its_author_by_reference() {
        let told = of(r#"{"@context":"https://schema.org","@graph":[
            {"@type":"WebPage","name":"Page"},
            {"@type":["NewsArticle"],"headline":"H","author":{"@id":"/p"},
             "datePublished":"2024-05-01","publisher":{"name":"Site"},"inLanguage":"en"},
            {"@type":"Person","@id":"/p","name":"Ann Lee"}]}"#);
        assert_eq!(told.headline.as_deref(), Some("H"));
        assert_eq!(told.authors, ["Ann Lee"]);
        assert_eq!(told.published.as_deref(), Some("2024-05-01"));
        assert_eq!(told.site_name.as_deref(), Some("Site"));
    }

    #[test]
    fn json_with_line_breaks_in_strings_is_read() {
        let told = of("//<![CDATA[\n[{\"@type\":\"BlogPosting\",\"name\":\"A\nB\"}]\n//]]>");
        assert_eq!(told.headline.as_deref(), Some("A B"));
        assert_eq!(of("{\"@type\":\"Product\"}"), JsonLd::default());
        assert_eq!(of("not json"), JsonLd::default());
    }
}
