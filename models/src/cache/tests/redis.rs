//! Several nodes on one Redis, which dies, freezes, forgets and comes back.

use super::world::{Database, Node, Wires, config, redis_config, until};
use crate::cache::*;
use autoglm_harness::ThrowawayRedis;

fn server(test: &str) -> Option<ThrowawayRedis> {
    ThrowawayRedis::start_or_skip(test).expect("allowed to skip")
}

async fn two(redis: &ThrowawayRedis, database: &Arc<Database>) -> (Node, Node) {
    (Node::on(redis, database).await, Node::on(redis, database).await)
}

#[tokio::test]
async fn what_one_node_loaded_another_reads_from_redis() {
    let Some(redis) = server("what_one_node_loaded_another_reads_from_redis") else { return };
    let database = Database::open();
    database.write(7, "seven");
    let (first, second) = two(&redis, &database).await;
    for node in [&first, &second] {
        assert_eq!(node.get(7).await.as_deref(), Some("seven"));
        assert_eq!(node.get(8).await, None, "absence is shared too");
    }
    assert_eq!(database.loads(), 2);
}

#[tokio::test]
async fn what_an_owner_loaded_that_could_not_answer_is_not_loaded_again() {
    let name = "what_an_owner_loaded_that_could_not_answer_is_not_loaded_again";
    let Some(redis) = server(name) else { return };
    let database = Database::open();
    database.write(7, "seven");
    let (owner, node) = two(&redis, &database).await;
    let wires = Wires::connect(&[&owner, &node]);
    wires.is_failing.store(true, Ordering::SeqCst);
    let waiting = node.getting(7);
    until("it asks the owner", || wires.asks.load(Ordering::SeqCst) == 1).await;
    assert_eq!(owner.get(7).await.as_deref(), Some("seven"));
    wires.fails_now.notify_one();
    assert_eq!(waiting.await.expect("ran").as_deref(), Some("seven"));
    assert_eq!(database.loads(), 1, "Redis has it by now");
}

