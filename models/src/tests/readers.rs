//! Readers: their events, marks and rules, and that none sees another's.

use super::world::{START, draft, event, new_source, worlds};
use crate::{
    ArticleFilter, FetchResult, MarkFilter, NewSource, SourceChange, SourceOrigin,
    SubscriptionChange, TokenOwner,
};
use autoglm_domain::{
    EventKind, EventTarget, FaultKind, FetchWishes, Health, HealthClass, Language, Marks, Moved,
    PageSelectors, QuietTimes, ReaderId, SourceKind, SourceSettings, Timestamp,
};

use std::time::Duration;

fn list() -> ArticleFilter {
    ArticleFilter { limit: 100, ..ArticleFilter::default() }
}

#[test]
fn an_event_counts_once_and_changes_marks_and_numbers_with_it() {
    for world in worlds("an_event_counts_once_and_changes_marks_and_numbers_with_it") {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let ids = world.insert((1..=3).map(|number| draft(source, number)).collect()).await;
            let on = |kind, at: usize| event(reader, kind, EventTarget::Article(ids[at]));
            let mut events =
                vec![on(EventKind::Open, 0), on(EventKind::Save, 0), on(EventKind::Hide, 1)];
            events.push(events[0].clone());
            let first =
                world.store.append_events(reader, events.clone(), None).await.expect("stored");
            assert_eq!(first.accepted.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [1, 2, 3]);
            assert_eq!(first.duplicates, 1);
            let again =
                world.store.append_events(reader, events.clone(), None).await.expect("known");
            assert_eq!((again.accepted.len(), again.duplicates), (0, 4));
            let more = vec![on(EventKind::Read, 1), on(EventKind::Dwell, 2)];
            let more = world.store.append_events(reader, more, None).await.expect("stored");
            assert_eq!(more.accepted.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [4, 5]);
            let mut marks = world.store.marks_of(reader, Timestamp(0)).await.expect("read");
            marks.sort_by_key(|(id, _)| *id);
            let saved = Marks { read: true, saved: true, hidden: false };
            assert_eq!(
                marks,
                [(ids[0], saved), (ids[1], Marks { read: true, saved: false, hidden: true })]
            );
            assert_eq!(world.store.subscriptions(reader).await.expect("read")[0].unread, 1);
            let back = vec![on(EventKind::Unread, 0), on(EventKind::Unhide, 1)];
            world.store.append_events(reader, back, None).await.expect("stored");
            assert_eq!(world.store.subscriptions(reader).await.expect("read")[0].unread, 2);
            let stored = world.store.events_after(reader, 2, 2).await.expect("read");
            assert_eq!(stored[0].event, events[2]);
            assert_eq!(stored[1].seq, 4);
            assert_eq!(world.store.last_event_seq(reader).await.expect("read"), 7);
        });
    }
}

#[test]
fn what_is_muted_is_remembered_until_it_is_taken_back() {
    for world in worlds("what_is_muted_is_remembered_until_it_is_taken_back") {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let topic = EventTarget::Topic("体育; DROP TABLE rule".into());
            let both = [topic.clone(), EventTarget::Source(source), topic.clone()];
            let mutes = both.map(|target| event(reader, EventKind::Mute, target)).to_vec();
            world.store.append_events(reader, mutes, None).await.expect("muted");
            assert_eq!(
                world.store.muted(reader).await.expect("read"),
                [topic.clone(), EventTarget::Source(source)]
            );
            let unmute = vec![event(reader, EventKind::Unmute, topic)];
            world.store.append_events(reader, unmute, None).await.expect("unmuted");
            assert_eq!(
                world.store.muted(reader).await.expect("read"),
                [EventTarget::Source(source)]
            );
        });
    }
}

