//! Membership, leases and fences.

use super::world::{World, draft, event, worlds};
use crate::{Claim, ClusterEventKind, Error, NodeState, SummaryWork};
use autoglm_domain::{
    ArticleStage, EventKind, EventTarget, FaultKind, Incarnation, Language, ReaderId, Shard,
    Single, Timestamp,
};
use std::time::Duration;

async fn node(world: &World, name: &str) -> Incarnation {
    let node =
        world.store.register_node(name, "127.0.0.1:1", &["all".into()]).await.expect("registered");
    world.store.set_node_state(node, NodeState::Up).await.expect("up");
    node
}

/// On SQLite a new start is enough; on PostgreSQL the old one's time has to be over.
async fn let_expire(world: &World, incarnation: Incarnation) {
    if world.is_postgres() {
        world.store.renew_node(incarnation, Duration::ZERO).await.expect("renewed for no time");
    }
}

#[test]
fn every_shard_is_taken_at_once_and_only_once() {
    for world in worlds("every_shard_is_taken_at_once_and_only_once") {
        world.run(async {
            let me = node(&world, "a").await;
            let all: Vec<Shard> = Shard::all().collect();
            let fences = world.store.acquire_leases(me, &all).await.expect("taken");
            assert_eq!(fences.len(), all.len());
            assert!(fences.iter().all(|fence| fence.epoch.0 == 1 && fence.owner == me));
            assert!(world.store.acquire_leases(me, &all).await.expect("asked").is_empty());
            world.store.release_leases(me, &all[..10]).await.expect("released");
            let again = world.store.acquire_leases(me, &all).await.expect("taken");
            assert_eq!(again.len(), 10);
            assert!(again.iter().all(|fence| fence.epoch.0 == 2));
            assert_eq!(world.store.leases().await.expect("listed").len(), all.len());
        });
    }
}

#[test]
fn after_a_take_over_the_old_owner_cannot_write_any_more() {
    for world in worlds("after_a_take_over_the_old_owner_cannot_write_any_more") {
        world.run(async {
            let reader = world.store.ensure_local_reader().await.expect("reader").id;
            let shard = Shard::of_reader(reader);
            let old = node(&world, "a").await;
            let stale = world.store.acquire_leases(old, &[shard]).await.expect("taken")[0];
            let write = |fence| {
                let mute = event(reader, EventKind::Mute, EventTarget::Topic("sports".into()));
                world.store.append_events(reader, vec![mute], Some(fence))
            };
            write(stale).await.expect("the owner writes");
            let_expire(&world, old).await;
            let new = node(&world, "b").await;
            let fence = world.store.acquire_leases(new, &[shard]).await.expect("taken over")[0];
            assert_eq!(fence.epoch.0, stale.epoch.0 + 1);
            let error = write(stale).await.expect_err("fenced");
            assert!(matches!(error, Error::Fenced { .. }), "{error}");
            assert_eq!(error.fault().kind, FaultKind::Fenced);
            write(fence).await.expect("the new owner writes");
            let profile = world.store.save_profile(reader, vec![1], 1, 1, Some(stale)).await;
            assert!(matches!(profile, Err(Error::Fenced { .. })));
            let placing = world.store.place_articles(Vec::new(), Some(stale)).await;
            assert!(matches!(placing, Err(Error::Fenced { .. })));
            assert_eq!(world.store.events_after(reader, 0, 10).await.expect("read").len(), 2);
            let gone = world.store.renew_node(old, Duration::from_secs(15)).await;
            assert!(matches!(gone, Err(Error::Expired(_))));
            let taking = world.store.acquire_leases(old, &[Single::Janitor.shard()]).await;
            assert!(matches!(taking, Err(Error::Expired(_))));
        });
    }
}

#[test]
fn the_view_grows_with_every_change_and_forgets_who_is_down() {
    for world in worlds("the_view_grows_with_every_change_and_forgets_who_is_down") {
        world.run(async {
            let first = node(&world, "a").await;
            let before = world.store.view().await.expect("view");
            assert_eq!(before.members.len(), 1);
            assert_eq!(before.members[0].name, "a");
            assert_eq!(before.members[0].roles, ["all"]);
            world.store.set_node_state(first, NodeState::Draining).await.expect("draining");
            let view =
                world.store.renew_node(first, Duration::from_secs(15)).await.expect("renewed");
            assert!(view.version > before.version);
            assert_eq!(view.members[0].state, NodeState::Draining);
            assert!(view.members[0].lease_until > Timestamp(0));
            world.store.set_node_state(first, NodeState::Down).await.expect("down");
            assert!(world.store.view().await.expect("view").members.is_empty());
            let second = node(&world, "a").await;
            assert!(second > first);
        });
    }
}

