//! Text being written: white space folded, what cannot be seen left out.

use super::entity;

/// Collects text with folded white space.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) text: String,
    space: bool,
}

impl Writer {
    pub(super) fn push_plain(&mut self, part: &str) {
        let mut rest = part;
        while let Some(c) = rest.chars().next() {
            let visible = visible_length(rest);
            if visible > 0 {
                self.push_space();
                self.text.push_str(&rest[..visible]);
                rest = &rest[visible..];
                continue;
            }
            if c.is_whitespace() {
                self.space = true;
            } else if is_shown(c) {
                self.push_space();
                self.text.push(c);
            }
            rest = &rest[c.len_utf8()..];
        }
    }

    fn push_space(&mut self) {
        if self.space && !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push(' ');
        }
        self.space = false;
    }

    pub(super) fn push_escaped(&mut self, part: &str) {
        let mut rest = part;
        while let Some(at) = rest.find('&') {
            self.push_plain(&rest[..at]);
            rest = &rest[at..];
            match entity(rest) {
                Some((text, length)) => {
                    self.push_plain(&text);
                    rest = &rest[length..];
                }
                None => {
                    self.push_plain("&");
                    rest = &rest[1..];
                }
            }
        }
        self.push_plain(rest);
    }

    pub(super) fn line_break(&mut self) {
        self.space = false;
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.text.truncate(self.text.trim_end().len());
        self.text
    }
}

/// How many bytes at the beginning can be copied as they are: visible characters and single spaces
/// between them.
fn visible_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_visible = |at: usize| bytes.get(at).is_some_and(|byte| VISIBLE[usize::from(*byte)]);
    let mut at = 0;
    while is_visible(at) || (at > 0 && bytes.get(at) == Some(&b' ') && is_visible(at + 1)) {
        at += 1;
    }
    at
}

/// The bytes of visible characters: printable ASCII, and those that no white space, control or
/// formatting character begins with.
static VISIBLE: [bool; 256] = {
    let mut visible = [false; 256];
    let mut byte = 0;
    while byte < visible.len() {
        visible[byte] = matches!(byte, 0x21..=0x7e | 0x80..=0xbf | 0xc3..=0xe0 | 0xe4..=0xee);
        byte += 1;
    }
    visible
};

/// Whether a character that is no white space may be part of a text.
fn is_shown(c: char) -> bool {
    !c.is_control() && !is_direction_override(c) && !matches!(c, '\u{200b}' | '\u{feff}')
}

/// Characters that turn the writing direction of what follows: they disguise text.
fn is_direction_override(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One character after the other.
    fn slowly(part: &str) -> String {
        let mut text = String::new();
        let mut space = false;
        for c in part.chars() {
            if c.is_whitespace() {
                space = true;
            } else if is_shown(c) {
                if space && !text.is_empty() {
                    text.push(' ');
                }
                space = false;
                text.push(c);
            }
        }
        text
    }

    proptest! {
        #[test]
        fn runs_are_copied_as_their_characters_would_be(
            part in "[a-zé中あ🙂 \n\t\u{a0}\u{2003}\u{3000}\u{200b}\u{202e}\u{85}\u{7}]{0,40}",
        ) {
            let mut writer = Writer::default();
            writer.push_plain(&part);
            prop_assert_eq!(writer.finish(), slowly(&part));
        }
    }
}
