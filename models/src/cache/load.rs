//! What happens when memory does not have it: Redis, then the key's owner, then the loader.

use super::caches::Member;
use super::config::Reach;
use super::format::Parcel;
use super::peers::{Ask, decode, encode};
use super::redis::{Found, Stored};
use super::{Breaker, Entry, Inner, hash_of};
use autoglm_domain::{Fault, FaultKind};
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::hash::Hash;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// What a fetch is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// A caller: a stale value will do.
    Any,
    /// A refresh: stale is what is there already.
    Fresh,
    /// Another node that takes this one for the owner, which it is not: nobody else is asked, or
    /// two nodes would wait for each other.
    Here,
}

impl<K, V> Inner<K, V>
where
    K: Hash + Eq + Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// Must be called after the stamp was read under which the entry will be kept.
    pub(super) async fn fetch(&self, key: &K, want: Want) -> Result<Arc<Entry<V>>, Fault> {
        let is_trusted = self.room.is_trusted();
        let name = encode(key);
        let mut generation = match self.shared(&name).await {
            Shared::Fresh(parcel) => {
                self.figures.redis.increment(1);
                return Ok(self.kept(parcel, is_trusted));
            }
            Shared::Stale(parcel, _) if want == Want::Any => {
                self.figures.redis.increment(1);
                return Ok(self.kept(parcel, is_trusted));
            }
            Shared::Stale(_, generation) | Shared::Nothing(generation) => Some(generation),
            Shared::Away => None,
        };
        if want != Want::Here {
            match self.of_owner(key, &name).await {
                Owner::Answered(parcel) => {
                    self.figures.peer.increment(1);
                    return Ok(self.kept(parcel, is_trusted));
                }
                // It may have loaded it all the same, and only been too busy to say so in time.
                Owner::Silent if generation.is_some() => match self.shared(&name).await {
                    Shared::Fresh(parcel) => {
                        self.figures.redis.increment(1);
                        return Ok(self.kept(parcel, is_trusted));
                    }
                    Shared::Stale(_, newer) | Shared::Nothing(newer) => generation = Some(newer),
                    Shared::Away => generation = None,
                },
                Owner::Silent | Owner::ThisNode => {}
            }
        }
        let parcel = self.parcel(self.load(key).await?);
        if let Some(generation) = generation
            && self.share(&name, &generation, &parcel).await == Some(Stored::Outdated)
        {
            // Redis knows of an invalidation whose news is on its way here: whoever waits gets the
            // value, because they asked before, and nobody else does.
            self.figures.outdated.increment(1);
            let (fresh_for, stale_for) = (Duration::ZERO, Duration::ZERO);
            return Ok(self.kept(Parcel { fresh_for, stale_for, ..parcel }, is_trusted));
        }
        self.figures.entries.set(precise(self.memory.entry_count()));
        Ok(self.kept(parcel, is_trusted))
    }

    /// What Redis has.
    async fn shared(&self, name: &[u8]) -> Shared<V> {
        if self.config.reach == Reach::Node {
            return Shared::Away;
        }
        let Some(redis) = self.room.redis() else { return Shared::Away };
        let stale_for = self.config.stale_for;
        match redis.read(&self.wire_name, name, stale_for).await {
            None => Shared::Away,
            Some(Found::Nothing(generation)) => Shared::Nothing(generation),
            Some(Found::Value(bytes, left)) => {
                // What we cannot read is nothing; without its generation it cannot be replaced
                // either, until it expires.
                aged(&bytes, left).map_or(Shared::Away, Shared::Fresh)
            }
            Some(Found::Stale(bytes, left, generation)) => match aged(&bytes, left) {
                Some(parcel) => Shared::Stale(parcel, generation),
                None => Shared::Nothing(generation),
            },
        }
    }

    /// What the key's owner has, if that is another node and it answers in time.
    async fn of_owner(&self, key: &K, name: &[u8]) -> Owner<V> {
        let peers = self.room.peers();
        if self.config.reach == Reach::Node || peers.is_owner(&self.wire_name, name) {
            return Owner::ThisNode;
        }
        let redis = self.room.redis();
        let ask = Ask {
            cache: self.wire_name.clone(),
            key: name.to_vec(),
            heard: self.ledger.heard(hash_of(key)),
            unheard_by_redis: redis.is_some_and(|redis| redis.is_pending(&self.wire_name, name)),
        };
        let answer = peers.ask(&self.wire_name, name, encode(&ask));
        let answer = tokio::time::timeout(self.config.peer_limit, answer).await;
        let parcel = match answer {
            Ok(Ok(bytes)) => Parcel::unpack(&bytes),
            Ok(Err(fault)) => {
                tracing::debug!("asking the owner of a key of {}: {fault}", self.wire_name);
                None
            }
            Err(_elapsed) => None,
        };
        match parcel {
            Some(parcel) => Owner::Answered(parcel),
            None => {
                self.figures.peer_failures.increment(1);
                Owner::Silent
            }
        }
    }

    /// Asks the loader, unless its breaker rests.
    async fn load(&self, key: &K) -> Result<Option<V>, Fault> {
        self.admitted()?;
        self.figures.loads.increment(1);
        let limit = self.config.load_limit;
        let loaded = match tokio::time::timeout(limit, self.loader.load(key)).await {
            Ok(loaded) => loaded,
            Err(_elapsed) => Err(Fault::new(
                FaultKind::Timeout,
                format!("loading for {} took longer than {limit:?}; try again", self.wire_name),
            )),
        };
        self.reported(loaded.as_ref().err());
        loaded
    }

    fn admitted(&self) -> Result<(), Fault> {
        let now = Instant::now();
        let mut breaker = self.breaker();
        if breaker.admit(now) {
            return Ok(());
        }
        let wait = breaker.remaining(now).max(Duration::from_millis(100));
        let message = format!(
            "what {} reads from has failed several times and is left alone for a moment; try again",
            self.config.name
        );
        Err(Fault::unavailable(message, wait))
    }

    /// Only what a rest may cure opens the breaker: a request that is wrong stays wrong.
    fn reported(&self, fault: Option<&Fault>) {
        let is_down = |fault: &Fault| {
            let kinds = [FaultKind::Unavailable, FaultKind::Timeout, FaultKind::Internal];
            kinds.contains(&fault.kind)
        };
        let now = Instant::now();
        let mut breaker = self.breaker();
        if fault.is_some_and(is_down) {
            self.figures.load_failures.increment(1);
            if breaker.failed(now) {
                tracing::warn!("the loader of {} keeps failing; it gets a rest", self.config.name);
            }
        } else {
            breaker.succeeded();
        }
        self.figures.breaker(breaker.state(now));
    }

    pub(super) fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives what was loaded to the other nodes, under the generation its load began in.
    async fn share(&self, name: &[u8], generation: &str, parcel: &Parcel<V>) -> Option<Stored> {
        let bytes = parcel.pack().filter(|bytes| bytes.len() <= self.config.shared_bytes_max)?;
        let lifetime = parcel.fresh_for + parcel.stale_for;
        self.room.redis()?.store(&self.wire_name, name, generation, (bytes, lifetime)).await
    }

    /// What was loaded, with its lifetimes.
    fn parcel(&self, value: Option<V>) -> Parcel<V> {
        let (fresh_for, stale_for) = match value {
            Some(_) => (self.config.time_to_live, self.config.stale_for),
            None => (self.config.negative_time_to_live, Duration::ZERO),
        };
        let fresh_for = fresh_for.mul_f64(1.0 - rand::random::<f64>() * 0.1);
        Parcel { value, fresh_for, stale_for }
    }

    /// As memory keeps it: shortly, when an invalidation could be missed.
    fn kept(&self, parcel: Parcel<V>, is_trusted: bool) -> Arc<Entry<V>> {
        let now = Instant::now();
        let (mut fresh_for, mut stale_for) = (parcel.fresh_for, parcel.stale_for);
        if !is_trusted {
            fresh_for = fresh_for.min(self.config.blind_time_to_live);
            stale_for = stale_for.min(self.config.blind_time_to_live.saturating_sub(fresh_for));
        }
        Arc::new(Entry {
            value: parcel.value,
            fresh_until: now + fresh_for,
            stale_until: now + fresh_for + stale_for,
            is_refreshing: AtomicBool::new(false),
        })
    }

    async fn answer(self: Arc<Self>, ask: Ask) -> Result<Vec<u8>, Fault> {
        if self.config.reach == Reach::Node {
            return Err(Fault::invalid(format!("{} is not for other nodes", self.wire_name)));
        }
        let key: K = decode(&ask.key)?;
        let hash = hash_of(&key);
        for id in ask.heard {
            // The asker knows something this node does not: the news is still on its way.
            self.ledger.forget(hash, id);
        }
        if ask.unheard_by_redis
            && let Some(redis) = self.room.redis()
        {
            redis.invalidate(&self.wire_name, &ask.key, super::new_id()).await;
        }
        let entry = if self.room.peers().is_owner(&self.wire_name, &ask.key) {
            self.entry(&key).await?
        } else {
            self.fetch(&key, Want::Here).await?
        };
        self.figures.peer_served.increment(1);
        let now = Instant::now();
        let fresh_for = entry.fresh_until.saturating_duration_since(now);
        let stale_for = entry.stale_until.saturating_duration_since(now.max(entry.fresh_until));
        let parcel = Parcel { value: entry.value.clone(), fresh_for, stale_for };
        parcel.pack().ok_or_else(|| {
            Fault::internal(format!("a value of {} cannot be written", self.wire_name))
        })
    }
}

