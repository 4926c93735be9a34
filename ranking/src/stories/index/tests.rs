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
    assert!(index.is_empty() && index.postings.slots().next().is_none());
}

#[test]
fn an_article_of_another_week_does_not_join_a_story_of_today() {
    let mut index = StoryIndex::new(StoryLimits::default());
    let here = code(0);
    index.add(StoryId(1), &article(1, "Volcano erupts near Reykjavik", &here, NOW));
    let place = |id, at| index.place(&article(id, "Volcano erupts near Reykjavik", &here, at));
    assert_eq!(place(2, NOW.minus(hours(24 * 30))), Placement::New);
    assert_eq!(place(3, NOW.minus(hours(5))), Placement::Existing(StoryId(1)));
}

#[test]
fn headlines_of_one_pattern_about_different_things_stay_apart_from_the_first_on() {
    let mut index = StoryIndex::new(StoryLimits::default());
    let nothing = QuantizedEmbedding::from_embedding(&autoglm_domain::Embedding::zero());
    let headlines = [
        "Government announces new climate plan",
        "Police open an investigation into bank fraud",
        "New museum opens in Berlin",
        "New chip plant opens in Dresden",
        "Brazil opens a bridge near the coast",
        "Nvidia shares fall after quarterly report",
        "央行宣布下调贷款利率",
        "华为公司发布折叠屏电脑",
        "国家图书馆举办古籍展览",
        "科学家发现新的深海鱼类",
    ];
    for (id, headline) in (1..).zip(headlines) {
        let article = article(id, headline, &nothing, NOW);
        assert_eq!(index.place(&article), Placement::New, "{headline}");
        index.add(StoryId(id), &article);
    }
}

#[test]
fn a_word_of_every_story_still_counts_in_the_exact_comparison() {
    let mut index = StoryIndex::new(StoryLimits::default());
    let nothing = QuantizedEmbedding::from_embedding(&autoglm_domain::Embedding::zero());
    for id in 1..200 {
        let text = format!("Reykjavik harbour{id} closes pier{id} after storm{id}");
        index.add(StoryId(id), &article(id, &text, &nothing, NOW));
    }
    let text = "Reykjavik: harbour77 pier77 reopens";
    assert_eq!(index.place(&article(1_000, text, &nothing, NOW)), Placement::Existing(StoryId(77)));
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

#[test]
fn between_stories_held_apart_the_nearer_one_counts_and_not_the_larger() {
    let mut index = StoryIndex::new(StoryLimits::default());
    let here = code(0);
    for id in 1..=12 {
        let text = format!("Volcano near Reykjavik: airport closed for the {id}th hour");
        index.add(StoryId(1), &article(id, &text, &here, NOW));
    }
    let other = "Volcano museum near Reykjavik opens exhibition";
    index.add(StoryId(2), &article(20, other, &here, NOW));
    let next = article(21, "Reykjavik volcano museum near airport", &here, NOW);
    assert_eq!(index.place(&next), Placement::Existing(StoryId(1)));
    let are_apart = |one, other| (one, other) == (StoryId(1), StoryId(2));
    assert_eq!(index.place_between(&next, are_apart), Placement::Existing(StoryId(2)));
    let report = article(22, "Reykjavik airport closed, volcano goes on", &here, NOW);
    assert_eq!(index.place_between(&report, are_apart), Placement::Existing(StoryId(1)));
}

#[test]
fn a_story_that_is_told_anew_is_what_it_was() {
    let here = code(0);
    let articles = [
        article(1, "Volcano erupts near Reykjavik, airport closed", &here, NOW),
        article(2, "Reykjavik airport closes as volcano erupts", &here, NOW),
    ];
    let mut index = StoryIndex::new(StoryLimits::default());
    let told = |index: &StoryIndex| {
        let story = index.centroid(StoryId(1)).expect("open");
        let words = story.words.iter().map(|word| (word.hash, word.count.to_bits()));
        let members: Vec<_> = story.members.iter().copied().collect();
        let scale = story.words_scale().to_bits();
        (words.collect::<Vec<_>>(), members, scale, index.representative(StoryId(1)))
    };
    articles.iter().for_each(|article| index.add(StoryId(1), article));
    let before = told(&index);
    index.close(StoryId(1));
    assert!(index.is_empty() && index.stories().next().is_none());
    articles.iter().for_each(|article| index.add_again(StoryId(1), article));
    assert_eq!(told(&index), before);
    assert_eq!(index.stories().collect::<Vec<_>>(), [StoryId(1)]);
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
                    prop_assert!(index.by_story.contains_key(&story));
                    story
                }
                Placement::New => { next += 1; StoryId(next) }
            };
            index.add(story, &article);
            prop_assert!(index.len() <= 5);
            prop_assert!(index.members.values().all(|story| index.by_story.contains_key(story)));
            prop_assert!(index.slots.len() <= 5 && index.by_age.len() == index.len());
            for slot in index.postings.slots() {
                prop_assert!(index.slots[slot as usize].is_some());
            }
        }
    }
}
