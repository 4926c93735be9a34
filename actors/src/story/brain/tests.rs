//! What readers rely on: copies and reports of one event end up in one story, before and after a restart.

use super::*;
use autoglm_domain::MINHASH_PERMUTATIONS;
use autoglm_models::{NamedArticle, StoryRelation};

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn brain() -> Brain {
    Brain::new(NearDuplicateLimits::default(), StoryLimits::default())
}

fn restored(members: &[StoryMemberRow]) -> Brain {
    Brain::restored(NearDuplicateLimits::default(), StoryLimits::default(), members, &[])
}

fn embedding(axis: usize) -> QuantizedEmbedding {
    let mut vector = Embedding::zero();
    vector.0[axis] = 1.0;
    QuantizedEmbedding::from_embedding(&vector)
}

fn claimed(id: i64, title: &str, axis: usize, minhash: u32) -> ClaimedArticle {
    ClaimedArticle {
        id: ArticleId(id),
        source_id: SourceId(id),
        url: String::new(),
        canonical_url: String::new(),
        title: title.to_owned(),
        content_text: String::new(),
        language: None,
        published_at: Some(NOW),
        fetched_at: NOW,
        sort_at: Timestamp(NOW.0 + id),
        minhash: MinHashSignature(
            (0..MINHASH_PERMUTATIONS as u32).map(|n| n * 97 + minhash).collect(),
        ),
        embedding: Some(embedding(axis)),
        trace_parent: None,
        story_id: None,
        is_private: false,
    }
}

const QUAKE: &str = "Earthquake shakes the harbour of Valparaiso";
const RATES: &str = "Central bank leaves interest rates unchanged";

#[test]
fn two_reports_in_one_batch_open_one_story() {
    let mut brain = brain();
    let decisions = brain.decide(&[
        claimed(1, QUAKE, 0, 1),
        claimed(2, RATES, 9, 2_000_000),
        claimed(3, "Valparaiso harbour: earthquake shakes the city", 0, 4_000_000),
    ]);
    let stories: Vec<_> = decisions.iter().map(|decision| decision.row.story).collect();
    assert!(matches!(stories[0], PlacementStory::New { .. }));
    assert_eq!(stories[0], stories[2]);
    assert_ne!(stories[0], stories[1]);
}

#[test]
fn the_next_batch_goes_to_the_number_the_store_gave() {
    let mut brain = brain();
    let first = brain.decide(&[claimed(1, QUAKE, 0, 1)]);
    brain.placed(&first, &[(ArticleId(1), StoryId(40))]);
    let next = brain.decide(&[claimed(2, QUAKE, 0, 4_000_000)]);
    assert_eq!(next[0].row.story, PlacementStory::Existing(StoryId(40)));
}

#[test]
fn a_copy_goes_to_the_story_of_its_original_whatever_its_words() {
    let mut brain = brain();
    let first = brain.decide(&[claimed(1, QUAKE, 0, 1)]);
    brain.placed(&first, &[(ArticleId(1), StoryId(40))]);
    let copy = brain.decide(&[claimed(2, "Breaking", 100, 1)]);
    assert_eq!(copy[0].row.duplicate_of, Some(ArticleId(1)));
    assert_eq!(copy[0].row.story, PlacementStory::Existing(StoryId(40)));
}

#[test]
fn a_notice_filled_in_with_other_names_is_no_copy_and_has_a_story_of_its_own() {
    let notice = |name: &str, town: &str, percent: u8| {
        format!(
            "Shares of {name} fell by {percent} percent on Monday after the quarterly report, \
             said an analyst in {town} who follows the company and its markets."
        )
    };
    let mut brain = brain();
    let [first, other, copy] = [
        claimed(1, &notice("Northgale", "Carrowmere", 3), 0, 1),
        claimed(2, &notice("Bluefen", "Zhenhe", 9), 0, 1),
        claimed(3, &notice("Bluefen", "Zhenhe", 9), 0, 1),
    ]
    .map(|article| brain.decide(&[article]).remove(0).row);
    assert_eq!((first.duplicate_of, other.duplicate_of), (None, None));
    assert_ne!(first.story, other.story);
    assert_eq!((copy.duplicate_of, copy.story), (Some(ArticleId(2)), other.story));
}

#[test]
fn a_private_article_is_nobodys_copy_and_takes_nobody_into_its_story() {
    let mut brain = brain();
    let mut private = claimed(2, QUAKE, 0, 1);
    private.is_private = true;
    let batch = [claimed(1, QUAKE, 0, 1), private, claimed(3, QUAKE, 0, 1)];
    let rows: Vec<_> = brain.decide(&batch).into_iter().map(|decision| decision.row).collect();
    assert_eq!((rows[0].story, rows[2].duplicate_of), (rows[2].story, Some(ArticleId(1))));
    assert!(rows[1].story != rows[0].story && rows[1].duplicate_of.is_none(), "{rows:?}");
    assert_eq!(brain.open_stories(), 1, "the private one is not remembered");
}