impl<K, V> Member for Inner<K, V>
where
    K: Hash + Eq + Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    V: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    fn hear(&self, key: &[u8], id: u64) -> Result<bool, Fault> {
        let key: K = decode(key)?;
        let is_new = self.ledger.forget(hash_of(&key), id);
        if is_new {
            self.figures.invalidations.increment(1);
        }
        Ok(is_new)
    }

    fn forget_everything(&self) {
        self.ledger.forget_all();
        // What is left could not be found any more; this frees it.
        self.memory.invalidate_all();
    }

    fn serve(self: Arc<Self>, ask: Ask) -> BoxFuture<'static, Result<Vec<u8>, Fault>> {
        Box::pin(self.answer(ask))
    }
}

/// What came of asking the key's owner.
enum Owner<V> {
    Answered(Parcel<V>),
    Silent,
    ThisNode,
}

enum Shared<V> {
    Fresh(Parcel<V>),
    Stale(Parcel<V>, String),
    Nothing(String),
    Away,
}

/// A value from Redis with what is left of its life.
fn aged<V: Serialize + DeserializeOwned>(bytes: &[u8], left: Duration) -> Option<Parcel<V>> {
    let parcel = Parcel::<V>::unpack(bytes)?;
    let stale_for = parcel.stale_for.min(left);
    let fresh_for = left.saturating_sub(parcel.stale_for).min(parcel.fresh_for);
    Some(Parcel { fresh_for, stale_for, ..parcel })
}

/// As a figure for the metrics.
#[expect(clippy::cast_precision_loss, reason = "a gauge of entries, far below 2^52")]
fn precise(entries: u64) -> f64 {
    entries as f64
}