#[tokio::test]
async fn a_load_that_began_before_an_invalidation_is_kept_nowhere() {
    let name = "a_load_that_began_before_an_invalidation_is_kept_nowhere";
    let Some(redis) = server(name) else { return };
    let database = Database::gated();
    database.write(7, "old");
    let (slow, writer) = two(&redis, &database).await;
    let early = slow.getting(7);
    until("the load began", || database.loads() == 1).await;
    database.write(7, "new");
    writer.cache.invalidate(&7).await;
    database.gate.add_permits(100);
    assert_eq!(early.await.expect("ran").as_deref(), Some("old"), "asked before the write");
    // Whoever comes now finds it neither in Redis nor, once the news is there, in memory.
    assert_eq!(writer.get(7).await.as_deref(), Some("new"));
    let third = Node::on(&redis, &database).await;
    assert_eq!(third.get(7).await.as_deref(), Some("new"));
    while slow.get(7).await.as_deref() != Some("new") {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(database.loads(), 2, "the old one, and one for all who came later");
}

#[tokio::test]
async fn every_node_forgets_what_one_invalidated() {
    let Some(redis) = server("every_node_forgets_what_one_invalidated") else { return };
    let database = Database::open();
    database.write(7, "old");
    let (first, second) = two(&redis, &database).await;
    assert_eq!(second.get(7).await, first.get(7).await);
    database.write(7, "new");
    first.cache.invalidate(&7).await;
    assert_eq!(first.get(7).await.as_deref(), Some("new"), "at once where it was written");
    while second.get(7).await.as_deref() != Some("new") {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn without_redis_a_node_starts_answers_and_uses_it_when_it_comes() {
    let name = "without_redis_a_node_starts_answers_and_uses_it_when_it_comes";
    let Some(redis) = server(name) else { return };
    redis.kill().expect("killed");
    let database = Database::open();
    database.write(7, "seven");
    let link = RedisLink::connect(redis_config(&redis));
    let node = Node::new(Caches::shared(Some(link)), config(), &database);
    assert_eq!(node.get(7).await.as_deref(), Some("seven"));
    assert!(!node.link().is_trusted());
    redis.restart().expect("started");
    assert!(node.link().is_ready_within(Duration::from_secs(20)).await);
    assert_eq!(node.get(9).await, None);
    let other = Node::on(&redis, &database).await;
    let before = database.loads();
    assert_eq!(other.get(9).await, None);
    assert_eq!(database.loads(), before, "it came from Redis");
}

#[tokio::test]
async fn when_redis_dies_everything_is_forgotten_and_nobody_is_refused() {
    let name = "when_redis_dies_everything_is_forgotten_and_nobody_is_refused";
    let Some(redis) = server(name) else { return };
    let database = Database::open();
    database.write(7, "old");
    let (first, second) = two(&redis, &database).await;
    assert_eq!(second.get(7).await, first.get(7).await);
    redis.kill().expect("killed");
    until("both noticed", || !first.link().is_trusted() && !second.link().is_trusted()).await;
    database.write(7, "new");
    first.cache.invalidate(&7).await;
    assert_eq!(first.get(7).await.as_deref(), Some("new"));
    assert_eq!(second.get(7).await.as_deref(), Some("new"), "it dropped what it could not trust");
    assert_eq!(first.link().pending(), 1);
    redis.restart().expect("restarted");
    until("both are back", || first.link().is_trusted() && second.link().is_trusted()).await;
    assert_eq!(first.link().pending(), 0, "Redis was told before it was believed");
    assert_eq!(second.get(7).await.as_deref(), Some("new"));
}

#[tokio::test]
async fn a_server_that_comes_back_with_an_old_snapshot_is_not_believed() {
    let name = "a_server_that_comes_back_with_an_old_snapshot_is_not_believed";
    let Some(redis) = server(name) else { return };
    let database = Database::open();
    database.write(7, "old");
    let node = Node::on(&redis, &database).await;
    assert_eq!(node.get(7).await.as_deref(), Some("old"));
    assert!(redis.command(&["SAVE"]).expect("saved").starts_with("+OK"));
    database.write(7, "new");
    node.cache.invalidate(&7).await;
    redis.kill().expect("killed");
    redis.restart().expect("restarted, with what it saved");
    assert!(redis.command(&["DBSIZE"]).expect("size") != ":0\r\n", "the old value is there");
    let later = Node::on(&redis, &database).await;
    assert_eq!(later.get(7).await.as_deref(), Some("new"));
}

#[tokio::test]
async fn a_flushed_server_takes_no_late_value_and_serves_on() {
    let Some(redis) = server("a_flushed_server_takes_no_late_value_and_serves_on") else { return };
    let database = Database::gated();
    database.write(7, "old");
    let (slow, writer) = two(&redis, &database).await;
    let early = slow.getting(7);
    until("the load began", || database.loads() == 1).await;
    database.write(7, "new");
    writer.cache.invalidate(&7).await;
    redis.command(&["FLUSHALL"]).expect("flushed");
    redis.command(&["SCRIPT", "FLUSH"]).expect("flushed");
    database.gate.add_permits(100);
    early.await.expect("ran");
    let third = Node::on(&redis, &database).await;
    assert_eq!(third.get(7).await.as_deref(), Some("new"));
    assert_eq!(writer.get(7).await.as_deref(), Some("new"));
    assert_eq!(database.loads(), 2, "scripts are sent again, and sharing goes on");
}

#[tokio::test]
async fn a_frozen_redis_costs_a_few_waits_and_then_none() {
    let Some(redis) = server("a_frozen_redis_costs_a_few_waits_and_then_none") else { return };
    let database = Database::open();
    let limits = RedisConfig { command_limit: Duration::from_millis(50), ..redis_config(&redis) };
    let link = RedisLink::connect(limits);
    assert!(link.is_ready_within(Duration::from_secs(20)).await);
    let node = Node::new(Caches::shared(Some(link)), config(), &database);
    database.write(7, "old");
    node.get(7).await;
    redis.pause().expect("frozen");
    let mut asked = 0;
    while node.link().is_trusted() {
        asked += 1;
        assert!(asked <= 3, "the breaker opens after three failures");
        assert_eq!(node.get(100 + asked).await, None, "answered all the same");
    }
    assert_eq!(node.link().breaker(), BreakerState::Open);
    database.write(7, "new");
    node.cache.invalidate(&7).await;
    assert_eq!(node.get(7).await.as_deref(), Some("new"));
    assert!(node.link().pending() > 0);
    redis.resume().expect("goes on");
    until("it is told and believed again", || {
        node.link().is_trusted() && node.link().pending() == 0
    })
    .await;
    assert_eq!(node.get(7).await.as_deref(), Some("new"));
}

#[tokio::test]
async fn a_node_that_redis_cannot_hear_has_its_neighbours_tell_it() {
    let name = "a_node_that_redis_cannot_hear_has_its_neighbours_tell_it";
    let Some(redis) = server(name) else { return };
    let database = Database::open();
    database.write(7, "old");
    let neighbour = Node::on(&redis, &database).await;
    // This one's Redis is somewhere else, where nothing listens.
    let nowhere = autoglm_domain::Secret::new("redis://127.0.0.1:1/0");
    let link = RedisLink::connect(RedisConfig { url: nowhere, ..redis_config(&redis) });
    let cut_off = Node::new(Caches::shared(Some(link)), config(), &database);
    let _wires = Wires::connect(&[&neighbour, &cut_off]);
    assert_eq!(neighbour.get(7).await.as_deref(), Some("old"));
    database.write(7, "new");
    cut_off.cache.invalidate(&7).await;
    assert_eq!(cut_off.get(7).await.as_deref(), Some("new"));
    assert_eq!(neighbour.get(7).await.as_deref(), Some("new"), "it bypasses what Redis still has");
    until("the neighbour told Redis", || neighbour.link().pending() == 0).await;
    let third = Node::on(&redis, &database).await;
    assert_eq!(third.get(7).await.as_deref(), Some("new"));
}

#[tokio::test]
async fn more_invalidations_than_can_be_kept_give_up_everything_shared() {
    let name = "more_invalidations_than_can_be_kept_give_up_everything_shared";
    let Some(redis) = server(name) else { return };
    let database = Database::open();
    let limits = RedisConfig { pending_max: 3, ..redis_config(&redis) };
    let link = RedisLink::connect(limits);
    assert!(link.is_ready_within(Duration::from_secs(20)).await);
    let writer = Node::new(Caches::shared(Some(link)), config(), &database);
    let reader = Node::on(&redis, &database).await;
    for key in 0..9 {
        database.write(key, "old");
        assert_eq!(writer.get(key).await, reader.get(key).await);
    }
    redis.kill().expect("killed");
    until("noticed", || !writer.link().is_trusted() && !reader.link().is_trusted()).await;
    for key in 0..9 {
        database.write(key, "new");
        writer.cache.invalidate(&key).await;
    }
    redis.restart().expect("restarted");
    until("told", || writer.link().is_trusted() && writer.link().pending() == 0).await;
    until("back", || reader.link().is_trusted()).await;
    for key in 0..9 {
        assert_eq!(reader.get(key).await.as_deref(), Some("new"));
    }
}

#[tokio::test]
async fn a_wrong_address_is_a_state_and_not_an_end() {
    let database = Database::open();
    for url in ["", "nonsense", "redis-cluster://127.0.0.1:1", "redis://127.0.0.1:1"] {
        let link = RedisLink::connect(RedisConfig::at(autoglm_domain::Secret::new(url)));
        let node = Node::new(Caches::shared(Some(link)), config(), &database);
        assert_eq!(node.get(7).await, None, "{url}");
    }
}
