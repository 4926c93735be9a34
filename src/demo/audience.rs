//! Simulated readers: each has favourite topics, looks at the ranked list and acts on it.

use autoglm_domain::{
    Clock as _, EventId, EventKind, EventTarget, Fault, ReaderEvent, ReaderId, SystemClock,
};
use autoglm_protocol::port::Readers;
use autoglm_protocol::view::RecommendedArticle;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Looks at so many places of the list at a time.
const SCREEN: usize = 10;

/// A simulated reader.
#[derive(Debug)]
pub(super) struct Visitor {
    reader: ReaderId,
    favourites: Vec<&'static str>,
    random: StdRng,
}

const TOPICS: [&str; 10] = [
    "technology",
    "business",
    "science",
    "health",
    "sports",
    "environment",
    "energy",
    "politics",
    "culture",
    "world",
];

impl Visitor {
    /// A reader with two favourite topics of their own.
    pub(super) fn new(reader: ReaderId) -> Self {
        let mut random = StdRng::seed_from_u64(u64::try_from(reader.0).unwrap_or_default());
        let favourites = TOPICS.sample(&mut random, 2).copied().collect();
        Self { reader, favourites, random }
    }

    /// Visits every few seconds until `stop`.
    pub(super) async fn keep_reading(mut self, readers: Arc<dyn Readers>, stop: CancellationToken) {
        loop {
            let pause = Duration::from_millis(self.random.random_range(2_000..5_000));
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            if let Err(fault) = self.visit(readers.as_ref()).await {
                tracing::debug!(%fault, reader = %self.reader, "a simulated reader was turned away");
            }
        }
    }

    async fn visit(&mut self, readers: &dyn Readers) -> Result<(), Fault> {
        let screen = readers.recommendations(self.reader, SCREEN).await?;
        let events: Vec<ReaderEvent> =
            screen.items.iter().flat_map(|place| self.react(place)).collect();
        if !events.is_empty() {
            readers.append_events(self.reader, events).await?;
        }
        Ok(())
    }

    /// Sees everything, opens mostly what they like, keeps some of it, hides little.
    fn react(&mut self, place: &RecommendedArticle) -> Vec<ReaderEvent> {
        let liked = place
            .article
            .topics
            .first()
            .is_some_and(|topic| self.favourites.contains(&topic.name.as_str()));
        let mut events = vec![self.event(place, EventKind::Impression, None)];
        if self.random.random_bool(if liked { 0.6 } else { 0.05 }) {
            events.push(self.event(place, EventKind::Open, None));
            let seconds = if liked { 20_000..90_000 } else { 1_000..12_000 };
            let dwell = self.random.random_range(seconds);
            events.push(self.event(place, EventKind::Dwell, Some(dwell)));
            if liked && self.random.random_bool(0.1) {
                events.push(self.event(place, EventKind::Save, None));
            }
        } else if !liked && self.random.random_bool(0.02) {
            events.push(self.event(place, EventKind::Less, None));
        }
        events
    }

    fn event(
        &self,
        place: &RecommendedArticle,
        kind: EventKind,
        dwell_ms: Option<u32>,
    ) -> ReaderEvent {
        ReaderEvent {
            id: EventId(Uuid::now_v7()),
            reader_id: self.reader,
            kind,
            target: EventTarget::Article(place.article.id),
            at: SystemClock.now(),
            dwell_ms,
        }
    }
}
