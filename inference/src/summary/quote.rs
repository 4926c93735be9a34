//! Where a quotation ends.

/// A quotation longer than this is read sentence by sentence: whole, it would be a summary itself.
const QUOTE_CHARACTERS_MAX: usize = 250;

/// The index of the mark that closes the quotation or title opened at `index`, if one opens there
/// and it is not too long.
pub(super) fn quote_close(characters: &[(usize, char)], index: usize) -> Option<usize> {
    let (_, opening) = characters.get(index)?;
    let closing = match opening {
        '“' => '”',
        '「' => '」',
        '『' => '』',
        '《' => '》',
        '"' if opens_word(characters, index) => '"',
        _ => return None,
    };
    let rest = characters.get(index + 1..)?.iter().take(QUOTE_CHARACTERS_MAX);
    let mut depth = 0_usize;
    for (offset, (_, character)) in rest.enumerate() {
        if *character == closing {
            if depth == 0 {
                return Some(index + 1 + offset);
            }
            depth -= 1;
        } else if character == opening {
            depth += 1;
        }
    }
    None
}

/// A straight mark opens a quotation at the start of a word.
fn opens_word(characters: &[(usize, char)], index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|before| characters.get(before));
    let after = characters.get(index + 1);
    before.is_none_or(|(_, each)| !each.is_alphanumeric() && !is_stop(*each))
        && after.is_some_and(|(_, each)| !each.is_whitespace())
}

/// Whether a character ends sentences.
pub(super) fn is_stop(character: char) -> bool {
    matches!(character, '.' | '!' | '?' | '。' | '！' | '？' | '…')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(text: &str) -> Option<usize> {
        quote_close(&text.char_indices().collect::<Vec<_>>(), 0)
    }

    #[test]
    fn a_quotation_ends_with_its_own_kind_of_mark() {
        assert_eq!(close("“他说「好」。”完"), Some(7));
        assert_eq!(close("“外“里”外”"), Some(6));
        assert_eq!(close("\"So.\" he"), Some(4));
        assert_eq!(close("word"), None);
    }

    #[test]
    fn a_quotation_without_end_or_of_great_length_is_none() {
        assert_eq!(close("“never closed"), None);
        assert_eq!(close(&format!("“{}”", "long ".repeat(60))), None);
    }
}
