//! Leads the pictures of an article through our own proxy, so that reading tells nobody.
//!
//! The article is sanitised already; here it is only read token by token and written again.

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use std::cell::RefCell;
use url::Url;
use url::form_urlencoded::byte_serialize;

/// The route that fetches a picture.
pub(crate) const IMAGE_ROUTE: &str = "/api/v1/image";

/// Rewrites every picture of sanitised HTML to [`IMAGE_ROUTE`]; drops `srcset`; loads lazily.
pub(crate) fn through_proxy(html: &str) -> String {
    let sink = Writer(RefCell::new(String::with_capacity(html.len() + html.len() / 4)));
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    // The sink never asks for a pause, so one call reads everything.
    let _done = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

struct Writer(RefCell<String>);

impl TokenSink for Writer {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let out = &mut *self.0.borrow_mut();
        match token {
            Token::TagToken(tag) => write_tag(out, &tag),
            Token::CharacterTokens(text) => escape(out, &text),
            Token::CommentToken(_)
            | Token::DoctypeToken(_)
            | Token::NullCharacterToken
            | Token::EOFToken
            | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

fn write_tag(out: &mut String, tag: &Tag) {
    if tag.kind == TagKind::EndTag {
        out.push_str("</");
        out.push_str(&tag.name);
        out.push('>');
        return;
    }
    let element: &str = &tag.name;
    out.push('<');
    out.push_str(element);
    for attribute in &tag.attrs {
        let name: &str = &attribute.name.local;
        let is_picture = matches!((element, name), ("img", "src") | ("video", "poster"));
        if is_picture {
            if let Some(address) = proxied(&attribute.value) {
                write_attribute(out, name, &address);
            }
        } else if !is_dropped(element, name) {
            write_attribute(out, name, &attribute.value);
        }
    }
    if element == "img" {
        out.push_str(" loading=\"lazy\" decoding=\"async\"");
    }
    out.push_str(if tag.self_closing { " />" } else { ">" });
}

fn is_dropped(element: &str, name: &str) -> bool {
    match element {
        "img" => matches!(name, "srcset" | "sizes" | "loading" | "decoding"),
        "source" => name == "srcset",
        _ => false,
    }
}

/// The address on this server; pictures carried in the text stay; anything else is left out.
fn proxied(source: &str) -> Option<String> {
    let source = source.trim();
    let inside = source.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("data:image/"));
    if inside {
        return Some(source.to_owned());
    }
    let whole =
        if source.starts_with("//") { format!("https:{source}") } else { source.to_owned() };
    let url = Url::parse(&whole).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let encoded: String = byte_serialize(url.as_str().as_bytes()).collect();
    Some(format!("{IMAGE_ROUTE}?url={encoded}"))
}

fn write_attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape(out, value);
    out.push('"');
}

fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{a0}' => out.push_str("&nbsp;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_picture_is_fetched_through_us_and_late() {
        let html = "<p>a &amp; b<img alt=\"x\" src=\"https://pics.example/a.png?w=1&amp;h=2\" \
                    srcset=\"https://pics.example/b.png 2x\"></p>";
        assert_eq!(
            through_proxy(html),
            "<p>a &amp; b<img alt=\"x\" \
             src=\"/api/v1/image?url=https%3A%2F%2Fpics.example%2Fa.png%3Fw%3D1%26h%3D2\" \
             loading=\"lazy\" decoding=\"async\"></p>"
        );
    }

    #[test]
    fn a_picture_that_cannot_be_proxied_loses_its_address() {
        for source in ["javascript:alert(1)", "file:///etc/passwd", "pic.png", "data:text/html,x"] {
            let html = through_proxy(&format!("<img src=\"{source}\">"));
            assert_eq!(html, "<img loading=\"lazy\" decoding=\"async\">", "{source}");
        }
        assert!(through_proxy("<img src=\"//cdn.example/x\">").contains("https%3A%2F%2Fcdn"));
        assert!(through_proxy("<img src=\"data:image/png;base64,AA\">").contains("data:image/png"));
    }

    #[test]
    fn an_escaped_quote_stays_inside_its_attribute() {
        let html =
            "<a title=\"&quot; onclick=&quot;x\" href=\"https://e.org/?a=1&amp;b=2\">&lt;b&gt;</a>";
        assert_eq!(through_proxy(html), html);
    }

    proptest! {
        #[test]
        fn writing_again_what_was_written_changes_nothing(html in "(<(p|b|a title=\"[a-z&;\"]{0,6}\")>|</p>|[a-z&<>;\u{a0}中]{0,5}){0,12}") {
            let once = through_proxy(&html);
            prop_assert_eq!(through_proxy(&once), once);
        }

        #[test]
        fn plain_text_never_becomes_a_tag(text in "\\PC{0,40}") {
            let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            prop_assert!(!through_proxy(&escaped).contains('<'));
        }

        #[test]
        fn no_picture_is_ever_asked_from_another_server(
            source in "(https?:|HTTP:|data:|data:image/png,|//|javascript:| )?[a-z/.?&;%\"'<>= \u{a0}中]{0,20}",
            set in "[a-z., 2x]{0,12}",
        ) {
            let quoted = source.replace('&', "&amp;").replace('"', "&quot;");
            let html = through_proxy(&format!("<p><img srcset=\"{set}\" src=\"{quoted}\">x</p>"));
            let start = html.strip_prefix("<p><img").expect("the tag stays");
            let (attributes, end) = start.split_once('>').expect("the tag ends");
            prop_assert_eq!(end, "x</p>");
            let source = attributes.split_once("src=\"").map(|(_, rest)| rest);
            let is_ours = |source: &str| source.starts_with("/api/v1/image?url=http");
            prop_assert!(source.is_none_or(|source| is_ours(source) || source.starts_with("data:image/")));
            prop_assert!(!attributes.contains("srcset"));
        }
    }
}
