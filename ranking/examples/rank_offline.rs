//! Ranks 10,000 made-up articles for a reader who has opened forty and for one who has also hidden
//! three hundred, and prints how long it takes.
//!
//! `cargo run --release -p autoglm-ranking --example rank_offline`

use autoglm_domain::{
    ArticleId, EMBEDDING_DIMENSIONS, Embedding, EventId, EventKind, EventTarget, Language,
    QuantizedEmbedding, ReaderEvent, ReaderId, SourceId, Timestamp, TopicScore,
};
use autoglm_ranking::{
    ArticleFeatures, IdMap, IdSet, Profile, RankRequest, WindowSnapshot, recommend,
};
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

const NOW: Timestamp = Timestamp(1_790_000_000_000);
const ARTICLES: i64 = 10_000;

/// Numbers that look random, the same on every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.0 >> 33
    }

    fn unit(&mut self) -> f32 {
        (self.next() % 2001) as f32 / 1000.0 - 1.0
    }
}

fn article(id: i64, numbers: &mut Numbers) -> ArticleFeatures {
    let topic = usize::try_from(id % 14).unwrap_or(0);
    let mut vector: Vec<f32> = (0..EMBEDDING_DIMENSIONS).map(|_| numbers.unit()).collect();
    vector[topic * 18] += 8.0;
    ArticleFeatures {
        article_id: ArticleId(id),
        source_id: SourceId(id % 300),
        story_id: None,
        duplicate_group: None,
        embedding: QuantizedEmbedding::from_embedding(&Embedding(vector).normalized()),
        topics: vec![TopicScore { name: format!("topic {topic}"), score: 0.8 }],
        language: Some(if id % 3 == 0 { Language::CHINESE } else { Language::ENGLISH }),
        published_at: NOW.minus(Duration::from_secs(numbers.next() % (72 * 3600))),
        title: format!("Article {id} on topic {topic}").into(),
        sources_in_story: 1,
    }
}

fn event(kind: EventKind, id: i64) -> ReaderEvent {
    ReaderEvent {
        id: event_id(),
        reader_id: ReaderId(1),
        kind,
        target: EventTarget::Article(ArticleId(id)),
        at: NOW,
        dwell_ms: None,
    }
}

fn event_id() -> EventId {
    serde_json::from_str("\"00000000-0000-4000-8000-000000000001\"").expect("a literal UUID")
}

fn main() {
    let mut numbers = Numbers(42);
    let articles: Vec<_> = (0..ARTICLES).map(|id| article(id, &mut numbers)).collect();
    let window = WindowSnapshot::empty(10_000).with(&articles, &HashSet::new());
    println!("{} articles in {} KiB", window.len(), window.bytes() / 1024);

    let mut profile = Profile::new();
    let start = Instant::now();
    for id in 0..40 {
        apply(&mut profile, EventKind::Open, id * 14, &articles);
    }
    println!(
        "an event takes {:?}; the profile {} bytes",
        start.elapsed() / 40,
        profile.encode().len()
    );
    report("forty opens", &window, &profile, &excluded(0));
    for id in 0..300 {
        apply(&mut profile, EventKind::Hide, id * 31 + 5, &articles);
    }
    report("and three hundred hidden", &window, &profile, &excluded(300));

    let start = Instant::now();
    let next = window.with(&articles[..32], &HashSet::new());
    println!("a snapshot with 32 articles replaced takes {:?} ({})", start.elapsed(), next.len());
    for place in recommend(&request(&window, &profile, &excluded(0), 0)).iter().take(5) {
        println!("{} {:.2} {:?}", place.article_id, place.score, place.reasons);
    }
}

fn apply(profile: &mut Profile, kind: EventKind, id: i64, articles: &[ArticleFeatures]) {
    let index = usize::try_from(id).unwrap_or(0);
    profile.apply_event(&event(kind, id), articles.get(index), NOW);
}

fn excluded(hidden: i64) -> IdSet<ArticleId> {
    (0..hidden).map(|id| ArticleId(id * 31 + 5)).collect()
}

fn request<'a>(
    window: &'a WindowSnapshot,
    profile: &'a Profile,
    excluded: &'a IdSet<ArticleId>,
    seed: u64,
) -> RankRequest<'a> {
    static TITLES: LazyLock<IdMap<SourceId, Arc<str>>> = LazyLock::new(IdMap::default);
    RankRequest {
        profile,
        window,
        subscribed: &|_| true,
        excluded,
        source_titles: &TITLES,
        now: NOW,
        limit: 50,
        seed,
    }
}

fn report(who: &str, window: &WindowSnapshot, profile: &Profile, excluded: &IdSet<ArticleId>) {
    let mut times: Vec<Duration> = (0..1_000)
        .map(|seed| {
            let start = Instant::now();
            let list = recommend(&request(window, profile, excluded, seed));
            assert_eq!(list.len(), 50);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("{who}: 50 of {} in p50 {:?}, p99 {:?}", window.len(), times[500], times[990]);
}
