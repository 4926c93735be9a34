//! Texts to the ids a neural model was trained on, from the files its maker published.
//!
//! Text from outside is never read as a special token: an article that contains `[SEP]` or
//! `<|user|>` yields the ids of these characters. Frames are added as ids, on demand.

mod bert;
mod description;
mod error;
mod frame;
mod general;
mod load;
mod word;

#[cfg(test)]
mod tests;

pub use error::TokenizerError;
pub(crate) use general::is_blank_piece;

use self::bert::BertTokenizer;
use self::frame::Frame;
use self::general::GeneralTokenizer;
use crate::text::prefix;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Bytes of a text that are looked at for each token it may have; pieces are shorter on average
/// by far, and an endless run of spaces should cost nothing.
const BYTES_PER_TOKEN_MAX: usize = 64;

#[derive(Debug)]
enum Engine {
    Bert(BertTokenizer),
    General(Box<GeneralTokenizer>),
}

/// The tokenizer of one model.
#[derive(Debug)]
pub struct Tokenizer {
    file: PathBuf,
    engine: Engine,
    frame: Frame,
    specials: BTreeMap<String, u32>,
    vocabulary_size: usize,
}

impl Tokenizer {
    /// From `tokenizer.json`, `vocab.txt`, `tokenizer.model` or `sentencepiece.bpe.model`,
    /// whichever the folder has, in this order. Truncation and padding written into the file are
    /// ignored: the caller decides.
    ///
    /// # Errors
    /// [`TokenizerError`], which names the file.
    pub fn load(folder: &Path) -> Result<Self, TokenizerError> {
        load::load(folder)
    }

    /// The ids of a text, without a frame, at most `tokens_max`.
    ///
    /// # Errors
    /// [`TokenizerError::Invalid`] when the vocabulary has neither a piece for a character nor an
    /// unknown token.
    pub fn encode(&self, text: &str, tokens_max: usize) -> Result<Vec<u32>, TokenizerError> {
        let text = prefix(text, tokens_max.saturating_mul(BYTES_PER_TOKEN_MAX));
        match &self.engine {
            Engine::Bert(engine) => Ok(engine.encode(text, tokens_max)),
            Engine::General(engine) => {
                let mut ids = engine.encode(text).map_err(|reason| self.invalid(reason))?;
                ids.truncate(tokens_max);
                Ok(ids)
            }
        }
    }

    /// The ids of a text within the frame the model expects, such as `[CLS] … [SEP]`, together at
    /// most `tokens_max`; the text is cut, never the frame.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_framed(&self, text: &str, tokens_max: usize) -> Result<Vec<u32>, TokenizerError> {
        let ids = self.encode(text, tokens_max.saturating_sub(self.frame.len()))?;
        Ok(self.frame.around(&ids))
    }

    /// The bytes of ids, which may end within a character; special tokens have none.
    ///
    /// # Errors
    /// [`TokenizerError::Invalid`] for an id that is not in the vocabulary, and for a tokenizer of
    /// words (BERT's), from which a text cannot be put together again.
    pub fn decode(&self, ids: &[u32]) -> Result<Vec<u8>, TokenizerError> {
        match &self.engine {
            Engine::Bert(_) => Err(self.invalid("it only encodes".to_owned())),
            Engine::General(engine) => engine.decode(ids).map_err(|reason| self.invalid(reason)),
        }
    }

    /// The id of a special token such as `[PAD]` or `<|user|>`.
    #[must_use]
    pub fn special(&self, token: &str) -> Option<u32> {
        self.specials.get(token).copied()
    }

    /// The same where a model cannot do without it.
    ///
    /// # Errors
    /// [`TokenizerError::NoSpecial`].
    pub fn require_special(&self, token: &str) -> Result<u32, TokenizerError> {
        self.special(token).ok_or_else(|| TokenizerError::NoSpecial {
            file: self.file.clone(),
            token: token.to_owned(),
        })
    }

    /// The special tokens with their ids, by their text.
    pub fn specials(&self) -> impl Iterator<Item = (&str, u32)> {
        self.specials.iter().map(|(token, id)| (token.as_str(), *id))
    }

    /// One more than the largest id it can give.
    #[must_use]
    pub fn vocabulary_size(&self) -> usize {
        self.vocabulary_size
    }

    /// How many tokens [`Self::encode_framed`] adds.
    #[must_use]
    pub fn frame_tokens(&self) -> usize {
        self.frame.len()
    }

    fn invalid(&self, reason: String) -> TokenizerError {
        TokenizerError::Invalid { file: self.file.clone(), reason }
    }
}