#[test]
fn deciding_again_after_a_failed_save_decides_the_same() {
    let mut brain = brain();
    let batch = [claimed(1, QUAKE, 0, 1), claimed(2, QUAKE, 0, 1), claimed(3, RATES, 9, 9_000_000)];
    let rows = |choices: Vec<Choice>| -> Vec<PlacementRow> {
        choices.into_iter().map(|choice| choice.row).collect()
    };
    let first = rows(brain.decide(&batch));
    assert_eq!(rows(brain.decide(&batch)), first);
}

#[test]
fn an_article_that_changed_stays_in_its_story() {
    let mut brain = brain();
    let mut changed = claimed(1, RATES, 9, 1);
    changed.story_id = Some(StoryId(7));
    let decisions = brain.decide(&[changed]);
    assert_eq!(decisions[0].row.story, PlacementStory::Existing(StoryId(7)));
}

#[test]
fn a_story_that_the_store_no_longer_has_is_found_under_its_new_number() {
    let mut brain = restored(&[member(1, 7)]);
    let next = brain.decide(&[claimed(2, QUAKE, 0, 4_000_000)]);
    assert_eq!(next[0].row.story, PlacementStory::Existing(StoryId(7)));
    brain.placed(&next, &[(ArticleId(2), StoryId(50))]);
    let after = brain.decide(&[claimed(3, QUAKE, 0, 8_000_000)]);
    assert_eq!(after[0].row.story, PlacementStory::Existing(StoryId(50)));
}

#[test]
fn a_restart_finds_stories_and_copies_again() {
    let mut brain = restored(&[member(1, 7)]);
    assert_eq!(brain.open_stories(), 1);
    let copy = brain.decide(&[claimed(2, "Breaking", 100, 1)]);
    assert_eq!(copy[0].row.duplicate_of, Some(ArticleId(1)));
    assert_eq!(copy[0].row.story, PlacementStory::Existing(StoryId(7)));
}

#[test]
fn quiet_stories_and_their_numbers_are_forgotten() {
    let mut brain = brain();
    let first = brain.decide(&[claimed(1, QUAKE, 0, 1)]);
    brain.placed(&first, &[(ArticleId(1), StoryId(40))]);
    brain.forget_quiet(NOW.plus(std::time::Duration::from_secs(100 * 3_600)));
    assert_eq!((brain.open_stories(), brain.names.len()), (0, 0));
}

fn member(article: i64, story: i64) -> StoryMemberRow {
    let like = claimed(article, QUAKE, 0, 1);
    StoryMemberRow {
        article_id: like.id,
        story_id: StoryId(story),
        strand: None,
        source_id: like.source_id,
        title: like.title,
        lead: like.content_text,
        language: None,
        published_at: like.published_at,
        sort_at: like.sort_at,
        embedding: like.embedding,
        minhash: like.minhash,
        duplicate_of: None,
    }
}

#[test]
fn an_article_that_cannot_be_compared_gets_a_story_of_its_own() {
    let mut brain = brain();
    let (one, other) = (brain.alone(ArticleId(1)), brain.alone(ArticleId(2)));
    assert!(matches!(one.row.story, PlacementStory::New { .. }));
    assert_ne!(one.row.story, other.row.story);
}

const FERRY: &str = "Ferry service to the northern islands resumes after storm";

/// An article of its own words, which are nobody's copy.
fn report(id: i64, text: &str) -> ClaimedArticle {
    claimed(id, text, 0, u32::try_from(id).expect("small") * 50_000)
}

fn placed_in(story: i64, report: &ClaimedArticle) -> StoryMemberRow {
    StoryMemberRow {
        story_id: StoryId(story),
        title: report.title.clone(),
        minhash: report.minhash.clone(),
        ..member(report.id.0, story)
    }
}

fn said(relation: StoryRelation, ends: [(i64, i64); 2]) -> StatementRow {
    let [article, other] = ends.map(|(article, story)| NamedArticle {
        id: ArticleId(article),
        title: String::new(),
        story: Some(StoryId(story)),
    });
    StatementRow { relation, article, other }
}

/// The store's answers, newest first.
fn rows(mut members: Vec<StoryMemberRow>) -> Vec<StoryMemberRow> {
    members.sort_by_key(|member| std::cmp::Reverse(member.sort_at));
    members
}

/// Two brains that must say the same: one that lived through the decision, one started after it.
fn lived_and_restored(
    before: &[StoryMemberRow],
    after: &[StoryMemberRow],
    changed: &[StoryId],
    statements: &[StatementRow],
) -> [Brain; 2] {
    let mut lived = restored(before);
    lived.retell(changed, after, statements);
    let (copies, stories) = (NearDuplicateLimits::default(), StoryLimits::default());
    [lived, Brain::restored(copies, stories, after, statements)]
}

