//! When an article was published.

use super::json_ld::JsonLd;
use super::lines::Lines;
use super::meta_tags::MetaTags;
use crate::date;
use autoglm_domain::Timestamp;
use dom_query::Document;
use regex::Regex;
use std::sync::LazyLock;
use url::Url;

/// Names of `meta` elements, the more trustworthy first.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "article.published.time", "article.published", "og.published.time", "og.pubdate",
    "datepublished", "parsely-pub-date", "pubdate", "publishdate", "publish-date", "publish.date",
    "publication.date", "publicationdate", "published.time", "published", "ptime", "pdate",
    "dc.date.issued", "dcterms.issued", "dcterms.created", "dcterms.date", "dc.date",
    "dc.date.created", "dcterms.available", "sailthru.date", "weibo.article.create.at",
    "cxenseparse.recs.publishtime", "citation.publication.date", "citation.date",
    "citation.online.date", "datecreated", "date", "article.created", "og.article.published.time",
    "og.release.date", "bytedance.published.time", "release.date", "rnews.datepublished",
    "originalpublicationdate", "article.date.original", "blogpost.date", "firstcreate", "utime",
    "analyticsattributes.articledate", "pub.date", "pubtime", "apub.time", "timestamp", "created",
];
/// Elements that tell a date to machines, or whose name says that they hold one.
#[rustfmt::skip]
const ELEMENTS: &[&str] = &[
    "[itemprop~='datePublished']", "time[pubdate]", "abbr.published", ".dt-published",
    ".published[datetime]", "article header time[datetime]", "article time[datetime]",
    "main time[datetime]", "time[datetime]", "[itemprop~='dateCreated']",
    "[class*='publish' i]", "[class*='pubdate' i]", "[class*='pub-date' i]",
    "[class*='pubtime' i]", "[class*='posted' i]", "[class*='post-date' i]",
    "[class*='post_date' i]", "[class*='entry-date' i]", "[class*='article-date' i]",
    "[class*='article__date' i]", "[class*='timestamp' i]", "[class*='date-header' i]",
    "[id*='pubtime' i]", "[id*='pubdate' i]", "[id*='publish' i]", "time",
];
/// Most elements of one kind that are looked at.
const EACH_MAX: usize = 8;
/// Longest text that may be a date with words around it, in bytes.
const ELEMENT_BYTES_MAX: usize = 160;
/// Longest line outside the neighbourhood of the title in which a date is looked for, in bytes.
const LINE_BYTES_MAX: usize = 200;

/// A date in the address, a day at least.
static IN_ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?:^|[/_.=t-])((?:19|20)\d\d)[/_-]?(0[1-9]|1[0-2])[/_-]?(0[1-9]|[12]\d|3[01])(?:[/_.-]|$)",
    )
    .ok()
});
/// Forms of dates in a text: year first, then day or month first, then with the month's name.
static FORMS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"(?:^|\D)((?:19|20)\d\d\s?(?:[-./]\s?(?:1[0-2]|0?[1-9])\s?[-./]\s?(?:3[01]|[12]\d|0?[1-9])|年\s?(?:1[0-2]|0?[1-9])\s?月\s?(?:3[01]|[12]\d|0?[1-9])\s?日?)(?:[\sT]*(?:[01]?\d|2[0-3])[:：][0-5]\d)?)(?:\D|$)",
        r"(?:^|\D)(\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?(?:19|20)\d\d)(?:\D|$)",
        r"(?:^|\W)(\p{L}{3,10}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s(?:19|20)\d\d)(?:\D|$)",
        r"(?:^|\D)(\d{1,2}(?:st|nd|rd|th)?\.?\s(?:de\s)?\p{L}{3,10}\.?,?\s(?:de\s)?(?:19|20)\d\d)(?:\D|$)",
    ]
    .iter()
    .filter_map(|form| Regex::new(form).ok())
    .collect()
});

