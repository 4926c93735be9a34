//! Summaries in a writer's own words.

use super::world::{World, draft, new_source, worlds};
use crate::{Claim, InsertOutcome, NewSource, SourceOrigin, SummaryOutcome, SummaryWork, Unasked};
use autoglm_domain::{
    ArticleId, Clock as _, Incarnation, Language, Private, SourceId, SourceRequest, Timestamp,
};
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(60);
const ONE: Incarnation = Incarnation(1);
const TWO: Incarnation = Incarnation(2);
const ANY: Unasked = Unasked { since: Timestamp(0), characters_min: 1, hourly_max: 2 };

fn work(article_id: ArticleId, language: Language) -> SummaryWork {
    SummaryWork { article_id, language, writer: "glm-1".into() }
}

async fn write(world: &World, work: SummaryWork, text: &str) {
    let claim = world.store.claim_summary(work.clone(), LEASE, ONE).await.expect("claimed");
    assert_eq!(claim, Claim::Won);
    let outcome = SummaryOutcome::Written(text.into());
    assert!(world.store.finish_summary(work, outcome, ONE).await.expect("kept"));
}

#[test]
fn a_summary_is_written_by_one_and_kept_beside_the_article() {
    for world in worlds("a_summary_is_written_by_one_and_kept_beside_the_article") {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let article = world.placed(source, &[1]).await[0];
            let (zh, en) = (work(article, Language::CHINESE), work(article, Language::ENGLISH));
            let store = &world.store;
            assert_eq!(
                store.claim_summary(zh.clone(), LEASE, ONE).await.expect("asked"),
                Claim::Won
            );
            let taken = store.claim_summary(zh.clone(), LEASE, TWO).await.expect("asked");
            assert!(matches!(taken, Claim::Taken(_)), "{taken:?}");
            assert!(store.written_summaries(reader, article).await.expect("read").is_empty());
            let written = SummaryOutcome::Written("摘\0要".into());
            assert!(!store.finish_summary(zh.clone(), written.clone(), TWO).await.expect("asked"));
            assert!(store.finish_summary(zh.clone(), written, ONE).await.expect("kept"));
            write(&world, en, "In English").await;
            let rows = store.written_summaries(reader, article).await.expect("read");
            let texts: Vec<_> = rows.iter().map(|row| (row.language, row.text.as_str())).collect();
            assert!(texts.contains(&(Language::CHINESE, "摘要")), "{texts:?}");
            assert!(texts.contains(&(Language::ENGLISH, "In English")), "{texts:?}");
            let done = store.claim_summary(zh, LEASE, TWO).await.expect("asked");
            assert!(matches!(done, Claim::Done(row) if row.writer == "glm-1"));
            let detail = store.article(reader, article).await.expect("read").expect("there");
            assert_eq!(detail.article.summary, format!("Summary of {article}"), "untouched");
            let gone =
                store.claim_summary(work(ArticleId(99), Language::ENGLISH), LEASE, ONE).await;
            assert_eq!(gone.expect("asked"), Claim::Gone);
        });
    }
}

#[test]
fn what_was_refused_or_given_back_or_left_by_a_crash_can_be_claimed_again() {
    for world in worlds("what_was_refused_or_given_back_or_left_by_a_crash_can_be_claimed_again") {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let article = world.placed(source, &[1]).await[0];
            let (store, one) = (&world.store, work(article, Language::ENGLISH));
            let claim =
                async |by| store.claim_summary(one.clone(), LEASE, by).await.expect("asked");
            assert_eq!(claim(ONE).await, Claim::Won);
            let refused = SummaryOutcome::Refused("the number 7".into());
            assert!(store.finish_summary(one.clone(), refused, ONE).await.expect("kept"));
            assert!(store.written_summaries(reader, article).await.expect("read").is_empty());
            assert_eq!(claim(TWO).await, Claim::Won);
            store.release_summary(one.clone(), ONE).await.expect("not mine: nothing happens");
            assert!(matches!(claim(ONE).await, Claim::Taken(_)));
            store.release_summary(one.clone(), TWO).await.expect("given back");
            assert_eq!(claim(ONE).await, Claim::Won);
            assert_eq!(store.release_summaries(ONE).await.expect("freed"), 1);
            assert_eq!(claim(TWO).await, Claim::Won);
            if !world.is_postgres() {
                // There the server's clock decides.
                world.clock.advance(LEASE);
                assert_eq!(claim(ONE).await, Claim::Won);
            }
        });
    }
}