#[test]
fn a_reader_never_sees_what_is_anothers() {
    for world in worlds("a_reader_never_sees_what_is_anothers") {
        world.run(async {
            let (mine, theirs) = (world.source("mine").await, world.source("theirs").await);
            let me = world.reader_of(mine).await;
            let other = world.store.add_reader("other", Language::CHINESE).await.expect("added").id;
            world
                .store
                .subscribe(other, theirs, Some("folder".into()), None)
                .await
                .expect("subscribed");
            let own = world.placed(mine, &[1]).await;
            let foreign = world.placed(theirs, &[2]).await;
            let seen = world.store.articles(me, list()).await.expect("listed");
            assert_eq!(seen.iter().map(|row| row.id).collect::<Vec<_>>(), own);
            let found = world.store.search(me, "words", None, 10).await.expect("searched");
            assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), own);
            let filter = ArticleFilter { source: Some(theirs), ..list() };
            assert!(world.store.articles(me, filter).await.expect("listed").is_empty());
            assert!(world.store.article(me, foreign[0]).await.expect("asked").is_none());
            let saved = ArticleFilter {
                marks: MarkFilter { saved: Some(true), ..Default::default() },
                ..list()
            };
            let save = event(me, EventKind::Save, EventTarget::Article(foreign[0]));
            world.store.append_events(me, vec![save], None).await.expect("stored");
            assert!(world.store.articles(me, saved).await.expect("listed").is_empty());
            assert!(world.store.article(me, foreign[0]).await.expect("asked").is_none());
            assert!(
                world.store.articles_by_ids(Some(me), &foreign).await.expect("asked").is_empty()
            );
            assert_eq!(world.store.articles_by_ids(None, &foreign).await.expect("asked").len(), 1);
            // Stories of one article are reached from the article, and not listed.
            assert!(world.store.stories(me, None, 10).await.expect("listed").is_empty());
            let own_story = world.store.articles(me, list()).await.expect("listed")[0].story_id;
            let own_story = world.store.story(me, own_story.expect("placed")).await.expect("asked");
            assert_eq!(own_story.expect("visible").articles, own);
            let foreign_story =
                world.store.articles(other, list()).await.expect("listed")[0].story_id;
            let foreign_story = foreign_story.expect("placed");
            assert!(world.store.story(me, foreign_story).await.expect("asked").is_none());
            assert!(world.store.story(other, foreign_story).await.expect("asked").is_some());
            assert!(world.store.events_after(other, 0, 10).await.expect("read").is_empty());
            assert!(world.store.marks_of(other, Timestamp(0)).await.expect("read").is_empty());
            assert_eq!(world.store.subscriptions(other).await.expect("read")[0].source.id, theirs);
            let moved = SubscriptionChange { folder: Some(None), ..Default::default() };
            let error =
                world.store.update_subscription(me, theirs, moved).await.expect_err("not mine");
            assert_eq!(error.fault().kind, FaultKind::NotFound);
        });
    }
}

#[test]
fn a_token_lets_in_its_reader_and_nobody_else() {
    for world in worlds("a_token_lets_in_its_reader_and_nobody_else") {
        world.run(async {
            let reader = world.store.ensure_local_reader().await.expect("reader").id;
            assert!(!world.store.has_admin_token().await.expect("asked"));
            let admin = world.store.create_token(None, "operator").await.expect("made");
            let own = world.store.create_token(Some(reader), "phone").await.expect("made");
            assert_eq!(world.store.reader_of_token(&own).await.expect("asked"), Some(reader));
            assert_eq!(
                world.store.token_owner(&admin).await.expect("asked"),
                Some(TokenOwner::Admin)
            );
            assert!(world.store.is_admin_token(&admin).await.expect("asked"));
            assert!(!world.store.is_admin_token(&own).await.expect("asked"));
            assert_eq!(world.store.reader_of_token(&admin).await.expect("asked"), None);
            assert_eq!(world.store.token_owner("aglm_guess").await.expect("asked"), None);
            let error =
                world.store.create_token(Some(ReaderId(9)), "x").await.expect_err("unknown");
            assert_eq!(error.fault().kind, FaultKind::NotFound);
            let taken =
                world.store.add_reader("local", Language::ENGLISH).await.expect_err("taken");
            assert_eq!(taken.fault().kind, FaultKind::Conflict);
            assert_eq!(world.store.readers().await.expect("listed").len(), 1);
        });
    }
}

#[test]
fn what_a_person_removed_the_configuration_does_not_bring_back() {
    for world in worlds("what_a_person_removed_the_configuration_does_not_bring_back") {
        world.run(async {
            let config = || world.store.add_source(new_source("one", SourceOrigin::Config));
            let added = config().await.expect("added");
            assert!(added.created && !added.removed);
            assert!(!config().await.expect("known").created);
            let id = added.source.id;
            let reader = world.reader_of(id).await;
            world.store.remove_source(id).await.expect("removed");
            assert!(world.store.remove_source(id).await.is_err());
            assert!(world.store.active_sources().await.expect("listed").is_empty());
            assert!(world.store.subscriptions(reader).await.expect("listed").is_empty());
            assert!(world.store.subscribe(reader, id, None, None).await.is_err());
            let again = config().await.expect("asked");
            assert!(!again.created && again.removed);
            let person = world
                .store
                .add_source(new_source("one", SourceOrigin::Reader))
                .await
                .expect("revived");
            assert!(person.created && person.source.id == id);
            assert_eq!(world.store.active_sources().await.expect("listed").len(), 1);
        });
    }
}

