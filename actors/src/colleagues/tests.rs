//! Whoever owns a thing does it, wherever it was asked.

use super::*;
use crate::agent::testing::{OneOwner, answered, nobody, noted};
use crate::agent::{NodeAgent, NodeAgentArgs};
use crate::testing_readers::eventually;
use autoglm_cluster::MemoryNetwork;
use autoglm_domain::{ReaderEvent, ShardKind, SourceId};
use autoglm_protocol::source_supervisor::{SourceSupervisorHandle, SourceSupervisorMessage};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

const ME: Incarnation = Incarnation(1);
const OTHER: Incarnation = Incarnation(2);
const SHARD: Shard = Shard { kind: ShardKind::Host, index: 3 };

fn ask() -> AgentAsk {
    AgentAsk::Refresh { shard: SHARD, source: SourceId(7) }
}

async fn not_here() -> Result<AgentAnswer, Fault> {
    Err(Fault::not_found("not fetched by this node"))
}

fn colleagues(network: &MemoryNetwork, owner: &OneOwner) -> Colleagues {
    Colleagues::new(ME, Arc::new(network.join(ME)), Arc::new(owner.clone()))
}

/// The other node, whose sources bring five new articles when they are fetched.
async fn other(network: &MemoryNetwork, owned: bool) -> NodeAgentArgs {
    let args = nobody();
    answered(&args.sources.0, |message| match message {
        SourceSupervisorMessage::Refresh { source: SourceId(7), reply } => {
            reply.send(Ok(5)).expect("waits");
        }
        SourceSupervisorMessage::Pushed { document, reply, .. } => {
            reply.send(Ok(document.body.len())).expect("waits");
        }
        other => panic!("{other:?}"),
    })
    .await;
    args.owned.store(Arc::new(HashSet::from_iter(owned.then_some(SHARD))));
    network.join(OTHER).open(Door::Agent, Arc::new(NodeAgent::new(args.clone())));
    args
}

