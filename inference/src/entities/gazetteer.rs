//! Names that are known beforehand: a list of our own, and the operator's dictionary on top of it.

use super::words::{Word, joins_a_name};
use crate::error::{Error, Result};
use crate::token::is_ideographic;
use autoglm_domain::{EntityKind, entity_key};
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// Bytes of an operator's dictionary at most.
pub const DICTIONARY_BYTES_MAX: usize = 4 << 20;
/// Lines of a dictionary at most.
const LINES_MAX: usize = 100_000;
/// Longest alias in words, and in characters of a script without blanks.
const ALIAS_WORDS_MAX: usize = 8;
const ALIAS_CHARACTERS_MAX: usize = 24;

const BUILT_IN: &str = include_str!("../../data/entities-1/gazetteer.txt");
static SHARED: LazyLock<Result<Arc<Gazetteer>, String>> =
    LazyLock::new(|| Gazetteer::parse(BUILT_IN).map(Arc::new).map_err(|error| error.to_string()));

type Map<K, V> = HashMap<K, V, FixedState>;

/// What something is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityNames {
    /// The key of every article that names it.
    pub key: String,
    /// What it is.
    pub kind: EntityKind,
    /// Its usual English name, if it has one.
    pub english: Option<String>,
    /// Its usual Chinese name, if it has one.
    pub chinese: Option<String>,
}

/// A name found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Alias {
    /// Whose it is, in [`Gazetteer::names`].
    pub(super) entry: u32,
    /// Whether it is an ordinary word too.
    pub(super) is_ambiguous: bool,
}

#[derive(Debug, Clone)]
struct LatinAlias {
    /// Its words as they are written.
    words: Vec<String>,
    alias: Alias,
}

#[derive(Debug, Clone)]
struct HanAlias {
    text: String,
    alias: Alias,
}

/// Known names with their keys, kinds and share codes.
#[derive(Debug, Clone, Default)]
pub struct Gazetteer {
    entries: Vec<EntityNames>,
    by_key: Map<String, u32>,
    /// By the first word in lower case; longest first.
    latin: Map<String, Vec<LatinAlias>>,
    /// By the first character; longest first.
    han: Map<char, Vec<HanAlias>>,
    /// By the key of a share code.
    tickers: Map<String, u32>,
}

impl Gazetteer {
    /// The names that come with the product.
    ///
    /// # Errors
    /// [`Error::InvalidDictionary`] when the program was built with a broken list.
    pub fn built_in() -> Result<Arc<Self>> {
        SHARED.clone().map_err(|reason| Error::InvalidDictionary { line: 0, reason })
    }

    /// The built-in names and, above them, a dictionary of the same form: lines
    /// `English names | Chinese names | share codes` under headings such as `[company]`; names are
    /// separated by `;`, a `?` before one says that it is an ordinary word too. A line whose first
    /// name is known adds to what is known and changes its kind.
    ///
    /// # Errors
    /// [`Error::InvalidDictionary`] naming the line.
    pub fn with_dictionary(text: &str) -> Result<Arc<Self>> {
        let mut gazetteer = Self::built_in()?.as_ref().clone();
        gazetteer.read(text)?;
        Ok(Arc::new(gazetteer))
    }

    /// Names of one text alone, in the form of [`Self::with_dictionary`].
    ///
    /// # Errors
    /// [`Error::InvalidDictionary`] naming the line.
    pub fn parse(text: &str) -> Result<Self> {
        let mut gazetteer = Self::default();
        gazetteer.read(text)?;
        Ok(gazetteer)
    }

    /// Number of things it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it knows nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What a key stands for, if it is a known one.
    #[must_use]
    pub fn names_of(&self, key: &str) -> Option<&EntityNames> {
        self.by_key.get(key).and_then(|entry| self.names(*entry))
    }

    /// The key of what has this name, whatever its case and language.
    #[must_use]
    pub fn key_of(&self, name: &str) -> Option<&str> {
        let name = name.trim();
        let entry = match name.chars().next() {
            Some(first) if name.chars().any(is_ideographic) => {
                let known = self.han.get(&first)?;
                known.iter().find(|alias| alias.text == name)?.alias.entry
            }
            _ => {
                let first = name.split([' ', '-']).next()?.to_lowercase();
                let wanted = entity_key(name);
                let known = self.latin.get(&first)?;
                known.iter().find(|one| entity_key(&one.words.join(" ")) == wanted)?.alias.entry
            }
        };
        self.names(entry).map(|names| names.key.as_str())
    }

    /// Every name that is written without blanks, with its kind: words a segmenter should know.
    pub(super) fn unspaced_words(&self) -> impl Iterator<Item = (&str, EntityKind)> {
        let aliases = self.han.values().flatten();
        // An ordinary word is in every dictionary as what it is.
        let known = aliases.filter(|one| !one.alias.is_ambiguous);
        known.filter_map(|one| Some((one.text.as_str(), self.names(one.alias.entry)?.kind)))
    }

    pub(super) fn names(&self, entry: u32) -> Option<&EntityNames> {
        self.entries.get(usize::try_from(entry).ok()?)
    }

    /// Whose share has this code.
    pub(super) fn by_ticker(&self, key: &str) -> Option<u32> {
        self.tickers.get(key).copied()
    }

    /// The longest name that begins with the first of these words, and how many words it has.
    pub(super) fn find_latin(&self, text: &str, words: &[Word]) -> Option<(Alias, usize)> {
        let first = words.first()?;
        let known = self.latin.get(first.folded(text).as_ref())?;
        let found = known.iter().find(|alias| is_written(&alias.words, text, words))?;
        Some((found.alias, found.words.len()))
    }