#[test]
fn a_changed_article_has_no_summary_until_it_is_written_anew() {
    for world in worlds("a_changed_article_has_no_summary_until_it_is_written_anew") {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let article = world.placed(source, &[1]).await[0];
            write(&world, work(article, Language::ENGLISH), "Old").await;
            let mut changed = draft(source, 1);
            changed.content_hash = 5;
            let outcome = world.store.insert_articles(vec![changed], None).await.expect("stored");
            assert_eq!(outcome, [InsertOutcome::Updated(article)]);
            assert!(world.store.written_summaries(reader, article).await.expect("read").is_empty());
            write(&world, work(article, Language::ENGLISH), "New").await;
            let rows = world.store.written_summaries(reader, article).await.expect("read");
            assert_eq!(rows.iter().map(|row| row.text.as_str()).collect::<Vec<_>>(), ["New"]);
        });
    }
}

#[test]
fn only_who_may_see_the_article_sees_its_summaries_and_retention_ends_them() {
    for world in worlds("only_who_may_see_the_article_sees_its_summaries_and_retention_ends_them") {
        world.run(async {
            let me = world.store.ensure_local_reader().await.expect("reader").id;
            let other = world.store.add_reader("other", Language::ENGLISH).await.expect("added").id;
            let source = private(&world, "mine").await;
            world.store.subscribe(me, source, None, None).await.expect("mine");
            let article = world.placed(source, &[1]).await[0];
            write(&world, work(article, Language::ENGLISH), "Secret").await;
            assert_eq!(world.store.written_summaries(me, article).await.expect("read").len(), 1);
            assert!(world.store.written_summaries(other, article).await.expect("read").is_empty());
            let far = world.clock.now().plus(Duration::from_hours(1));
            assert_eq!(world.store.remove_articles_older_than(far, 10).await.expect("removed"), 1);
            assert_eq!(world.count("written_summary").await, 0);
        });
    }
}

async fn private(world: &World, name: &str) -> SourceId {
    let owner = world.store.ensure_local_reader().await.expect("reader").id;
    let request = SourceRequest { user_agent: Some("Mine/1".into()), ..SourceRequest::default() };
    let private = Some(Private { owner, request });
    let source = NewSource { private, ..new_source(name, SourceOrigin::Reader) };
    world.store.add_source(source).await.expect("added").source.id
}

#[test]
fn unasked_the_newest_representatives_come_first_within_the_hours_share() {
    for world in worlds("unasked_the_newest_representatives_come_first_within_the_hours_share") {
        world.run(async {
            let source = world.source("one").await;
            world.reader_of(source).await;
            let own = private(&world, "mine").await;
            let articles = world.placed(source, &[1, 2, 3, 4]).await;
            world.placed(own, &[9]).await;
            let copy = world.insert(vec![draft(source, 5)]).await[0];
            let next = async |which| {
                world.store.claim_unasked_summary("glm-1", which, LEASE, ONE).await.expect("asked")
            };
            let first = next(ANY).await.expect("the newest");
            assert_eq!((first.id, first.language), (articles[3], Language::ENGLISH));
            assert_eq!(first.content_text, "Text 4");
            assert_eq!(first.summary, format!("Summary of {}", articles[3]));
            let refused = SummaryOutcome::Refused("short".into());
            let one = work(first.id, first.language);
            assert!(world.store.finish_summary(one, refused, ONE).await.expect("kept"));
            assert_eq!(
                next(ANY).await.map(|next| next.id),
                Some(articles[2]),
                "not the refused one"
            );
            assert_eq!(next(ANY).await, None, "the hour's share is used up");
            let more = Unasked { hourly_max: 100, ..ANY };
            assert_eq!(next(Unasked { characters_min: 100, ..more }).await, None);
            assert_eq!(next(Unasked { since: Timestamp(i64::MAX), ..more }).await, None);
            let mut rest = Vec::new();
            while let Some(article) = next(more).await {
                rest.push(article.id);
            }
            assert_eq!(rest, [articles[1], articles[0]], "neither {copy}, not placed, nor private");
        });
    }
}
