//! Takes from a dictionary's gloss what is English meaning, and leaves the editors' notes.
//!
//! `(coll.) to chat; variant of 侃|侃[kan3]` has one sense: `chat`.

mod notes;

use notes::{is_note, is_pointer, starts_in, without_cross_reference};

pub(super) use notes::reference;

/// Characters of a sense; the teacher makes little of longer ones.
const SENSE_CHARACTERS_MAX: usize = 120;

/// What sort of meaning a sense is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// A family's name.
    Surname,
    /// A measure word.
    Classifier,
    /// An explanation of use, wholly in brackets.
    Bracketed,
    /// A small administrative area: rarely what a text is about.
    Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sense {
    pub(super) text: String,
    pub(super) kind: Kind,
}

/// The senses of one gloss, in its order.
pub(super) fn senses(gloss: &str) -> Vec<Sense> {
    let gloss = without_readings(gloss);
    gloss.split(';').map(str::trim).filter(|part| !is_pointer(part)).filter_map(sense).collect()
}

fn sense(part: &str) -> Option<Sense> {
    let text = without_groups(part, |inner| is_note(inner) || inner.contains(is_chinese));
    let text = without_cross_reference(&text);
    let text: String = text.chars().filter(|c| !is_chinese(*c)).collect();
    let text = text.replace('|', " ");
    let text = starts_in(text.trim_start()).replace("( )", "").replace("()", "");
    let text = spelled_out(&text);
    let text = text.trim_matches(|c| " ,:.-\"“”'".contains(c));
    let bracketed = text
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
        .filter(|inner| !inner.contains(['(', ')']));
    let text = bracketed.unwrap_or_else(|| without_article(text));
    if !text.contains(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let kind = if bracketed.is_some() { Kind::Bracketed } else { kind(text) };
    Some(Sense { text: text.chars().take(SENSE_CHARACTERS_MAX).collect(), kind })
}

/// Ideographs and the marks that stand within Chinese names and sayings.
pub(super) fn is_chinese(character: char) -> bool {
    matches!(u32::from(character), 0x3400..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x2_FFFF)
        || "○〇·，".contains(character)
}

/// `[kan3]` says how something is read. A bracket that is never closed is left.
fn without_readings(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((_reading, after)) = after.split_once(']') else { break };
        kept.push_str(before);
        rest = after;
    }
    kept.push_str(rest);
    kept
}

/// Takes out the groups in round brackets whose content is unwanted; of nested ones the inner.
fn without_groups(text: &str, unwanted: impl Fn(&str) -> bool) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('(') {
        let (before, group) = rest.split_at(open);
        kept.push_str(before);
        let inside = group.get(1..).unwrap_or_default();
        match inside.split_once(')') {
            Some((inner, after)) if !inner.contains('(') && unwanted(inner) => rest = after,
            _ => {
                kept.push('(');
                rest = inside;
            }
        }
    }
    kept.push_str(rest);
    kept
}

/// The editors' short forms in full, and single spaces.
fn spelled_out(text: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let full = match bare {
            "sb" => "somebody",
            "sth" => "something",
            "sb's" => "somebody's",
            "sth's" => "something's",
            "sb/sth" => "somebody/something",
            _ => return word.to_owned(),
        };
        word.replacen(bare, full, 1)
    };
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

fn without_article(text: &str) -> &str {
    for start in ["to be ", "to ", "a ", "an ", "the "] {
        let rest = text.strip_prefix(start);
        if let Some(rest) = rest.filter(|rest| rest.starts_with(char::is_alphanumeric)) {
            return rest;
        }
    }
    text
}

fn kind(text: &str) -> Kind {
    const AREAS: [&str; 6] = ["county", "district", "township", "town", "prefecture", "banner"];
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
    let is_area = |pair: &[&str]| match pair {
        [area, within] => AREAS.contains(area) && ["in", "of"].contains(within),
        _ => false,
    };
    if text.starts_with("surname ") {
        Kind::Surname
    } else if text.starts_with("classifier") || text.starts_with("measure word") {
        Kind::Classifier
    } else if words.windows(2).any(is_area) {
        Kind::Place
    } else {
        Kind::Plain
    }
}
