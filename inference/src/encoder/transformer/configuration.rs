//! What the files beside the weights say about a model.

use super::EncoderError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::io::Read as _;
use std::path::Path;

/// Bytes a configuration may have.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The families we know; they differ in how positions are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Positions from 0.
    Bert,
    /// Positions from one more than the padding token's id; no token types.
    Roberta,
}

/// How the vectors of a text's tokens become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pooling {
    /// Their mean.
    Mean,
    /// The first one's.
    First,
}

/// The sizes of a model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Configuration {
    pub(super) family: Family,
    pub(super) width: usize,
    pub(super) layers: usize,
    pub(super) heads: usize,
    pub(super) inner_width: usize,
    pub(super) vocabulary: usize,
    /// Rows of the table of positions.
    pub(super) positions: usize,
    /// The row of a text's first token.
    pub(super) first_position: usize,
    /// Rows of the table of token types.
    pub(super) types: usize,
    pub(super) epsilon: f32,
    pub(super) padding: u32,
    pub(super) pooling: Pooling,
    /// Most tokens of a text, with its frame.
    pub(super) tokens_max: usize,
}

#[derive(Debug, Deserialize)]
struct ModelFile {
    model_type: Option<String>,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    vocab_size: usize,
    max_position_embeddings: usize,
    #[serde(default = "one")]
    type_vocab_size: usize,
    #[serde(default = "default_epsilon")]
    layer_norm_eps: f64,
    #[serde(default)]
    pad_token_id: Option<u32>,
    #[serde(default = "default_activation")]
    hidden_act: String,
    #[serde(default)]
    position_embedding_type: Option<String>,
}

#[derive(Debug, Deserialize)]
struct PoolingFile {
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
}

#[derive(Debug, Deserialize)]
struct SentenceFile {
    max_seq_length: Option<usize>,
}

impl Configuration {
    /// Reads `config.json`, and where they are there `1_Pooling/config.json` and
    /// `sentence_bert_config.json`. Without the second the mean is taken.
    pub(super) fn read(folder: &Path) -> Result<Self, EncoderError> {
        let file = folder.join("config.json");
        let model: ModelFile = read(&file)?;
        let wrong = |reason: String| EncoderError::Configuration { file: file.clone(), reason };
        let family = match model.model_type.as_deref() {
            Some("bert") => Family::Bert,
            Some("xlm-roberta" | "roberta") => Family::Roberta,
            other => {
                let found = other.unwrap_or("none");
                return Err(wrong(format!(
                    "its model_type is {found}; encoders of the types bert, roberta and \
                     xlm-roberta are supported"
                )));
            }
        };
        check(&model).map_err(wrong)?;
        let padding = model.pad_token_id.unwrap_or(0);
        let first_position = if family == Family::Roberta { padding as usize + 1 } else { 0 };
        let usable = model.max_position_embeddings.saturating_sub(first_position);
        Ok(Self {
            family,
            width: model.hidden_size,
            layers: model.num_hidden_layers,
            heads: model.num_attention_heads,
            inner_width: model.intermediate_size,
            vocabulary: model.vocab_size,
            positions: model.max_position_embeddings,
            first_position,
            types: model.type_vocab_size,
            epsilon: model.layer_norm_eps as f32,
            padding,
            pooling: pooling(folder)?,
            tokens_max: tokens_max(folder)?.map_or(usable, |wanted| wanted.min(usable)),
        })
    }
}

fn check(model: &ModelFile) -> Result<(), String> {
    let sizes = [
        ("hidden_size", model.hidden_size, 1 << 16),
        ("num_hidden_layers", model.num_hidden_layers, 1 << 10),
        ("num_attention_heads", model.num_attention_heads, 1 << 10),
        ("intermediate_size", model.intermediate_size, 1 << 18),
        ("vocab_size", model.vocab_size, 1 << 24),
        ("max_position_embeddings", model.max_position_embeddings, 1 << 20),
        ("type_vocab_size", model.type_vocab_size, 1 << 10),
    ];
    if let Some((name, value, most)) =
        sizes.iter().find(|(_, value, most)| !(1..=*most).contains(value))
    {
        return Err(format!("{name} is {value}, expected 1 to {most}; fetch the file again"));
    }
    if !model.hidden_size.is_multiple_of(model.num_attention_heads) {
        let (width, heads) = (model.hidden_size, model.num_attention_heads);
        return Err(format!("hidden_size {width} is not divided by {heads} attention heads"));
    }
    if model.pad_token_id.is_some_and(|id| id as usize >= model.vocab_size) {
        return Err(format!("its pad_token_id is not below its vocab_size {}", model.vocab_size));
    }
    if model.hidden_act != "gelu" {
        return Err(format!("its hidden_act is {}, only gelu is supported", model.hidden_act));
    }
    match model.position_embedding_type.as_deref() {
        None | Some("absolute") => Ok(()),
        Some(other) => Err(format!("its positions are {other}, only absolute ones are supported")),
    }
}

fn pooling(folder: &Path) -> Result<Pooling, EncoderError> {
    let file = folder.join("1_Pooling/config.json");
    if !file.is_file() {
        return Ok(Pooling::Mean);
    }
    let found: PoolingFile = read(&file)?;
    match (found.pooling_mode_cls_token, found.pooling_mode_mean_tokens) {
        (true, false) => Ok(Pooling::First),
        (false, true) => Ok(Pooling::Mean),
        _ => Err(EncoderError::Configuration {
            file,
            reason: "exactly one of pooling_mode_cls_token and pooling_mode_mean_tokens is \
                     supported"
                .to_owned(),
        }),
    }
}

fn tokens_max(folder: &Path) -> Result<Option<usize>, EncoderError> {
    let file = folder.join("sentence_bert_config.json");
    if !file.is_file() {
        return Ok(None);
    }
    let found: SentenceFile = read(&file)?;
    Ok(found.max_seq_length.filter(|tokens| *tokens > 2))
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T, EncoderError> {
    let unreadable = |source| EncoderError::Read { file: file.to_owned(), source };
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(unreadable)?;
    opened.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(unreadable)?;
    serde_json::from_slice(&bytes).map_err(|error| EncoderError::Configuration {
        file: file.to_owned(),
        reason: format!("{error}; fetch the file again"),
    })
}

fn one() -> usize {
    1
}

fn default_epsilon() -> f64 {
    1e-12
}

fn default_activation() -> String {
    "gelu".to_owned()
}
