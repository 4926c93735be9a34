//! The list of topics: a stable key, names, a sentence and seed words in both languages.

use crate::error::{Error, Result};
pub use autoglm_domain::TopicDefinition as Topic;
use autoglm_domain::topic::checked_list;
use std::sync::{Arc, LazyLock};
use xxhash_rust::xxh3::xxh3_64;

/// The list that comes with the product; our own words.
const BUILT_IN_TEXT: &str = include_str!("../../data/topics.json");

static BUILT_IN: LazyLock<Taxonomy> = LazyLock::new(|| {
    let topics: Vec<Topic> = serde_json::from_str(BUILT_IN_TEXT).unwrap_or_default();
    Taxonomy::of_checked(topics)
});

/// A checked list of topics. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taxonomy {
    topics: Arc<[Topic]>,
    revision: i64,
}

impl Taxonomy {
    /// Checks a list.
    ///
    /// # Errors
    /// [`Error::InvalidTaxonomy`], naming the topic and what is wrong with it.
    pub fn new(topics: Vec<Topic>) -> Result<Self> {
        let checked = checked_list(topics)
            .map_err(|problem| Error::InvalidTaxonomy { reason: problem.to_string() })?;
        Ok(Self::of_checked(checked))
    }

    fn of_checked(topics: Vec<Topic>) -> Self {
        Self { revision: revision_of(&topics), topics: topics.into() }
    }

    /// The topics that come with the product.
    #[must_use]
    pub fn built_in() -> Self {
        BUILT_IN.clone()
    }

    /// The topics in their order.
    #[must_use]
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// Differs between lists that sort differently, is the same on every node, and never 0: stored
    /// with what was sorted by it.
    #[must_use]
    pub fn revision(&self) -> i64 {
        self.revision
    }
}

/// Of everything but the names' order in the file: a list is its topics as they stand.
fn revision_of(topics: &[Topic]) -> i64 {
    let mut text = String::new();
    let mut part = |value: &str| {
        text.push_str(value);
        text.push('\n');
    };
    for topic in topics {
        part(&topic.key);
        part(&topic.en);
        part(&topic.zh);
        part(&topic.description.en);
        part(&topic.description.zh);
        topic.seeds.iter().for_each(|seed| part(seed));
        // No text has a line break, so two lists never look the same.
        part("");
    }
    // Positive, so that it reads the same everywhere.
    i64::try_from(xxh3_64(text.as_bytes()) >> 1).unwrap_or(i64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_topics_are_a_valid_taxonomy_with_everything_in_both_languages() {
        let topics: Vec<Topic> = serde_json::from_str(BUILT_IN_TEXT).unwrap();
        let taxonomy = Taxonomy::new(topics.clone()).unwrap();
        // Nothing in the file is superfluous.
        assert_eq!(taxonomy.topics(), topics);
        assert_eq!(taxonomy, Taxonomy::built_in());
        assert!((20..=25).contains(&topics.len()), "{}", topics.len());
        for topic in taxonomy.topics() {
            assert!(topic.seeds.iter().any(|seed| seed.is_ascii()), "{}", topic.key);
            assert!(topic.seeds.iter().any(|seed| !seed.is_ascii()), "{}", topic.key);
            assert!(topic.description.en.is_ascii(), "{}", topic.key);
            assert!(topic.description.zh.chars().count() > 8, "{}", topic.key);
        }
    }

    #[test]
    fn keys_that_articles_were_stored_with_stay() {
        let taxonomy = Taxonomy::built_in();
        for key in [
            "world",
            "politics",
            "business",
            "finance",
            "technology",
            "artificial_intelligence",
            "science",
            "health",
            "sports",
            "entertainment",
            "games",
            "education",
            "environment",
            "society",
            "lifestyle",
        ] {
            assert!(taxonomy.topics().iter().any(|topic| topic.key == key), "{key}");
        }
    }

    #[test]
    fn a_repeated_key_is_refused_by_name() {
        let mut topics = Taxonomy::built_in().topics().to_vec();
        topics.push(topics[0].clone());
        assert!(Taxonomy::new(topics).unwrap_err().to_string().contains("world"));
        assert!(Taxonomy::new(Vec::new()).is_err());
    }

    #[test]
    fn a_list_that_sorts_differently_has_another_revision() {
        let built_in = Taxonomy::built_in();
        let mut topics = built_in.topics().to_vec();
        assert_eq!(Taxonomy::new(topics.clone()).unwrap().revision(), built_in.revision());
        topics[3].seeds.push("a new word".to_owned());
        assert_ne!(Taxonomy::new(topics.clone()).unwrap().revision(), built_in.revision());
        topics[3].seeds.pop();
        topics.swap(0, 1);
        assert_ne!(Taxonomy::new(topics).unwrap().revision(), built_in.revision());
    }
}