#[test]
fn a_source_remembers_how_it_is_read_and_where_it_has_moved() {
    for world in worlds("a_source_remembers_how_it_is_read_and_where_it_has_moved") {
        world.run(async {
            let selectors = PageSelectors { item: "li > a".into(), ..PageSelectors::default() };
            let settings =
                SourceSettings { selectors: Some(selectors), ..SourceSettings::default() };
            let new = NewSource {
                kind: SourceKind::Page,
                settings: settings.clone(),
                ..new_source("page", SourceOrigin::Reader)
            };
            let id = world.store.add_source(new).await.expect("added").source.id;
            let taken = world.source("taken").await;
            let to = "https://new.example/list".to_owned();
            let moved = Moved { to: to.clone(), since: START, seen: 3 };
            let rhythm = Some(Duration::from_mins(90));
            let wishes = FetchWishes {
                floor: Some(Duration::from_hours(2)),
                quiet: QuietTimes::new([0, 23], [6]),
            };
            let offered_url = Some("https://new.example/feed".to_owned());
            let result = |adopt_url: Option<&str>| FetchResult {
                source_id: id,
                health: Health {
                    moved: Some(moved.clone()),
                    rhythm,
                    wishes,
                    offered_url: offered_url.clone(),
                    ..Health::default()
                },
                etag: None,
                last_modified: None,
                title: None,
                site_url: None,
                adopt_url: adopt_url.map(str::to_owned),
            };
            world.store.save_fetch_results(vec![result(None)]).await.expect("saved");
            let (source, health) = world.store.source(id).await.expect("read").expect("exists");
            assert_eq!((source.kind, &source.settings), (SourceKind::Page, &settings));
            assert_eq!((health.moved.as_ref(), health.rhythm), (Some(&moved), rhythm));
            assert_eq!((health.wishes, health.offered_url), (wishes, offered_url.clone()));
            // An address that another source has is not taken from it.
            let other = world.store.source(taken).await.expect("read").expect("exists").0.url;
            world.store.save_fetch_results(vec![result(Some(&other))]).await.expect("saved");
            let (kept, _) = world.store.source(id).await.expect("read").expect("exists");
            assert_eq!(kept.url, source.url);
            world.store.save_fetch_results(vec![result(Some(&to))]).await.expect("saved");
            let (followed, _) = world.store.source(id).await.expect("read").expect("exists");
            assert_eq!((followed.url, followed.settings), (to, settings));
        });
    }
}

#[test]
fn a_source_remembers_its_health_its_validators_and_the_title_a_person_chose() {
    for world in worlds("a_source_remembers_its_health_its_validators_and_the_title_a_person_chose")
    {
        world.run(async {
            let id = world.source("one").await;
            let result = |title: &str| FetchResult {
                source_id: id,
                health: Health {
                    class: HealthClass::Healthy,
                    last_success_at: Some(START),
                    ..Health::default()
                },
                etag: Some("\"1\"".into()),
                last_modified: None,
                title: Some(title.into()),
                site_url: Some("https://one.example".into()),
                adopt_url: None,
            };
            world.store.save_fetch_results(vec![result("Its own")]).await.expect("saved");
            let (source, health) = world.store.source(id).await.expect("read").expect("exists");
            assert_eq!((source.title.as_str(), source.etag.as_deref()), ("Its own", Some("\"1\"")));
            assert_eq!((health.class, health.last_success_at), (HealthClass::Healthy, Some(START)));
            let change = SourceChange {
                title: Some("Mine".into()),
                paused: Some(true),
                ..Default::default()
            };
            assert_eq!(world.store.update_source(id, change).await.expect("changed").title, "Mine");
            world.store.save_fetch_results(vec![result("Another")]).await.expect("saved");
            let (source, health) = world.store.source(id).await.expect("read").expect("exists");
            assert_eq!((source.title.as_str(), health.class), ("Mine", HealthClass::Paused));
            let two = world.source("two").await;
            let change = SourceChange { url: Some(source.url), ..Default::default() };
            let error = world.store.update_source(two, change).await.expect_err("taken");
            assert_eq!(error.fault().kind, FaultKind::Conflict);
        });
    }
}

