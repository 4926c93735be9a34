//! Learning from the log, exactly once and in order.

use super::*;
use autoglm_domain::{
    EMBEDDING_DIMENSIONS, Embedding, EventId, QuantizedEmbedding, ReaderId, StoryId,
};
use proptest::prelude::*;
use uuid::Uuid;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn features(id: i64) -> ArticleFeatures {
    let mut vector = vec![0.0; EMBEDDING_DIMENSIONS];
    vector[usize::try_from(id).expect("small") % EMBEDDING_DIMENSIONS] = 1.0;
    ArticleFeatures {
        article_id: ArticleId(id),
        source_id: SourceId(id % 3),
        story_id: Some(StoryId(id)),
        duplicate_group: (id % 2 == 1).then_some(ArticleId(id - 1)),
        embedding: QuantizedEmbedding::from_embedding(&Embedding(vector)),
        topics: Vec::new(),
        language: None,
        published_at: NOW,
        title: Arc::from("title"),
        sources_in_story: 1,
    }
}

fn known() -> HashMap<ArticleId, ArticleFeatures> {
    (0..20).map(|id| (ArticleId(id), features(id))).collect()
}

fn log(kinds: &[(usize, i64)]) -> Vec<(i64, ReaderEvent)> {
    let event = |(index, (kind, article)): (usize, &(usize, i64))| {
        let event = ReaderEvent {
            id: EventId(Uuid::from_u128(index as u128)),
            reader_id: ReaderId(1),
            kind: EventKind::ALL[*kind],
            target: EventTarget::Article(ArticleId(*article)),
            at: NOW.plus(std::time::Duration::from_secs(index as u64)),
            dwell_ms: Some(20_000),
        };
        (index as i64 + 1, event)
    };
    kinds.iter().enumerate().map(event).collect()
}

fn fresh() -> ReaderProfile {
    ReaderProfile::new(Profile::new(), 0, Followed::default(), NOW)
}

#[test]
fn a_gap_in_the_numbers_is_noticed_and_nothing_after_it_is_learned() {
    let mut state = fresh();
    let log = log(&[(1, 1), (1, 2), (5, 3)]);
    assert_eq!(state.learn(&log[..1], &known(), NOW), Learned::New(1));
    assert_eq!(state.learn(&log[2..], &known(), NOW), Learned::Gap);
    assert_eq!((state.learned_seq(), state.behind), (1, true));
    assert_eq!(state.learn(&log, &known(), NOW), Learned::New(2));
}

#[test]
fn what_was_read_leaves_the_ranking_with_its_copies_until_it_is_unread() {
    let mut state = fresh();
    let read = log(&[(3, 5), (4, 5)]);
    assert_eq!(state.learn(&read[..1], &known(), NOW), Learned::New(1));
    assert!(state.excluded.contains(&ArticleId(5)) && state.excluded.contains(&ArticleId(4)));
    assert_eq!(state.learn(&read, &known(), NOW), Learned::New(1));
    assert!(state.excluded.is_empty());
}

proptest! {
    /// However the log is cut into messages, repeated, saved in between and replayed after a
    /// crash, the profile is the same.
    #[test]
    fn every_way_through_the_log_leads_to_the_same_profile(kinds in prop::collection::vec((0_usize..13, 0_i64..20), 1..60), cut in 0_usize..60, back in 0_usize..10) {
        let log = log(&kinds);
        let cut = cut % log.len();
        let later = NOW.plus(std::time::Duration::from_secs(3_600));
        let mut whole = fresh();
        let _ = whole.learn(&log, &known(), later);

        let mut before = fresh();
        let _ = before.learn(&log[..cut], &known(), later);
        let (saved, seq) = before.snapshot();
        let saved = Profile::decode(&saved.encode()).expect("own bytes");
        let mut after = ReaderProfile::new(saved, seq, Followed::default(), later);
        let _ = after.learn(&log[cut.saturating_sub(back)..], &known(), later);
        let _ = after.learn(&log, &known(), later);

        prop_assert_eq!(after.learned_seq(), log.len() as i64);
        prop_assert_eq!(after.profile.encode(), whole.profile.encode());
    }
}
