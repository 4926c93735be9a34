//! The title of an article: its heading, or what the page says of itself without the site's name.

use super::json_ld::JsonLd;
use super::meta_tags::MetaTags;
use crate::text;
use dom_query::Document;
use std::collections::HashSet;

/// What stands between the title of an article and the name of its site.
const SEPARATORS: &[&str] =
    &[" | ", " - ", " – ", " — ", " :: ", " » ", " « ", " · ", " • ", "_", "丨", "｜", "|", " / "];
/// Most headings that are looked at.
const HEADINGS_MAX: usize = 10;
/// Fewer letters are no title of an article.
const LETTERS_MIN: usize = 4;
/// A heading that stands alone needs so many letters to be the title against what the page says.
const ALONE_LETTERS_MIN: usize = 20;
/// So much of the words a heading and the page's title must have in common.
const ALIKE: f32 = 0.4;

/// The title, or none where the page has none.
pub(super) fn find(
    page: &Document,
    meta: &MetaTags,
    json_ld: &JsonLd,
    site_name: Option<&str>,
) -> Option<String> {
    let document = text::title_line(&page.select_single("head title, title").text());
    let names = ["dc.title", "dcterms.title", "og.title", "twitter.title", "title"];
    let told: Vec<String> = [meta.first(&names), json_ld.headline.as_deref(), Some(&document)]
        .into_iter()
        .flatten()
        .map(text::title_line)
        .filter(|title| !title.is_empty())
        .map(|title| without_site(&title, site_name))
        .collect();
    let headings = headings(page, site_name);
    if let Some(heading) = best_heading(&headings, &told) {
        return Some(heading);
    }
    let title = told.into_iter().next();
    title.or_else(|| text_of_all(page, "h2").into_iter().next())
}

/// Headings of the first rank that are not the name of the site.
fn headings(page: &Document, site_name: Option<&str>) -> Vec<String> {
    let site = site_name.map(str::to_lowercase);
    let mut headings = text_of_all(page, "h1");
    headings.retain(|heading| {
        let heading = heading.to_lowercase();
        site.as_ref().is_none_or(|site| *site != heading) && !heading.ends_with(" logo")
    });
    headings
}

fn text_of_all(page: &Document, selector: &str) -> Vec<String> {
    let found = page.select(selector);
    let texts = found.nodes().iter().take(HEADINGS_MAX).map(|node| text::title_line(&node.text()));
    texts.filter(|text| letters(text) >= LETTERS_MIN).collect()
}

/// The heading most like the titles the page tells, or the only one if it is long enough.
fn best_heading(headings: &[String], told: &[String]) -> Option<String> {
    let told: Vec<Vec<String>> = told.iter().map(|title| words(title)).collect();
    let likeness = |heading: &String| {
        let words = words(heading);
        told.iter().map(|title| common(&words, title)).fold(0.0, f32::max)
    };
    let best = headings.iter().map(|heading| (likeness(heading), heading));
    // Of equals the first.
    let best = best.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    let alone = headings.len() == 1 && letters(best.1) >= ALONE_LETTERS_MIN;
    (best.0 >= ALIKE || alone || told.is_empty()).then(|| best.1.clone())
}

/// Share of words that two titles have in common (Dice).
fn common(one: &[String], other: &[String]) -> f32 {
    let one: HashSet<&String> = one.iter().collect();
    let other: HashSet<&String> = other.iter().collect();
    2.0 * small(one.intersection(&other).count()) / small((one.len() + other.len()).max(1))
}

fn small(count: usize) -> f32 {
    u16::try_from(count).map_or(f32::from(u16::MAX), f32::from)
}

fn letters(text: &str) -> usize {
    // An ideograph says as much as three letters.
    text.chars().filter(|c| c.is_alphanumeric()).map(|c| if c.len_utf8() > 2 { 3 } else { 1 }).sum()
}

/// Words, or pairs of ideographs.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut words = Vec::new();
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if word.chars().all(|c| c.len_utf8() > 2) {
            let characters: Vec<char> = word.chars().collect();
            words.extend(characters.windows(2).map(|pair| pair.iter().collect::<String>()));
        } else {
            words.push(word.to_owned());
        }
    }
    words
}

/// A title without the name of the site behind or before it.
fn without_site(title: &str, site_name: Option<&str>) -> String {
    if let Some(site) = site_name {
        for separator in SEPARATORS {
            let behind = title.strip_suffix(site).and_then(|rest| rest.strip_suffix(separator));
            let before = title.strip_prefix(site).and_then(|rest| rest.strip_prefix(separator));
            if let Some(rest) = behind.or(before) {
                return rest.trim().to_owned();
            }
        }
    }
    for separator in SEPARATORS {
        if let Some((rest, last)) = title.rsplit_once(separator)
            && letters(rest) >= 2 * letters(last)
        {
            return rest.trim().to_owned();
        }
    }
    title.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str) -> Option<String> {
        let page = Document::from(html);
        find(&page, &MetaTags::read(&page), &JsonLd::default(), Some("The Daily"))
    }

    #[test]
    fn the_name_of_the_site_is_no_part_of_the_title() {
        for page in [
            "<title>Rain in May - The Daily</title><h1>The Daily</h1>",
            "<title>The Daily: news</title><h1>The Daily</h1><h1>Rain in May</h1><meta property=og:title content='Rain in May'>",
            "<title>Heavy rain in May | Weather</title><p>x",
        ] {
            let title = of(page).unwrap_or_default();
            assert!(title.ends_with("ain in May"), "{page}: {title}");
        }
        assert_eq!(of("<p>text"), None);
    }

    #[test]
    fn a_heading_goes_before_what_search_engines_are_told() {
        let page =
            "<title>Rain forecast: what to expect</title><h1>It will rain in all of May</h1>";
        assert_eq!(of(page).as_deref(), Some("It will rain in all of May"));
        let page = "<title>河边植树四百棵_新闻频道</title><h1>河边植树四百棵</h1><h1>热点</h1>";
        assert_eq!(of(page).as_deref(), Some("河边植树四百棵"));
    }
}
