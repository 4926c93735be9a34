//! The `meta` elements of a page.

use dom_query::Document;

/// Most elements that are looked at.
const TAGS_MAX: usize = 500;
/// Longest value that is kept, in bytes.
const VALUE_BYTES_MAX: usize = 4 * 1024;

/// Names and values in the order of the page.
#[derive(Debug, Default)]
pub(super) struct MetaTags {
    values: Vec<(String, String)>,
}

impl MetaTags {
    pub(super) fn read(page: &Document) -> Self {
        let mut values = Vec::new();
        for node in page.select("meta[content], meta[value]").nodes().iter().take(TAGS_MAX) {
            let Some(value) = node.attr("content").or_else(|| node.attr("value")) else { continue };
            let value = value.trim();
            if value.is_empty() || value.len() > VALUE_BYTES_MAX {
                continue;
            }
            for name in ["property", "name", "itemprop", "http-equiv"] {
                if let Some(names) = node.attr(name) {
                    let names = names.to_ascii_lowercase();
                    let each = names.split_ascii_whitespace();
                    values
                        .extend(each.map(|name| (name.replace([':', '_'], "."), value.to_owned())));
                }
            }
        }
        Self { values }
    }

    /// The values under a name; `:`, `_` and `.` in names are the same.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first value under the first of several names that has one.
    pub(super) fn first<'a>(&'a self, names: &[&'a str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.all(name).next())
    }
}
