//! Articles.

use crate::body::entity::NamedEntity;
use crate::body::time::Time;
use autoglm_protocol::domain::{Marks, TopicScore};
use autoglm_protocol::view::{ArticleDetail, ArticleView};
use serde::Serialize;
use utoipa::ToSchema;

/// One article in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Article<'a> {
    /// Its id.
    pub(crate) id: i64,
    /// Its source.
    pub(crate) source_id: i64,
    /// The source's title, as this reader named it.
    pub(crate) source_title: &'a str,
    /// Its story, once placed.
    pub(crate) story_id: Option<i64>,
    /// The address to open; may be empty.
    pub(crate) url: &'a str,
    /// One line.
    pub(crate) title: &'a str,
    /// Names.
    pub(crate) authors: &'a [String],
    /// ISO 639-1, if known.
    pub(crate) language: Option<&'a str>,
    /// What the source says.
    pub(crate) published_at: Option<Time>,
    /// When it came to us.
    pub(crate) fetched_at: Time,
    /// Best first.
    pub(crate) topics: Vec<Topic<'a>>,
    /// By the model; empty when there is none.
    pub(crate) summary: &'a str,
    /// What it names, the one most spoken of first; at most 12.
    pub(crate) entities: Vec<NamedEntity<'a>>,
    /// Words and phrases of its language, best first; at most 8.
    pub(crate) keywords: &'a [String],
    /// How far it has come: `stored`, `indexed`, `understood` or `placed`.
    pub(crate) stage: &'static str,
    /// This reader's marks.
    pub(crate) marks: ArticleMarks,
}

/// A topic of an article.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ArticleTopic)]
pub(crate) struct Topic<'a> {
    /// The topic's key.
    pub(crate) name: &'a str,
    /// Between 0 and 1.
    pub(crate) score: f32,
}

/// What a reader set on an article.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Marks)]
pub(crate) struct ArticleMarks {
    /// Has been read.
    read: bool,
    /// Kept for later.
    saved: bool,
    /// Not shown in other lists.
    hidden: bool,
}

/// One article to read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FullArticle<'a> {
    /// As in lists.
    #[serde(flatten)]
    article: Article<'a>,
    /// Sanitised; its pictures come from `/api/v1/image`.
    content_html: String,
    /// Who wrote the summary.
    model_version: Option<&'a str>,
}

impl<'a> From<&'a ArticleView> for Article<'a> {
    fn from(view: &'a ArticleView) -> Self {
        Self {
            id: view.id.0,
            source_id: view.source_id.0,
            source_title: &view.source_title,
            story_id: view.story_id.map(|id| id.0),
            url: &view.url,
            title: &view.title,
            authors: &view.authors,
            language: view.language.as_ref().map(|language| language.as_str()),
            published_at: view.published_at.map(Time),
            fetched_at: Time(view.fetched_at),
            topics: view.topics.iter().map(Topic::from).collect(),
            summary: &view.summary,
            entities: view.entities.iter().map(NamedEntity::from).collect(),
            keywords: &view.keywords,
            stage: view.stage.name(),
            marks: view.marks.into(),
        }
    }
}

impl<'a> From<&'a TopicScore> for Topic<'a> {
    fn from(topic: &'a TopicScore) -> Self {
        Self { name: &topic.name, score: topic.score }
    }
}

impl From<Marks> for ArticleMarks {
    fn from(marks: Marks) -> Self {
        Self { read: marks.read, saved: marks.saved, hidden: marks.hidden }
    }
}

impl<'a> FullArticle<'a> {
    /// From the view and its content with proxied pictures.
    pub(crate) fn new(detail: &'a ArticleDetail, content_html: String) -> Self {
        Self {
            article: (&detail.article).into(),
            content_html,
            model_version: detail.model_version.as_deref(),
        }
    }
}