    /// The longest name without blanks that a text begins with, and its bytes.
    pub(super) fn find_han(&self, text: &str) -> Option<(Alias, usize)> {
        let known = self.han.get(&text.chars().next()?)?;
        let found = known.iter().find(|alias| text.starts_with(alias.text.as_str()))?;
        Some((found.alias, found.text.len()))
    }

    fn read(&mut self, text: &str) -> Result<()> {
        let invalid = |line: usize, reason: String| Error::InvalidDictionary { line, reason };
        if text.len() > DICTIONARY_BYTES_MAX {
            let reason = format!("it has {} bytes; at most {DICTIONARY_BYTES_MAX}", text.len());
            return Err(invalid(0, reason));
        }
        let mut kind = EntityKind::default();
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let (line, number) = (line.trim(), index + 1);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if index >= LINES_MAX {
                return Err(invalid(number, format!("only {LINES_MAX} lines are read")));
            }
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                let known = EntityKind::ALL.map(EntityKind::name).join(", ");
                kind = EntityKind::from_name(name.trim()).ok_or_else(|| {
                    invalid(number, format!("the heading [{name}] is none of {known}"))
                })?;
                continue;
            }
            self.add(kind, line).map_err(|reason| invalid(number, reason))?;
        }
        self.sort();
        Ok(())
    }

    fn add(&mut self, kind: EntityKind, line: &str) -> Result<(), String> {
        let fields: Vec<&str> = line.split('|').collect();
        let [english, rest @ ..] = fields.as_slice() else { return Ok(()) };
        if rest.len() > 2 {
            return Err("a line has at most three lists: English | Chinese | codes".to_owned());
        }
        let english: Vec<&str> = names_in(english).collect();
        let chinese: Vec<&str> = names_in(rest.first().unwrap_or(&"")).collect();
        let plain = |names: &[&str]| {
            names.first().map(|name| name.trim_start_matches('?').trim().to_owned())
        };
        let (first_english, first_chinese) = (plain(&english), plain(&chinese));
        let first = first_english.as_deref().or(first_chinese.as_deref());
        let key =
            first.map(|name| self.key_of(name).map_or_else(|| entity_key(name), str::to_owned));
        let Some(key) = key.filter(|key| !key.is_empty()) else {
            return Err("a line begins with a name".to_owned());
        };
        let entry = self.entry(key, kind, first_english, first_chinese);
        for name in english.into_iter().chain(chinese) {
            self.add_alias(entry, name)?;
        }
        for code in names_in(rest.get(1).unwrap_or(&"")) {
            let key = super::tickers::key_of_code(code)
                .ok_or_else(|| format!("{code:?} is no share code such as NVDA or 600519.SH"))?;
            self.tickers.entry(key).or_insert(entry);
        }
        Ok(())
    }

    fn entry(
        &mut self,
        key: String,
        kind: EntityKind,
        english: Option<String>,
        chinese: Option<String>,
    ) -> u32 {
        if let Some(entry) = self.by_key.get(&key).copied() {
            if let Some(known) = self.entries.get_mut(entry as usize) {
                known.kind = kind;
                known.english = known.english.take().or(english);
                known.chinese = known.chinese.take().or(chinese);
            }
            return entry;
        }
        let entry = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.by_key.insert(key.clone(), entry);
        self.entries.push(EntityNames { key, kind, english, chinese });
        entry
    }

    fn add_alias(&mut self, entry: u32, name: &str) -> Result<(), String> {
        let text = name.trim_start_matches('?').trim();
        let alias = Alias { entry, is_ambiguous: name.starts_with('?') };
        let Some(first) = text.chars().next() else { return Ok(()) };
        if text.chars().any(is_ideographic) {
            let characters = text.chars().count();
            if !(2..=ALIAS_CHARACTERS_MAX).contains(&characters) {
                return Err(format!(
                    "{text:?} has {characters} characters; give 2 to {ALIAS_CHARACTERS_MAX}"
                ));
            }
            let known = self.han.entry(first).or_default();
            known.retain(|one| one.text != text);
            known.push(HanAlias { text: text.to_owned(), alias });
            return Ok(());
        }
        let words = super::words::words_of(text);
        let words: Vec<String> = words.iter().map(|word| word.plain(text).into_owned()).collect();
        let Some(first) = words.first() else { return Err(format!("{text:?} has no word")) };
        if words.len() > ALIAS_WORDS_MAX {
            return Err(format!("{text:?} has more than {ALIAS_WORDS_MAX} words"));
        }
        let known = self.latin.entry(first.to_lowercase()).or_default();
        known.retain(|one| one.words != words);
        known.push(LatinAlias { words, alias });
        Ok(())
    }

    fn sort(&mut self) {
        for known in self.latin.values_mut() {
            known.sort_by_key(|alias| std::cmp::Reverse(alias.words.len()));
        }
        for known in self.han.values_mut() {
            known.sort_by_key(|alias| std::cmp::Reverse(alias.text.len()));
        }
    }
}

fn names_in(list: &str) -> impl Iterator<Item = &str> {
    list.split(';').map(str::trim).filter(|name| !name.is_empty())
}

/// Whether an alias stands at the start of these words, as it is written or all in capitals.
fn is_written(alias: &[String], text: &str, words: &[Word]) -> bool {
    if words.len() < alias.len() {
        return false;
    }
    let mut is_owner = false;
    alias.iter().zip(words).enumerate().all(|(index, (wanted, word))| {
        // "Anthropic's Claude" are two names.
        let is_joined = index == 0 || joins_a_name(word.gap) && !is_owner;
        is_owner = word.is_possessive;
        let found = word.plain(text);
        let is_same = *wanted == found
            || (wanted.chars().count() > 3
                && found.chars().eq(wanted.chars().flat_map(char::to_uppercase)));
        is_joined && is_same
    })
}
