//! `entities-1`: every way of finding names over title and lead, put together.

use super::chinese::{ChineseText, Piece};
use super::english::EnglishText;
use super::evidence::{CHINESE_BUSINESS, GIVEN_NAMES};
use super::gazetteer::{Alias, Gazetteer};
use super::keywords::KeywordText;
use super::mention::{Mention, Sureness, without_overlaps};
use super::words::{Gap, Word, words_of};
use super::{model_names, tickers};
use crate::encoder::StaticEncoder;
use crate::error::Result;
use crate::model::{Extract, Model, ModelId};
use crate::text::{Extraction, TextInput, prefix};
use crate::token::is_ideographic;
use autoglm_domain::{ENTITIES_MAX, Entity, EntityKind, entity_key};
use foldhash::fast::FixedState;
use jieba_rs::Jieba;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

/// Name of the model and its version; raised whenever it may find something else than before.
const BUILT_IN: (&str, u32) = ("entities", 1);
/// Bytes of the lead that are looked at: further down, news text names everybody.
const LEAD_BYTES: usize = 1_500;
/// A name in the title counts as much as this many in the lead.
const TITLE_COUNT: u32 = 3;

static SHARED: LazyLock<Result<GazetteerExtractor, String>> = LazyLock::new(|| {
    Gazetteer::built_in().and_then(GazetteerExtractor::new).map_err(|error| error.to_string())
});

/// Finds entities and keywords. Cheap to clone; deterministic on every machine.
#[derive(Clone)]
pub struct GazetteerExtractor {
    gazetteer: Arc<Gazetteer>,
    words: Arc<Jieba>,
    weights: StaticEncoder,
}

impl fmt::Debug for GazetteerExtractor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GazetteerExtractor")
            .field("names", &self.gazetteer.len())
            .finish_non_exhaustive()
    }
}

impl GazetteerExtractor {
    /// `entities-1` with the names that come with the product.
    ///
    /// # Errors
    /// When the program was built with broken lists.
    pub fn built_in() -> Result<Self> {
        let invalid = |reason: String| crate::error::Error::InvalidDictionary { line: 0, reason };
        SHARED.clone().map_err(invalid)
    }

    /// With names of the operator's choice. Loads the Chinese dictionary: a tenth of a second.
    ///
    /// # Errors
    /// When the program was built with a broken table of words.
    pub fn new(gazetteer: Arc<Gazetteer>) -> Result<Self> {
        let mut words = Jieba::new();
        for (word, kind) in gazetteer.unspaced_words() {
            words.add_word(word, None, Some(tag_of(kind)));
        }
        Ok(Self { gazetteer, words: Arc::new(words), weights: StaticEncoder::built_in()? })
    }

    /// The names it knows.
    #[must_use]
    pub fn gazetteer(&self) -> &Arc<Gazetteer> {
        &self.gazetteer
    }

    /// The Chinese words it cuts by, to be shared by whoever cuts Chinese.
    #[must_use]
    pub fn segmenter(&self) -> &Arc<Jieba> {
        &self.words
    }

    /// Entities and keywords of one article.
    #[must_use]
    pub fn extract_one(&self, input: &TextInput) -> Extraction {
        let (title, lead) = (input.bounded_title(), prefix(&input.lead, LEAD_BYTES));
        let mut text = String::with_capacity(title.len() + lead.len() + 1);
        text.push_str(title);
        text.push('\n');
        text.push_str(lead);
        let title_end = title.len();
        let words = words_of(&text);
        let pieces = self.pieces(&text);
        let mentions = self.mentions(&text, title_end, &words, &pieces);
        let keywords = KeywordText {
            text: &text,
            words: &words,
            pieces: &pieces,
            mentions: &mentions,
            title_end,
        };
        Extraction {
            keywords: keywords.find(&self.weights),
            entities: entities(self.with_companies(mentions), title_end),
        }
    }

    /// jieba's words; none for a text without ideographs.
    pub(super) fn pieces<'a>(&'a self, text: &'a str) -> Vec<Piece<'a>> {
        if !text.chars().any(is_ideographic) {
            return Vec::new();
        }
        let tags = self.words.tag(text, true).into_iter();
        tags.map(|tag| Piece {
            start: tag.byte_start,
            end: tag.byte_end,
            word: tag.word,
            tag: tag.tag,
        })
        .collect()
    }