#[test]
fn what_is_wished_of_a_node_outlives_its_restart_and_is_told_to_the_others() {
    for world in worlds("what_is_wished_of_a_node_outlives_its_restart_and_is_told_to_the_others") {
        world.run(async {
            node(&world, "a").await;
            let before = world.store.view().await.expect("view");
            assert_eq!((before.members[0].weight, before.members[0].cordoned), (1, false));
            world.store.wish_node("a", Some(3), None).await.expect("wished");
            world.store.wish_node("a", None, Some(true)).await.expect("wished");
            let unknown = world.store.wish_node("b", Some(3), None).await;
            assert!(matches!(unknown, Err(Error::NotFound(_))));
            assert!(matches!(
                world.store.wish_node("a", Some(0), None).await,
                Err(Error::Invalid(_))
            ));
            node(&world, "a").await;
            let view = world.store.view().await.expect("view");
            assert!(view.version > before.version);
            let again = view.members.last().expect("the new start");
            assert_eq!((again.weight, again.cordoned), (3, true));
            let events = world.store.cluster_events(10).await.expect("events");
            let told: Vec<_> = events.iter().rev().map(|event| event.kind.name()).collect();
            assert_eq!(told, ["joined", "up", "wished", "wished", "joined", "up"]);
            assert!(events.iter().any(|event| event.detail == "weight 3"));
        });
    }
}

#[test]
fn what_happened_is_kept_for_a_thousand_events() {
    for world in worlds("what_happened_is_kept_for_a_thousand_events") {
        world.run(async {
            for number in 0..1_003 {
                let detail = number.to_string();
                let noted = world.store.note_cluster_event(
                    Incarnation(1),
                    "a",
                    ClusterEventKind::Took,
                    &detail,
                );
                noted.await.expect("noted");
            }
            let events = world.store.cluster_events(2_000).await.expect("events");
            assert_eq!(events.len(), 1_000);
            assert_eq!((events[0].detail.as_str(), events[999].detail.as_str()), ("1002", "3"));
        });
    }
}

#[test]
fn all_nodes_agree_on_what_the_first_one_said() {
    for world in worlds("all_nodes_agree_on_what_the_first_one_said") {
        world.run(async {
            let first = world.store.agreed_fact("secret", "one").await.expect("said");
            let second = world.store.agreed_fact("secret", "two").await.expect("said");
            assert_eq!((first.as_str(), second.as_str()), ("one", "one"));
        });
    }
}

#[test]
fn a_change_of_the_view_is_heard_where_the_database_can_tell() {
    for world in worlds("a_change_of_the_view_is_heard_where_the_database_can_tell") {
        world.run(async {
            let watch = world.store.watch_views().await.expect("listening");
            assert_eq!(watch.is_some(), world.is_postgres());
            let Some(mut watch) = watch else { return };
            node(&world, "a").await;
            let heard = tokio::time::timeout(Duration::from_secs(30), watch.changed()).await;
            heard.expect("heard of it").expect("the connection lives");
        });
    }
}

#[test]
fn a_reader_nobody_knows_cannot_store_events() {
    for world in worlds("a_reader_nobody_knows_cannot_store_events") {
        world.run(async {
            let open = event(ReaderId(9), EventKind::Mute, EventTarget::Topic("x".into()));
            let error = world
                .store
                .append_events(ReaderId(9), vec![open], None)
                .await
                .expect_err("unknown");
            assert_eq!(error.fault().kind, FaultKind::NotFound);
        });
    }
}

#[test]
fn what_a_node_that_is_gone_had_claimed_is_free_when_its_lease_is_over() {
    for world in worlds("what_a_node_that_is_gone_had_claimed_is_free_when_its_lease_is_over") {
        world.run(async {
            let store = &world.store;
            let gone = store.register_node("a", "", &["all".to_owned()]).await.expect("a node");
            let source = world.source("one").await;
            let ids = world.insert((1..=3).map(|number| draft(source, number)).collect()).await;
            let lease = Duration::from_secs(3_600);
            let claim = async |limit, who| {
                let stage = ArticleStage::Stored;
                store.claim_articles(stage, limit, lease, who).await.expect("claimed").len()
            };
            let other = Incarnation(gone.0 + 1_000);
            assert_eq!((claim(2, gone).await, claim(1, other).await), (2, 1));
            let work = SummaryWork {
                article_id: ids[0],
                language: Language::ENGLISH,
                writer: "glm-1".into(),
            };
            store.claim_summary(work.clone(), lease, gone).await.expect("claimed");
            assert_eq!(store.release_claims_of_the_gone().await.expect("freed"), 0, "it lives");
            store.set_node_state(gone, NodeState::Down).await.expect("down");
            assert_eq!(store.release_claims_of_the_gone().await.expect("freed"), 3);
            assert_eq!(claim(9, other).await, 2, "not what others have");
            let won = store.claim_summary(work, lease, other).await.expect("claimed");
            assert_eq!(won, Claim::Won);
        });
    }
}
