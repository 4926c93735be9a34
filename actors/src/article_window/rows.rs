//! Stored rows as ranking and terminals want them.

use autoglm_domain::{Embedding, QuantizedEmbedding};
use autoglm_models::{ArticleRow, PlacedArticleRow};
use autoglm_protocol::view::ArticleView;
use autoglm_ranking::ArticleFeatures;
use std::sync::Arc;

/// What ranking needs to know about a placed article. One that was never understood has the zero
/// vector: it can be found by source and freshness, not by interest.
#[must_use]
pub fn features_of(row: &PlacedArticleRow) -> ArticleFeatures {
    let article = &row.article;
    let embedding = row.embedding.clone();
    ArticleFeatures {
        article_id: article.id,
        source_id: article.source_id,
        story_id: article.story_id,
        duplicate_group: article.duplicate_of,
        embedding: embedding
            .unwrap_or_else(|| QuantizedEmbedding::from_embedding(&Embedding::zero())),
        topics: article.topics.clone(),
        language: article.language,
        published_at: article.published_at.unwrap_or(article.fetched_at),
        title: Arc::from(article.title.as_str()),
        sources_in_story: u16::try_from(row.source_count.max(1)).unwrap_or(u16::MAX),
    }
}

/// An article as lists and terminals show it.
#[must_use]
pub fn view_of(row: ArticleRow) -> ArticleView {
    ArticleView {
        id: row.id,
        source_id: row.source_id,
        source_title: row.source_title,
        story_id: row.story_id,
        url: row.url,
        title: row.title,
        authors: row.authors,
        language: row.language,
        published_at: row.published_at,
        fetched_at: row.fetched_at,
        topics: row.topics,
        summary: row.summary,
        entities: row.entities,
        keywords: row.keywords,
        stage: row.stage,
        marks: row.marks,
        trace_parent: None,
    }
}

/// The same for terminals, with the trace that its push belongs to.
#[must_use]
pub fn pushed_view_of(row: PlacedArticleRow) -> ArticleView {
    ArticleView { trace_parent: row.trace_parent.map(Arc::from), ..view_of(row.article) }
}
