//! XPath as people write it for web pages, said in CSS where CSS can say it.

/// Longest path looked at, in bytes.
const PATH_BYTES_MAX: usize = 500;

/// `None` when it cannot be said in CSS. Attributes and texts at the end (`/@href`, `/text()`) go
/// without saying here.
pub(super) fn to_css(path: &str) -> Option<String> {
    let path = path.trim();
    if path.is_empty() || path.len() > PATH_BYTES_MAX {
        return None;
    }
    let mut css = String::new();
    let mut rest = path.strip_prefix('.').filter(|rest| rest.starts_with('/')).unwrap_or(path);
    loop {
        let (combinator, after) = match rest.strip_prefix("//") {
            Some(after) => (" ", after),
            None => (" > ", rest.strip_prefix('/').unwrap_or(rest)),
        };
        // The first step is looked for anywhere within the item or page.
        let combinator = if css.is_empty() { "" } else { combinator };
        let (axis, after) = axis(after)?;
        let combinator = if axis == Axis::Descendant && !css.is_empty() { " " } else { combinator };
        if goes_without_saying(after) {
            return Some(css).filter(|css| !css.is_empty());
        }
        let (step, after) = step(after)?;
        css.push_str(combinator);
        css.push_str(&step);
        if after.is_empty() {
            return Some(css);
        }
        rest = Some(after).filter(|after| after.starts_with('/'))?;
    }
}

#[derive(PartialEq, Eq)]
enum Axis {
    Child,
    Descendant,
}

fn axis(step: &str) -> Option<(Axis, &str)> {
    for (name, axis) in [
        ("descendant-or-self::", Axis::Descendant),
        ("descendant::", Axis::Descendant),
        ("child::", Axis::Child),
    ] {
        if let Some(after) = step.strip_prefix(name) {
            return Some((axis, after));
        }
    }
    let name_end = step.find(['/', '[']).unwrap_or(step.len());
    // Any other axis looks upwards or sideways.
    (!step[..name_end].contains("::")).then_some((Axis::Child, step))
}

/// The value of a link or of a time is taken by itself.
fn goes_without_saying(step: &str) -> bool {
    matches!(step, "@href" | "@datetime" | "text()" | "node()")
}

/// A name with its conditions, and what follows.
fn step(text: &str) -> Option<(String, &str)> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let end = text.find(|c| !plain(c)).unwrap_or(text.len());
    let (name, mut rest) = text.split_at(end);
    let mut css = match name {
        "" => {
            rest = rest.strip_prefix('*')?;
            "*".to_owned()
        }
        name if !name.starts_with(|c: char| c.is_ascii_alphabetic()) => return None,
        name => name.to_owned(),
    };
    while let Some(inside) = rest.strip_prefix('[') {
        let end = closing(inside)?;
        for condition in inside[..end].split(" and ") {
            css.push_str(&self::condition(condition.trim(), name)?);
        }
        rest = &inside[end + 1..];
    }
    Some((css, rest))
}

/// Where the bracket ends, quotes and brackets inside it left out.
fn closing(inside: &str) -> Option<usize> {
    let (mut quote, mut depth) = (None, 0_u32);
    for (at, c) in inside.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn condition(text: &str, name: &str) -> Option<String> {
    if let Ok(number) = text.parse::<u16>() {
        // The third of all is another than the third of its name.
        return (number > 0 && !name.is_empty()).then(|| format!(":nth-of-type({number})"));
    }
    let is_call = |function: &str| text.strip_prefix(function)?.strip_suffix(')');
    if let Some(arguments) = is_call("contains(concat(") {
        return class(arguments);
    }
    for (function, operator) in [("contains(", "*="), ("starts-with(", "^=")] {
        if let Some((attribute, value)) = is_call(function).and_then(|both| both.split_once(',')) {
            return Some(format!("[{}{operator}{}]", attribute_name(attribute)?, quoted(value)?));
        }
    }
    match text.split_once('=') {
        Some((attribute, value)) => {
            Some(format!("[{}={}]", attribute_name(attribute)?, quoted(value)?))
        }
        None => Some(format!("[{}]", attribute_name(text)?)),
    }
}

/// The usual way to ask for one class among several:
/// `contains(concat(' ', normalize-space(@class), ' '), ' name ')`.
fn class(arguments: &str) -> Option<String> {
    let (place, name) = arguments.rsplit_once(',')?;
    let place: String =
        place.chars().filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'')).collect();
    let asks_for_class = [",normalize-space(@class),)", ",@class,)"].contains(&place.as_str());
    let name = unquoted(name)?.strip_prefix(' ')?.strip_suffix(' ')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (asks_for_class && is_name && name.chars().all(plain)).then(|| format!(".{name}"))
}

fn attribute_name(text: &str) -> Option<&str> {
    let name = text.trim().strip_prefix('@')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(plain)).then_some(name)
}

fn unquoted(text: &str) -> Option<&str> {
    let text = text.trim();
    let inside = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\''))
}

fn quoted(text: &str) -> Option<String> {
    let value = unquoted(text)?;
    (!value.contains(['"', '\'', '\\', '\n'])).then(|| format!("\"{value}\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_write_is_said_in_css() {
        for (path, css) in [
            ("//div[@class=\"news-item\"]", "div[class=\"news-item\"]"),
            ("//ul/li[2]/a", "ul > li:nth-of-type(2) > a"),
            ("descendant::h2", "h2"),
            ("descendant::a[string]", ""),
            (".//a/@href", "a"),
            ("descendant::a/@href", "a"),
            ("//article//time/@datetime", "article time"),
            ("h2/a/text()", "h2 > a"),
            (
                "//*[@id='main']//article[contains(@class, 'post')]",
                "*[id=\"main\"] article[class*=\"post\"]",
            ),
            ("//div[contains(concat(' ', normalize-space(@class), ' '), ' entry ')]", "div.entry"),
            ("//a[@href and @title]", "a[href][title]"),
            ("//a[starts-with(@href, '/news/')]", "a[href^=\"/news/\"]"),
            ("//a[contains(@href, '/x/')]/ancestor::article", ""),
            ("concat('a', @b)", ""),
            ("\"Anonymous\"", ""),
            ("//div[not(@class)]", ""),
            ("//*[3]", ""),
            ("@href", ""),
            (".", ""),
        ] {
            assert_eq!(to_css(path).unwrap_or_default(), css, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_said_in_css_that_can_be_read_or_not_at_all(
            path in "(//?)?[a-z*.@]{0,4}(\\[[@a-z'\"=(), 0-9]{0,12}\\])?(//?[a-z@]{0,4}(\\(\\))?)?|.{0,40}",
        ) {
            if let Some(css) = to_css(&path) {
                let rule = autoglm_domain::PageRule { content: vec![css.clone()], ..Default::default() };
                prop_assert!(crate::full_text::compile(&rule).is_ok(), "{} became {}", path, css);
            }
        }
    }
}
