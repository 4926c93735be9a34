//! What ranking relies on: counts survive restarts and stop with the ownership.

use super::*;
use crate::pipeline_testing::{NODE, eventually, onlooker, store};
use autoglm_domain::{EventId, EventKind, ReaderId, Single, SystemClock};
use autoglm_protocol::popularity::PopularityHandle;
use autoglm_protocol::shard_region::ShardRegionMessage;
use autoglm_ranking::popularity::PRIOR_RATE;

fn fence() -> Fence {
    Fence { shard: Single::Popularity.shard(), owner: NODE, epoch: autoglm_domain::Epoch(1) }
}

fn args(store: Store, fence: Fence) -> PopularityArgs {
    let soon = Duration::from_millis(20);
    PopularityArgs {
        store,
        fence,
        region: ShardRegionHandle(Address::<ShardRegionMessage>::new("shard-region", 8)),
        window: ArticleWindowHandle(Address::new("article-window", 8)),
        colleagues: Colleagues::default(),
        config: PopularityConfig {
            publish_every: soon,
            publish_unchanged_every: soon,
            save_every: soon,
        },
        clock: Arc::new(SystemClock),
        address: Address::new("popularity", 8),
        status: StatusCell::default(),
    }
}

fn opened(article: i64) -> ReaderEvent {
    ReaderEvent {
        id: EventId(uuid::Uuid::now_v7()),
        reader_id: ReaderId(1),
        kind: EventKind::Open,
        target: EventTarget::Article(ArticleId(article)),
        at: SystemClock.now(),
        dwell_ms: None,
    }
}

/// Registers this node and takes the lease.
async fn owned(store: &Store) -> Fence {
    let node = store.register_node("n1", "127.0.0.1:1", &[]).await.expect("a node");
    // A node of no time-to-live yet becomes a member with its first renewal.
    store.renew_node(node, Duration::from_secs(60)).await.expect("a view");
    let shards = [Single::Popularity.shard()];
    store.acquire_leases(node, &shards).await.expect("leases").remove(0)
}

#[tokio::test]
async fn counts_are_saved_and_go_on_after_a_restart() {
    let (store, _directory) = store().await;
    let args = args(store.clone(), owned(&store).await);
    let cell = PopularityActor::spawn(args.clone(), onlooker().await).await.expect("an actor");
    PopularityHandle(args.address.clone()).events([opened(5), opened(5)].into());
    eventually("it is saved", || async {
        let bytes = store.load_popularity().await.expect("a read").unwrap_or_default();
        saved_rates(&bytes, SystemClock.now())
            .iter()
            .any(|(article, rate)| *article == ArticleId(5) && *rate > PRIOR_RATE * 1.5)
    })
    .await;
    cell.kill();
    PopularityActor::spawn(args.clone(), onlooker().await).await.expect("an actor");
    PopularityHandle(args.address.clone()).events([opened(6)].into());
    eventually("both are counted", || async { args.status.get().articles == 2 }).await;
}

#[tokio::test]
async fn it_stops_when_the_store_refuses_its_fence() {
    let (store, _directory) = store().await;
    let args = args(store, fence());
    let cell = PopularityActor::spawn(args.clone(), onlooker().await).await.expect("an actor");
    PopularityHandle(args.address.clone()).events([opened(5)].into());
    eventually("it stops", || async { cell.get_status() == ractor::ActorStatus::Stopped }).await;
}

#[tokio::test]
async fn what_was_counted_while_the_store_was_away_is_added_to_what_was_saved() {
    let now = SystemClock.now();
    let mut saved = PopularityCounters::new();
    let mut fresh = PopularityCounters::new();
    for counters in [&mut saved, &mut fresh] {
        counters.record(COUNTED_BY, ArticleId(1), EventKind::Open, now);
    }
    let sum = add(saved, &fresh, now).export(COUNTED_BY, now);
    assert_eq!((sum.len(), sum[0].clicks), (1, 2));
}
