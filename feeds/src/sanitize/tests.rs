//! What may be shown, and what must not.

use super::*;
use proptest::prelude::*;

fn clean(html: &str) -> String {
    sanitize(html, Url::parse("https://example.org/news/1").ok().as_ref())
}

#[test]
fn depth_hidden_from_a_simple_look_is_found_by_the_parser() {
    let deep = "<div>".repeat(20_000);
    for start in ["<a x=y'>", "<!-- <a x=\" -->", "<a ='>", "<svg><style><a x='</style>"] {
        let clean = sanitize(&format!("{start}{deep}end"), None);
        assert!(!clean.contains("<div><div>"), "{start}");
    }
    let long = "<p>One <b>two</b> <a href='https://e.example/'>three</a></p>".repeat(2_000);
    assert!(sanitize(&long, None).contains("<b>two</b>"));
}

#[test]
fn nothing_active_survives() {
    for html in [
        "<script>alert(1)</script>",
        "<p onclick=alert(1)>x</p>",
        "<a href='java&#x0a;script:alert(1)'>x</a>",
        "<iframe src=https://evil.example></iframe>",
        "<form action=/x><input name=p></form>",
        "<svg onload=alert(1)><style>*{}</style>",
        "<img src=x onerror=alert(1) data-src='javascript:alert(1)'>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 \
         onerror=alert(1)&gt;\">",
    ] {
        let safe = clean(html);
        for bad in ["<script", "onclick=", "script:", "<iframe", "<form", "<input", "<style"] {
            assert!(!safe.contains(bad), "{html} became {safe}");
        }
        assert!(!safe.contains("<img src=\"1\""), "{html} became {safe}");
    }
}

#[test]
fn links_are_absolute_and_tell_the_site_nothing() {
    assert_eq!(
        clean("<a href=\"../a?x=1&amp;y=2\">A</a>"),
        "<a href=\"https://example.org/a?x=1&amp;y=2\" rel=\"noopener noreferrer nofollow\">A</a>"
    );
    assert_eq!(
        sanitize("<a href='/a'>A</a>", None),
        "<a rel=\"noopener noreferrer nofollow\">A</a>"
    );
}

#[test]
fn a_late_image_gets_its_real_address_and_a_pixel_is_dropped() {
    assert_eq!(
        clean("<img src=\"blank.gif\" data-src=\"/real.jpg\" alt=\"A\">"),
        "<img src=\"https://example.org/real.jpg\" alt=\"A\" loading=\"lazy\">"
    );
    assert_eq!(clean("a<img src=\"https://t.example/p.gif\" width=\"1\" height=\"1\">b"), "ab");
    assert_eq!(
        clean("<img src=\"data:image/gif;base64,R0\" srcset=\"/b.jpg 2x\">"),
        "<img src=\"https://example.org/b.jpg\" loading=\"lazy\">"
    );
}

#[test]
fn what_is_hidden_goes_and_a_formula_keeps_its_letters() {
    assert_eq!(clean("<p>a</p><div hidden><div>b</div>c</div><br hidden>d"), "<p>a</p>d");
    assert_eq!(clean("<a title=\"hidden\" href=/x>a</a>").matches("href").count(), 1);
    let formula = clean("x: <math><msup><mi>y</mi><mn>2</mn></msup></math> <b>z</b>");
    assert!(formula.contains('y') && formula.contains("<b>z</b>"), "{formula}");
    assert!(!formula.contains("<m"), "{formula}");
}

#[test]
fn a_document_built_to_be_slow_is_shown_as_text() {
    let deep = format!("{}end", "<div><b>".repeat(50_000));
    assert_eq!(clean(&deep), "end");
    let unfinished = "<a ".repeat(150_000);
    assert_eq!(clean(&unfinished), "");
    assert!(text::title_line(&unfinished).chars().count() < 400);
}

proptest! {
    #[test]
    fn cleaning_twice_changes_nothing(html in "[a-z<>/=\"' &;#!-]{0,120}") {
        let once = clean(&html);
        prop_assert_eq!(clean(&once), once);
    }
}
