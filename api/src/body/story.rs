//! Stories.

use crate::body::time::Time;
use autoglm_protocol::domain::ArticleId;
use autoglm_protocol::view::StoryView;
use serde::Serialize;
use utoipa::ToSchema;

/// The articles, from any source, about one event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Story<'a> {
    /// Its id.
    id: i64,
    /// The representative's title.
    title: &'a str,
    /// Id of the article that stands for all of them.
    representative: i64,
    /// Ids of the articles this reader may see, newest first, at most 50.
    articles: Vec<i64>,
    /// Number of articles, in all sources.
    article_count: i32,
    /// Number of different sources.
    source_count: i32,
    /// Earliest article.
    first_at: Time,
    /// Latest article.
    last_at: Time,
}

impl<'a> From<&'a StoryView> for Story<'a> {
    fn from(view: &'a StoryView) -> Self {
        let story = &view.story;
        Self {
            id: story.id.0,
            title: &story.title,
            representative: story.representative.0,
            articles: view.articles.iter().map(|ArticleId(id)| *id).collect(),
            article_count: story.article_count,
            source_count: story.source_count,
            first_at: Time(story.first_at),
            last_at: Time(story.last_at),
        }
    }
}
