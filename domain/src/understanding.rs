//! What a model says about an article; kept beside it, never inside it.

use crate::{ArticleId, Entity, QuantizedEmbedding};
use serde::{Deserialize, Serialize};

/// A topic and how well the article fits it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopicScore {
    /// The topic's stable key, such as `technology`.
    pub name: String,
    /// Between 0 and 1.
    pub score: f32,
}

/// One model's reading of one article. Can be deleted and made again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Understanding {
    /// The article.
    pub article_id: ArticleId,
    /// Name and version of the model, such as
    /// `bilingual-1+prototype-1+extractive-2+entities-1`.
    pub model_version: String,
    /// Of title and lead.
    pub embedding: QuantizedEmbedding,
    /// Best first; possibly empty.
    pub topics: Vec<TopicScore>,
    /// Which list of topics they are from, by its revision; 0 when that is not known.
    pub topic_list: i64,
    /// Plain text in the article's language; empty when there is no more than the title.
    pub summary: String,
    /// What it names, the one most spoken of first; possibly empty.
    pub entities: Vec<Entity>,
    /// Words and phrases in the article's language, best first; possibly empty.
    pub keywords: Vec<String>,
}
