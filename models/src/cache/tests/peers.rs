//! Several nodes that reach each other.

use super::world::{Database, Node, Wires, config, until};
use crate::cache::*;

fn three(database: &Arc<Database>) -> [Node; 3] {
    std::array::from_fn(|_| Node::new(Caches::shared(None), config(), database))
}

#[tokio::test]
async fn a_cold_key_is_loaded_once_by_its_owner_for_all_nodes() {
    let database = Database::gated();
    database.write(7, "seven");
    let nodes = three(&database);
    let _wires = Wires::connect(&[&nodes[0], &nodes[1], &nodes[2]]);
    let callers: Vec<_> = (0..300).map(|number| nodes[number % 3].getting(7)).collect();
    until("a load began", || database.loads() > 0).await;
    database.gate.add_permits(100);
    for caller in callers {
        assert_eq!(caller.await.expect("ran").as_deref(), Some("seven"));
    }
    assert_eq!(database.loads(), 1);
}

#[tokio::test]
async fn absence_travels_too() {
    let database = Database::open();
    let nodes = three(&database);
    let _wires = Wires::connect(&[&nodes[0], &nodes[1], &nodes[2]]);
    for node in nodes.iter().rev() {
        assert_eq!(node.get(7).await, None);
    }
    assert_eq!(database.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_does_not_answer_is_not_waited_for() {
    let database = Database::open();
    database.write(7, "seven");
    let usual = CacheConfig { peer_limit: Duration::from_millis(100), ..config() };
    let owner = Node::new(Caches::shared(None), usual.clone(), &database);
    let node = Node::new(Caches::shared(None), usual, &database);
    let wires = Wires::connect(&[&owner, &node]);
    wires.is_silent.store(true, Ordering::SeqCst);
    let began = Instant::now();
    assert_eq!(node.get(7).await.as_deref(), Some("seven"));
    assert_eq!(began.elapsed().as_millis(), 100);
    assert_eq!((database.loads(), wires.asks.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn an_owner_that_missed_the_news_learns_them_from_whoever_asks() {
    let database = Database::open();
    database.write(7, "old");
    let nodes = three(&database);
    let wires = Wires::connect(&[&nodes[0], &nodes[1], &nodes[2]]);
    for node in &nodes {
        assert_eq!(node.get(7).await.as_deref(), Some("old"));
    }
    wires.is_deaf.store(true, Ordering::SeqCst);
    database.write(7, "new");
    nodes[2].cache.invalidate(&7).await;
    assert_eq!(nodes[0].get(7).await.as_deref(), Some("old"), "it did not hear");
    assert_eq!(nodes[2].get(7).await.as_deref(), Some("new"), "a node reads its own writes");
    assert_eq!(nodes[0].get(7).await.as_deref(), Some("new"), "now it knows");
    assert_eq!(database.loads(), 2);
}

#[tokio::test]
async fn a_load_for_another_node_that_began_before_a_write_answers_nobody_who_knows_of_it() {
    let database = Database::gated();
    database.write(7, "old");
    let nodes = three(&database);
    let wires = Wires::connect(&[&nodes[0], &nodes[1], &nodes[2]]);
    wires.is_deaf.store(true, Ordering::SeqCst);
    let early = nodes[1].getting(7);
    until("the owner loads", || database.loads() == 1).await;
    database.write(7, "new");
    nodes[2].cache.invalidate(&7).await;
    let late = nodes[2].getting(7);
    until("the owner loads again", || database.loads() == 2).await;
    database.gate.add_permits(10);
    assert_eq!(early.await.expect("ran").as_deref(), Some("old"), "asked before the write");
    assert_eq!(late.await.expect("ran").as_deref(), Some("new"));
    assert_eq!(nodes[0].get(7).await.as_deref(), Some("new"));
}

#[tokio::test]
async fn messages_nobody_can_read_are_refused() {
    let database = Database::open();
    let node = Node::alone(&database);
    assert!(node.caches.serve_peer(b"strange").await.is_err());
    assert!(node.caches.hear(b"strange").is_err());
    let elsewhere =
        Node::new(Caches::shared(None), CacheConfig { name: "unknown", ..config() }, &database);
    let wires = Wires::connect(&[&node, &elsewhere]);
    assert_eq!(elsewhere.get(7).await, None, "it loads itself");
    assert_eq!((wires.asks.load(Ordering::SeqCst), database.loads()), (1, 1));
}
