//! What readers rely on in a list of recommendations.

use super::*;
use crate::features::ArticleFeatures;
use crate::popularity::PopularityValue;
use crate::testing::{NOW, article, article_on, event, near, on};
use autoglm_domain::{EventKind, EventTarget, ReasonKind, StoryId};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// Articles 0..n: every fifth on "topic 0" near axis 0, the others on their own axes.
fn articles(count: i64) -> Vec<ArticleFeatures> {
    (0..count)
        .map(|id| match id % 5 {
            0 => article_on(id, "topic 0", near(0, id as u64)),
            lane => article_on(id, &format!("topic {lane}"), near(20 * lane as usize, id as u64)),
        })
        .collect()
}

fn window(articles: &[ArticleFeatures]) -> WindowSnapshot {
    WindowSnapshot::empty(10_000).with(articles, &HashSet::new())
}

/// A list without exploration, so that a test sees scores alone: seen impressions switch it off.
fn list(profile: &Profile, window: &WindowSnapshot, limit: usize) -> Vec<Recommendation> {
    list_with(profile, window, limit, 1, &IdSet::default())
}

fn list_with(
    profile: &Profile,
    window: &WindowSnapshot,
    limit: usize,
    seed: u64,
    excluded: &IdSet<ArticleId>,
) -> Vec<Recommendation> {
    recommend(&RankRequest {
        profile,
        window,
        subscribed: &|_| true,
        excluded,
        source_titles: &IdMap::from_iter([(SourceId(5), Arc::from("Five"))]),
        now: NOW,
        limit,
        seed,
    })
}

fn score(list: &[Recommendation], id: i64) -> f32 {
    list.iter().find(|place| place.article_id == ArticleId(id)).map_or(f32::MIN, |p| p.score)
}

fn is_exploration(place: &Recommendation) -> bool {
    place.reasons.first().is_some_and(|reason| reason.kind == ReasonKind::Exploration)
}

fn open(profile: &mut Profile, article: &ArticleFeatures) {
    profile.apply_event(&on(EventKind::Open, article.article_id.0, NOW), Some(article), NOW);
}

#[test]
fn opening_articles_of_a_topic_raises_that_topic_at_once() {
    let articles = articles(100);
    let window = window(&articles);
    let mut profile = Profile::new();
    let science = |list: &[Recommendation]| {
        list.iter().filter(|p| !is_exploration(p) && p.article_id.0 % 5 == 0).count()
    };
    let before = science(&list(&profile, &window, 10));
    for id in [0, 5, 10] {
        open(&mut profile, &articles[id]);
    }
    let excluded = [0, 5, 10].map(ArticleId).into_iter().collect();
    let after = list_with(&profile, &window, 10, 1, &excluded);
    assert!(science(&after) > before.max(4), "{before} {}", science(&after));
    let kinds: Vec<ReasonKind> = after[0].reasons.iter().map(|reason| reason.kind).collect();
    assert!(!kinds.is_empty() && kinds.len() <= 3, "{kinds:?}");
    assert!(
        kinds.contains(&ReasonKind::RecentInterest) || kinds.contains(&ReasonKind::LongInterest)
    );
}

#[test]
fn less_like_this_lowers_what_is_like_it() {
    let articles = articles(60);
    let window = window(&articles);
    let mut profile = Profile::new();
    let before = score(&list(&profile, &window, 60), 5);
    profile.apply_event(&on(EventKind::Less, 0, NOW), Some(&articles[0]), NOW);
    let after = list(&profile, &window, 60);
    assert!(score(&after, 5) < before - 0.1, "{before} {}", score(&after, 5));
    assert_eq!(score(&after, 0), f32::MIN);
}

#[test]
fn a_new_reader_gets_what_is_popular_and_fresh() {
    let mut articles: Vec<_> = (0..50).map(|id| article(id, near(id as usize, 0))).collect();
    articles[7].published_at = NOW;
    for (age, article) in articles.iter_mut().enumerate().skip(20) {
        article.published_at = NOW.minus(Duration::from_secs(3600 * age as u64));
    }
    let popular = PopularityValue { clicks: 80.0, impressions: 200.0 };
    let window = window(&articles).with_popularity(HashMap::from([(ArticleId(30), popular)]));
    let list = list(&Profile::new(), &window, 50);
    assert_eq!(list[0].article_id, ArticleId(30));
    assert_eq!(list[0].reasons[0].kind, ReasonKind::Popular);
    let next = list[1..].iter().max_by(|a, b| a.score.total_cmp(&b.score));
    assert_eq!(next.map(|place| place.article_id), Some(ArticleId(7)));
}

#[test]
fn a_new_interest_shows_within_five_clicks_and_the_old_one_stays() {
    // In the spirit of finding 5: twenty clicks on one interest, then five on another.
    let old: Vec<_> = (0..40).map(|id| article(id, near(0, id as u64))).collect();
    let new: Vec<_> = (40..80).map(|id| article(id, near(100, id as u64))).collect();
    let other: Vec<_> = (80..400).map(|id| article(id, near(id as usize, id as u64))).collect();
    let window = window(&[old.clone(), new.clone(), other].concat());
    let mut profile = Profile::new();
    for article in old.iter().take(20).chain(new.iter().take(5)) {
        open(&mut profile, article);
    }
    let excluded: IdSet<_> = (0..20).chain(40..45).map(ArticleId).collect();
    let list = list_with(&profile, &window, 20, 1, &excluded);
    let count = |range: std::ops::Range<i64>| {
        list.iter().filter(|place| range.contains(&place.article_id.0)).count()
    };
    println!("after the switch: {} new, {} old of 20", count(40..80), count(0..40));
    assert!(count(40..80) >= 3 && count(0..40) >= 3, "{} {}", count(40..80), count(0..40));
}

