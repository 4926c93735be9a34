//! One node without Redis.

use super::world::{Database, Node, config, until};
use crate::cache::*;

#[tokio::test]
async fn many_callers_cause_one_load() {
    let database = Database::gated();
    database.write(7, "seven");
    let node = Node::alone(&database);
    let callers: Vec<_> = (0..50).map(|_| node.getting(7)).collect();
    until("a load began", || database.loads() > 0).await;
    database.gate.add_permits(1);
    for caller in callers {
        assert_eq!(caller.await.expect("ran").as_deref(), Some("seven"));
    }
    assert_eq!(database.loads(), 1);
}

#[tokio::test]
async fn absence_is_remembered_and_failure_is_not() {
    let database = Database::open();
    let node = Node::alone(&database);
    assert_eq!((node.get(1).await, node.get(1).await), (None, None));
    assert_eq!(database.loads(), 1);
    database.is_down.store(true, Ordering::SeqCst);
    assert!(node.cache.get(&2).await.is_err());
    assert!(node.cache.get(&2).await.is_err());
    assert_eq!(database.loads(), 3);
}

#[tokio::test]
async fn what_was_invalidated_during_its_load_is_loaded_again() {
    let database = Database::gated();
    database.write(7, "old");
    let node = Node::alone(&database);
    let early = node.getting(7);
    until("the load began", || database.loads() == 1).await;
    database.write(7, "new");
    node.cache.invalidate(&7).await;
    // Whoever asks after the invalidation does not join the load that began before it.
    let late = node.getting(7);
    until("another load began", || database.loads() == 2).await;
    database.gate.add_permits(10);
    assert_eq!(early.await.expect("ran").as_deref(), Some("old"), "asked before the write");
    assert_eq!(late.await.expect("ran").as_deref(), Some("new"));
    assert_eq!(node.get(7).await.as_deref(), Some("new"));
    assert_eq!(database.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stale_value_is_served_while_one_refresh_runs() {
    let database = Database::open();
    database.write(7, "old");
    let minute = Duration::from_mins(1);
    let config = CacheConfig { time_to_live: minute, stale_for: minute, ..config() };
    let node = Node::new(Caches::alone(), config, &database);
    assert_eq!(node.get(7).await.as_deref(), Some("old"));
    database.write(7, "new");
    tokio::time::advance(minute).await;
    for _ in 0..5 {
        assert_eq!(node.get(7).await.as_deref(), Some("old"), "nobody waits");
    }
    while node.get(7).await.as_deref() == Some("old") {
        tokio::task::yield_now().await;
    }
    assert_eq!(database.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_value_past_its_stale_time_is_never_served() {
    let database = Database::open();
    database.write(7, "old");
    let minute = Duration::from_mins(1);
    let config = CacheConfig { time_to_live: minute, stale_for: minute, ..config() };
    let node = Node::new(Caches::alone(), config, &database);
    assert_eq!(node.get(7).await.as_deref(), Some("old"));
    database.write(7, "new");
    tokio::time::advance(minute * 2).await;
    assert_eq!(node.get(7).await.as_deref(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_ends_stale_answers_and_the_refresh_under_way() {
    let database = Database::gated();
    database.gate.add_permits(1);
    database.write(7, "old");
    let minute = Duration::from_mins(1);
    let config = CacheConfig { time_to_live: minute, stale_for: minute, ..config() };
    let node = Node::new(Caches::alone(), config, &database);
    assert_eq!(node.get(7).await.as_deref(), Some("old"));
    tokio::time::advance(minute).await;
    assert_eq!(node.get(7).await.as_deref(), Some("old"));
    while database.loads() < 2 {
        tokio::task::yield_now().await;
    }
    database.write(7, "new");
    node.cache.invalidate(&7).await;
    database.gate.add_permits(10);
    assert_eq!(node.get(7).await.as_deref(), Some("new"));
    assert_eq!(node.get(7).await.as_deref(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_loader_that_keeps_failing_is_left_alone_and_tried_again() {
    let database = Database::open();
    database.is_down.store(true, Ordering::SeqCst);
    let node = Node::alone(&database);
    for key in 0..20 {
        assert!(node.cache.get(&key).await.is_err());
    }
    assert_eq!(database.loads(), 5, "then the breaker answers");
    assert_eq!(node.cache.breaker(), BreakerState::Open);
    database.is_down.store(false, Ordering::SeqCst);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(node.get(1).await, None);
    assert_eq!(node.cache.breaker(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_never_ends_is_given_up() {
    let node = Node::alone(&Database::gated());
    let fault = node.cache.get(&1).await.expect_err("too long");
    assert_eq!(fault.kind, autoglm_domain::FaultKind::Timeout);
}

#[tokio::test(start_paused = true)]
async fn warming_loads_what_it_can_within_its_time() {
    let database = Database::gated();
    database.gate.add_permits(3);
    let node = Node::alone(&database);
    assert_eq!(node.cache.warm(0..10, Duration::from_secs(1)).await, 3);
    database.gate.add_permits(100);
    assert_eq!(node.cache.warm(0..10, Duration::from_secs(1)).await, 10);
}

#[tokio::test(start_paused = true)]
async fn one_of_several_nodes_without_redis_keeps_nothing_for_long() {
    let database = Database::open();
    database.write(7, "old");
    let node = Node::new(Caches::shared(None), config(), &database);
    assert_eq!(node.get(7).await.as_deref(), Some("old"));
    database.write(7, "new");
    tokio::time::advance(config().blind_time_to_live).await;
    assert_eq!(node.get(7).await.as_deref(), Some("new"));
}
