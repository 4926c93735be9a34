//! The seam between what the product wants to know about a text and the models that can say it.
//!
//! Every model is named and versioned, takes a batch and answers a batch of the same length and
//! order, and is deterministic: the same version gives the same answer on every node.

use crate::error::{Error, Result};
use crate::generate::{GenerateRequest, Generated};
use crate::text::{Extraction, TextInput};
use autoglm_domain::{Embedding, TopicScore};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Name and version of a model; shown and stored as `name-version`, such as `bilingual-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelId {
    /// The name, without spaces.
    pub name: String,
    /// Raised whenever an answer may differ from before.
    pub version: u32,
}

impl ModelId {
    /// From a name and a version.
    #[must_use]
    pub fn new(name: &str, version: u32) -> Self {
        Self { name: name.to_owned(), version }
    }
}

impl std::str::FromStr for ModelId {
    type Err = Error;

    /// Reads `name-version`; a name may have dashes itself.
    fn from_str(text: &str) -> Result<Self> {
        let parsed = text
            .rsplit_once('-')
            .and_then(|(name, version)| Some((name, version.parse::<u32>().ok()?)))
            .filter(|(name, _)| !name.is_empty());
        match parsed {
            Some((name, version)) => Ok(Self::new(name, version)),
            None => Err(Error::InvalidModel {
                model: format!("{text:?}"),
                reason: "a model is named with its version, such as bilingual-1".to_owned(),
            }),
        }
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.name, self.version)
    }
}

/// What a model can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// A vector for a text.
    Embed,
    /// Topics of an article.
    Classify,
    /// A short form of an article.
    Summarise,
    /// Entities and keywords of an article.
    Extract,
    /// An answer to a conversation.
    Generate,
}

impl fmt::Display for Capability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Embed => "embed",
            Self::Classify => "classify",
            Self::Summarise => "summarise",
            Self::Extract => "extract",
            Self::Generate => "generate",
        })
    }
}

/// What every model has.
pub trait Model: Send + Sync + fmt::Debug {
    /// Name and version.
    fn id(&self) -> ModelId;
}

/// Turns texts into vectors.
pub trait Embed: Model {
    /// One unit vector (or zero, for a text that says nothing) per text, in the texts' order.
    ///
    /// # Errors
    /// When the model itself fails; a strange text is not a failure.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Embedding>>;
}

/// One article as a classifier sees it.
#[derive(Debug, Clone, Copy)]
pub struct ClassifyInput<'a> {
    /// Title and lead.
    pub text: &'a TextInput,
    /// Their vector, by the encoder in use.
    pub embedding: &'a Embedding,
}

/// Finds topics.
pub trait Classify: Model {
    /// Topics per article, best first, possibly none.
    ///
    /// # Errors
    /// When the model itself fails; a strange text is not a failure.
    fn classify(&self, inputs: &[ClassifyInput<'_>]) -> Result<Vec<Vec<TopicScore>>>;

    /// Which list of topics its answers are from, by its revision; 0 where that is not known.
    fn topic_list(&self) -> i64 {
        0
    }

    /// The classifier as it is now, when its list can be replaced while it works: a batch is sorted
    /// by one list and marked with it.
    fn now(&self) -> Option<Arc<dyn Classify>> {
        None
    }
}

/// Makes summaries.
pub trait Summarise: Model {
    /// A summary per article in the article's language; a text as short as a summary is its own,
    /// and one that says no more than its title has none.
    ///
    /// # Errors
    /// When the model itself fails; a strange text is not a failure.
    fn summarise(&self, inputs: &[TextInput]) -> Result<Vec<String>>;
}

/// Finds entities and keywords.
pub trait Extract: Model {
    /// What each article names, in their order.
    ///
    /// # Errors
    /// When the model itself fails; a strange text is not a failure.
    fn extract(&self, inputs: &[TextInput]) -> Result<Vec<Extraction>>;
}

/// Writes.
pub trait Generate: Model {
    /// One answer per request, in their order; a request that fails does not take the others
    /// along. What is written is handed to `on_text` as it comes, with the position of its
    /// request; a break cancels that request.
    fn generate(
        &self,
        requests: &[GenerateRequest],
        on_text: &mut dyn FnMut(usize, &str) -> ControlFlow<()>,
    ) -> Vec<Result<Generated>>;
}
