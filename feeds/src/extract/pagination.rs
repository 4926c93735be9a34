//! The next page of an article that is spread over several.

use dom_query::{Document, NodeRef};
use url::Url;

/// Most links that are looked at.
const LINKS_MAX: usize = 3_000;
/// Parameters that number pages.
const PARAMETERS: &[&str] = &["page", "p", "pg", "pn", "pageno", "paged", "pagenum"];
/// What links to the next page say.
const LABELS: &[&str] = &[
    "下一页",
    "下一頁",
    "下页",
    "next page",
    "next page »",
    "next page →",
    "continue reading on page 2",
    "nächste seite",
    "page suivante",
    "página siguiente",
    "следующая страница",
    "次のページ",
    "次へ",
];

/// The address of the next page of the same article. A link to the next *article* is none: the
/// address must be that of this page but for the number of the page.
pub(super) fn next(page: &Document, url: Option<&Url>, base: Option<&Url>) -> Option<Url> {
    let url = url?;
    let announced = page.select("link[rel~='next'][href]");
    let links = page.select("a[href]");
    let labelled = links.nodes().iter().take(LINKS_MAX).filter(|link| says_next(link));
    let candidates = announced.nodes().iter().chain(labelled);
    let mut addresses = candidates.filter_map(|node| {
        let href = node.attr("href")?;
        base.unwrap_or(url).join(href.trim()).ok()
    });
    addresses.find(|next| is_page_of(next, url))
}

fn says_next(link: &NodeRef<'_>) -> bool {
    if link.attr("rel").is_some_and(|rel| rel.split_ascii_whitespace().any(|word| word == "next")) {
        return true;
    }
    let label = link.text();
    let label = label.trim().trim_matches(['[', ']', '>', '›', ' ']).to_lowercase();
    LABELS.contains(&label.as_str())
}

/// Whether an address is that of the page after: the same but for a number that is one more.
fn is_page_of(next: &Url, url: &Url) -> bool {
    let same_place = next.host_str() == url.host_str() && next.port() == url.port();
    let (next, current) = (Address::read(next), Address::read(url));
    let follows = match (current.page, next.page) {
        // The first page often has no number; the second is 2, or 1 where they are counted from 0.
        (None, Some(next)) => next == 1 || next == 2,
        (Some(current), Some(next)) => next == current + 1,
        (_, None) => false,
    };
    same_place && follows && next.rest == current.rest
}

/// An address in two parts: the number of the page, and all else.
struct Address {
    rest: (String, Vec<(String, String)>),
    page: Option<u32>,
}

impl Address {
    fn read(url: &Url) -> Self {
        let path = url.path().trim_end_matches('/');
        let (directory, page) = in_directory(path);
        let (path, page) = if page.is_some() { (directory, page) } else { in_name(path) };
        let is_page = |key: &str| PARAMETERS.contains(&key.to_lowercase().as_str());
        let (pages, rest): (Vec<_>, Vec<_>) =
            url.query_pairs().into_owned().partition(|(key, _)| is_page(key));
        let in_query = pages.first().and_then(|(_, value)| number(value));
        Self { rest: (path, rest), page: in_query.or(page) }
    }
}

/// `/article/2`, `/article/page/2`, `/article/page-2`.
fn in_directory(path: &str) -> (String, Option<u32>) {
    let Some((rest, last)) = path.rsplit_once('/') else { return (path.to_owned(), None) };
    let digits = last.strip_prefix("page").unwrap_or(last).trim_start_matches(['-', '_']);
    (rest.strip_suffix("/page").unwrap_or(rest).to_owned(), number(digits))
}

/// `/article_2.html`, `/article-2`.
fn in_name(path: &str) -> (String, Option<u32>) {
    let (name, ending) = match path.rsplit_once('.') {
        Some((name, ending)) if ending.len() <= 5 && !ending.contains('/') => (name, ending),
        _ => (path, ""),
    };
    let (name, page) = match name.rsplit_once(['_', '-']) {
        Some((rest, digits)) if number(digits).is_some() => (rest, number(digits)),
        _ => (name, None),
    };
    let dot = if ending.is_empty() { "" } else { "." };
    (format!("{name}{dot}{ending}"), page)
}

/// A number of at most three digits: years and numbers of articles are none of pages.
fn number(text: &str) -> Option<u32> {
    (1..=3).contains(&text.len()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str, url: &str) -> Option<String> {
        let url = Url::parse(url).ok();
        next(&Document::from(html), url.as_ref(), url.as_ref()).map(String::from)
    }

    #[test]
    fn a_link_to_the_next_page_is_followed() {
        for (html, url, expected) in [
            ("<link rel=next href='/a/2'>", "https://x.example/a", "https://x.example/a/2"),
            (
                "<a href='a_2.html'>下一页</a>",
                "https://x.example/a.html",
                "https://x.example/a_2.html",
            ),
            (
                "<a href='?page=3'>Next page</a>",
                "https://x.example/a?page=2",
                "https://x.example/a?page=3",
            ),
            (
                "<a rel=next href='/a/page/2/'>2</a>",
                "https://x.example/a/",
                "https://x.example/a/page/2/",
            ),
        ] {
            assert_eq!(of(html, url).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_link_to_another_article_is_not() {
        for html in [
            "<link rel=next href='/b'>",
            "<a href='/other/2'>Next page</a>",
            "<a href='https://y.example/a/2'>Next page</a>",
            "<a href='#'>Next page</a>",
            "<a href='/a/'>Next page</a>",
            "<a href='/a/7'>Next page</a>",
        ] {
            assert_eq!(of(html, "https://x.example/a"), None, "{html}");
        }
    }
}
