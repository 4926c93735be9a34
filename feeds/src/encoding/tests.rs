//! Documents in encodings told, untold and told wrongly.

use super::*;
use proptest::prelude::*;

#[test]
fn the_encoding_is_found_wherever_it_is_told() {
    let gb = encoding_rs::GBK.encode("<?xml version='1.0' encoding='gb2312'?><t>新闻</t>").0;
    assert!(decode(&gb, None).text.contains("新闻"));
    assert!(decode(&gb, Some("text/xml; charset=ISO-8859-1")).text.contains("新闻"));
    let big5 = encoding_rs::BIG5.encode("<t>新聞</t>").0;
    assert!(decode(&big5, Some("text/xml; charset=\"big5\"")).text.contains("新聞"));
    assert_eq!(decode("\u{feff}<t/>".as_bytes(), Some("text/xml; charset=gbk")).text, "<t/>");
    let wide: Vec<u8> = "<t>é</t>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(decode(&wide, None).text, "<t>é</t>");
}

#[test]
fn a_web_page_tells_its_encoding_in_a_meta_element() {
    let page = |head: &str| {
        let html = format!("<html><head>{head}<title>Привет</title>");
        encoding_rs::KOI8_R.encode(&html).0.into_owned()
    };
    for head in [
        "<meta charset=koi8-r>",
        "<META HTTP-EQUIV=\"Content-Type\" CONTENT='text/html; charset = koi8-r'/>",
        "<!-- <meta charset=\"big5\"> --><meta charset=\"KOI8-R\">",
    ] {
        let decoded = decode(&page(head), None);
        assert_eq!(decoded.encoding, "KOI8-R", "{head}");
        assert!(decoded.text.contains("Привет"));
    }
}

#[test]
fn a_lie_about_the_encoding_does_no_harm() {
    let utf_8 = "<?xml version='1.0' encoding='gb2312'?><t>新闻 é</t>".as_bytes();
    assert!(decode(utf_8, Some("text/xml; charset=iso-8859-1")).text.contains("新闻 é"));
    let mut broken = "新闻".repeat(50).into_bytes();
    broken.push(0xff);
    assert_eq!(decode(&broken, None).encoding, "UTF-8");
}

#[test]
fn utf_32_is_read_with_and_without_a_mark() {
    for (mark, little) in [(true, true), (true, false), (false, true), (false, false)] {
        let text = "<t>é😀 text</t>";
        let marked = if mark { format!("\u{feff}{text}") } else { text.to_owned() };
        let word = |c: char| {
            let number = u32::from(c);
            if little { number.to_le_bytes() } else { number.to_be_bytes() }
        };
        let bytes: Vec<u8> = marked.chars().flat_map(word).collect();
        assert_eq!(decode(&bytes, None).text, text, "mark {mark}, little {little}");
    }
}

#[test]
fn utf_16_without_a_mark_is_known_by_its_zeros() {
    let text = "Plain text, no markup; déjà vu.";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(decode(&little, None).text, text);
    assert_eq!(decode(&big, None).text, text);
    assert_eq!(decode(b"a\0few\0zeros in plain text are none", None).encoding, "UTF-8");
}

#[test]
fn encodings_of_seven_bits_are_found_by_their_escapes() {
    let japanese = encoding_rs::ISO_2022_JP.encode("<t>日本語 ok</t>").0;
    assert_eq!(decode(&japanese, None).text, "<t>日本語 ok</t>");
    let korean = b"\x1b$)C<t>\x0eGQ1[\x0f ok</t>";
    assert_eq!(decode(korean, None).text, "<t>한글 ok</t>");
    let chinese = b"<t>~{VPND~} ok</t>";
    assert_eq!(decode(chinese, Some("text/xml; charset=hz-gb-2312")).text, "<t>中文 ok</t>");
    assert_eq!(decode(chinese, None).text, "<t>~{VPND~} ok</t>");
}

#[test]
fn code_pages_beyond_the_web_are_read_when_declared() {
    let polish = b"<?xml version='1.0' encoding='cp852'?><t>\x88\xa2\xab</t>";
    assert!(decode(polish, None).text.ends_with("<t>łóź</t>"));
    let johab = b"<?xml version='1.0' encoding='johab'?><t>\xd0\x65\x8b\x69</t>";
    assert!(decode(johab, None).text.ends_with("<t>한글</t>"));
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let decoded = decode(&bytes, None);
        prop_assert!(decoded.text.len() <= 4 * bytes.len() + 4);
    }

    #[test]
    fn the_share_of_broken_characters_is_that_of_the_decoded_text(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            &b"a"[..], b"\xc3\xa9", b"\xe4\xb8\xad", b"\xf0\x9f\x99\x82", b"\xef\xbf\xbd", b"\xe9",
            b"\x80", b"\xe4\xb8", b"\xff",
        ]), 0..60),
    ) {
        let bytes = parts.concat();
        let text = String::from_utf8_lossy(&bytes);
        let lost = text.chars().filter(|c| *c == '\u{fffd}').count();
        let readable = text.chars().filter(|c| !c.is_ascii()).count() - lost;
        prop_assert_eq!(is_nearly_utf_8(&bytes), lost * 8 <= readable);
    }
}
