//! What readers rely on when the product learns from them.

use super::*;
use crate::testing::{NOW, article, article_on, event, near, on};
use autoglm_domain::{ArticleId, StoryId};
use proptest::prelude::*;
use std::time::Duration;

fn opened(profile: &mut Profile, article: &ArticleFeatures, at: Timestamp) {
    profile.apply_event(&on(EventKind::Open, article.article_id.0, at), Some(article), at);
}

#[test]
fn replaying_the_same_events_later_gives_the_same_profile() {
    let articles: Vec<_> =
        (0..30).map(|id| article_on(id, "science", near(3, id as u64))).collect();
    let events: Vec<ReaderEvent> = (0..30)
        .flat_map(|id| {
            let at = NOW.plus(Duration::from_secs(60 * id as u64));
            [on(EventKind::Impression, id, at), on(EventKind::Open, id, at)]
        })
        .collect();
    let play = |now: Timestamp| {
        let mut profile = Profile::new();
        for event in &events {
            let EventTarget::Article(id) = event.target else { continue };
            profile.apply_event(event, articles.get(id.0 as usize), now);
        }
        profile
    };
    assert_eq!(play(NOW.plus(days(1))), play(NOW.plus(days(50))));
}

#[test]
fn opening_dwelling_and_saving_one_article_count_as_the_strongest_of_them() {
    let liked = article(1, near(0, 1));
    let mut profile = Profile::new();
    opened(&mut profile, &liked, NOW);
    let mut dwell = on(EventKind::Dwell, 1, NOW);
    dwell.dwell_ms = Some(60_000);
    profile.apply_event(&dwell, Some(&liked), NOW);
    profile.apply_event(&on(EventKind::Save, 1, NOW), Some(&liked), NOW);
    profile.apply_event(&on(EventKind::Save, 1, NOW), Some(&liked), NOW);
    assert!((profile.seen().credit(ArticleId(1)) - 2.0).abs() < 1e-6);
    assert_eq!(profile.positives().len(), 1);
    assert!(profile.long().evidence_at(NOW, Pace::LONG) <= 1.0 + 1e-6);
}

#[test]
fn a_bounce_is_not_liking() {
    let bounced = article(1, near(0, 1));
    let mut profile = Profile::new();
    opened(&mut profile, &bounced, NOW);
    let mut dwell = on(EventKind::Dwell, 1, NOW);
    dwell.dwell_ms = Some(2_000);
    profile.apply_event(&dwell, Some(&bounced), NOW);
    assert!(profile.positives().is_empty());
    assert!(profile.seen().credit(ArticleId(1)) < 0.0);
}

#[test]
fn passing_over_an_article_counts_a_little_against_it_and_at_most_three_times() {
    let (above, below) = (article(1, near(0, 1)), article(2, near(90, 2)));
    let mut profile = Profile::new();
    for _ in 0..6 {
        profile.apply_event(&on(EventKind::Impression, 1, NOW), Some(&above), NOW);
        profile.apply_event(&on(EventKind::Impression, 2, NOW), Some(&below), NOW);
        opened(&mut profile, &below, NOW);
    }
    assert_eq!(profile.seen().articles[&ArticleId(1)].skips, 3);
    let direction = profile.long().sample(NOW, Pace::LONG, || 0.0);
    let direction = autoglm_domain::Embedding(direction).normalized();
    assert!(direction.dot(&near(0, 1)) < 0.0 && direction.dot(&near(90, 2)) > 0.0);
}

#[test]
fn muting_can_be_taken_back_and_less_mutes_the_story() {
    let mut profile = Profile::new();
    let source = EventTarget::Source(SourceId(7));
    profile.apply_event(&event(EventKind::Mute, source.clone(), NOW), None, NOW);
    assert!(profile.mutes().has_source(SourceId(7)));
    profile.apply_event(&event(EventKind::Unmute, source, NOW), None, NOW);
    assert!(!profile.mutes().has_source(SourceId(7)));
    let unwanted = ArticleFeatures { story_id: Some(StoryId(3)), ..article(1, near(0, 0)) };
    profile.apply_event(&on(EventKind::Less, 1, NOW), Some(&unwanted), NOW);
    assert!(profile.mutes().has_story(StoryId(3)) && profile.mutes().has_article(ArticleId(1)));
    profile.apply_event(&on(EventKind::Unhide, 1, NOW), Some(&unwanted), NOW);
    assert!(!profile.mutes().has_story(StoryId(3)));
}

