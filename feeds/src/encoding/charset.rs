//! The encodings a document can be in: those of the WHATWG and the few beyond it that feeds use.

use super::code_page::CodePage;
use super::{escaped, johab, wide};
use encoding_rs::{Encoding, REPLACEMENT, X_MAC_CYRILLIC};

/// An encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// One of the WHATWG's.
    Web(&'static Encoding),
    /// A single-byte page that is not among them.
    Page(&'static CodePage),
    /// UTF-32, the least significant byte first.
    Utf32Le,
    /// UTF-32, the most significant byte first.
    Utf32Be,
    /// Korean in seven bits (RFC 1557).
    Iso2022Kr,
    /// Simplified Chinese in seven bits (RFC 1843).
    Hz,
    /// Korean by letters (KS X 1001, annex 3).
    Johab,
}

impl Charset {
    /// The encoding a label means. EUC-TW and UTF-7 are not known: the one for want of readers, the
    /// other because a filter that sees ASCII would let markup through.
    pub(super) fn for_label(label: &str) -> Option<Self> {
        let label = label.trim().to_ascii_lowercase();
        Some(match label.as_str() {
            "maccyrillic" | "mac-cyrillic" => Self::Web(X_MAC_CYRILLIC),
            "utf-32" | "utf-32le" | "ucs-4" => Self::Utf32Le,
            "utf-32be" => Self::Utf32Be,
            "iso-2022-kr" | "csiso2022kr" => Self::Iso2022Kr,
            "hz" | "hz-gb-2312" => Self::Hz,
            "johab" | "cp1361" | "ms1361" => Self::Johab,
            _ => match CodePage::for_label(&label) {
                Some(page) => Self::Page(page),
                None => Encoding::for_label(label.as_bytes())
                    .filter(|encoding| *encoding != REPLACEMENT)
                    .map(Self::Web)?,
            },
        })
    }

    /// Its name: the WHATWG's or IANA's.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Web(encoding) => encoding.name(),
            Self::Page(page) => page.name,
            Self::Utf32Le => "UTF-32LE",
            Self::Utf32Be => "UTF-32BE",
            Self::Iso2022Kr => "ISO-2022-KR",
            Self::Hz => "HZ-GB-2312",
            Self::Johab => "Johab",
        }
    }

    /// The text; U+FFFD stands for what cannot be read.
    pub(super) fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Web(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            Self::Page(page) => page.decode(bytes),
            Self::Utf32Le => wide::decode_utf_32(bytes, u32::from_le_bytes),
            Self::Utf32Be => wide::decode_utf_32(bytes, u32::from_be_bytes),
            Self::Iso2022Kr => escaped::decode_iso_2022_kr(bytes),
            Self::Hz => escaped::decode_hz(bytes),
            Self::Johab => johab::decode(bytes),
        }
    }

    /// What each byte from 0x80 on means in an encoding of one byte a character.
    pub(super) fn upper_half(self) -> [char; 128] {
        match self {
            Self::Page(page) => page.upper_half(),
            _ => {
                let bytes: Vec<u8> = (0x80..=0xff).collect();
                let mut characters = [char::REPLACEMENT_CHARACTER; 128];
                for (slot, character) in characters.iter_mut().zip(self.decode(&bytes).chars()) {
                    *slot = character;
                }
                characters
            }
        }
    }
}
