//! An answer as one paragraph without decoration.

use crate::summary::split_sentences;
use crate::token::is_ideographic;

/// What writers put before a summary though nobody asked for it.
const PREFACES: [&str; 4] = ["summary", "摘要", "总结", "概要"];

/// One paragraph without decoration; an answer that was cut off ends with its last sentence.
/// `None` when nothing is left.
pub(super) fn tidy(answer: &str, is_cut: bool) -> Option<String> {
    let text = without_preface(bare(answer));
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let text = lines.join(if text.chars().any(is_ideographic) { "" } else { " " });
    if !is_cut {
        return (!text.is_empty()).then_some(text);
    }
    let sentences = split_sentences(&text);
    let whole = sentences.get(..sentences.len().checked_sub(1)?)?;
    let end = whole.last()?;
    let end = text.find(end)? + end.len();
    text.get(..end).map(str::to_owned)
}

/// Whether a text holds an address of the web or of mail.
pub(super) fn holds_address(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mail = lower.match_indices('@').any(|(at, _)| {
        let host = lower.get(at + 1..).unwrap_or_default();
        let host = host.split(|c: char| c.is_whitespace() || is_ideographic(c)).next();
        at > 0 && host.is_some_and(|host| host.trim_end_matches('.').contains('.'))
    });
    mail || ["://", "www.", "mailto:"].into_iter().any(|sign| lower.contains(sign))
}

fn bare(text: &str) -> &str {
    let is_decoration =
        |character: char| character.is_whitespace() || matches!(character, '"' | '*' | '#' | '`');
    text.trim_matches(is_decoration)
}

/// `Summary: …` and `**摘要**：…` without the word.
fn without_preface(text: &str) -> &str {
    let Some((before, after)) = text.split_once([':', '：', '\n']) else { return text };
    let word = bare(before).to_lowercase();
    if PREFACES.contains(&word.as_str()) { bare(after) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decoration_and_prefaces_go() {
        for answer in ["\"A b.\"\n", "Summary: A b.", "**Summary**\n\nA\nb.", "  A b.  "] {
            assert_eq!(tidy(answer, false).as_deref(), Some("A b."), "{answer}");
        }
        assert_eq!(tidy("**摘要**：甲\n乙。", false).as_deref(), Some("甲乙。"));
        assert_eq!(tidy("Note: A b.", false).as_deref(), Some("Note: A b."));
        assert_eq!(tidy(" **\n ", false), None);
    }

    #[test]
    fn addresses_are_seen() {
        for text in ["See https://a.b", "at www.example.org", "写信给 ad@e.org。", "ftp://x"] {
            assert!(holds_address(text), "{text}");
        }
        for text in ["5 @ 3", "@somebody said", "2.5 % at 3 p.m.", "e.g. this"] {
            assert!(!holds_address(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_added_and_nothing_breaks(text in ".{0,80}", cut: bool) {
            let _ = holds_address(&text);
            if let Some(tidied) = tidy(&text, cut) {
                prop_assert!(tidied.len() <= text.len());
            }
        }
    }
}
