//! The shard host over toy shards.

use super::*;
use crate::testing_sources::parent;
use autoglm_domain::{Epoch, FaultKind, Incarnation, ReaderId};
use autoglm_protocol::cache_shard::CacheShardMessage;
use autoglm_protocol::recommender_shard::RecommenderShardMessage;
use autoglm_protocol::status::StatusCell;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::marker::PhantomData;

type Log = Arc<Mutex<Vec<String>>>;

/// Writes down what it is sent and answers.
struct Toy<M>(PhantomData<fn() -> M>);

trait Noted: ractor::Message {
    fn answer(self) -> String;
}

impl Noted for CacheShardMessage {
    fn answer(self) -> String {
        match self {
            Self::Request { request, reply } => {
                reply.send(Ok(ReaderAnswer::Done)).unwrap_or_default();
                format!("cache {request:?}").split([' ', '{']).take(2).collect::<Vec<_>>().join(" ")
            }
            Self::Drain { reply } => {
                reply.send(Ok(())).unwrap_or_default();
                "cache Drain".into()
            }
            _ => "cache other".into(),
        }
    }
}

impl Noted for RecommenderShardMessage {
    fn answer(self) -> String {
        match self {
            Self::Recommend { reply, .. } => {
                reply.send(Ok(Vec::new())).unwrap_or_default();
                "recommender Recommend".into()
            }
            Self::Drain { reply } => {
                reply.send(Ok(())).unwrap_or_default();
                "recommender Drain".into()
            }
            Self::SubscriptionsChanged(_) => "recommender SubscriptionsChanged".into(),
            _ => "recommender other".into(),
        }
    }
}

impl<M: Noted> Actor for Toy<M> {
    type Msg = M;
    type State = Log;
    type Arguments = Log;

    async fn pre_start(&self, _myself: ActorRef<M>, log: Log) -> Result<Log, ActorProcessingErr> {
        Ok(log)
    }

    async fn handle(
        &self,
        _myself: ActorRef<M>,
        message: M,
        log: &mut Log,
    ) -> Result<(), ActorProcessingErr> {
        log.lock().expect("not poisoned").push(message.answer());
        Ok(())
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<M>,
        log: &mut Log,
    ) -> Result<(), ActorProcessingErr> {
        log.lock().expect("not poisoned").push("stopped".into());
        Ok(())
    }
}

fn toy<M: Noted>(name: &str, log: &Log, address: &Address<M>) -> ChildSpec {
    let (log, address) = (Arc::clone(log), address.clone());
    ChildSpec::new(name, Restart::Permanent, &StatusCell::<u8>::default(), move |supervisor| {
        let (log, address) = (Arc::clone(&log), address.clone());
        Box::pin(async move {
            let (actor, _) = Actor::spawn_linked(None, Toy(PhantomData), log, supervisor).await?;
            address.publish(actor.clone());
            Ok(actor.get_cell())
        })
    })
}

async fn host(log: &Log) -> Arc<LocalShards> {
    let (reader_log, single_log) = (Arc::clone(log), Arc::clone(log));
    let readers: ReaderShardFactory = Arc::new(move |fence| {
        let (cache, recommender) = (Address::new("cache", 8), Address::new("recommender", 8));
        let children = vec![
            toy(&format!("recommender-shard-{}", fence.shard.index), &reader_log, &recommender),
            toy(&format!("cache-shard-{}", fence.shard.index), &reader_log, &cache),
        ];
        (children, CacheShardHandle(cache), RecommenderShardHandle(recommender))
    });
    let singles: SingleFactory = Arc::new(move |single, _fence| {
        toy::<CacheShardMessage>(&format!("{single:?}"), &single_log, &Address::new("single", 1))
    });
    let args = LocalShardsArgs::new(
        readers,
        singles,
        Address::new("sources", 8),
        OwnedHosts::default(),
        StatusBoard::default(),
    );
    let host = LocalShards::new(args);
    (host.child_spec().spawn)(parent().await).await.expect("started");
    host
}

fn fence(shard: Shard, epoch: i64) -> Fence {
    Fence { shard, owner: Incarnation(1), epoch: Epoch(epoch) }
}

fn names(host: &LocalShards) -> Vec<String> {
    host.args.board.reports().into_iter().map(|report| report.name).collect()
}

const READER: ReaderId = ReaderId(1);

