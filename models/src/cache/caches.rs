//! The caches of a node, with what they share: Redis, and the way to other nodes.

use super::config::CacheConfig;
use super::peers::{Ask, Invalidation, News, NobodyElse, PeerLoad, decode, encode};
use super::redis::{Listener, RedisLink};
use super::{Cache, Loader};
use autoglm_domain::Fault;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock, Weak};

/// One cache, as messages see it.
pub(super) trait Member: Send + Sync {
    /// Takes an invalidation in. `false` when it was known.
    fn hear(&self, key: &[u8], id: u64) -> Result<bool, Fault>;
    /// Drops everything.
    fn forget_everything(&self);
    /// Answers another node.
    fn serve(self: Arc<Self>, ask: Ask) -> BoxFuture<'static, Result<Vec<u8>, Fault>>;
}

/// All caches of this node. Cheap to clone.
#[derive(Clone)]
pub struct Caches {
    room: Arc<Room>,
}

pub(super) struct Room {
    redis: Option<RedisLink>,
    is_alone: bool,
    peers: RwLock<(Arc<dyn PeerLoad>, Arc<dyn Invalidation>)>,
    members: RwLock<HashMap<String, Weak<dyn Member>>>,
}

impl Debug for Caches {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Caches").field("redis", &self.room.redis).finish_non_exhaustive()
    }
}

impl Caches {
    /// For the only node there is: nobody else writes, so nothing can be missed.
    #[must_use]
    pub fn alone() -> Self {
        Self::new(None, true)
    }

    /// For one of several nodes. Without Redis nothing is kept longer than the blind time to live,
    /// because only best-effort messages tell of other nodes' writes.
    #[must_use]
    pub fn shared(redis: Option<RedisLink>) -> Self {
        Self::new(redis, false)
    }

    fn new(redis: Option<RedisLink>, is_alone: bool) -> Self {
        let nobody = Arc::new(NobodyElse);
        let room = Arc::new(Room {
            redis,
            is_alone,
            peers: RwLock::new((nobody.clone(), nobody)),
            members: RwLock::new(HashMap::new()),
        });
        if let Some(redis) = &room.redis {
            let listener: Weak<Room> = Arc::downgrade(&room);
            redis.listen(listener);
        }
        Self { room }
    }

    /// Connects the other nodes, when the way to them is there.
    pub fn connect_peers(&self, peers: Arc<dyn PeerLoad>, telling: Arc<dyn Invalidation>) {
        *self.room.peers.write().unwrap_or_else(PoisonError::into_inner) = (peers, telling);
    }

    /// Makes a cache in front of a loader. The name in the configuration is taken from then on.
    #[must_use]
    pub fn make<K, V>(&self, config: CacheConfig, loader: Arc<dyn Loader<K, V>>) -> Cache<K, V>
    where
        K: Hash + Eq + Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
        V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let cache = Cache::new(config, loader, Arc::clone(&self.room));
        let mut members = self.room.members.write().unwrap_or_else(PoisonError::into_inner);
        let taken = members.insert(cache.wire_name().to_owned(), cache.member());
        drop(members);
        if taken.is_some_and(|earlier| earlier.strong_count() > 0) {
            tracing::error!(
                "two caches are called {}; only the second hears news",
                cache.wire_name()
            );
        }
        cache
    }

    /// Answers what another node asks ([`PeerLoad::ask`]): from memory, Redis or the loader.
    ///
    /// # Errors
    /// `Invalid` for a message that cannot be read, `NotFound` for a cache this node does not have
    /// (another version of the program may), else the loader's fault.
    pub async fn serve_peer(&self, request: &[u8]) -> Result<Vec<u8>, Fault> {
        let ask: Ask = decode(request)?;
        let member = self.room.member(&ask.cache).ok_or_else(|| {
            let name: String = ask.cache.chars().take(60).collect();
            Fault::not_found(format!("this node has no cache {name}"))
        })?;
        member.serve(ask).await
    }

    /// Takes in what another node told ([`Invalidation::publish`]).
    ///
    /// # Errors
    /// `Invalid` for a message that cannot be read.
    pub fn hear(&self, news: &[u8]) -> Result<(), Fault> {
        self.room.hear(&decode(news)?)
    }

    /// The link to Redis, if there is one.
    #[must_use]
    pub fn redis(&self) -> Option<&RedisLink> {
        self.room.redis.as_ref()
    }
}

impl Room {
    /// Whether no invalidation can be missed.
    pub(super) fn is_trusted(&self) -> bool {
        self.is_alone || self.redis.as_ref().is_some_and(RedisLink::is_trusted)
    }

    pub(super) fn redis(&self) -> Option<&RedisLink> {
        self.redis.as_ref()
    }

    pub(super) fn peers(&self) -> Arc<dyn PeerLoad> {
        Arc::clone(&self.peers.read().unwrap_or_else(PoisonError::into_inner).0)
    }

    pub(super) fn tell(&self, news: &News) {
        let telling = Arc::clone(&self.peers.read().unwrap_or_else(PoisonError::into_inner).1);
        telling.publish(encode(news));
    }

    fn hear(&self, news: &News) -> Result<(), Fault> {
        let Some(member) = self.member(&news.cache) else { return Ok(()) };
        let is_new = member.hear(&news.key, news.id)?;
        if is_new && news.unheard_by_redis {
            // Whoever wrote cannot reach Redis; perhaps this node can.
            if let Some(redis) = &self.redis {
                redis.invalidate_later(&news.cache, &news.key);
            }
        }
        Ok(())
    }

    fn member(&self, name: &str) -> Option<Arc<dyn Member>> {
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        members.get(name)?.upgrade()
    }
}

impl Listener for Room {
    fn heard(&self, news: &[u8]) {
        let heard = decode(news).and_then(|news| self.hear(&news));
        if let Err(fault) = heard {
            tracing::warn!("news about cached keys were not understood: {fault}");
        }
    }

    fn missed(&self) {
        let members: Vec<_> = {
            let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
            members.values().filter_map(Weak::upgrade).collect()
        };
        for member in members {
            member.forget_everything();
        }
    }
}