/// The date of publication, or none where nothing tells it: first what the page tells machines,
/// then its address, then what stands near the title, then the first date in the text.
pub(super) fn find(
    page: &Document,
    meta: &MetaTags,
    json_ld: &JsonLd,
    url: Option<&Url>,
    lines: &Lines,
) -> Option<Timestamp> {
    let told = NAMES.iter().flat_map(|name| meta.all(name));
    let told = json_ld.published.as_deref().into_iter().chain(told);
    told.filter_map(date_of)
        .next()
        .or_else(|| in_elements(page))
        .or_else(|| in_address(url))
        .or_else(|| lines.near_title().find_map(in_text))
        .or_else(|| {
            let short = lines.all().filter(|line| line.len() <= LINE_BYTES_MAX);
            short.filter_map(in_text).next()
        })
        .or_else(|| lines.all().find_map(in_text))
}

fn date_of(text: &str) -> Option<Timestamp> {
    date::parse(text).or_else(|| in_text(text))
}

fn in_elements(page: &Document) -> Option<Timestamp> {
    ELEMENTS.iter().find_map(|selector| {
        page.select(selector).nodes().iter().take(EACH_MAX).find_map(|node| {
            let machine = ["datetime", "content", "title"].iter().filter_map(|n| node.attr(n));
            let text = Some(node.text()).filter(|text| text.trim().len() <= ELEMENT_BYTES_MAX);
            machine.chain(text).find_map(|text| date_of(text.trim()))
        })
    })
}

fn in_address(url: Option<&Url>) -> Option<Timestamp> {
    let found = IN_ADDRESS.as_ref()?.captures(url?.path())?;
    date::parse(&format!("{}-{}-{}", &found[1], &found[2], &found[3]))
}

/// The first date in a text.
pub(super) fn in_text(text: &str) -> Option<Timestamp> {
    if !text.contains("20") && !text.contains("19") {
        return None;
    }
    let found = FORMS.iter().filter_map(|form| form.captures(text)?.get(1));
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(regex::Match::start);
    found.iter().find_map(|date| read(date.as_str()))
}

/// Ordinals and white space that belong to no form the reader of dates knows.
fn read(found: &str) -> Option<Timestamp> {
    if let Some(date) = date::parse(found) {
        return Some(date);
    }
    let plain = found.replace(" de ", " ").replace('：', ":");
    let plain: Vec<&str> = plain.split_whitespace().map(without_ordinal).collect();
    date::parse(&plain.join(" ")).or_else(|| date::parse(&plain.concat()))
}

fn without_ordinal(word: &str) -> &str {
    let bare = word.trim_end_matches(',');
    let number = ["st", "nd", "rd", "th"].iter().find_map(|ending| bare.strip_suffix(ending));
    number.filter(|number| number.bytes().all(|b| b.is_ascii_digit())).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str, url: &str) -> Option<String> {
        let page = Document::from(html);
        let url = Url::parse(url).ok();
        let lines = Lines::read(&page, Some("Title"));
        find(&page, &MetaTags::read(&page), &JsonLd::default(), url.as_ref(), &lines)
            .map(|at| at.to_rfc3339()[..10].to_owned())
    }

    #[test]
    fn a_date_is_found_wherever_it_is_told() {
        for (html, url) in [
            ("<meta property='article:published_time' content='2024-05-31T10:00:00Z'>", ""),
            ("<time datetime='2024-05-31'>May</time>", ""),
            ("<p>x", "https://example.org/2024/05/31/x.html"),
            ("<p>发布时间：2024年5月31日 10:20</p>", ""),
            ("<p>更新：2024-5-31 08:20</p>", ""),
            ("<p>Posted on May 31st, 2024 by Ann</p>", ""),
            ("<p>Berlin, 31. Mai 2024</p>", ""),
            ("<p>31.05.2024, 10 Uhr</p>", ""),
            ("<p>31 de maio de 2024</p>", ""),
            ("<p>Since 1. April 1999.<h1>Title</h1><p>By Ann, May 31, 2024", ""),
        ] {
            assert_eq!(of(html, url).as_deref(), Some("2024-05-31"), "{html} {url}");
        }
        assert_eq!(of("<p>nothing in 2024</p>", ""), None);
    }

    #[test]
    fn every_form_is_a_pattern() {
        assert_eq!(FORMS.len(), 4);
        assert!(IN_ADDRESS.is_some());
    }
}
