//! The title of an article: what the page says of itself, without the name of the site.

use super::json_ld::JsonLd;
use super::meta_tags::MetaTags;
use crate::text;
use dom_query::Document;

/// Fewer characters are no title of an article.
const TITLE_CHARS_MIN: usize = 4;

/// The title, or none where the page has none.
pub(super) fn find(page: &Document, meta: &MetaTags, json_ld: &JsonLd) -> Option<String> {
    let document = text::title_line(&page.select_single("head title, title").text());
    let headings = headings(page);
    let told = [
        json_ld.headline.as_deref(),
        meta.first(&["og.title", "twitter.title", "dc.title", "title"]),
    ];
    let told = told.into_iter().flatten().map(text::title_line).find(|title| !title.is_empty());
    if let Some(told) = told {
        return Some(without_site(&told, &headings));
    }
    if document.is_empty() {
        return headings.into_iter().next();
    }
    Some(without_site(&document, &headings))
}

fn headings(page: &Document) -> Vec<String> {
    let found = page.select("h1, h2");
    let texts = found.nodes().iter().take(20).map(|node| text::title_line(&node.text()));
    texts.filter(|text| text.chars().count() >= TITLE_CHARS_MIN).collect()
}

/// The heading that the title contains, or the title without its last parts.
fn without_site(title: &str, headings: &[String]) -> String {
    if let Some(heading) = headings.iter().find(|heading| title.starts_with(heading.as_str())) {
        return heading.clone();
    }
    title.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str) -> Option<String> {
        let page = Document::from(html);
        find(&page, &MetaTags::read(&page), &JsonLd::default())
    }

    #[test]
    fn the_name_of_the_site_is_no_part_of_the_title() {
        let page = "<title>Rain in May - The Daily</title><h1>Rain in May</h1>";
        assert_eq!(of(page).as_deref(), Some("Rain in May"));
        assert_eq!(of("<p>text"), None);
    }
}