#[test]
fn the_latest_fetch_counts_whichever_node_tells_of_it_last() {
    for world in worlds("the_latest_fetch_counts_whichever_node_tells_of_it_last") {
        world.run(async {
            let id = world.source("one").await;
            let result = |attempt: Timestamp, etag: &str| FetchResult {
                source_id: id,
                health: Health {
                    class: HealthClass::Healthy,
                    last_attempt_at: Some(attempt),
                    ..Health::default()
                },
                etag: Some(etag.into()),
                last_modified: None,
                title: None,
                site_url: None,
                adopt_url: None,
            };
            let second = Duration::from_secs(1);
            world.clock.advance(second);
            let now = START.plus(second);
            let save = async |result| {
                world.store.save_fetch_results(vec![result]).await.expect("saved");
                world.store.source(id).await.expect("read").expect("exists").0.etag
            };
            assert_eq!(save(result(now, "new owner")).await.as_deref(), Some("new owner"));
            assert_eq!(save(result(START, "former owner")).await.as_deref(), Some("new owner"));
            assert_eq!(save(result(now, "again")).await.as_deref(), Some("again"));
            // A node whose clock is wrong does not silence the others.
            save(result(now.plus(second), "from the future")).await;
            assert_eq!(save(result(now, "now")).await.as_deref(), Some("now"));
        });
    }
}

#[expect(clippy::too_many_lines, reason = "one story told from begin to end")]
#[test]
fn lists_follow_their_filters_and_cursors() {
    for world in worlds("lists_follow_their_filters_and_cursors") {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let ids = world.placed(source, &[1, 2, 3, 4, 5]).await;
            let hide = event(reader, EventKind::Hide, EventTarget::Article(ids[4]));
            let read = event(reader, EventKind::Read, EventTarget::Article(ids[0]));
            world.store.append_events(reader, vec![hide, read], None).await.expect("stored");
            let page = world
                .store
                .articles(reader, ArticleFilter { limit: 2, ..list() })
                .await
                .expect("listed");
            assert_eq!(page.iter().map(|row| row.id).collect::<Vec<_>>(), [ids[3], ids[2]]);
            assert_eq!(page[0].summary, format!("Summary of {}", ids[3]));
            assert_eq!(page[0].topics[0].name, "technology");
            assert_eq!(page[0].authors[1], "B Writer");
            let cursor = page.last().map(|row| (row.sort_at, row.id));
            let rest = world
                .store
                .articles(reader, ArticleFilter { cursor, ..list() })
                .await
                .expect("listed");
            assert_eq!(rest.iter().map(|row| row.id).collect::<Vec<_>>(), [ids[1], ids[0]]);
            let count = async |filter: ArticleFilter| {
                world.store.articles(reader, filter).await.expect("listed").len()
            };
            let marks = |marks| ArticleFilter { marks, ..list() };
            assert_eq!(
                count(marks(MarkFilter { hidden: Some(true), ..Default::default() })).await,
                1
            );
            assert_eq!(
                count(marks(MarkFilter { read: Some(true), ..Default::default() })).await,
                1
            );
            assert_eq!(
                count(marks(MarkFilter { read: Some(false), ..Default::default() })).await,
                3
            );
            assert_eq!(
                count(ArticleFilter { topic: Some("technology".into()), ..list() }).await,
                4
            );
            assert_eq!(
                count(ArticleFilter { topic: Some("' OR 1=1 --".into()), ..list() }).await,
                0
            );
            assert_eq!(
                count(ArticleFilter { language: Some(Language::CHINESE), ..list() }).await,
                0
            );
            assert_eq!(count(ArticleFilter { story: page[0].story_id, ..list() }).await, 1);
            assert_eq!(count(ArticleFilter { folder: Some("news".into()), ..list() }).await, 0);
            let folder = SubscriptionChange {
                folder: Some(Some("news".into())),
                title: Some(Some("Ours".into())),
            };
            world.store.update_subscription(reader, source, folder).await.expect("moved");
            assert_eq!(count(ArticleFilter { folder: Some("news".into()), ..list() }).await, 4);
            let article = world.store.article(reader, ids[0]).await.expect("read").expect("exists");
            assert_eq!(article.article.source_title, "Ours");
            assert_eq!(article.content_html, "<p>Text 1</p>");
        });
    }
}
