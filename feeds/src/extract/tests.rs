//! Whole pages, ordinary and hostile.

use super::*;
use proptest::prelude::*;

const PARAGRAPH: &str = "The committee met in the old town hall, and after a long debate, which \
    went on until midnight, it decided to plant four hundred trees along the river bank.";

fn page(head: &str, content: &str) -> String {
    format!(
        "<html lang=en><head>{head}</head><body><nav><a href=/>Home</a> <a href=/news>News</a></nav>\
         <article>{content}</article><footer>All rights reserved</footer></body></html>"
    )
}

fn read(html: &str) -> ExtractedPage {
    let url = Url::parse("https://example.org/news/trees.html").ok();
    extract(html.as_bytes(), Some("text/html; charset=utf-8"), url.as_ref(), None)
}

#[test]
fn the_article_is_told_from_the_rest_of_the_page() {
    let text = format!("<h1>Trees</h1><p>{PARAGRAPH}</p><p>{PARAGRAPH}</p><p>{PARAGRAPH}</p>");
    let found = read(&page(
        "<title>Trees for the river</title><meta property=og:site_name content=Daily>",
        &text,
    ));
    assert!(found.text.contains(PARAGRAPH));
    assert!(!found.text.contains("All rights reserved") && !found.text.contains("Home"));
    assert_eq!(found.site_name.as_deref(), Some("Daily"));
    assert_eq!(found.language, Some(Language::ENGLISH));
    assert!(found.problems.is_empty(), "{:?}", found.problems);
}

#[test]
fn a_page_in_a_chinese_encoding_is_read() {
    let sentence = "市政府昨天宣布，今年将在河边种植四百棵树，市民可以报名参加植树活动。".repeat(8);
    let html = page("<meta charset=gbk><title>河边植树</title>", &format!("<p>{sentence}</p>"));
    let bytes = encoding_rs::GBK.encode(&html).0;
    let found = extract(&bytes, None, None, None);
    assert!(found.text.contains("四百棵树"));
    assert_eq!(found.title.as_deref(), Some("河边植树"));
    assert_eq!(found.language, Some(Language::CHINESE));
}

#[test]
fn images_tables_and_code_are_kept_and_nothing_active() {
    let text = format!(
        "<p>{PARAGRAPH}</p><p><img class=lazy src=blank.gif data-src=/tree.jpg alt=Tree></p>\
         <table><tr><th>Year</th><th>Trees</th></tr><tr><td>2024</td><td>400</td></tr></table>\
         <pre><code>let trees = 400;</code></pre><p onclick=alert(1)>{PARAGRAPH}</p><script>x()</script>\
         <p>{PARAGRAPH}</p>"
    );
    let found = read(&page("", &text));
    assert!(found.html.contains("src=\"https://example.org/tree.jpg\""), "{}", found.html);
    for kept in ["<table>", "<td>400</td>", "let trees = 400;"] {
        assert!(found.html.contains(kept), "{kept} is not in {}", found.html);
    }
    assert!(!found.html.contains("onclick") && !found.html.contains("<script"));
}

#[test]
fn a_rule_goes_before_the_heuristics() {
    let rule = ExtractionRule {
        content: vec!["aside".to_owned()],
        remove: vec![".ad".to_owned()],
        title: Some("h3".to_owned()),
        byline: Some("b".to_owned()),
        date: Some("i".to_owned()),
    };
    let rule = CompiledRule::try_from(&rule).expect("is good");
    let html = page(
        "<title>Other</title>",
        &format!(
            "<p>{PARAGRAPH}</p><aside><h3>Title</h3><b>Ann</b><i>2024-05-01</i>Short.<p class=ad>Buy!</p></aside>"
        ),
    );
    let found = extract(html.as_bytes(), None, None, Some(&rule));
    assert_eq!(found.text, "Title\nAnn2024-05-01Short.");
    assert_eq!(found.title.as_deref(), Some("Title"));
    assert_eq!(found.byline.as_deref(), Some("Ann"));
    assert_eq!(
        found.published_at.map(|at| at.to_rfc3339()),
        Some("2024-05-01T00:00:00.000Z".to_owned())
    );
}

#[test]
fn a_page_without_an_article_says_so() {
    let found = read("");
    assert!(found.html.is_empty());
    assert_eq!(found.problems, ["no main content was found"]);
}

#[test]
fn a_page_built_to_be_slow_is_read_with_bounds() {
    let fill = |part: &str| part.repeat(64 * 1024 / part.len());
    let numbered: String = (0..3_000).map(|n| format!("<p><font size={n}>x</p>")).collect();
    let tables = format!("{}x, y{}", "<table><tr><td>".repeat(60), "</table>".repeat(60));
    for html in [
        fill("<div><b>"),
        fill("<p>"),
        fill("<table><b>x"),
        format!("<table>{}", fill("<b>x")),
        numbered,
        fill(&tables),
        format!("<p title='{}'>{}", fill("&"), fill("&amp;")),
        fill("<a href=a?page=2>下一页</a>"),
        format!("<p>{}", fill("作者：张三 2024-")),
        format!("<script type=application/ld+json>{}</script>", fill("[")),
    ] {
        // Nothing is told that was not there; a date in every line of text is still one text.
        assert!(read(&html).text.len() <= 2 * html.len());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = extract(&bytes, None, None, None);
    }

    #[test]
    fn any_markup_is_read_without_panic(
        parts in proptest::collection::vec(
            prop::sample::select(vec![
                "<p>", "</p>", "<div class=content>", "</div>", "<table><tr><td>", "<article>", "text, ",
                "<a href=x>", "</a>", "<img src=x>", "<time>", "2024年5月1日", "作者：", "<h1>", "<title>",
                "<script type='application/ld+json'>", "{\"@type\":\"Article\"", "}", "</script>",
                "<svg>", "<math>", "<template>", "<br>", "<ul><li>", "By ", "<!--", "-->", "<noscript>",
            ]), 0..60)
    ) {
        let _ = read(&parts.concat());
    }
}
