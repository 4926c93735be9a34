//! Words of scripts with blanks, with their places, and what stands between them.

use crate::token::is_ideographic;
use std::borrow::Cow;

/// Words of one text that are looked at.
pub(super) const WORDS_MAX: usize = 2_000;
/// Longer runs are no words.
const WORD_BYTES_MAX: usize = 64;

/// What stands before a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing: another script ends here.
    None,
    /// One blank.
    Blank,
    /// A hyphen without blanks.
    Hyphen,
    /// A point and a blank after an abbreviation: `Mr. Smith`, `J. Smith`.
    Abbreviation,
    /// A comma and a blank.
    Comma,
    /// Anything else.
    Other,
}

/// One word: a slice of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub(super) start: usize,
    /// Without a possessive `'s`.
    pub(super) end: usize,
    pub(super) gap: Gap,
    /// Whether a sentence, quotation or list item begins with it: then its capital says nothing.
    pub(super) starts_sentence: bool,
    /// Begins with a capital letter.
    pub(super) is_capital: bool,
    /// Has no small letter and at least two capital ones.
    pub(super) is_upper: bool,
    /// Has a letter.
    pub(super) has_letter: bool,
    /// The owner of what follows.
    pub(super) is_possessive: bool,
}

impl Word {
    /// As it is written.
    pub(super) fn slice<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// Without the points of `U.S.` and with a plain apostrophe.
    pub(super) fn plain<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let slice = self.slice(text);
        let is_dotted = slice.as_bytes().get(1) == Some(&b'.');
        if is_dotted
            && slice.chars().any(char::is_alphabetic)
            && !slice.starts_with(|one: char| one.is_ascii_digit())
        {
            return Cow::Owned(slice.replace('.', ""));
        }
        if slice.contains('’') {
            return Cow::Owned(slice.replace('’', "'"));
        }
        Cow::Borrowed(slice)
    }

    /// [`Self::plain`] in lower case.
    pub(super) fn folded<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let plain = self.plain(text);
        if plain.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            return plain;
        }
        Cow::Owned(plain.to_lowercase())
    }
}

/// Whether what stands before a word keeps it and the one before in one name.
pub(super) fn joins_a_name(gap: Gap) -> bool {
    matches!(gap, Gap::Blank | Gap::Hyphen | Gap::Abbreviation)
}

/// Cuts a text into words; ideographs are none. Linear.
pub(super) fn words_of(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut from = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((start, character)) = characters.next() {
        if !is_letter(character) {
            continue;
        }
        let mut end = start + character.len_utf8();
        while let Some((at, next)) = characters.peek().copied() {
            if !is_letter(next) && !is_inner(text, start, at, next) {
                break;
            }
            end = at + next.len_utf8();
            characters.next();
        }
        if words.len() >= WORDS_MAX {
            break;
        }
        if end - start <= WORD_BYTES_MAX {
            words.push(word(text, from, start, end, words.last()));
        }
        from = end;
    }
    words
}

fn is_letter(character: char) -> bool {
    character.is_alphanumeric() && !is_ideographic(character)
}

/// Whether a sign belongs to the word it stands in: `AT&T`, `O'Neill`, `4.5`, `U.S.`
fn is_inner(text: &str, start: usize, at: usize, sign: char) -> bool {
    let follows = text.get(at + sign.len_utf8()..).and_then(|rest| rest.chars().next());
    let is_followed = follows.is_some_and(is_letter);
    match sign {
        '&' | '\'' | '’' => is_followed,
        '.' => {
            let before = text.get(start..at).unwrap_or_default();
            let is_number = before.ends_with(|one: char| one.is_ascii_digit())
                && follows.is_some_and(|one| one.is_ascii_digit());
            is_number || is_dotted(before) && (is_followed || before.contains('.'))
        }
        _ => false,
    }
}

/// `U`, `U.S`: single capital letters with points between them.
fn is_dotted(before: &str) -> bool {
    !before.is_empty()
        && before.split('.').all(|part| {
            let mut characters = part.chars();
            characters.next().is_some_and(char::is_uppercase) && characters.next().is_none()
        })
}

fn word(text: &str, from: usize, start: usize, end: usize, before: Option<&Word>) -> Word {
    let slice = text.get(start..end).unwrap_or_default();
    let stem = ["'s", "’s", "'S", "’S"].iter().find_map(|owner| slice.strip_suffix(owner));
    let plain = stem.unwrap_or(slice);
    let between = text.get(from..start).unwrap_or_default();
    let gap = gap(between, text, before);
    let capitals = plain.chars().filter(|one| one.is_uppercase()).count();
    Word {
        start,
        end: start + plain.len(),
        gap,
        starts_sentence: before.is_none() || opens(between, gap),
        is_capital: plain.starts_with(char::is_uppercase),
        is_upper: capitals >= 2 && !plain.chars().any(char::is_lowercase),
        has_letter: plain.chars().any(char::is_alphabetic),
        is_possessive: stem.is_some(),
    }
}

fn gap(between: &str, text: &str, before: Option<&Word>) -> Gap {
    match between {
        "" => Gap::None,
        " " | "\u{a0}" => Gap::Blank,
        "-" | "‑" => Gap::Hyphen,
        ", " => Gap::Comma,
        ". " if before.is_some_and(|word| is_abbreviation(word.slice(text))) => Gap::Abbreviation,
        _ => Gap::Other,
    }
}

fn is_abbreviation(word: &str) -> bool {
    let mut characters = word.chars();
    let is_initial =
        characters.next().is_some_and(char::is_uppercase) && characters.next().is_none();
    is_initial
        || matches!(
            word,
            "Mr" | "Mrs"
                | "Ms"
                | "Dr"
                | "Prof"
                | "Gen"
                | "Col"
                | "Lt"
                | "Sgt"
                | "Capt"
                | "Sen"
                | "Rep"
                | "Gov"
                | "St"
                | "Jr"
                | "Sr"
                | "Inc"
                | "Corp"
                | "Co"
                | "Ltd"
                | "vs"
                | "No"
                | "Bros"
        )
}

fn opens(between: &str, gap: Gap) -> bool {
    gap == Gap::Other
        && between.chars().any(|sign| {
            matches!(
                sign,
                '.' | '!'
                    | '?'
                    | ':'
                    | ';'
                    | '\n'
                    | '\r'
                    | '"'
                    | '“'
                    | '‘'
                    | '—'
                    | '–'
                    | '|'
                    | '•'
                    | '。'
                    | '！'
                    | '？'
                    | '：'
                    | '；'
                    | '·'
                    | '…'
                    | '('
                    | '['
            )
        })
}
