//! A tokenizer from the files of a folder.

use super::bert::{BertTokenizer, BertVocabulary, WORD_CHARACTERS_MAX};
use super::description::{AddedToken, Description, TokenizerConfig, WithVocabulary};
use super::frame::Frame;
use super::general::{Format, GeneralTokenizer};
use super::word::WordRules;
use super::{Engine, Tokenizer, TokenizerError};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

/// The names makers publish under; the first that is there is taken.
const NAMES: [&str; 5] =
    ["tokenizer.json", "vocab.txt", "tokenizer.model", "ice_text.model", "sentencepiece.bpe.model"];
/// Bytes a tokenizer's file may have; the largest we know has 34 million.
const FILE_BYTES_MAX: u64 = 128 << 20;
/// What BERT's own files call their special tokens.
const BERT_SPECIALS: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

pub(super) fn load(folder: &Path) -> Result<Tokenizer, TokenizerError> {
    let Some((name, file)) =
        NAMES.iter().map(|name| (*name, folder.join(name))).find(|(_, file)| file.is_file())
    else {
        let (folder, expected) = (folder.to_owned(), NAMES.join(", "));
        return Err(TokenizerError::NoFile { folder, expected });
    };
    let bytes = read(&file)?;
    match name {
        "tokenizer.json" => from_json(&file, &bytes),
        "vocab.txt" => from_vocabulary(&file, &bytes, &configuration(folder)?),
        _ => from_model(&file, &bytes, &configuration(folder)?),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, TokenizerError> {
    let unreadable = |source| TokenizerError::Read { file: file.to_owned(), source };
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(unreadable)?;
    opened.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(invalid(file, format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    Ok(bytes)
}

fn configuration(folder: &Path) -> Result<TokenizerConfig, TokenizerError> {
    let file = folder.join("tokenizer_config.json");
    if file.is_file() { parse(&file, &read(&file)?) } else { Ok(TokenizerConfig::default()) }
}

fn from_json(file: &Path, bytes: &[u8]) -> Result<Tokenizer, TokenizerError> {
    let description: Description = parse(file, bytes)?;
    let mut specials = added(&description.added_tokens);
    let frame = Frame::from_post_processor(description.post_processor.as_ref(), &specials)
        .map_err(|reason| invalid(file, reason))?;
    let engine = if is_bert(&description) {
        Engine::Bert(bert_from_json(file, bytes, &description)?)
    } else {
        general(file, bytes, Format::Tokenizers, &description.added_tokens, &mut specials)?
    };
    finish(file, engine, frame, specials)
}

/// Whether it is one that our own tokenizer of words is exactly.
fn is_bert(description: &Description) -> bool {
    description.model.kind.as_deref() == Some("WordPiece")
        && kind(description.normalizer.as_ref()) == "BertNormalizer"
        && kind(description.pre_tokenizer.as_ref()) == "BertPreTokenizer"
}

fn bert_from_json(
    file: &Path,
    bytes: &[u8],
    description: &Description,
) -> Result<BertTokenizer, TokenizerError> {
    let vocabulary = parse::<WithVocabulary>(file, bytes)?.model.vocab;
    let model = &description.model;
    let unknown = model.unk_token.as_deref().unwrap_or("[UNK]");
    let flag = |name| description.normalizer.as_ref()?.get(name).and_then(Value::as_bool);
    let lowercase = flag("lowercase").unwrap_or(true);
    let rules = WordRules {
        clean: flag("clean_text").unwrap_or(true),
        split_ideographs: flag("handle_chinese_chars").unwrap_or(true),
        strip_accents: flag("strip_accents").unwrap_or(lowercase),
        lowercase,
    };
    let vocabulary = BertVocabulary {
        unknown: *vocabulary.get(unknown).ok_or_else(|| no_special(file, unknown))?,
        pieces: vocabulary.iter().map(|(piece, id)| (piece.as_str(), *id)).collect(),
        prefix: model.continuing_subword_prefix.as_deref().unwrap_or("##"),
        word_characters_max: model.max_input_chars_per_word.unwrap_or(WORD_CHARACTERS_MAX),
    };
    Ok(BertTokenizer::new(&vocabulary, rules))
}

/// `vocab.txt`: a piece a line, the line's number is its id.
fn from_vocabulary(
    file: &Path,
    bytes: &[u8],
    configuration: &TokenizerConfig,
) -> Result<Tokenizer, TokenizerError> {
    let text = std::str::from_utf8(bytes).map_err(|error| invalid(file, error.to_string()))?;
    let pieces: Vec<(&str, u32)> = text.lines().map(str::trim_end).zip(0..).collect();
    let mut specials = BTreeMap::new();
    for token in BERT_SPECIALS {
        if let Some((_, id)) = pieces.iter().find(|(piece, _)| *piece == token) {
            specials.insert(token.to_owned(), *id);
        }
    }
    let id = |token| specials.get(token).copied().ok_or_else(|| no_special(file, token));
    let frame = Frame::between(id("[CLS]")?, id("[SEP]")?);
    let lowercase = configuration.do_lower_case.unwrap_or(true);
    let rules = WordRules {
        clean: true,
        split_ideographs: configuration.tokenize_chinese_chars.unwrap_or(true),
        strip_accents: configuration.strip_accents.unwrap_or(lowercase),
        lowercase,
    };
    let vocabulary = BertVocabulary {
        unknown: id("[UNK]")?,
        pieces,
        prefix: "##",
        word_characters_max: WORD_CHARACTERS_MAX,
    };
    let engine = Engine::Bert(BertTokenizer::new(&vocabulary, rules));
    let size = vocabulary.pieces.len();
    Ok(Tokenizer { file: file.to_owned(), engine, frame, specials, vocabulary_size: size })
}

/// SentencePiece or tiktoken; what frames a text is left to the model.
fn from_model(
    file: &Path,
    bytes: &[u8],
    configuration: &TokenizerConfig,
) -> Result<Tokenizer, TokenizerError> {
    let tokens = configuration.added_tokens();
    let mut specials = added(&tokens);
    let engine = general(file, bytes, Format::of_model_file(bytes), &tokens, &mut specials)?;
    finish(file, engine, Frame::default(), specials)
}

fn general(
    file: &Path,
    bytes: &[u8],
    format: Format,
    tokens: &[AddedToken],
    specials: &mut BTreeMap<String, u32>,
) -> Result<Engine, TokenizerError> {
    let engine = GeneralTokenizer::new(bytes, format, tokens, specials)
        .map_err(|reason| invalid(file, reason))?;
    Ok(Engine::General(Box::new(engine)))
}

fn finish(
    file: &Path,
    engine: Engine,
    frame: Frame,
    specials: BTreeMap<String, u32>,
) -> Result<Tokenizer, TokenizerError> {
    let of_engine = match &engine {
        Engine::Bert(engine) => engine.vocabulary_size(),
        Engine::General(engine) => engine.vocabulary_size(),
    };
    let of_specials = specials.values().max().map_or(0, |id| *id as usize + 1);
    let vocabulary_size = of_engine.max(of_specials);
    Ok(Tokenizer { file: file.to_owned(), engine, frame, specials, vocabulary_size })
}

fn added(tokens: &[AddedToken]) -> BTreeMap<String, u32> {
    let special = tokens.iter().filter(|token| token.special);
    special.map(|token| (token.content.clone(), token.id)).collect()
}

fn kind(value: Option<&Value>) -> &str {
    value.and_then(|value| value.get("type")).and_then(Value::as_str).unwrap_or_default()
}

fn parse<T: DeserializeOwned>(file: &Path, bytes: &[u8]) -> Result<T, TokenizerError> {
    serde_json::from_slice(bytes).map_err(|error| invalid(file, error.to_string()))
}

fn invalid(file: &Path, reason: String) -> TokenizerError {
    TokenizerError::Invalid { file: file.to_owned(), reason }
}

fn no_special(file: &Path, token: &str) -> TokenizerError {
    TokenizerError::NoSpecial { file: file.to_owned(), token: token.to_owned() }
}