#[test]
fn a_source_that_is_not_followed_is_never_shown() {
    let articles = articles(20);
    let window = window(&articles);
    let profile = Profile::new();
    let list = recommend(&RankRequest {
        profile: &profile,
        window: &window,
        subscribed: &|source| source.0 < 3,
        excluded: &IdSet::default(),
        source_titles: &IdMap::default(),
        now: NOW,
        limit: 20,
        seed: 0,
    });
    assert_eq!(list.len(), 3);
}

#[test]
fn what_was_shown_often_gives_way_to_what_was_not() {
    let articles = articles(30);
    let window = window(&articles);
    let mut profile = Profile::new();
    let first = list(&profile, &window, 1)[0].article_id;
    for _ in 0..4 {
        let shown = &articles[first.0 as usize];
        profile.apply_event(&on(EventKind::Impression, first.0, NOW), Some(shown), NOW);
    }
    assert_ne!(list(&profile, &window, 1)[0].article_id, first);
}

#[test]
fn the_same_request_gives_the_same_list_and_another_seed_explores_elsewhere() {
    let articles = articles(300);
    let window = window(&articles);
    let profile = Profile::new();
    assert_eq!(list(&profile, &window, 50), list(&profile, &window, 50));
    let explored = |seed| {
        let list = list_with(&profile, &window, 50, seed, &IdSet::default());
        let places: Vec<_> = list.into_iter().filter(is_exploration).collect();
        assert_eq!(places.len(), 5);
        assert!(places.iter().all(|place| place.propensity < 0.1));
        places.into_iter().map(|place| place.article_id).collect::<Vec<_>>()
    };
    assert_ne!(explored(1), explored(2));
}

#[derive(Debug, Clone)]
struct Case {
    articles: Vec<ArticleFeatures>,
    events: Vec<(usize, usize)>,
    excluded: IdSet<ArticleId>,
    limit: usize,
    seed: u64,
}

fn any_case() -> impl Strategy<Value = Case> {
    let article = (0_i64..4, prop::option::of(0_i64..6), prop::option::of(0_i64..60), 0_usize..8);
    (
        prop::collection::vec(article, 1..60),
        prop::collection::vec((0..EventKind::ALL.len(), 0_usize..60), 0..40),
        prop::collection::hash_set((0_i64..60).prop_map(ArticleId), 0..10),
        0_usize..40,
        any::<u64>(),
    )
        .prop_map(|(parts, events, excluded, limit, seed)| {
            let articles =
                parts.into_iter().enumerate().map(|(id, (source, story, group, axis))| {
                    ArticleFeatures {
                        source_id: SourceId(source),
                        story_id: story.map(StoryId),
                        duplicate_group: group.map(ArticleId).filter(|group| group.0 < id as i64),
                        ..article_on(id as i64, &format!("topic {axis}"), near(axis * 9, id as u64))
                    }
                });
            let excluded = excluded.into_iter().collect();
            Case { articles: articles.collect(), events, excluded, limit, seed }
        })
}

proptest! {
    #[test]
    fn nothing_unwanted_is_shown_and_the_caps_hold_whatever_happens(case in any_case()) {
        let window = window(&case.articles);
        let mut profile = Profile::new();
        for (kind, index) in &case.events {
            let Some(article) = case.articles.get(*index) else { continue };
            let target = match index % 4 {
                0 => EventTarget::Source(article.source_id),
                1 => EventTarget::Topic(article.topics[0].name.clone()),
                _ => EventTarget::Article(article.article_id),
            };
            let event = event(EventKind::ALL[*kind], target, NOW);
            profile.apply_event(&event, Some(article), NOW);
        }
        let list = list_with(&profile, &window, case.limit, case.seed, &case.excluded);
        prop_assert!(list.len() <= case.limit);
        let (mut groups, mut stories) = (HashSet::new(), HashMap::new());
        for (place, shown) in list.iter().enumerate() {
            let article = window.features(shown.article_id).expect("is in the window");
            let mutes = profile.mutes();
            prop_assert!(!case.excluded.contains(&shown.article_id));
            prop_assert!(!case.excluded.contains(&article.group()));
            prop_assert!(!mutes.has_article(shown.article_id));
            prop_assert!(!mutes.has_source(article.source_id));
            prop_assert!(!article.topics.iter().any(|topic| mutes.has_topic(&topic.name)));
            prop_assert!(groups.insert(article.group()));
            if let Some(story) = article.story_id {
                prop_assert!(!mutes.has_story(story));
                let told = stories.entry(story).or_insert(0);
                *told += 1;
                let most = if place < 10 { 1 } else { 2 };
                prop_assert!(*told <= most);
            }
            prop_assert!(shown.score.is_finite() && shown.reasons.len() <= 3);
            prop_assert!(shown.propensity > 0.0 && shown.propensity <= 1.0);
            prop_assert!(shown.reasons.iter().all(|reason| reason.weight.is_finite()));
        }
    }
}
