//! The next page of an article that is spread over several.

use dom_query::{Document, NodeRef};
use url::Url;

/// Most links that are looked at.
const LINKS_MAX: usize = 3_000;
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

/// The address of the next page of the same article. A link to the next *article* is none: it must
/// lie on the same host, and its path may differ only by a number.
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

/// Whether an address is that of a later page: the same but for a number near its end.
fn is_page_of(next: &Url, url: &Url) -> bool {
    let same_place = next.host_str() == url.host_str() && next.port() == url.port();
    let (mut one, mut other) = (next.clone(), url.clone());
    one.set_fragment(None);
    other.set_fragment(None);
    same_place
        && matches!(next.scheme(), "http" | "https")
        && one != other
        && stem(&one) == stem(&other)
}

/// An address without its page number.
fn stem(url: &Url) -> (String, Vec<(String, String)>) {
    let is_number = |text: &str| {
        text.len() <= 4 && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
    };
    let mut path = url.path().trim_end_matches('/');
    if let Some((rest, last)) = path.rsplit_once('/')
        && (is_number(last)
            || last
                .strip_prefix("page")
                .is_some_and(|n| is_number(n.trim_start_matches(['-', '_']))))
    {
        path = rest.strip_suffix("/page").unwrap_or(rest);
    }
    let (name, ending) = match path.rsplit_once('.') {
        Some((name, ending)) if ending.len() <= 5 && !ending.contains('/') => (name, ending),
        _ => (path, ""),
    };
    let name = match name.rsplit_once(['_', '-']) {
        Some((name, number)) if is_number(number) && number.len() <= 2 => name,
        _ => name,
    };
    let is_page = |key: &str| matches!(key, "page" | "p" | "pg" | "pn" | "pageno" | "paged");
    let query = url.query_pairs().filter(|(key, _)| !is_page(&key.to_lowercase()));
    (
        format!("{name}.{ending}"),
        query.map(|(key, value)| (key.into_owned(), value.into_owned())).collect(),
    )
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
        ] {
            assert_eq!(of(html, "https://x.example/a"), None, "{html}");
        }
    }
}
