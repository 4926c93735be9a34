//! What the story actor relies on.

use super::*;
use crate::testing::{NOW, axis};
use proptest::prelude::*;

fn code(dimension: usize) -> QuantizedEmbedding {
    QuantizedEmbedding::from_embedding(&axis(dimension))
}

fn article<'a>(
    id: i64,
    text: &'a str,
    embedding: &'a QuantizedEmbedding,
    at: Timestamp,
) -> StoryArticle<'a> {
    StoryArticle {
        article_id: ArticleId(id),
        source_id: SourceId(id),
        text,
        embedding,
        published_at: at,
    }
}

#[test]
fn two_reports_of_one_event_make_one_story() {
    let mut index = StoryIndex::new(StoryLimits::default());
    let (here, there) = (code(0), code(9));
    let first = article(1, "Volcano erupts near Reykjavik, airport closed", &here, NOW);
    assert_eq!(index.place(&first), Placement::New);
    index.add(StoryId(1), &first);
    let second = article(2, "Reykjavik airport closes as volcano erupts", &here, NOW);
    assert_eq!(index.place(&second), Placement::Existing(StoryId(1)));
    index.add(StoryId(1), &second);
    let other = article(3, "Parliament votes on the new budget", &there, NOW);
    assert_eq!(index.place(&other), Placement::New);
    assert_eq!(index.sources(StoryId(1)), 2);
    assert_eq!(index.representative(StoryId(1)), Some(ArticleId(1)));
}

#[test]
fn a_story_that_was_quiet_for_three_days_is_over() {
    let mut index = StoryIndex::new(StoryLimits::default());
    let here = code(0);
    index.add(StoryId(1), &article(1, "Volcano erupts near Reykjavik", &here, NOW));
    let later = NOW.plus(hours(80));
    assert_eq!(
        index.place(&article(2, "Volcano erupts near Reykjavik", &here, later)),
        Placement::New
    );
    index.close_quiet(later);
    assert!(index.is_empty() && index.by_word.is_empty());
}

#[test]
fn an_article_that_was_placed_stays_where_it_is() {
    let mut index = StoryIndex::new(StoryLimits::default());
    let here = code(0);
    let first = article(1, "Volcano erupts", &here, NOW);
    index.add(StoryId(5), &first);
    index.add(StoryId(6), &first);
    assert_eq!(index.place(&first), Placement::Existing(StoryId(5)));
    assert_eq!(index.len(), 1);
}

proptest! {
    #[test]
    fn placing_never_exceeds_the_bounds(
        arrivals in prop::collection::vec(("[a-f]{2} [a-f]{2} [a-f]{2}", 0_usize..4, 0_i64..400), 0..60)
    ) {
        let limits = StoryLimits { stories_max: 5, ..StoryLimits::default() };
        let mut index = StoryIndex::new(limits);
        let mut next = 0;
        for (id, (text, dimension, hour)) in arrivals.iter().enumerate() {
            let embedding = code(*dimension);
            let at = NOW.plus(hours(*hour as u64));
            let article = article(id as i64, text, &embedding, at);
            let story = match index.place(&article) {
                Placement::Existing(story) => {
                    prop_assert!(index.stories.contains_key(&story));
                    story
                }
                Placement::New => { next += 1; StoryId(next) }
            };
            index.add(story, &article);
            prop_assert!(index.len() <= 5);
            prop_assert!(index.members.values().all(|story| index.stories.contains_key(story)));
            prop_assert!(index.by_word.values().flatten().all(|s| index.stories.contains_key(s)));
        }
    }
}
