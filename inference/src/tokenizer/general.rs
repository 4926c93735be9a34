//! Every other tokenizer (byte pairs, unigrams, SentencePiece, tiktoken) through the general
//! engine, made safe for text from outside.

use super::description::AddedToken;
use kitoken::convert::{convert_sentencepiece, convert_tiktoken, convert_tokenizers};
use kitoken::{
    Definition, Kitoken, Model, Processing, Regex, SpecialToken, SpecialTokenKind, Split,
    SplitBehavior,
};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What only newer files contain.
const NEWER: &[u8] = b"strip_left";
/// How a space is written in a vocabulary of words.
const SPACE: &str = "▁";

/// The engine.
pub(super) struct GeneralTokenizer {
    engine: Kitoken,
    /// Special tokens, which have no bytes of their own.
    silent: HashSet<u32>,
    /// The piece that stands for a space, where a text of nothing else has no pieces.
    space: Option<u32>,
    vocabulary_size: usize,
}

impl std::fmt::Debug for GeneralTokenizer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let size = self.vocabulary_size;
        formatter.debug_struct("GeneralTokenizer").field("vocabulary_size", &size).finish()
    }
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `tokenizer.json`.
    Tokenizers,
    /// `tokenizer.model` as SentencePiece writes it.
    SentencePiece,
    /// `tokenizer.model` as lines of base64 and rank.
    Tiktoken,
}

impl Format {
    /// What a `tokenizer.model` is: tiktoken's is text.
    pub(super) fn of_model_file(bytes: &[u8]) -> Self {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let is_text = line.iter().all(|byte| byte.is_ascii_graphic() || b" \r".contains(byte));
        if is_text && line.contains(&b' ') { Self::Tiktoken } else { Self::SentencePiece }
    }
}

impl GeneralTokenizer {
    /// From the bytes of a file. `specials` gets the special tokens there are, by their text;
    /// `Err` says what is wrong.
    pub(super) fn new(
        bytes: &[u8],
        format: Format,
        added: &[AddedToken],
        specials: &mut BTreeMap<String, u32>,
    ) -> Result<Self, String> {
        // The engine trusts its files here and there; a damaged one must not take the node along.
        let converted = catch_unwind(|| match format {
            Format::Tokenizers => convert_tokenizers(with_known_names(bytes)),
            Format::SentencePiece => convert_sentencepiece(bytes),
            Format::Tiktoken => convert_tiktoken(bytes),
        });
        let mut definition = converted
            .map_err(|_| "its vocabulary contradicts itself".to_owned())?
            .map_err(|error| error.to_string())?;
        if definition.model.vocab().is_empty() {
            return Err("its vocabulary is empty".to_owned());
        }
        if format == Format::Tiktoken {
            // The format has no special tokens and no rule for cutting text; those the engine
            // guesses from the number of lines are another vendor's.
            definition.specials.clear();
            definition.config.split = vec![glm_words()?];
        }
        // SentencePiece says -1 for a token it does not have.
        definition.specials.retain(|special| special.id != u32::MAX);
        collect_specials(&definition, added, specials);
        let vocabulary_size = size(&definition, specials);
        let silent = make_safe(&mut definition, added);
        let space = space_of_words(&definition.model);
        let engine = catch_unwind(|| Kitoken::from_definition(definition))
            .map_err(|_| "its vocabulary contradicts itself".to_owned())?
            .map_err(|error| error.to_string())?;
        Ok(Self { engine, silent, space, vocabulary_size })
    }

    /// One more than the largest id.
    pub(super) fn vocabulary_size(&self) -> usize {
        self.vocabulary_size
    }

    /// The ids of a text; `Err` says why there are none.
    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>, String> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let kinds: &[SpecialTokenKind] = &[SpecialTokenKind::Priority];
        let ids = catch_unwind(AssertUnwindSafe(|| self.engine.encode(text, kinds)))
            .map_err(|_| "its vocabulary contradicts itself".to_owned())?
            .map_err(|error| error.to_string())?;
        let is_only_space = matches!(ids.as_slice(), [id] if Some(*id) == self.space);
        Ok(if is_only_space { Vec::new() } else { ids })
    }

    /// The bytes of ids, which may end within a character. Special tokens have none.
    pub(super) fn decode(&self, ids: &[u32]) -> Result<Vec<u8>, String> {
        let kinds: &[SpecialTokenKind] = &[SpecialTokenKind::Priority];
        let ids: Vec<u32> = ids.iter().copied().filter(|id| !self.silent.contains(id)).collect();
        catch_unwind(AssertUnwindSafe(|| self.engine.decode(ids, kinds)))
            .map_err(|_| "its vocabulary contradicts itself".to_owned())?
            .map_err(|error| error.to_string())
    }
}