#[tokio::test]
async fn a_source_is_fetched_by_the_node_that_owns_its_host() {
    let (network, owner) = (MemoryNetwork::default(), OneOwner::is(OTHER));
    other(&network, true).await;
    let colleagues = colleagues(&network, &owner);
    let limit = Duration::from_secs(60);
    let answer = colleagues.at_owner(SHARD, limit, &ask(), not_here).await;
    assert_eq!(answer, Ok(AgentAnswer::Stored(5)));
    owner.becomes(ME);
    let here = || async { Ok(AgentAnswer::Stored(1)) };
    assert_eq!(colleagues.at_owner(SHARD, limit, &ask(), here).await, Ok(AgentAnswer::Stored(1)));
    let fault = colleagues.at_owner(SHARD, limit, &ask(), not_here).await.expect_err("ours");
    assert_eq!(fault.kind, FaultKind::NotFound, "the owner knows best");
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_moves_is_asked_for_at_its_new_owner() {
    let (network, owner) = (MemoryNetwork::default(), OneOwner::is(OTHER));
    other(&network, false).await;
    let (colleagues, asked) = (colleagues(&network, &owner), AtomicUsize::new(0));
    let moves = async {
        tokio::time::sleep(ATTEMPT_PAUSE / 2).await;
        owner.becomes(ME);
    };
    let here = || async {
        asked.fetch_add(1, Ordering::SeqCst);
        Ok(AgentAnswer::Stored(2))
    };
    let ask = ask();
    let asking = colleagues.at_owner(SHARD, Duration::from_secs(60), &ask, here);
    let ((), answer) = tokio::join!(moves, asking);
    assert_eq!((answer, asked.load(Ordering::SeqCst)), (Ok(AgentAnswer::Stored(2)), 1));
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_cannot_be_reached_is_said_to_be_away_in_time() {
    let (network, owner) = (MemoryNetwork::default(), OneOwner::is(OTHER));
    let _other = network.join(Incarnation(3));
    let colleagues = colleagues(&network, &owner);
    let limit = Duration::from_secs(1);
    let began = tokio::time::Instant::now();
    let fault = colleagues.at_owner(SHARD, limit, &ask(), not_here).await.expect_err("away");
    assert_eq!(fault.kind, FaultKind::Unavailable);
    assert!(began.elapsed() <= limit);
}

#[tokio::test]
async fn a_source_whose_site_is_away_is_fetched_once_wherever_that_is() {
    let (network, owner) = (MemoryNetwork::default(), OneOwner::is(OTHER));
    let there = other(&network, true).await;
    let fetched = Arc::<AtomicUsize>::default();
    let (colleagues, count) = (colleagues(&network, &owner), Arc::clone(&fetched));
    let away = || Fault::unavailable("the site does not answer", Duration::ZERO);
    answered(&there.sources.0, move |message| {
        let SourceSupervisorMessage::Refresh { reply, .. } = message else { return };
        count.fetch_add(1, Ordering::SeqCst);
        reply.send(Err(away())).expect("waits");
    })
    .await;
    let limit = Duration::from_secs(60);
    let here = || async {
        fetched.fetch_add(1, Ordering::SeqCst);
        Err(away())
    };
    for (node, fetches) in [(OTHER, 1), (ME, 2)] {
        owner.becomes(node);
        let answer = colleagues.at_owner(SHARD, limit, &ask(), here).await;
        assert_eq!((answer, fetched.load(Ordering::SeqCst)), (Err(away()), fetches));
    }
}

#[tokio::test]
async fn alone_nobody_is_asked_and_nothing_tried_twice() {
    let asked = AtomicUsize::new(0);
    let here = || async {
        asked.fetch_add(1, Ordering::SeqCst);
        Err(Fault::unavailable("restarting", Duration::ZERO))
    };
    let colleagues = Colleagues::default();
    let answer = colleagues.at_owner(SHARD, Duration::from_secs(60), &ask(), here).await;
    assert_eq!((answer.is_err(), asked.load(Ordering::SeqCst)), (true, 1));
}

#[tokio::test]
async fn a_pushed_document_is_read_where_its_source_is_fetched() {
    let (network, owner) = (MemoryNetwork::default(), OneOwner::is(OTHER));
    other(&network, true).await;
    let body = autoglm_protocol::agent::Bytes(vec![200; 150_000]);
    let ask = AgentAsk::Push { shard: SHARD, source: SourceId(7), content_type: None, body };
    let colleagues = colleagues(&network, &owner);
    let answer = colleagues.at_owner(SHARD, Duration::from_secs(60), &ask, not_here).await;
    assert_eq!(answer, Ok(AgentAnswer::Stored(150_000)));
}

#[tokio::test]
async fn clicks_are_counted_by_their_one_owner() {
    let (network, owner) = (MemoryNetwork::default(), OneOwner::is(OTHER));
    let (here, there) = (nobody(), other(&network, true).await);
    let (ours, theirs) = (noted(&here.popularity.0).await, noted(&there.popularity.0).await);
    let clicks = Clicks::new(here.popularity, colleagues(&network, &owner));
    let event = || -> ReaderEvent {
        let reader = autoglm_domain::ReaderId(1);
        crate::testing_readers::event(reader, autoglm_domain::EventKind::Open, ArticleId(4))
    };
    clicks.events(Arc::from([event()]));
    eventually("they are counted there", || async { theirs.lock().expect("no panic").len() == 1 })
        .await;
    owner.becomes(ME);
    clicks.events(Arc::from([event(), event()]));
    eventually("they are counted here", || async { ours.lock().expect("no panic").len() == 1 })
        .await;
}

#[tokio::test]
async fn hints_wake_the_actors_they_are_for() {
    let (network, owner) = (MemoryNetwork::default(), OneOwner::is(OTHER));
    let there = other(&network, true).await;
    let index = noted(&there.index.0).await;
    let story = noted(&there.story.0).await;
    let window = noted(&there.window.0).await;
    let sources = {
        let address = &there.sources;
        let SourceSupervisorHandle(address) = address;
        noted(address).await
    };
    let colleagues = colleagues(&network, &owner);
    colleagues.waiting(WaitingFor::Index);
    colleagues.waiting(WaitingFor::Placing);
    colleagues.placed(&[ArticleId(11), ArticleId(12)]);
    colleagues.tell_all(&AgentHint::SourcesChanged);
    for (notes, word) in [(index, "Wake"), (story, "Wake"), (window, "12"), (sources, "Changed")] {
        eventually(word, || async {
            notes.lock().expect("no panic").iter().any(|note| note.contains(word))
        })
        .await;
    }
}
