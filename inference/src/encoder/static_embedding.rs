//! The built-in bilingual encoder: one row of a table for each known word, summed.
//!
//! English and Chinese words lie in one space: English pieces were distilled from a sentence
//! encoder, Chinese words placed by the meaning of their English glosses, and both trained on
//! sentences (`data/bilingual-1/MODEL_CARD.md` says on which, and how to make the table again). The weight of a
//! word, small for frequent ones, is part of its row (after Arora et al., "A Simple but
//! Tough-to-Beat Baseline for Sentence Embeddings", 2017), so that a text is the plain sum.

mod segment;
mod table;
mod vocabulary;

pub use table::{StaticTable, TABLE_BYTES_MAX};
pub use vocabulary::Vocabulary;

use crate::error::{Error, Result};
use crate::model::{Embed, Model, ModelId};
use autoglm_domain::{EMBEDDING_DIMENSIONS, Embedding};
use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// Name of the model that comes with the product, and its version.
const BUILT_IN: (&str, u32) = ("bilingual", 1);
const BUILT_IN_VOCABULARY: &str = include_str!("../../data/bilingual-1/vocab.txt");
const BUILT_IN_TABLE: &[u8] = include_bytes!("../../data/bilingual-1/table.safetensors");

/// Words of a text that are looked at; more would only blur its meaning.
pub const WORDS_MAX: usize = 1024;

static SHARED: LazyLock<Result<Arc<Parts>, String>> = LazyLock::new(|| {
    let vocabulary = Vocabulary::parse(BUILT_IN_VOCABULARY);
    StaticTable::parse(Cow::Borrowed(BUILT_IN_TABLE), Path::new("the built-in table"))
        .and_then(|table| Parts::new(vocabulary, table))
        .map(Arc::new)
        .map_err(|error| error.to_string())
});

#[derive(Debug)]
struct Parts {
    vocabulary: Vocabulary,
    table: StaticTable,
    /// Length of the longest row.
    heaviest: f32,
}

impl Parts {
    fn new(vocabulary: Vocabulary, table: StaticTable) -> Result<Self> {
        if vocabulary.len() != table.rows() {
            return Err(Error::InvalidModel {
                model: "a static embedding".to_owned(),
                reason: format!(
                    "it has {} words but {} rows; take both files from the same version",
                    vocabulary.len(),
                    table.rows()
                ),
            });
        }
        let rows = u32::try_from(table.rows()).unwrap_or(u32::MAX);
        let heaviest = (0..rows).map(|row| table.length(row)).fold(f32::MIN_POSITIVE, f32::max);
        Ok(Self { vocabulary, table, heaviest })
    }
}

/// A static embedding. Cheap to clone; deterministic on every machine.
#[derive(Debug, Clone)]
pub struct StaticEncoder {
    id: ModelId,
    parts: Arc<Parts>,
}

impl StaticEncoder {
    /// `bilingual-1`, which is part of the program.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] when the program was built with files that do not fit together.
    pub fn built_in() -> Result<Self> {
        let parts = SHARED.clone().map_err(|reason| Error::InvalidModel {
            model: ModelId::new(BUILT_IN.0, BUILT_IN.1).to_string(),
            reason,
        })?;
        Ok(Self { id: ModelId::new(BUILT_IN.0, BUILT_IN.1), parts })
    }

    /// From a folder with `vocab.txt` and `table.safetensors`, as `autoglm distill static` writes it.
    ///
    /// # Errors
    /// [`Error::ReadModel`] or [`Error::InvalidModel`], naming the file.
    pub fn load(folder: &Path, id: ModelId) -> Result<Self> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).map_err(|source| Error::ReadModel { path, source })
        };
        let vocabulary =
            String::from_utf8(read("vocab.txt")?).map_err(|_not_text| Error::InvalidModel {
                model: id.to_string(),
                reason: format!("{} is not UTF-8", folder.join("vocab.txt").display()),
            })?;
        let path = folder.join("table.safetensors");
        let table = StaticTable::parse(Cow::Owned(read("table.safetensors")?), &path)?;
        let parts = Arc::new(Parts::new(Vocabulary::parse(&vocabulary), table)?);
        Ok(Self { id, parts })
    }

    /// A table made in memory, for evaluations while it is being distilled.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] when the numbers of words and rows differ.
    pub fn from_parts(id: ModelId, vocabulary: Vocabulary, table: StaticTable) -> Result<Self> {
        Ok(Self { id, parts: Arc::new(Parts::new(vocabulary, table)?) })
    }

    /// The rows of a text's words in their order, at most [`WORDS_MAX`]; unknown words are left out.
    #[must_use]
    pub fn tokens(&self, text: &str) -> Vec<u32> {
        let mut tokens = Vec::new();
        segment::each_token(&self.parts.vocabulary, text, WORDS_MAX, |id| tokens.push(id));
        tokens
    }

    /// A row, `[EMBEDDING_DIMENSIONS]`: direction is meaning, length is weight. Zero for an id
    /// that is not in the table.
    #[must_use]
    pub fn row(&self, id: u32) -> Embedding {
        let mut sum = Embedding::zero();
        self.parts.table.add_row(id, &mut sum.0);
        sum
    }

    /// How much a word in its normal form says: small for frequent ones. `None` for a word that is
    /// not in the table as a whole.
    #[must_use]
    pub fn word_weight(&self, word: &str) -> Option<f32> {
        self.parts.vocabulary.word(word).map(|row| self.parts.table.length(row))
    }

    /// The largest [`Self::word_weight`].
    #[must_use]
    pub fn heaviest_word(&self) -> f32 {
        self.parts.heaviest
    }

    /// The words it knows.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.parts.vocabulary
    }

    /// The vector of one text: the sum of its words' rows, of unit length, or zero when it knows
    /// none of them.
    #[must_use]
    pub fn encode(&self, text: &str) -> Embedding {
        let mut sum = [0.0_f32; EMBEDDING_DIMENSIONS];
        let table = &self.parts.table;
        segment::each_token(&self.parts.vocabulary, text, WORDS_MAX, |id| {
            table.add_row(id, &mut sum);
        });
        Embedding(sum.to_vec()).normalized()
    }
}

impl Model for StaticEncoder {
    fn id(&self) -> ModelId {
        self.id.clone()
    }
}

impl Embed for StaticEncoder {
    fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>> {
        Ok(texts.iter().map(|text| self.encode(text)).collect())
    }
}

#[cfg(test)]
mod tests;