/// The engine knows a step of newer files by the name of older ones only.
fn with_known_names(bytes: &[u8]) -> Cow<'_, [u8]> {
    fn rename(normalizer: &mut Value) {
        if normalizer.get("type").and_then(Value::as_str) == Some("Strip")
            && let Some(kind) = normalizer.get_mut("type")
        {
            *kind = Value::from("StripNormalizer");
        }
        let inner = normalizer.get_mut("normalizers").and_then(Value::as_array_mut);
        inner.into_iter().flatten().for_each(rename);
    }
    // Such a file is read once more; others have no reason to be.
    if !bytes.windows(NEWER.len()).any(|part| part == NEWER) {
        return Cow::Borrowed(bytes);
    }
    let Ok(mut file) = serde_json::from_slice::<Value>(bytes) else { return Cow::Borrowed(bytes) };
    if let Some(normalizer) = file.get_mut("normalizer") {
        rename(normalizer);
    }
    serde_json::to_vec(&file).map_or(Cow::Borrowed(bytes), Cow::Owned)
}

/// In models of words a text of white space has no words; the engine would give it a piece.
fn space_of_words(model: &Model) -> Option<u32> {
    let Model::Unigram { vocab, .. } = model else { return None };
    vocab.iter().find(|piece| piece.bytes == SPACE.as_bytes()).map(|piece| piece.id)
}

/// How GLM-4 cuts text before pairs of bytes are merged.
fn glm_words() -> Result<Split, String> {
    let pattern = Regex::new(
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    )
    .map_err(|error| error.to_string())?;
    Ok(Split::Pattern { pattern: pattern.into(), behavior: SplitBehavior::Isolate })
}

fn collect_specials(
    definition: &Definition,
    added: &[AddedToken],
    specials: &mut BTreeMap<String, u32>,
) {
    for special in &definition.specials {
        if let Ok(text) = std::str::from_utf8(&special.bytes) {
            specials.insert(text.to_owned(), special.id);
        }
    }
    for token in added {
        specials.insert(token.content.clone(), token.id);
    }
}

fn size(definition: &Definition, specials: &BTreeMap<String, u32>) -> usize {
    let pieces = definition.model.vocab().iter().map(|token| token.id);
    pieces.chain(specials.values().copied()).max().map_or(0, |id| id as usize + 1)
}

/// From now on nothing in a text is read as a marker, and nothing is padded or cut. Returns the
/// ids that are markers.
fn make_safe(definition: &mut Definition, added: &[AddedToken]) -> HashSet<u32> {
    let markers = definition.specials.iter().filter(|special| is_marker(special));
    let mut silent: HashSet<u32> = markers.map(|special| special.id).collect();
    silent.extend(added.iter().filter(|token| token.special).map(|token| token.id));
    definition.specials.retain(|special| !is_marker(special));
    definition
        .config
        .processing
        .retain(|step| !matches!(step, Processing::Pad { .. } | Processing::Truncate { .. }));
    silent
}

/// Control tokens, and added ones that look like them; others, such as runs of spaces, are text.
fn is_marker(special: &SpecialToken) -> bool {
    let bytes = special.bytes.as_slice();
    if std::str::from_utf8(bytes).is_ok_and(is_blank_piece) {
        return false;
    }
    match special.kind {
        SpecialTokenKind::Unknown => false,
        SpecialTokenKind::Control => true,
        SpecialTokenKind::Priority => matches!(
            (bytes.first(), bytes.last()),
            (Some(b'<'), Some(b'>')) | (Some(b'['), Some(b']'))
        ),
    }
}

/// ChatGLM-6B's pieces for line breaks, tabs and runs of blanks are text, not markers.
pub(crate) fn is_blank_piece(piece: &str) -> bool {
    piece == "<n>"
        || piece == "<|tab|>"
        || piece
            .strip_prefix("<|blank_")
            .and_then(|rest| rest.strip_suffix("|>"))
            .is_some_and(|count| count.bytes().all(|digit| digit.is_ascii_digit()))
}