    pub(super) fn mentions(
        &self,
        text: &str,
        title_end: usize,
        words: &[Word],
        pieces: &[Piece<'_>],
    ) -> Vec<Mention> {
        let mut found = self.known_latin(text, words);
        found.extend(self.known_han(text, pieces));
        found.extend(tickers::find(text, words));
        let models = model_names::find(text, words);
        found.extend(joined_models(text, &found, words));
        found.extend(models);
        let known = without_overlaps(found);
        let english = EnglishText { text, words, known: &known, title_end }.find();
        let chinese = ChineseText {
            text,
            pieces,
            known: &known,
            gazetteer: &self.gazetteer,
            words: &self.words,
        };
        let chinese = chinese.find();
        without_overlaps(known.into_iter().chain(english).chain(chinese).collect())
    }

    fn known_latin(&self, text: &str, words: &[Word]) -> Vec<Mention> {
        let mut found = Vec::new();
        let mut index = 0;
        while let Some(rest) = words.get(index..).filter(|rest| !rest.is_empty()) {
            let Some((alias, length)) = self.gazetteer.find_latin(text, rest) else {
                index += 1;
                continue;
            };
            let (first, last) = (rest.first(), rest.get(length - 1));
            if let (Some(first), Some(last)) = (first, last)
                && !self.is_anothers(alias, length, text, words, index)
                && !is_licence(text, rest.get(length))
                && (!alias.is_ambiguous
                    || !first.starts_sentence && !is_within_capitals(words, index, length))
            {
                found.extend(self.known(alias.entry, first.start, last.end, false));
            }
            index += length;
        }
        found
    }

    /// Whether a well-known last name has another given name before it: "Melania Trump".
    fn is_anothers(
        &self,
        alias: Alias,
        length: usize,
        text: &str,
        words: &[Word],
        index: usize,
    ) -> bool {
        let is_person =
            self.gazetteer.names(alias.entry).is_some_and(|names| names.kind == EntityKind::Person);
        if !is_person || length > 1 {
            return false;
        }
        let before = index.checked_sub(1).and_then(|at| words.get(at));
        let is_joined = words.get(index).is_some_and(|word| word.gap == Gap::Blank);
        before.is_some_and(|one| {
            let name = one.folded(text);
            is_joined && one.is_capital && !one.is_possessive && GIVEN_NAMES.contains(name.as_ref())
        })
    }

    fn known_han(&self, text: &str, pieces: &[Piece<'_>]) -> Vec<Mention> {
        let mut found = Vec::new();
        if pieces.is_empty() {
            return found;
        }
        let is_business =
            LazyLock::new(|| pieces.iter().any(|piece| CHINESE_BUSINESS.contains(piece.word)));
        let (mut at, mut next) = (0, 0);
        while at < text.len() {
            let rest = text.get(at..).unwrap_or_default();
            let width = rest.chars().next().map_or(1, char::len_utf8);
            while pieces.get(next).is_some_and(|piece| piece.start < at) {
                next += 1;
            }
            let Some((alias, length)) = self.gazetteer.find_han(rest) else {
                at += width;
                continue;
            };
            let starts_a_word = pieces.get(next).is_some_and(|piece| piece.start == at);
            let ends_a_word =
                pieces.iter().skip(next).take(12).any(|piece| piece.end == at + length);
            let kind = self.gazetteer.names(alias.entry).map(|names| names.kind);
            // "美国人" names the country; a company or person of two characters must be a word.
            // "四川大学" is in Sichuan, but is a university.
            let is_of_another = !ends_a_word
                && pieces.get(next).is_some_and(|piece| matches!(piece.tag, "nt" | "nz"));
            let is_word =
                !is_of_another && starts_a_word && (ends_a_word || kind == Some(EntityKind::Place))
                    || length > 9;
            if is_word && (!alias.is_ambiguous || *is_business) {
                found.extend(self.known(alias.entry, at, at + length, true));
                at += length;
            } else {
                at += width;
            }
        }
        found
    }

    fn known(&self, entry: u32, start: usize, end: usize, is_chinese: bool) -> Option<Mention> {
        let names = self.gazetteer.names(entry)?;
        let (first, second) = match is_chinese {
            true => (&names.chinese, &names.english),
            false => (&names.english, &names.chinese),
        };
        let name = first.as_ref().or(second.as_ref())?.clone();
        let (kind, key) = (names.kind, names.key.clone());
        Some(Mention { start, end, kind, key, name, sureness: Sureness::Known })
    }

    /// A share names its company too.
    fn with_companies(&self, mentions: Vec<Mention>) -> Vec<Mention> {
        let shares = mentions.iter().filter(|one| one.kind == EntityKind::Ticker);
        let companies: Vec<Mention> = shares
            .filter_map(|one| {
                let entry = self.gazetteer.by_ticker(&one.key)?;
                // In the language that the article uses for it elsewhere.
                let is_chinese = mentions.iter().any(|one| one.name.chars().any(is_ideographic));
                self.known(entry, one.start, one.end, is_chinese)
            })
            .collect();
        mentions.into_iter().chain(companies).collect()
    }
}

/// "MIT licence" is no university.
fn is_licence(text: &str, next: Option<&Word>) -> bool {
    next.is_some_and(|word| {
        matches!(word.folded(text).as_ref(), "licence" | "license" | "licensed")
    })
}

/// Whether an ordinary word stands among capitalised ones: there its capital says nothing.
fn is_within_capitals(words: &[Word], index: usize, length: usize) -> bool {
    let capital =
        |at: Option<usize>| at.and_then(|at| words.get(at)).is_some_and(|word| word.is_capital);
    capital(index.checked_sub(1)) && capital(Some(index + length))
}

/// A known Chinese family with its version behind it: `昇腾910B`, `豆包1.5`, `麒麟9020`.
fn joined_models(text: &str, known: &[Mention], words: &[Word]) -> Vec<Mention> {
    let families = known.iter().filter(|one| one.kind == EntityKind::Model);
    let joined = families.filter_map(|family| {
        let written = text.get(family.start..family.end)?;
        let version = words.iter().find(|word| word.start == family.end)?;
        let number = version.slice(text);
        if !written.ends_with(is_ideographic)
            || !number.starts_with(|one: char| one.is_ascii_digit())
            || number.len() > 5
        {
            return None;
        }
        let name = format!("{written}{number}");
        let key = entity_key(&format!("{}-{number}", family.key));
        Some(Mention {
            start: family.start,
            end: version.end,
            kind: EntityKind::Model,
            key,
            name,
            sureness: Sureness::Form,
        })
    });
    joined.collect()
}

/// jieba's part of speech for a known name.
fn tag_of(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Person => "nr",
        EntityKind::Place => "ns",
        EntityKind::Organisation => "nt",
        EntityKind::Company | EntityKind::Model | EntityKind::Ticker => "nz",
    }
}

/// Each thing once, the one most spoken of first.
fn entities(mentions: Vec<Mention>, title_end: usize) -> Vec<Entity> {
    struct Told {
        entity: Entity,
        weight: u32,
        first: usize,
    }
    let mut by_key: HashMap<(String, EntityKind), Told, FixedState> = HashMap::default();
    for mention in mentions {
        let weight = if mention.start < title_end { TITLE_COUNT } else { 1 };
        let Mention { key, name, kind, start, .. } = mention;
        let told = by_key.entry((key.clone(), kind)).or_insert_with(|| Told {
            entity: Entity { key, name, kind, count: 0 },
            weight: 0,
            first: start,
        });
        told.entity.count = told.entity.count.saturating_add(1);
        told.weight += weight;
        told.first = told.first.min(start);
    }
    let mut told: Vec<Told> = by_key.into_values().collect();
    told.sort_by(|a, b| {
        b.weight
            .cmp(&a.weight)
            .then(a.first.cmp(&b.first))
            .then(a.entity.kind.cmp(&b.entity.kind))
            .then(a.entity.key.cmp(&b.entity.key))
    });
    told.into_iter().map(|told| told.entity).take(ENTITIES_MAX).collect()
}

impl Model for GazetteerExtractor {
    fn id(&self) -> ModelId {
        ModelId::new(BUILT_IN.0, BUILT_IN.1)
    }
}

impl Extract for GazetteerExtractor {
    fn extract(&self, inputs: &[TextInput]) -> Result<Vec<Extraction>> {
        Ok(inputs.iter().map(|input| self.extract_one(input)).collect())
    }
}
