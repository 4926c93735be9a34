//! Articles and events for this crate's tests.

use crate::features::ArticleFeatures;
use autoglm_domain::{
    ArticleId, EMBEDDING_DIMENSIONS, Embedding, EventId, EventKind, EventTarget, Language,
    QuantizedEmbedding, ReaderEvent, ReaderId, SourceId, Timestamp, TopicScore,
};
use std::sync::Arc;

/// The moment tests play at.
pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// A unit vector along one dimension.
pub(crate) fn axis(dimension: usize) -> Embedding {
    let mut vector = vec![0.0; EMBEDDING_DIMENSIONS];
    vector[dimension % EMBEDDING_DIMENSIONS] = 1.0;
    Embedding(vector)
}

/// A vector near the centre of an interest, different for each `salt`. Spread evenly over the
/// dimensions, as those of encoders are.
pub(crate) fn near(interest: usize, salt: u64) -> Embedding {
    let number = |index: usize, seed: u64| {
        let hash = xxhash_rust::xxh3::xxh3_64_with_seed(&index.to_le_bytes(), seed);
        (hash % 2001) as f32 / 1000.0 - 1.0
    };
    let values = (0..EMBEDDING_DIMENSIONS)
        .map(|index| number(index, interest as u64) + 0.5 * number(index, salt + 1_000_000));
    Embedding(values.collect()).normalized()
}

/// An article of its own source and without topic or story.
pub(crate) fn article(id: i64, embedding: Embedding) -> ArticleFeatures {
    ArticleFeatures {
        article_id: ArticleId(id),
        source_id: SourceId(id),
        story_id: None,
        duplicate_group: None,
        embedding: QuantizedEmbedding::from_embedding(&embedding),
        topics: Vec::new(),
        language: Some(Language::ENGLISH),
        published_at: NOW.minus(std::time::Duration::from_secs(3600)),
        title: Arc::from(format!("Article {id}")),
        sources_in_story: 1,
    }
}

/// The same with a topic.
pub(crate) fn article_on(id: i64, topic: &str, embedding: Embedding) -> ArticleFeatures {
    let topics = vec![TopicScore { name: topic.to_owned(), score: 0.8 }];
    ArticleFeatures { topics, ..article(id, embedding) }
}

/// An event of reader 1.
pub(crate) fn event(kind: EventKind, target: EventTarget, at: Timestamp) -> ReaderEvent {
    let id = EventId(serde_json::from_str("\"00000000-0000-4000-8000-000000000001\"").unwrap());
    ReaderEvent { id, reader_id: ReaderId(1), kind, target, at, dwell_ms: None }
}

/// The same about an article.
pub(crate) fn on(kind: EventKind, id: i64, at: Timestamp) -> ReaderEvent {
    event(kind, EventTarget::Article(ArticleId(id)), at)
}