#[test]
fn a_profile_of_another_version_is_refused() {
    let mut bytes = Profile::new().encode();
    bytes[0] = 9;
    assert_eq!(Profile::decode(&bytes), Err(ProfileError::Version { found: 9 }));
    assert_eq!(Profile::decode(&[]), Err(ProfileError::Damaged));
}

#[test]
fn a_full_profile_stays_within_its_bound() {
    let mut profile = Profile::new();
    let topic = "a topic with a name far longer than any topic ever has, ever, anywhere at all";
    for id in 0..3000 {
        let features = ArticleFeatures {
            title: "A very long title indeed. ".repeat(20).into(),
            story_id: Some(StoryId(id)),
            ..article_on(id, &format!("{id} {topic}"), near(id as usize, id as u64))
        };
        profile.apply_event(&on(EventKind::Impression, id, NOW), Some(&features), NOW);
        opened(&mut profile, &features, NOW);
        for target in [
            EventTarget::Article(ArticleId(id)),
            EventTarget::Source(SourceId(id)),
            EventTarget::Topic(format!("{id} {topic}")),
            EventTarget::Story(StoryId(id)),
        ] {
            profile.apply_event(&event(EventKind::Mute, target, NOW), None, NOW);
        }
    }
    let bytes = profile.encode();
    println!("a full profile takes {} bytes", bytes.len());
    assert!(bytes.len() <= PROFILE_BYTES_MAX);
    assert_eq!(Profile::decode(&bytes), Ok(profile));
}

fn any_event() -> impl Strategy<Value = (ReaderEvent, i64)> {
    let target = prop_oneof![
        (1_i64..12).prop_map(|id| EventTarget::Article(ArticleId(id))),
        (1_i64..12).prop_map(|id| EventTarget::Source(SourceId(id))),
        "[a-c]".prop_map(EventTarget::Topic),
        (1_i64..4).prop_map(|id| EventTarget::Story(StoryId(id))),
    ];
    (0..EventKind::ALL.len(), target, any::<i64>(), prop::option::of(any::<u32>()), 0_i64..12)
        .prop_map(|(kind, target, at, dwell_ms, features)| {
            let at = Timestamp(at % (NOW.0 * 2));
            let event = ReaderEvent { dwell_ms, ..event(EventKind::ALL[kind], target, at) };
            (event, features)
        })
}

proptest! {
    #[test]
    fn whatever_happens_a_profile_is_finite_and_survives_the_way_through_bytes(
        events in prop::collection::vec(any_event(), 0..80), broken in any::<f32>()
    ) {
        let mut profile = Profile::new();
        for (event, id) in events {
            let mut features = article_on(id, "a", near(id as usize, 1));
            if id == 3 { features.embedding.scale = broken; }
            if id == 4 { features.embedding.codes.truncate(5); }
            profile.apply_event(&event, Some(&features), NOW);
        }
        let sample = profile.long().sample(NOW, Pace::LONG, || 1.0);
        prop_assert!(sample.iter().all(|value| value.is_finite()));
        prop_assert!((0.0..=1.0).contains(&profile.confidence(NOW)));
        let bytes = profile.encode();
        let back = Profile::decode(&bytes).expect("own bytes");
        prop_assert_eq!(back.encode(), bytes);
        prop_assert_eq!(back.long(), profile.long());
        prop_assert_eq!(back.seen(), profile.seen());
    }

    #[test]
    fn strange_bytes_are_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..6000)) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() { *first = PROFILE_VERSION; }
        if let Ok(profile) = Profile::decode(&bytes) {
            prop_assert!(profile.encode().len() <= PROFILE_BYTES_MAX);
        }
    }
}
