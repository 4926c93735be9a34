//! Topics as people define them: the list everybody's articles are sorted by, and readers' own.

mod reader_topic;

pub use reader_topic::{
    READER_TOPICS_MAX, ReaderTopic, ReaderTopicId, ReaderTopicText, TopicWidth,
};

use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Topics a list may have.
pub const TOPICS_MAX: usize = 200;
/// Seed words a topic may have.
pub const SEEDS_MAX: usize = 500;
/// Bytes of a key.
pub const KEY_BYTES_MAX: usize = 40;
/// Characters of a name.
pub const NAME_CHARACTERS_MAX: usize = 60;
/// Characters of a description in one language.
pub const DESCRIPTION_CHARACTERS_MAX: usize = 500;
/// Characters of a seed word.
pub const SEED_CHARACTERS_MAX: usize = 60;

/// One topic of the list. Read from a map with these keys; a description that is one text counts
/// for the language it is written in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicDefinition {
    /// Stable: what is stored with articles, profiles and rules.
    pub key: String,
    /// English name.
    pub en: String,
    /// Chinese name.
    pub zh: String,
    /// What it is about, in a sentence of each language.
    #[serde(default)]
    pub description: TopicDescription,
    /// Words and phrases of either language that speak for the topic.
    #[serde(default)]
    pub seeds: Vec<String>,
}

/// A sentence in each language; either may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TopicDescription {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl From<String> for TopicDescription {
    fn from(text: String) -> Self {
        if text.chars().any(is_han) {
            Self { zh: text, en: String::new() }
        } else {
            Self { en: text, zh: String::new() }
        }
    }
}

impl<'de> Deserialize<'de> for TopicDescription {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DescriptionVisitor)
    }
}

/// The same as a map, for the derived reading of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BothLanguages {
    #[serde(default)]
    en: String,
    #[serde(default)]
    zh: String,
}

struct DescriptionVisitor;

impl<'de> serde::de::Visitor<'de> for DescriptionVisitor {
    type Value = TopicDescription;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text, or a map with `en` and `zh`")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.to_owned().into())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(TopicDescription::default())
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let reader = serde::de::value::MapAccessDeserializer::new(map);
        let BothLanguages { en, zh } = BothLanguages::deserialize(reader)?;
        Ok(TopicDescription { en, zh })
    }
}

/// What is wrong with a list or a topic, for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TopicProblem(pub String);

/// Checks a list and takes blanks away around its texts, and seeds that are empty or come twice.
///
/// # Errors
/// For an empty or too long list, and for the first topic that is wrong, which it names.
pub fn checked_list(topics: Vec<TopicDefinition>) -> Result<Vec<TopicDefinition>, TopicProblem> {
    if topics.is_empty() || topics.len() > TOPICS_MAX {
        let count = topics.len();
        return Err(TopicProblem(format!("the list has {count} topics; give 1 to {TOPICS_MAX}")));
    }
    let mut keys = BTreeSet::new();
    let mut checked = Vec::with_capacity(topics.len());
    for (index, topic) in topics.into_iter().enumerate() {
        let named = if topic.key.is_empty() {
            format!("topic {}", index + 1)
        } else {
            format!("topic {} ({:?})", index + 1, shortened(&topic.key))
        };
        let topic = checked_topic(topic)
            .map_err(|TopicProblem(problem)| TopicProblem(format!("{named}: {problem}")))?;
        if !keys.insert(topic.key.clone()) {
            return Err(TopicProblem(format!("{named}: an earlier topic has the same key")));
        }
        checked.push(topic);
    }
    Ok(checked)
}

fn checked_topic(topic: TopicDefinition) -> Result<TopicDefinition, TopicProblem> {
    let is_key = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let key = topic.key.trim().to_owned();
    if key.is_empty() || key.len() > KEY_BYTES_MAX || !key.bytes().all(is_key) {
        return Err(TopicProblem(format!(
            "a key has 1 to {KEY_BYTES_MAX} of the characters a-z, 0-9 and _"
        )));
    }
    let description = TopicDescription {
        en: text("the English description", &topic.description.en, 0, DESCRIPTION_CHARACTERS_MAX)?,
        zh: text("the Chinese description", &topic.description.zh, 0, DESCRIPTION_CHARACTERS_MAX)?,
    };
    Ok(TopicDefinition {
        key,
        en: text("the English name", &topic.en, 1, NAME_CHARACTERS_MAX)?,
        zh: text("the Chinese name", &topic.zh, 1, NAME_CHARACTERS_MAX)?,
        description,
        seeds: checked_seeds(topic.seeds, SEEDS_MAX)?,
    })
}

/// Without blanks around them, empty ones and repetitions.
fn checked_seeds(seeds: Vec<String>, count_max: usize) -> Result<Vec<String>, TopicProblem> {
    let mut known = BTreeSet::new();
    let mut kept = Vec::with_capacity(seeds.len().min(count_max));
    for seed in seeds {
        let seed = text("a seed word", &seed, 0, SEED_CHARACTERS_MAX)?;
        if !seed.is_empty() && known.insert(seed.to_lowercase()) {
            kept.push(seed);
        }
    }
    if kept.len() > count_max {
        let count = kept.len();
        return Err(TopicProblem(format!("it has {count} seed words; give at most {count_max}")));
    }
    Ok(kept)
}

/// A text of one line, trimmed, of so many characters.
fn text(what: &str, given: &str, least: usize, most: usize) -> Result<String, TopicProblem> {
    let trimmed = given.trim();
    let count = trimmed.chars().count();
    if count < least {
        return Err(TopicProblem(format!("{what} is missing")));
    }
    if count > most {
        let start = shortened(trimmed);
        return Err(TopicProblem(format!(
            "{what} {start:?} has {count} characters; give at most {most}"
        )));
    }
    if trimmed.chars().any(char::is_control) {
        let start = shortened(trimmed);
        return Err(TopicProblem(format!("{what} {start:?} has line breaks or other controls")));
    }
    Ok(trimmed.to_owned())
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests;
