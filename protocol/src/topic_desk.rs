//! The way to topics that people edit: the operator's list, and each reader's own.

use async_trait::async_trait;
use autoglm_domain::{
    Fault, ReaderId, ReaderTopic, ReaderTopicId, ReaderTopicText, Timestamp, TopicDefinition,
    TopicWidth,
};
use std::fmt::Debug;

/// Where the list in force comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicListOrigin {
    /// With the program.
    BuiltIn,
    /// From the configuration's file.
    Config,
    /// From the operator, who goes before the file.
    Page,
}

impl TopicListOrigin {
    /// As it is shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BuiltIn => "built_in",
            Self::Config => "config",
            Self::Page => "page",
        }
    }
}

/// The list by which articles are sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicList {
    /// Who gave it.
    pub origin: TopicListOrigin,
    /// When it was last changed; `None` for the built-in one.
    pub changed_at: Option<Timestamp>,
    /// The topics in their order.
    pub topics: Vec<TopicDefinition>,
    /// Articles that are still to be sorted by it.
    pub waiting: u64,
}

/// Changes a reader's topic; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeTopic {
    /// The name.
    pub name: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// Its words.
    pub seeds: Option<Vec<String>>,
    /// How much it takes in.
    pub width: Option<TopicWidth>,
}

/// Topics as people define them: durable when answered.
#[async_trait]
pub trait TopicDesk: Send + Sync + Debug {
    /// The list in force.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn list(&self) -> Result<TopicList, Fault>;

    /// Puts a list in force. Articles are sorted by it in the background, newest first.
    ///
    /// # Errors
    /// `Invalid`, naming the topic that is wrong.
    async fn replace(&self, topics: Vec<TopicDefinition>) -> Result<TopicList, Fault>;

    /// Forgets the operator's list: the configuration's is in force again, or the built-in one.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn reset(&self) -> Result<TopicList, Fault>;

    /// Adds a topic of the reader's own.
    ///
    /// # Errors
    /// `Invalid` for texts that are missing or too long, `Conflict` for a name that is taken and
    /// for one topic too many.
    async fn add(&self, reader: ReaderId, text: ReaderTopicText) -> Result<ReaderTopic, Fault>;

    /// Changes one of the reader's own.
    ///
    /// # Errors
    /// As [`Self::add`]; `NotFound` for any other topic.
    async fn change(
        &self,
        reader: ReaderId,
        id: ReaderTopicId,
        change: ChangeTopic,
    ) -> Result<ReaderTopic, Fault>;

    /// Removes one of the reader's own.
    ///
    /// # Errors
    /// `NotFound` for any other topic.
    async fn remove(&self, reader: ReaderId, id: ReaderTopicId) -> Result<(), Fault>;
}
