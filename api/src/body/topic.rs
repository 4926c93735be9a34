//! Topics: the common list, readers' own, and the operator's way to the list.

use crate::body::time::Time;
use autoglm_protocol::domain::{self, ReaderTopicText, TopicDefinition, TopicWidth};
use autoglm_protocol::topic_desk::{ChangeTopic, TopicList};
use autoglm_protocol::view::TopicView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A topic of the common list, or one of the reader's own.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Topic {
    /// Stable key; what `topic` of a list of articles takes.
    #[schema(example = "technology")]
    key: String,
    /// English name.
    en: String,
    /// Chinese name.
    zh: String,
    /// What its reader says of it; absent for topics of the common list.
    #[serde(skip_serializing_if = "Option::is_none")]
    own: Option<OwnTopic>,
}

/// What a reader says of a topic of their own.
#[derive(Debug, Serialize, ToSchema)]
struct OwnTopic {
    /// What it is about; may be empty.
    description: String,
    /// Words of which one in a title is enough.
    seeds: Vec<String>,
    /// `narrow`, `normal` or `wide`.
    width: &'static str,
}

impl From<TopicView> for Topic {
    fn from(topic: TopicView) -> Self {
        let own = topic.own.map(|text| OwnTopic {
            description: text.description,
            seeds: text.seeds,
            width: text.width.name(),
        });
        Self { key: topic.key, en: topic.english, zh: topic.chinese, own }
    }
}

impl From<domain::ReaderTopic> for Topic {
    fn from(topic: domain::ReaderTopic) -> Self {
        let name = topic.text.name.clone();
        let key = topic.id.to_string();
        TopicView { key, english: name.clone(), chinese: name, own: Some(topic.text) }.into()
    }
}

/// How much a topic takes in.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Width {
    /// Only what clearly fits.
    Narrow,
    /// What fits.
    Normal,
    /// Also what may fit.
    Wide,
}

impl From<Width> for TopicWidth {
    fn from(width: Width) -> Self {
        match width {
            Width::Narrow => Self::Narrow,
            Width::Normal => Self::Normal,
            Width::Wide => Self::Wide,
        }
    }
}

/// A topic of the reader's own. At most 50 a reader.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTopic {
    /// 1 to 60 characters, not yet taken.
    #[schema(example = "Nuclear fusion")]
    name: String,
    /// What it is about, in any language; at most 500 characters.
    #[serde(default)]
    description: String,
    /// At most 50 words or phrases of 60 characters; an article with one in its title belongs to it.
    #[serde(default)]
    seeds: Vec<String>,
    /// `normal` when nothing is said.
    width: Option<Width>,
}

impl From<NewTopic> for ReaderTopicText {
    fn from(body: NewTopic) -> Self {
        let width = body.width.map(TopicWidth::from).unwrap_or_default();
        Self { name: body.name, description: body.description, seeds: body.seeds, width }
    }
}

/// A change of a topic; what is not given stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TopicChange {
    /// As for a new one.
    name: Option<String>,
    /// As for a new one.
    description: Option<String>,
    /// As for a new one, all of them.
    seeds: Option<Vec<String>>,
    /// As for a new one.
    width: Option<Width>,
}

impl From<TopicChange> for ChangeTopic {
    fn from(body: TopicChange) -> Self {
        let width = body.width.map(TopicWidth::from);
        Self { name: body.name, description: body.description, seeds: body.seeds, width }
    }
}

/// The list by which articles are sorted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SortingList {
    /// `built_in`, `config` for the file of the configuration, `page` for the operator's own.
    origin: &'static str,
    /// When it was last changed; null for the built-in one.
    changed_at: Option<Time>,
    /// Articles that are still to be sorted by it.
    waiting: u64,
    /// The topics in their order.
    topics: Vec<ListedTopic>,
}

/// A topic of the list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedTopic {
    /// 1 to 40 of the characters a-z, 0-9 and _; what is stored with articles.
    #[schema(example = "energy")]
    key: String,
    /// English name, at most 60 characters.
    #[schema(example = "Energy")]
    en: String,
    /// Chinese name, at most 60 characters.
    #[schema(example = "能源")]
    zh: String,
    /// What it is about; given as one text it counts for the language it is in.
    description: ListedDescription,
    /// At most 500 words and phrases of either language.
    seeds: Vec<String>,
}

/// A sentence in each language.
#[derive(Debug, Serialize, ToSchema)]
struct ListedDescription {
    /// English, at most 500 characters; may be empty.
    en: String,
    /// Chinese, at most 500 characters; may be empty.
    zh: String,
}

impl From<TopicDefinition> for ListedTopic {
    fn from(topic: TopicDefinition) -> Self {
        let TopicDefinition { key, en, zh, description, seeds } = topic;
        let description = ListedDescription { en: description.en, zh: description.zh };
        Self { key, en, zh, description, seeds }
    }
}

impl From<TopicList> for SortingList {
    fn from(list: TopicList) -> Self {
        Self {
            origin: list.origin.name(),
            changed_at: list.changed_at.map(Time),
            waiting: list.waiting,
            topics: list.topics.into_iter().map(ListedTopic::from).collect(),
        }
    }
}

/// Another list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceTopics {
    /// 1 to 200 topics with different keys.
    #[schema(value_type = Vec<ListedTopic>)]
    pub(crate) topics: Vec<TopicDefinition>,
}
