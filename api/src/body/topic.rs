//! The taxonomy.

use autoglm_protocol::view::TopicView;
use serde::Serialize;
use utoipa::ToSchema;

/// A topic of the taxonomy.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Topic {
    /// Stable key.
    #[schema(example = "technology")]
    key: String,
    /// English name.
    en: String,
    /// Chinese name.
    zh: String,
}

impl From<TopicView> for Topic {
    fn from(topic: TopicView) -> Self {
        Self { key: topic.key, en: topic.english, zh: topic.chinese }
    }
}
