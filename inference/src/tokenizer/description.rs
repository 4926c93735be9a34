//! The parts of `tokenizer.json` and `tokenizer_config.json` that we read ourselves.

use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;

/// `tokenizer.json` without its vocabulary.
#[derive(Debug, Deserialize)]
pub(super) struct Description {
    #[serde(default)]
    pub(super) added_tokens: Vec<AddedToken>,
    pub(super) normalizer: Option<Value>,
    pub(super) pre_tokenizer: Option<Value>,
    pub(super) post_processor: Option<Value>,
    pub(super) model: ModelDescription,
}

/// A token that was added beside the model's vocabulary, such as `[CLS]`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct AddedToken {
    pub(super) id: u32,
    pub(super) content: String,
    #[serde(default)]
    pub(super) special: bool,
}

/// The sort of vocabulary and what a BERT one says of itself.
#[derive(Debug, Deserialize)]
pub(super) struct ModelDescription {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) unk_token: Option<String>,
    pub(super) continuing_subword_prefix: Option<String>,
    pub(super) max_input_chars_per_word: Option<usize>,
}

/// `tokenizer.json` once more, when the vocabulary is needed.
#[derive(Debug, Deserialize)]
pub(super) struct WithVocabulary {
    pub(super) model: VocabularyOnly,
}

/// The pieces and their ids.
#[derive(Debug, Deserialize)]
pub(super) struct VocabularyOnly {
    pub(super) vocab: HashMap<String, u32>,
}

/// `tokenizer_config.json`, as far as it matters where there is no `tokenizer.json`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct TokenizerConfig {
    pub(super) do_lower_case: Option<bool>,
    pub(super) tokenize_chinese_chars: Option<bool>,
    pub(super) strip_accents: Option<bool>,
    /// Id, as a text, to the token.
    #[serde(default)]
    pub(super) added_tokens_decoder: HashMap<String, ConfiguredToken>,
}

/// A special token of `tokenizer_config.json`.
#[derive(Debug, Deserialize)]
pub(super) struct ConfiguredToken {
    pub(super) content: String,
    #[serde(default)]
    pub(super) special: bool,
}

impl TokenizerConfig {
    /// The added tokens, whose ids are numbers.
    pub(super) fn added_tokens(&self) -> Vec<AddedToken> {
        let token = |(id, token): (&String, &ConfiguredToken)| {
            let (content, special) = (token.content.clone(), token.special);
            id.parse().ok().map(|id| AddedToken { id, content, special })
        };
        self.added_tokens_decoder.iter().filter_map(token).collect()
    }
}
