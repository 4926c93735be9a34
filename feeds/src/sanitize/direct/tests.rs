//! Whatever is cleaned without a tree is cleaned as with one.

use super::*;
use crate::sanitize::by_tree;
use proptest::prelude::*;

/// Whether it was read without a tree.
fn check(html: &str) -> Result<bool, TestCaseError> {
    let direct = clean(html);
    if let Some(direct) = &direct {
        prop_assert_eq!(direct, &by_tree(html), "{}", html);
    }
    Ok(direct.is_some())
}

#[test]
fn what_feeds_write_needs_no_tree() {
    for html in [
        "<p>One <b>two</b> &amp; three&nbsp;&#8230;<br />four</p>\n<hr/>",
        "<div class='x'><a target=\"_blank\" href=\"https://e.example/?a=1&amp;b=2\">a</a></div>",
        "<ul><li>a<ul><li>b</li></ul></li><li><p>c</p></li></ul>",
        "<img src=\"/a.png\" alt='1 > 0 \"x\"' hidden=\"\" onerror=\"alert(1)\">",
        "<p>a<p>b<ul><li>c<li>d</ul>e<div><p>f</div><b>g",
        "<A HREF=/x?a=b Title='y' ismap>z</A><!-- a - b --><a href='?a=1&copy=2&b=3'>c</a>",
        "<p><font color='red' lang='en'>a&#x2014;<b>b</b></font>\r\nc\rd<img src='x'></img></p>",
        "<p><div>a</div></p>",
        "a</p>b<div>c</p></div> 1 < 2 <3 <= <",
        "<p>a<iframe src='x' allowfullscreen></iframe>b</p><pre>\nc\n</pre>",
        "<blockquote cite='x'><h2>a</h2><pre>b\n</pre></blockquote> R & D > 5",
        "<a href='javascript:alert(1)'>x</a><a href='//e.example'>y</a><a href='http://['>z</a>",
    ] {
        assert_eq!(clean(html), Some(by_tree(html)), "{html}");
    }
}

#[test]
fn the_first_doubt_leaves_it_to_the_tree() {
    for html in [
        "<p><b>a<p>b",
        "<b>a<i>b</b>c</i>",
        "<li><b>a<li>b</b></li>",
        "<ul><li>a<div><li>b</li></div></li></ul>",
        "<a href='x'><b><a href='y'>z</a></b></a>",
        "<b><b><b>a</b></b></b>",
        "<span><p>a</span>",
        "<p><b>a</p>b</b>",
        "<iframe>a</iframe>",
        "<iframe/>",
        "a <? b ?> c",
        "&copy 2026",
        "<a href=x\"y>y</a>",
        "<a href='x?a=1&copy'>y</a>",
        "<a href='x' href='y'>z</a>",
        "<a href ='x'>y</a>",
        "<script>x</script>",
        "<!--> a -->",
        "<!-- a --!> b -->",
        "<pre><!-- a -->\nb</pre>",
        "<h1><h2>a</h2></h1>",
        "<pre>\n\na</pre>",
        "<div/>a</div>",
        "<img src='a'onerror='b'>",
        "&#0;&#128;",
        "<font><b>a</font></b>",
        "a\0b",
        "&#x+41;&#+41;",
    ] {
        assert_eq!(clean(html), None, "{html}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn elements_in_any_order_read_as_the_tree_reads_them(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "<p>", "</p>", "<div>", "</div>", "<ul>", "</ul>", "<li>", "</li>", "<b>", "</b>",
            "<a href=\"x\">", "</a>", "<i>", "</i>", "<h1>", "</h1>", "<blockquote>",
            "</blockquote>", "<br>", "<hr>", "<img src='y'>", "<span>", "</span>", "<pre>",
            "</pre>", "text", " ", "\n", "&lt;", "&nbsp;", "&", ">", "<center>", "</center>",
            "<font>", "</font>", "<iframe></iframe>", "<", "</pre>", "<pre>\n", "</img>", "\r", "<!-- x -->", "<P>", "</DIV>", "<li>", "</li>", "<p>", "<ol>", "</ol>",
        ]), 0..14),
    ) {
        check(&parts.concat())?;
    }

    #[test]
    fn nested_elements_read_as_the_tree_reads_them(
        names in proptest::collection::vec(proptest::sample::select(
            ELEMENTS.iter().map(|(name, _)| *name).collect::<Vec<_>>()), 0..7),
    ) {
        let open: String = names.iter().map(|name| format!("<{name}>a")).collect();
        let close: String = names.iter().rev().map(|name| format!("</{name}>b")).collect();
        check(&format!("{open}{close}"))?;
    }

    #[test]
    fn attributes_read_as_the_tree_reads_them(
        name in "(href|src|alt|title|lang|on[a-z]{1,3}|data-src|cite|hidden|style|[A-Za-z-]{1,4})",
        value in "[a-z:/.&;#<>\"' \u{a0}\u{e9}()0-9?=-]{0,24}", quote in "[\"']?", space in "[ /\n]{0,2}",
    ) {
        for element in ["a", "img", "blockquote"] {
            check(&format!("<{element} {name}={quote}{value}{quote}{space}>x</{element}>"))?;
        }
        check(&format!("<img {name}={quote}{value}{quote}{space}>"))?;
    }

    #[test]
    fn any_text_reads_as_the_tree_reads_it(text in "[a-zA-Z0-9&;#<>/!=\"' \u{a0}-]{0,40}") {
        check(&text)?;
    }
}
