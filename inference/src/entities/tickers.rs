//! Share codes by their form: `$NVDA`, `(NASDAQ: NVDA)`, `600519.SH`, `00700.HK`, `股票代码：600519`.

use super::mention::{Mention, Sureness};
use super::words::{Gap, Word};
use autoglm_domain::EntityKind;

/// Names of exchanges as they stand before a code, and the market they mean.
const EXCHANGES: [(&str, &str); 15] = [
    ("NASDAQ", ""),
    ("NYSE", ""),
    ("AMEX", ""),
    ("NYSEARCA", ""),
    ("HKEX", "hk"),
    ("HKG", "hk"),
    ("SEHK", "hk"),
    ("HKSE", "hk"),
    ("SSE", "sh"),
    ("SHA", "sh"),
    ("SZSE", "sz"),
    ("SHE", "sz"),
    ("LSE", "l"),
    ("LON", "l"),
    ("TSE", "t"),
];
/// Endings of codes: with letters before them, and with digits.
const LETTER_ENDINGS: [&str; 12] =
    ["US", "O", "N", "L", "DE", "PA", "SW", "AS", "MC", "ST", "NS", "SA"];
const DIGIT_ENDINGS: [&str; 9] = ["SH", "SS", "SZ", "BJ", "HK", "T", "KS", "TW", "SR"];
/// Words that say that a number is a share's code.
const SAYS_CODE: [&str; 4] = ["代码", "代號", "code", "ticker"];

/// The key of a code as it is written in a list: `NVDA`, `BRK.B`, `600519.SH`, `00700.HK`.
pub(super) fn key_of_code(code: &str) -> Option<String> {
    let code = code.trim();
    let letters = |text: &str| {
        !text.is_empty() && text.len() <= 6 && text.bytes().all(|one| one.is_ascii_uppercase())
    };
    let codes = |text: &str| {
        !text.is_empty()
            && text.len() <= 12
            && text.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'-')
    };
    match code.rsplit_once('.') {
        None => letters(code).then(|| format!("${}", code.to_ascii_lowercase())),
        Some((share, class)) if matches!(class, "A" | "B") && letters(share) => {
            Some(format!("${}", code.to_ascii_lowercase()))
        }
        Some((share, ending)) => {
            (codes(share) && letters(ending)).then(|| with_ending(share, ending))
        }
    }
}

/// A code with its market, the market's other names folded.
fn with_ending(share: &str, ending: &str) -> String {
    let share = share.to_ascii_lowercase();
    match ending {
        "US" | "O" | "N" => format!("${share}"),
        "SS" => format!("{share}.sh"),
        "HK" => format!("{share:0>5}.hk"),
        _ => format!("{share}.{}", ending.to_ascii_lowercase()),
    }
}

/// The codes of a text. `words` are its words.
pub(super) fn find(text: &str, words: &[Word]) -> Vec<Mention> {
    let mut found = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let next = words.get(index + 1);
        let read = dollar(text, word)
            .or_else(|| ended(text, word, next?))
            .or_else(|| after_exchange(text, word, next?, words.get(index + 2)))
            .or_else(|| prefixed(text, word))
            .or_else(|| bare(text, word));
        if let Some((start, end, key)) = read {
            let name = shown(&key);
            found.push(Mention {
                start,
                end,
                kind: EntityKind::Ticker,
                key,
                name,
                sureness: Sureness::Form,
            });
        }
    }
    found
}

type Read = Option<(usize, usize, String)>;

fn shown(key: &str) -> String {
    key.trim_start_matches('$').to_ascii_uppercase()
}

fn is_letters(text: &str) -> bool {
    (1..=5).contains(&text.len()) && text.bytes().all(|one| one.is_ascii_uppercase())
}

fn is_digits(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|one| one.is_ascii_digit())
}

/// `$NVDA`; not `$5M` and not `US$`.
fn dollar(text: &str, word: &Word) -> Read {
    let before = text.get(..word.start)?;
    let ahead = before.strip_suffix('$')?;
    let code = word.slice(text);
    let is_free = !ahead.ends_with(|one: char| one.is_alphanumeric());
    (is_free && is_letters(code))
        .then(|| (word.start - 1, word.end, format!("${}", code.to_ascii_lowercase())))
}

/// `600519.SH`, `NVDA.O`.
fn ended(text: &str, word: &Word, next: &Word) -> Read {
    if text.get(word.end..next.start)? != "." {
        return None;
    }
    let (share, ending) = (word.slice(text), next.slice(text));
    let is_code = (DIGIT_ENDINGS.contains(&ending) && is_digits(share, 3..=6))
        || (LETTER_ENDINGS.contains(&ending) && is_letters(share) && share.len() > 1);
    is_code.then(|| (word.start, next.end, with_ending(share, ending)))
}

/// `NASDAQ: NVDA`, `NYSE:BABA`, `HKEX: 9988`, `NYSE: BRK.B`.
fn after_exchange(text: &str, word: &Word, next: &Word, after: Option<&Word>) -> Read {
    let between = text.get(word.end..next.start)?;
    if !matches!(between, ":" | ": " | "：" | "： ") {
        return None;
    }
    let exchange = word.slice(text).to_ascii_uppercase();
    let (_, market) = EXCHANGES.iter().find(|(name, _)| *name == exchange)?;
    let code = next.slice(text);
    if market.is_empty() {
        let class = after.filter(|class| {
            text.get(next.end..class.start) == Some(".") && matches!(class.slice(text), "A" | "B")
        });
        let end = class.map_or(next.end, |class| class.end);
        let code = text.get(next.start..end)?;
        return is_letters(next.slice(text))
            .then(|| (word.start, end, format!("${}", code.to_ascii_lowercase())));
    }
    let is_code = is_digits(code, 1..=6) || is_letters(code);
    is_code.then(|| (word.start, next.end, with_ending(code, &market.to_ascii_uppercase())))
}

/// `SH600519`, `SZ000858`.
fn prefixed(text: &str, word: &Word) -> Read {
    let slice = word.slice(text);
    let (market, share) = slice.split_at_checked(2)?;
    let is_code =
        matches!(market, "SH" | "SZ" | "BJ" | "sh" | "sz" | "bj") && is_digits(share, 6..=6);
    is_code.then(|| (word.start, word.end, with_ending(share, &market.to_ascii_uppercase())))
}

/// A number said to be a code, or six digits alone in brackets as mainland papers write them.
fn bare(text: &str, word: &Word) -> Read {
    let share = word.slice(text);
    if !is_digits(share, 5..=6) || word.gap == Gap::Blank && share.len() == 5 {
        return None;
    }
    let before = text.get(..word.start)?;
    let after = text.get(word.end..)?;
    let said = before.trim_end_matches([' ', ':', '：', '为', '是', '（', '(']);
    let is_said = SAYS_CODE.iter().any(|says| said.ends_with(says));
    let is_bracketed = share.len() == 6
        && before.ends_with(['(', '（'])
        && after.starts_with([')', '）', ',', '，', '、'])
        && before.trim_end_matches(['(', '（']).ends_with(crate::token::is_ideographic);
    if !is_said && !is_bracketed {
        return None;
    }
    let market = match (share.len(), share.as_bytes().first()?) {
        (5, _) => "HK",
        (_, b'6') => "SH",
        (_, b'0' | b'3') => "SZ",
        (_, b'4' | b'8' | b'9') => "BJ",
        _ => return None,
    };
    Some((word.start, word.end, with_ending(share, market)))
}
