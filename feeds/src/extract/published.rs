//! When an article was published.

use super::json_ld::JsonLd;
use super::meta_tags::MetaTags;
use crate::date;
use autoglm_domain::Timestamp;
use dom_query::Document;
use regex::Regex;
use std::sync::LazyLock;
use url::Url;

/// Names of `meta` elements, the more trustworthy first.
const NAMES: &[&str] = &[
    "article.published.time",
    "article.published",
    "og.published.time",
    "datepublished",
    "parsely-pub-date",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish.date",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dcterms.date",
    "dc.date",
    "dc.date.created",
    "dcterms.available",
    "sailthru.date",
    "weibo.article.create.at",
    "cxenseparse.recs.publishtime",
    "citation.publication.date",
    "citation.date",
    "datecreated",
    "date",
    "article.created",
    "og.release.date",
    "bytedance.published.time",
    "release.date",
];
/// How much text around the title is searched, in bytes.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// A date in the address, a day at least.
static IN_ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"[/_.=-]((?:19|20)\d\d)[/_-]?(0[1-9]|1[0-2])[/_-]?(0[1-9]|[12]\d|3[01])(?:[/_.-]|$)",
    )
    .ok()
});
/// A date with its year first, perhaps with a time.
static YEAR_FIRST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"((?:19|20)\d\d)\s*[-./年]\s*(0?[1-9]|1[0-2])\s*[-./月]\s*(0?[1-9]|[12]\d|3[01])\b?\s*日?(?:\s*T?\s*([0-2]?\d)[:：时]([0-5]\d))?").ok()
});

/// The date of publication, or none where nothing tells it.
pub(super) fn find(
    page: &Document,
    meta: &MetaTags,
    json_ld: &JsonLd,
    url: Option<&Url>,
) -> Option<Timestamp> {
    let told =
        json_ld.published.as_deref().into_iter().chain(NAMES.iter().flat_map(|n| meta.all(n)));
    told.filter_map(date::parse)
        .next()
        .or_else(|| in_elements(page))
        .or_else(|| in_address(url))
        .or_else(|| in_text(page))
}

fn in_elements(page: &Document) -> Option<Timestamp> {
    let selectors = ["[itemprop~='datePublished']", "time[pubdate]", "time[datetime]", "time"];
    selectors.iter().find_map(|selector| {
        page.select(selector).nodes().iter().take(20).find_map(|node| {
            let machine = ["datetime", "content"].iter().filter_map(|name| node.attr(name));
            machine.chain([node.text()]).find_map(|text| date::parse(&text))
        })
    })
}

fn in_address(url: Option<&Url>) -> Option<Timestamp> {
    let found = IN_ADDRESS.as_ref()?.captures(url?.path())?;
    date::parse(&format!("{}-{}-{}", &found[1], &found[2], &found[3]))
}

fn in_text(page: &Document) -> Option<Timestamp> {
    let body = page.select_single("body").text();
    let found = YEAR_FIRST.as_ref()?.captures(crate::text::prefix(&body, TEXT_BYTES_MAX))?;
    date::parse(&format!("{}-{:0>2}-{:0>2}", &found[1], &found[2], &found[3]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str, url: &str) -> Option<String> {
        let page = Document::from(html);
        let url = Url::parse(url).ok();
        find(&page, &MetaTags::read(&page), &JsonLd::default(), url.as_ref())
            .map(|at| at.to_rfc3339()[..10].to_owned())
    }

    #[test]
    fn a_date_is_found_wherever_it_is_told() {
        for (html, url) in [
            ("<meta property='article:published_time' content='2024-05-01T10:00:00Z'>", ""),
            ("<time datetime='2024-05-01'>May</time>", ""),
            ("<p>x", "https://example.org/2024/05/01/x.html"),
            ("<p>发布时间：2024年5月1日 10:20</p>", ""),
        ] {
            assert_eq!(of(html, url).as_deref(), Some("2024-05-01"), "{html} {url}");
        }
        assert_eq!(of("<p>nothing</p>", ""), None);
    }
}
