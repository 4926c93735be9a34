//! References in HTML that have one reading only.

use crate::text;
use std::borrow::Cow;

/// The value of an attribute with its references resolved.
pub(super) fn resolved(value: &str) -> Option<Cow<'_, str>> {
    if !value.contains('&') {
        return Some(value.into());
    }
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if is_parameter(&rest[1..]) {
            out.push('&');
            rest = &rest[1..];
            continue;
        }
        let (resolved, length) = reference(rest)?;
        out.push_str(&resolved);
        rest = &rest[length..];
    }
    out.push_str(rest);
    Some(out.into())
}

/// Whether the next parameter of an address begins: before an equals sign nothing in an attribute is
/// a reference.
fn is_parameter(text: &str) -> bool {
    let name = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
    name > 0 && text[name..].starts_with('=')
}

/// The reference that `text` begins with, resolved, and its length. An ampersand alone is one too.
pub(super) fn reference(text: &str) -> Option<(String, usize)> {
    let after = text.strip_prefix('&')?;
    if after.starts_with([' ', '\n', '\t']) || after.is_empty() {
        return Some(("&".to_owned(), 1));
    }
    let end = after.bytes().take(32).position(|byte| byte == b';')?;
    let name = &after[..end];
    let resolved = match name.strip_prefix('#') {
        Some(digits) => {
            let (digits, radix) = match digits.strip_prefix(['x', 'X']) {
                Some(digits) => (digits, 16),
                None => (digits, 10),
            };
            // `from_str_radix` takes a sign too.
            let plain = digits.starts_with(|c: char| c.is_ascii_hexdigit());
            let code = plain.then(|| u32::from_str_radix(digits, radix).ok()).flatten()?;
            char::from_u32(code).filter(|c| is_ordinary(*c))?.to_string()
        }
        None => text::named_character(name)?,
    };
    Some((resolved, end + 2))
}

/// Characters whose references mean just them.
fn is_ordinary(c: char) -> bool {
    matches!(c, '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fdcf}'
        | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{1fffd}')
}
