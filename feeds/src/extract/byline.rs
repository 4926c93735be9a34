//! Who wrote an article.

use super::json_ld::JsonLd;
use super::meta_tags::MetaTags;
use crate::text;
use dom_query::Document;

/// Names of `meta` elements, the more trustworthy first.
const NAMES: &[&str] = &[
    "author",
    "article.author",
    "dc.creator",
    "dcterms.creator",
    "parsely-author",
    "sailthru.author",
    "byl",
    "citation.author",
    "article.author.name",
    "og.article.author",
    "twitter.creator.name",
    "creator",
];
/// Longest byline, in characters.
const BYLINE_CHARS_MAX: usize = 100;

/// The author or authors, or none where nothing tells them.
pub(super) fn find(page: &Document, meta: &MetaTags, json_ld: &JsonLd) -> Option<String> {
    if !json_ld.authors.is_empty() {
        return Some(json_ld.authors.join(", "));
    }
    let told = NAMES.iter().flat_map(|name| meta.all(name)).find_map(tidy);
    told.or_else(|| in_elements(page))
}

fn in_elements(page: &Document) -> Option<String> {
    let selectors = [
        "[itemprop~='author'] [itemprop~='name']",
        "[itemprop~='author']",
        "a[rel~='author']",
        ".byline",
        ".author",
        "[class*='byline']",
        "[class*='author']",
    ];
    selectors.iter().find_map(|selector| {
        page.select(selector).nodes().iter().take(10).find_map(|node| tidy(&node.text()))
    })
}

/// A name without what stands around it; none for what cannot be a name.
fn tidy(raw: &str) -> Option<String> {
    let line = text::title_line(raw);
    let line = line.trim();
    let usable =
        !line.is_empty() && line.chars().count() <= BYLINE_CHARS_MAX && !line.contains("://");
    usable.then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_author_is_found_in_meta_elements_and_in_the_page() {
        for html in ["<meta name=author content='Ann Lee'>", "<p class=byline>Ann Lee</p>"] {
            let page = Document::from(html);
            let found = find(&page, &MetaTags::read(&page), &JsonLd::default());
            assert_eq!(found.as_deref(), Some("Ann Lee"));
        }
    }
}
