//! What the elements of feeds mean: names in any prefix and any case, to the fields of an entry.

use std::borrow::Cow;
use std::collections::HashMap;

/// Most prefixes remembered of one document.
const PREFIXES_MAX: usize = 64;

/// The vocabularies that carry something of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vocabulary {
    /// RSS in all versions, Atom, and names without a prefix.
    Core,
    Dublin,
    Terms,
    Content,
    Media,
    Podcast,
    Html,
    Foreign,
}

/// A part of a feed or of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Title,
    Summary,
    /// What RSS calls a description: the summary, or the content where there is a summary too.
    Description,
    Content,
    Link,
    Id,
    Published,
    Updated,
    Author,
}

/// What to do with an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// An item or an entry begins.
    Entry,
    /// Holds other elements of the same feed or entry.
    Container,
    /// A value; among several for the same field the lowest rank is kept.
    Value(Field, u8),
    /// Nothing of ours, with all it holds.
    Other,
}

/// The prefixes a document declared.
#[derive(Default)]
pub(crate) struct Prefixes(HashMap<String, Vocabulary>);

impl Prefixes {
    /// Remembers a declaration, an attribute `xmlns:prefix`.
    pub(crate) fn declare(&mut self, attribute: &str, namespace: &str) {
        if let Some(prefix) = attribute.strip_prefix("xmlns:")
            && self.0.len() < PREFIXES_MAX
        {
            self.0.insert(prefix.to_owned(), vocabulary_of(namespace, prefix));
        }
    }

    /// The vocabulary and the local name of an element.
    pub(crate) fn resolve<'n>(&self, name: &'n str) -> (Vocabulary, &'n str) {
        let Some((prefix, local)) = name.split_once(':') else { return (Vocabulary::Core, name) };
        let known = self.0.get(prefix).copied();
        (known.unwrap_or_else(|| vocabulary_of("", prefix)), local)
    }
}

/// Namespaces are written in so many ways that a characteristic part has to do; an unknown one is
/// judged by its customary prefix.
fn vocabulary_of(namespace: &str, prefix: &str) -> Vocabulary {
    let namespace = in_lower_case(namespace);
    let by_namespace = [
        ("dc/elements", Vocabulary::Dublin),
        ("dc/terms", Vocabulary::Terms),
        ("modules/content", Vocabulary::Content),
        ("mrss", Vocabulary::Media),
        ("itunes", Vocabulary::Podcast),
        ("xhtml", Vocabulary::Html),
        ("/atom", Vocabulary::Core),
        ("rss/1.0/modules", Vocabulary::Foreign),
        ("purl.org/rss/", Vocabulary::Core),
        ("backend.userland.com", Vocabulary::Core),
        ("netscape.com/rdf", Vocabulary::Core),
        ("22-rdf-syntax-ns", Vocabulary::Core),
    ];
    let known = by_namespace.iter().find(|(part, _)| namespace.contains(part));
    known.map_or_else(|| vocabulary_by_prefix(prefix), |(_, vocabulary)| *vocabulary)
}

fn vocabulary_by_prefix(prefix: &str) -> Vocabulary {
    match &*in_lower_case(prefix) {
        "dc" => Vocabulary::Dublin,
        "dcterms" => Vocabulary::Terms,
        "content" => Vocabulary::Content,
        "media" => Vocabulary::Media,
        "itunes" => Vocabulary::Podcast,
        "xhtml" => Vocabulary::Html,
        "atom" | "rss" | "rdf" => Vocabulary::Core,
        _ => Vocabulary::Foreign,
    }
}

/// Most names are in lower case as they stand.
fn in_lower_case(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}

/// The meaning of an element, by vocabulary and local name.
pub(crate) fn meaning(vocabulary: Vocabulary, local: &str) -> Meaning {
    let lower = in_lower_case(local);
    let lower = &*lower;
    match vocabulary {
        Vocabulary::Core => core(lower),
        Vocabulary::Dublin | Vocabulary::Terms => dublin(lower),
        Vocabulary::Media => media(lower),
        Vocabulary::Podcast => podcast(lower),
        Vocabulary::Content if lower == "encoded" => Meaning::Value(Field::Content, 0),
        Vocabulary::Html if lower == "body" => Meaning::Value(Field::Content, 2),
        _ => Meaning::Other,
    }
}

fn core(name: &str) -> Meaning {
    match name {
        "item" | "entry" => Meaning::Entry,
        "rss" | "rdf" | "feed" | "channel" => Meaning::Container,
        "title" => Meaning::Value(Field::Title, 0),
        "link" => Meaning::Value(Field::Link, 0),
        "id" => Meaning::Value(Field::Id, 0),
        "guid" => Meaning::Value(Field::Id, 1),
        "summary" => Meaning::Value(Field::Summary, 0),
        "description" => Meaning::Value(Field::Description, 0),
        "abstract" => Meaning::Value(Field::Description, 1),
        "content" => Meaning::Value(Field::Content, 1),
        "body" | "fullitem" => Meaning::Value(Field::Content, 2),
        "pubdate" | "published" | "issued" => Meaning::Value(Field::Published, 0),
        "created" => Meaning::Value(Field::Published, 2),
        "updated" | "modified" => Meaning::Value(Field::Updated, 0),
        "author" | "managingeditor" => Meaning::Value(Field::Author, 0),
        _ => Meaning::Other,
    }
}

fn dublin(name: &str) -> Meaning {
    match name {
        "title" => Meaning::Value(Field::Title, 1),
        "description" | "abstract" => Meaning::Value(Field::Description, 2),
        "creator" | "author" => Meaning::Value(Field::Author, 0),
        "date" | "issued" => Meaning::Value(Field::Published, 1),
        "created" => Meaning::Value(Field::Published, 2),
        "modified" => Meaning::Value(Field::Updated, 1),
        _ => Meaning::Other,
    }
}

/// Media elements describe an enclosure, which stands in for the entry where nothing else speaks.
fn media(name: &str) -> Meaning {
    match name {
        "group" | "content" => Meaning::Container,
        "title" => Meaning::Value(Field::Title, 3),
        "description" => Meaning::Value(Field::Description, 4),
        _ => Meaning::Other,
    }
}

fn podcast(name: &str) -> Meaning {
    match name {
        "title" => Meaning::Value(Field::Title, 2),
        "summary" => Meaning::Value(Field::Description, 3),
        "author" => Meaning::Value(Field::Author, 1),
        _ => Meaning::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_the_same_under_any_prefix_and_in_any_case() {
        let mut prefixes = Prefixes::default();
        prefixes.declare("xmlns:x", "http://purl.org/dc/elements/1.1/");
        let (vocabulary, local) = prefixes.resolve("x:Title");
        assert_eq!(meaning(vocabulary, local), Meaning::Value(Field::Title, 1));
        let (vocabulary, local) = prefixes.resolve("TITLE");
        assert_eq!(meaning(vocabulary, local), Meaning::Value(Field::Title, 0));
    }

    #[test]
    fn a_prefix_nobody_declared_is_judged_by_custom() {
        let prefixes = Prefixes::default();
        assert_eq!(prefixes.resolve("media:title").0, Vocabulary::Media);
        assert_eq!(prefixes.resolve("g:title").0, Vocabulary::Foreign);
    }
}
