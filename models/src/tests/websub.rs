//! Subscriptions at hubs.

use super::world::{START, World, worlds};
use crate::{HubChange, SourceChange};
use autoglm_domain::{HubStage, HubSubscription, SourceId, Timestamp};

const PREFIX: &str = "https://me.example/websub/";

fn wanted(source_id: SourceId) -> HubSubscription {
    HubSubscription {
        source_id,
        hub: "https://hub.example/".to_owned(),
        topic: "https://one.example/feed".to_owned(),
        stage: HubStage::Wanted,
        lease_until: None,
        next_at: START,
        last_push_at: None,
        missed_at: None,
        failures: 0,
        forgeries: 0,
        problem: None,
    }
}

async fn token_of(world: &World) -> String {
    let rows = world.store.hub_subscriptions().await.expect("listed");
    rows[0].keys.callback.strip_prefix(PREFIX).expect("as wished").to_owned()
}

#[test]
fn a_subscription_is_found_by_its_token_only_and_has_secrets_of_its_own() {
    for world in worlds("a_subscription_is_found_by_its_token_only_and_has_secrets_of_its_own") {
        world.run(async {
            let source = world.source("one").await;
            let other = world.source("two").await;
            for source in [source, other] {
                let added = world.store.add_hub_subscription(wanted(source), PREFIX).await;
                added.expect("kept").expect("new");
            }
            let rows = world.store.hub_subscriptions().await.expect("listed");
            assert_ne!(rows[0].keys.secret, rows[1].keys.secret);
            let token = token_of(&world).await;
            assert!(token.len() == 64 && rows[0].keys.secret.len() == 64);
            assert!(!rows[0].keys.callback.contains(&rows[0].keys.secret));
            let found = world.store.hub_subscription(&token).await.expect("looked up");
            assert_eq!(found, Some(rows[0].clone()));
            assert_eq!(rows[0].subscription, wanted(source));
            assert_eq!(rows[0].source_url, "https://one.example/feed");
            let long = token.repeat(3);
            for odd in ["", "x", &token[1..], &long] {
                assert_eq!(world.store.hub_subscription(odd).await.expect("looked up"), None);
            }
        });
    }
}

#[test]
fn a_source_has_one_subscription_besides_those_that_end() {
    for world in worlds("a_source_has_one_subscription_besides_those_that_end") {
        world.run(async {
            let source = world.source("one").await;
            let add = || world.store.add_hub_subscription(wanted(source), PREFIX);
            let first = add().await.expect("kept").expect("new").id;
            assert_eq!(add().await.expect("asked"), None, "there is one");
            let end = |before: &HubSubscription| {
                let stage = HubStage::Ending;
                (HubChange::Keep(HubSubscription { stage, ..before.clone() }), ())
            };
            world.store.change_hub_subscription(first, end).await.expect("ended").expect("known");
            let second = add().await.expect("kept").expect("new").id;
            assert_ne!(first, second);
            assert_eq!(world.store.hub_subscriptions().await.expect("listed").len(), 2);
            assert_eq!(add().await.expect("asked"), None);
            let unknown = world.store.add_hub_subscription(wanted(SourceId(99)), PREFIX).await;
            assert_eq!(unknown.expect("asked"), None, "no such source");
        });
    }
}

#[test]
fn a_change_is_decided_on_what_is_stored_and_kept_whole() {
    for world in worlds("a_change_is_decided_on_what_is_stored_and_kept_whole") {
        world.run(async {
            let source = world.source("one").await;
            let add = world.store.add_hub_subscription(wanted(source), PREFIX);
            let id = add.await.expect("kept").expect("new").id;
            let after = HubSubscription {
                stage: HubStage::Active,
                lease_until: Some(Timestamp(5)),
                next_at: Timestamp(4),
                last_push_at: Some(Timestamp(3)),
                missed_at: Some(Timestamp(2)),
                failures: 1,
                forgeries: 7,
                problem: Some("nul\0".to_owned()),
                ..wanted(source)
            };
            let keep = after.clone();
            let decide =
                move |before: &HubSubscription| (HubChange::Keep(keep.clone()), before.stage);
            let change = world.store.change_hub_subscription(id, decide).await;
            assert_eq!(change.expect("changed").map(|(_, stage)| stage), Some(HubStage::Wanted));
            let stored = world.store.hub_subscriptions().await.expect("listed");
            let expected = HubSubscription { problem: Some("nul".to_owned()), ..after };
            assert_eq!(stored[0].subscription, expected);
            let leave = |_: &HubSubscription| (HubChange::Leave, ());
            world.store.change_hub_subscription(id, leave).await.expect("left");
            let again = world.store.hub_subscriptions().await.expect("listed");
            assert_eq!(again, stored);
            let forget = |_: &HubSubscription| (HubChange::Forget, ());
            world.store.change_hub_subscription(id, forget).await.expect("gone").expect("known");
            let gone = world.store.change_hub_subscription(id, leave).await.expect("asked");
            assert_eq!(gone, None);
        });
    }
}

#[test]
fn a_source_that_is_paused_or_removed_is_told_and_its_readers_see_who_pushes() {
    for world in worlds("a_source_that_is_paused_or_removed_is_told_and_its_readers_see_who_pushes")
    {
        world.run(async {
            let source = world.source("one").await;
            let reader = world.reader_of(source).await;
            let pushes =
                || async { world.store.subscriptions(reader).await.expect("read").remove(0).push };
            assert_eq!(pushes().await, None);
            world.store.add_hub_subscription(wanted(source), PREFIX).await.expect("kept");
            assert_eq!(pushes().await, Some(wanted(source)));
            let is_fetched =
                || async { world.store.hub_subscriptions().await.expect("listed")[0].is_fetched };
            assert!(is_fetched().await);
            let pause = |paused| SourceChange { paused: Some(paused), ..SourceChange::default() };
            world.store.update_source(source, pause(true)).await.expect("paused");
            assert!(!is_fetched().await);
            world.store.update_source(source, pause(false)).await.expect("resumed");
            assert!(is_fetched().await);
            world.store.remove_source(source).await.expect("removed");
            assert!(!is_fetched().await);
            assert_eq!(world.store.forget_hub_subscriptions().await.expect("forgotten"), 1);
            assert!(world.store.hub_subscriptions().await.expect("listed").is_empty());
        });
    }
}