#[test]
fn an_article_that_would_have_gone_to_either_of_two_merged_stories_goes_to_the_one() {
    let many: Vec<_> = (1..9).map(|id| placed_in(30, &report(id, QUAKE))).collect();
    let ferry = placed_in(40, &report(9, FERRY));
    let before = rows([many.clone(), vec![ferry.clone()]].concat());
    let merged = StoryMemberRow { story_id: StoryId(30), strand: Some(StoryId(40)), ..ferry };
    let after = rows([many, vec![merged]].concat());
    let together = said(StoryRelation::Together, [(1, 30), (9, 30)]);
    let changed = [StoryId(30), StoryId(40)];
    for mut brain in lived_and_restored(&before, &after, &changed, &[together]) {
        let [quake, ferry, other] = [report(20, QUAKE), report(21, FERRY), report(22, RATES)]
            .map(|report| brain.decide(&[report]).remove(0).row);
        assert_eq!((quake.story, quake.strand), (PlacementStory::Existing(StoryId(30)), None));
        assert_eq!(ferry.story, PlacementStory::Existing(StoryId(30)));
        assert_eq!(ferry.strand, Some(StoryId(40)));
        assert!(matches!(other.story, PlacementStory::New { .. }));
    }
}

#[test]
fn a_copy_of_an_article_that_was_split_off_follows_it_and_one_of_the_rest_stays() {
    let copy = |id, minhash| claimed(id, QUAKE, 0, minhash);
    let (first, second) = (placed_in(7, &copy(1, 1)), placed_in(7, &copy(2, 1)));
    let second = StoryMemberRow { duplicate_of: Some(ArticleId(1)), ..second };
    let before = rows(vec![first.clone(), second.clone()]);
    let split = StoryMemberRow { story_id: StoryId(8), duplicate_of: None, ..second };
    let after = rows(vec![first, split]);
    let apart = said(StoryRelation::Apart, [(2, 8), (1, 7)]);
    for mut brain in lived_and_restored(&before, &after, &[StoryId(7), StoryId(8)], &[apart]) {
        let next = brain.decide(&[copy(3, 1)]).remove(0).row;
        assert_eq!(next.duplicate_of, Some(ArticleId(2)));
        assert_eq!(next.story, PlacementStory::Existing(StoryId(8)));
    }
}

#[test]
fn a_copy_follows_an_article_of_a_decision_even_when_its_story_is_no_longer_open() {
    let apart = said(StoryRelation::Apart, [(2, 8), (1, 7)]);
    let members = rows(vec![placed_in(8, &claimed(2, QUAKE, 0, 1))]);
    let (copies, stories) = (NearDuplicateLimits::default(), StoryLimits::default());
    let mut brain = Brain::restored(copies, stories, &members, &[apart]);
    brain.stories.close(StoryId(8));
    let next = brain.decide(&[claimed(3, QUAKE, 0, 1)]).remove(0).row;
    assert_eq!(next.story, PlacementStory::Existing(StoryId(8)));
}

#[test]
fn a_report_nearer_to_what_was_split_off_goes_there_however_large_the_rest_is() {
    let rest: Vec<_> =
        (1..9).map(|id| placed_in(7, &report(id, &format!("{QUAKE}, pier {id} closed")))).collect();
    let split = placed_in(8, &report(9, "Earthquake museum at the harbour of Valparaiso opens"));
    let after = rows([rest, vec![split]].concat());
    let before: Vec<_> = after
        .iter()
        .map(|member| StoryMemberRow { story_id: StoryId(7), ..member.clone() })
        .collect();
    let next = report(20, "Harbour of Valparaiso: museum about earthquake");
    let goes_to = |brain: &mut Brain| brain.decide(std::slice::from_ref(&next)).remove(0).row.story;
    assert_eq!(goes_to(&mut restored(&after)), PlacementStory::Existing(StoryId(7)));
    let apart = said(StoryRelation::Apart, [(9, 8), (1, 7)]);
    for mut brain in lived_and_restored(&before, &after, &[StoryId(7), StoryId(8)], &[apart]) {
        assert_eq!(goes_to(&mut brain), PlacementStory::Existing(StoryId(8)));
    }
}

#[test]
fn a_story_opened_here_and_merged_is_found_under_its_strand_after_the_decision() {
    let mut brain = restored(&rows(vec![placed_in(30, &report(1, QUAKE))]));
    let opened = brain.decide(&[report(2, FERRY)]);
    brain.placed(&opened, &[(ArticleId(2), StoryId(40))]);
    let merged = StoryMemberRow { strand: Some(StoryId(40)), ..placed_in(30, &report(2, FERRY)) };
    let after = rows(vec![placed_in(30, &report(1, QUAKE)), merged]);
    brain.retell(&[StoryId(30), StoryId(40)], &after, &[]);
    let next = brain.decide(&[report(3, FERRY)]).remove(0).row;
    assert_eq!(
        (next.story, next.strand),
        (PlacementStory::Existing(StoryId(30)), Some(StoryId(40)))
    );
    assert_eq!(brain.open_stories(), 2);
}
