//! An article as the `feeds` room hands it over, before it has an id.

use crate::{Language, SourceId, Timestamp};
use serde::{Deserialize, Serialize};

/// How many permutations a MinHash signature has.
pub const MINHASH_PERMUTATIONS: usize = 128;

/// MinHash signature over shingles of title and text, `[MINHASH_PERMUTATIONS]`; the share of equal
/// positions estimates the Jaccard similarity. Empty for a text too short to have a shingle.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MinHashSignature(pub Vec<u32>);

impl MinHashSignature {
    /// Little-endian words: the stored form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// Reads [`Self::to_bytes`]; anything of another length is the empty signature.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        if bytes.len() != MINHASH_PERMUTATIONS * 4 {
            return Self::default();
        }
        Self(bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect())
    }
}

/// Which rung of the identity ladder an article stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// The source's own stable id (RSS guid, Atom id, JSON Feed id).
    Guid,
    /// The canonical address.
    CanonicalUrl,
    /// Hash of title and date, for items with neither id nor address.
    TitleAndDate,
}

/// What makes an article the same one within its source for ever: a 128-bit hash and its origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ArticleIdentity {
    /// 128 bits of XXH3 over the rung's text.
    pub hash: [u8; 16],
    /// The rung it came from.
    pub kind: IdentityKind,
}

/// A normalised, cleaned article that has not been stored yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArticleDraft {
    /// Where it came from.
    pub source_id: SourceId,
    /// Unique together with `source_id`.
    pub identity: ArticleIdentity,
    /// The address to open, absolute http(s); empty when the item has none.
    pub url: String,
    /// The address folded by the canonical-URL rules; empty when the item has none.
    pub canonical_url: String,
    /// Plain text, one line, never empty (an untitled item gets the start of its text).
    pub title: String,
    /// Names, in the source's order.
    pub authors: Vec<String>,
    /// Detected from the text, else declared by the source.
    pub language: Option<Language>,
    /// What the source says; `None` when it says nothing readable. Never in the future.
    pub published_at: Option<Timestamp>,
    /// When our fetch brought it.
    pub fetched_at: Timestamp,
    /// Sanitised HTML; safe to show as it is.
    pub content_html: String,
    /// The same as plain text, blocks separated by newlines.
    pub content_text: String,
    /// XXH3-64 over title and text: tells an updated article from an unchanged one.
    pub content_hash: u64,
    /// For near-duplicates.
    pub minhash: MinHashSignature,
}

/// How far an article has come on its way. Every stage is idempotent by article id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArticleStage {
    /// Durable; nothing else is done.
    Stored,
    /// In the search index.
    Indexed,
    /// Embedding, topics and summary exist.
    Understood,
    /// Belongs to a story; visible to ranking and pushed. The end of the way.
    Placed,
}

impl ArticleStage {
    /// All stages in order.
    pub const ALL: [Self; 4] = [Self::Stored, Self::Indexed, Self::Understood, Self::Placed];

    /// The stored form: 0, 1, 2, 3.
    #[must_use]
    pub fn to_number(self) -> i16 {
        match self {
            Self::Stored => 0,
            Self::Indexed => 1,
            Self::Understood => 2,
            Self::Placed => 3,
        }
    }

    /// Reads [`Self::to_number`].
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.to_number() == number)
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Indexed => "indexed",
            Self::Understood => "understood",
            Self::Placed => "placed",
        }
    }
}