#[tokio::test]
async fn a_reader_shard_starts_with_its_first_request_and_drains_before_it_stops() {
    let log = Log::default();
    let host = host(&log).await;
    let fence = fence(Shard::of_reader(READER), 1);
    let unread = || ReaderRequest::Unread { reader: READER };
    assert_eq!(
        host.deliver(fence, unread()).await.expect_err("ours?").kind,
        FaultKind::Unavailable
    );
    host.start(fence).await.expect("started");
    assert!(names(&host).is_empty(), "nothing runs before it is asked");
    assert_eq!(host.deliver(fence, unread()).await, Ok(ReaderAnswer::Done));
    assert_eq!(names(&host), ["cache-shard-46", "reader/46", "recommender-shard-46"]);
    let rank = ReaderRequest::Recommend { reader: READER, limit: 5, seed: 1 };
    assert_eq!(host.deliver(fence, rank).await, Ok(ReaderAnswer::Recommended(Vec::new())));
    let changed = ReaderRequest::SubscriptionsChanged { reader: READER };
    assert_eq!(host.deliver(fence, changed).await, Ok(ReaderAnswer::Done));
    host.stop(fence).await;
    let mut seen = log.lock().expect("not poisoned").clone();
    assert_eq!(
        seen.split_off(seen.len() - 4),
        ["cache Drain", "recommender Drain", "stopped", "stopped"]
    );
    seen.sort();
    let expected = [
        "cache SubscriptionsChanged",
        "cache Unread",
        "recommender Recommend",
        "recommender SubscriptionsChanged",
    ];
    assert_eq!(seen, expected);
    assert!(names(&host).is_empty());
    assert!(host.deliver(fence, unread()).await.is_err());
}

#[tokio::test]
async fn the_operator_restarts_one_actor_of_a_running_shard_by_name() {
    let log = Log::default();
    let host = host(&log).await;
    let (reader, single) = (fence(Shard::of_reader(READER), 1), fence(Single::Story.shard(), 1));
    for fence in [reader, single] {
        host.start(fence).await.expect("started");
    }
    let fault = host.restart("cache-shard-46").await.expect_err("it does not run yet");
    assert_eq!(fault.kind, FaultKind::NotFound);
    host.deliver(reader, ReaderRequest::Unread { reader: READER }).await.expect("answered");
    for name in ["cache-shard-46", "Story"] {
        host.restart(name).await.expect("restarted");
        let reports = host.args.board.reports();
        let report = reports.iter().find(|report| report.name == name).expect("shown");
        assert_eq!(report.restarts, 1);
    }
    host.deliver(reader, ReaderRequest::Unread { reader: READER }).await.expect("answered");
}

#[tokio::test]
async fn a_newer_fence_replaces_the_run_and_an_older_stop_does_nothing() {
    let log = Log::default();
    let host = host(&log).await;
    let (old, new) = (fence(Shard::of_reader(READER), 1), fence(Shard::of_reader(READER), 2));
    let unread = || ReaderRequest::Unread { reader: READER };
    host.start(old).await.expect("started");
    host.deliver(old, unread()).await.expect("answered");
    host.start(new).await.expect("started");
    assert!(host.deliver(old, unread()).await.is_err(), "its epoch is over");
    host.deliver(new, unread()).await.expect("answered");
    host.stop(old).await;
    host.deliver(new, unread()).await.expect("still there");
}

#[tokio::test]
async fn singles_run_as_long_as_their_lease_and_come_up_again_with_their_parent() {
    let log = Log::default();
    let host = host(&log).await;
    let fence = fence(Single::Story.shard(), 1);
    host.start(fence).await.expect("started");
    assert_eq!(names(&host), ["Story", "single/0"]);
    (host.child_spec().spawn)(parent().await).await.expect("started again");
    assert_eq!(names(&host), ["Story", "single/0"]);
    host.stop(fence).await;
    assert!(names(&host).is_empty());
    assert_eq!(log.lock().expect("not poisoned").last().map(String::as_str), Some("stopped"));
}

#[tokio::test]
async fn host_shards_are_told_to_the_sources() {
    let host = host(&Log::default()).await;
    let shard = |index| Shard { kind: ShardKind::Host, index };
    for index in 0..3 {
        host.start(fence(shard(index), 1)).await.expect("started");
    }
    host.stop(fence(shard(1), 1)).await;
    let owned = host.args.owned_hosts.load_full();
    assert_eq!(*owned, HashSet::from([shard(0), shard(2)]));
}
