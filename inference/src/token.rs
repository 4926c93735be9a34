//! Cuts text into words and runs of ideographs, alike for every model of this crate.

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// Letters of an alphabet, possibly with digits.
    Word,
    /// Digits only, with points or commas between them.
    Number,
    /// A run of Han, kana or hangul characters, not segmented.
    Ideographs,
}

/// One token: a slice of [`Tokens::text`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A text folded to lower case and half width, and where its tokens lie.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
}

impl Tokens {
    /// Folds and cuts a text. Linear in its length.
    pub(crate) fn of(text: &str) -> Self {
        let mut cut = Self { text: String::with_capacity(text.len()), tokens: Vec::new() };
        let mut open: Option<(Class, usize)> = None;
        for character in text.chars() {
            let folded = fold(character);
            let class = classify(folded);
            if let Some((kind, start)) = open
                && !continues(kind, class)
            {
                cut.close(kind, start);
                open = None;
            }
            let position = cut.text.len();
            push_lowercase(&mut cut.text, folded);
            open = match (open, class) {
                (Some((Class::Digit, start)), Class::Letter) => Some((Class::Letter, start)),
                (Some(run), _) => Some(run),
                (None, Class::Letter | Class::Digit | Class::Ideograph) => Some((class, position)),
                (None, Class::Joint | Class::Other) => None,
            };
        }
        if let Some((kind, start)) = open {
            cut.close(kind, start);
        }
        cut
    }

    fn close(&mut self, class: Class, start: usize) {
        let kind = match class {
            Class::Ideograph => TokenKind::Ideographs,
            Class::Digit => TokenKind::Number,
            Class::Letter | Class::Joint | Class::Other => TokenKind::Word,
        };
        // A joint (apostrophe, point) belongs to a token only between its characters.
        let run = self.text.get(start..).unwrap_or_default();
        let end = start + run.trim_end_matches(is_joint).len();
        if end > start {
            self.tokens.push(Token { kind, start, end });
        }
    }

    /// The token's text.
    pub(crate) fn slice(&self, token: Token) -> &str {
        self.text.get(token.start..token.end).unwrap_or_default()
    }

    /// Every token with its text.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (TokenKind, &str)> {
        self.tokens.iter().map(|token| (token.kind, self.slice(*token)))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Digit,
    Ideograph,
    Joint,
    Other,
}

fn classify(character: char) -> Class {
    if is_ideographic(character) {
        Class::Ideograph
    } else if character.is_numeric() {
        Class::Digit
    } else if character.is_alphabetic() {
        Class::Letter
    } else if is_joint(character) {
        Class::Joint
    } else {
        Class::Other
    }
}

fn continues(open: Class, next: Class) -> bool {
    match open {
        Class::Ideograph => next == Class::Ideograph,
        _ => matches!(next, Class::Letter | Class::Digit | Class::Joint),
    }
}

fn is_joint(character: char) -> bool {
    matches!(character, '\'' | '’' | '.' | ',')
}

/// Half-width form of full-width ASCII.
fn fold(character: char) -> char {
    match character {
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => {
            char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character)
        }
        other => other,
    }
}

fn push_lowercase(text: &mut String, character: char) {
    if character.is_ascii() {
        text.push(character.to_ascii_lowercase());
    } else {
        text.extend(character.to_lowercase());
    }
}

/// Whether a character is written without spaces between words: Han, kana, hangul.
#[must_use]
pub fn is_ideographic(character: char) -> bool {
    matches!(u32::from(character),
        0x3005..=0x3007 | 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF
        | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        Tokens::of(text).iter().map(|(_, word)| word.to_owned()).collect()
    }

    #[test]
    fn words_numbers_and_chinese_runs_are_kept_apart() {
        assert_eq!(
            words("GPT-4发布了，价格1,200.50美元."),
            ["gpt", "4", "发布了", "价格", "1,200.50", "美元"]
        );
        assert_eq!(words("Don't stop. Ｏｐｅｎ３！"), ["don't", "stop", "open3"]);
    }

    proptest! {
        #[test]
        fn every_token_is_a_slice_of_the_folded_text(text in ".{0,200}") {
            let cut = Tokens::of(&text);
            for token in &cut.tokens {
                prop_assert!(cut.text.get(token.start..token.end).is_some_and(|t| !t.is_empty()));
            }
        }
    }
}
