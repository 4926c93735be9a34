//! CachePeers: the shared cache's way to other nodes.
//!
//! **Receives** keys to load for others, and news of what is no longer true. **Sends** both.
//! **Limits** those of the door; whoever asks waits 100 ms at most and then loads itself.
//! **On restart** it keeps nothing.

use async_trait::async_trait;
use autoglm_cluster::{Door, PeerRequest, PeerService, Peers, peers::tell_all};
use autoglm_domain::{Fault, Incarnation};
use autoglm_models::cache::{Caches, Invalidation, PeerLoad};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use xxhash_rust::xxh3::Xxh3;

/// Longest wait for the owner of a key.
const ASK_LIMIT: Duration = Duration::from_millis(100);

/// The other nodes as the cache sees them.
#[derive(Debug, Clone)]
pub struct CachePeers {
    me: Incarnation,
    peers: Arc<dyn Peers>,
}

/// Connects caches to the other nodes.
pub fn connect(caches: &Caches, me: Incarnation, peers: &Arc<dyn Peers>) {
    let others = Arc::new(CachePeers { me, peers: Arc::clone(peers) });
    caches.connect_peers(Arc::clone(&others) as _, others);
    peers.open(Door::Cache, Arc::new(CacheDoor(caches.clone())));
}

impl CachePeers {
    /// The owner of a key among the nodes that can be reached and this one: the lowest of their
    /// draws, as with shards. Nodes that do not see the same nodes may disagree; then a key is
    /// loaded twice.
    fn owner(&self, cache: &str, key: &[u8]) -> Incarnation {
        let nodes = self.peers.reachable();
        let nodes = nodes.into_iter().chain([self.me]);
        nodes.min_by_key(|node| (draw(cache, key, *node), *node)).unwrap_or(self.me)
    }
}

fn draw(cache: &str, key: &[u8], node: Incarnation) -> u64 {
    let mut hash = Xxh3::new();
    // The zero keeps a name and the beginning of a key apart.
    for part in [cache.as_bytes(), &[0], key, &node.0.to_le_bytes()] {
        hash.update(part);
    }
    hash.digest()
}

impl PeerLoad for CachePeers {
    fn is_owner(&self, cache: &str, key: &[u8]) -> bool {
        self.owner(cache, key) == self.me
    }

    fn ask<'a>(
        &'a self,
        cache: &'a str,
        key: &'a [u8],
        request: Vec<u8>,
    ) -> BoxFuture<'a, Result<Vec<u8>, Fault>> {
        let owner = self.owner(cache, key);
        Box::pin(self.peers.ask(owner, Door::Cache, PeerRequest::within(ASK_LIMIT, request)))
    }
}

impl Invalidation for CachePeers {
    fn publish(&self, news: Vec<u8>) {
        tell_all(self.peers.as_ref(), Door::Cache, &news);
    }
}

struct CacheDoor(Caches);

#[async_trait]
impl PeerService for CacheDoor {
    async fn answer(&self, _from: Incarnation, request: PeerRequest) -> Result<Vec<u8>, Fault> {
        self.0.serve_peer(&request.body).await
    }

    fn told(&self, from: Incarnation, body: Vec<u8>) {
        if let Err(fault) = self.0.hear(&body) {
            tracing::debug!(%from, why = %fault.message, "news for the cache were left aside");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_cluster::MemoryNetwork;
    use autoglm_models::cache::{Cache, CacheConfig, Loader};
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Loader<u64, String> for Counting {
        fn load<'a>(&'a self, key: &'a u64) -> BoxFuture<'a, Result<Option<String>, Fault>> {
            Box::pin(async move {
                self.0.fetch_add(1, Ordering::SeqCst);
                Ok(Some(format!("value {key}")))
            })
        }
    }

    fn nodes(count: i64, loader: &Arc<Counting>) -> Vec<Cache<u64, String>> {
        let network = MemoryNetwork::default();
        let members: Vec<_> =
            (1..=count).map(|id| (Incarnation(id), network.join(Incarnation(id)))).collect();
        let cache = |(me, peers): (Incarnation, autoglm_cluster::peers::MemoryPeers)| {
            let caches = Caches::shared(None);
            let peers: Arc<dyn Peers> = Arc::new(peers);
            connect(&caches, me, &peers);
            caches.make(CacheConfig::named("counted", 1), Arc::clone(loader) as _)
        };
        members.into_iter().map(cache).collect()
    }

    #[tokio::test]
    async fn a_cold_key_is_loaded_once_for_three_nodes() {
        let loader = Arc::new(Counting::default());
        let nodes = nodes(3, &loader);
        for key in 0..20 {
            for node in &nodes {
                assert_eq!(node.get(&key).await, Ok(Some(format!("value {key}"))));
            }
        }
        assert_eq!(loader.0.load(Ordering::SeqCst), 20);
    }

    #[tokio::test]
    async fn what_one_node_invalidates_every_node_loads_again() {
        let loader = Arc::new(Counting::default());
        let nodes = nodes(3, &loader);
        for node in &nodes {
            node.get(&7).await.expect("loaded");
        }
        nodes[0].invalidate(&7).await;
        for node in &nodes {
            node.get(&7).await.expect("loaded");
        }
        assert_eq!(loader.0.load(Ordering::SeqCst), 2, "once before and once after");
    }
}
