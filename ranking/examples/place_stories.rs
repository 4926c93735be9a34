//! Places made-up articles among thousands of open stories and prints how long one takes.
//!
//! `cargo run --release -p autoglm-ranking --example place_stories`

use autoglm_domain::{
    ArticleId, EMBEDDING_DIMENSIONS, Embedding, QuantizedEmbedding, SourceId, StoryId, Timestamp,
};
use autoglm_ranking::{Placement, StoryArticle, StoryIndex, StoryLimits};
use std::time::{Duration, Instant};

/// Numbers that look random, the same on every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % bound
    }

    /// A word of a language of 30,000, where a few are frequent and most are rare.
    fn word(&mut self) -> u64 {
        let bound = 1 + self.below(30_000);
        let bound = 1 + self.below(bound);
        self.below(bound)
    }
}

/// Some seventy words of title and lead: a few of the event's own, the rest of the language.
fn text(event: u64, numbers: &mut Numbers) -> String {
    let mut words: Vec<String> = (0..12).map(|part| format!("name{event}x{part}")).collect();
    words.extend((0..60).map(|_| format!("word{}", numbers.word())));
    words.join(" ")
}

fn embedding(event: u64, numbers: &mut Numbers) -> QuantizedEmbedding {
    let mut vector: Vec<f32> =
        (0..EMBEDDING_DIMENSIONS).map(|_| numbers.below(2001) as f32 / 1000.0 - 1.0).collect();
    vector[usize::try_from(event % EMBEDDING_DIMENSIONS as u64).unwrap_or(0)] += 8.0;
    QuantizedEmbedding::from_embedding(&Embedding(vector).normalized())
}

fn measure(stories: u64) {
    let mut numbers = Numbers(7);
    let capacity = usize::try_from(stories).unwrap_or(usize::MAX);
    let mut index =
        StoryIndex::new(StoryLimits { stories_max: capacity, ..StoryLimits::default() });
    let mut times: Vec<(Duration, Duration)> = Vec::new();
    let mut right = 0;
    for id in 0..stories + 4_000 {
        // The first articles open a story each; after that four of five belong to one of them.
        let is_new = id < stories || numbers.below(5) == 0;
        let event = if is_new { id } else { stories / 2 + numbers.below(stories / 2) };
        let (text, embedding) = (text(event, &mut numbers), embedding(event, &mut numbers));
        let number = i64::try_from(id).unwrap_or(0);
        let article = StoryArticle {
            article_id: ArticleId(number),
            source_id: SourceId(number % 300),
            text: &text,
            embedding: &embedding,
            published_at: Timestamp(1_790_000_000_000 + number * 1000),
        };
        let start = Instant::now();
        let placement = index.place(&article);
        let placed = start.elapsed();
        let story = match placement {
            Placement::Existing(story) => story,
            Placement::New => StoryId(number),
        };
        index.add(story, &article);
        if id >= stories {
            times.push((placed, start.elapsed()));
            right += usize::from(is_new == (placement == Placement::New));
        }
    }
    times.sort_unstable_by_key(|(_, whole)| *whole);
    let place: Duration = times.iter().map(|(placed, _)| *placed).sum::<Duration>() / 4_000;
    println!(
        "{} open stories: an article takes {:?} (median; {place:?} to place on average), \
         p99 {:?}; {right} of 4000 as expected",
        index.len(),
        times[2_000].1,
        times[3_960].1
    );
}

fn main() {
    for stories in [1_000, 2_000, 5_000, 10_000] {
        measure(stories);
    }
}
