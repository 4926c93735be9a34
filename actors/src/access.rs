//! StoreAccess: whom a token speaks for.
//!
//! **Receives** calls of the port `Access`. **Sends** queries by the token's hash. **Limits** tokens of 256
//! bytes, 10,000 cached answers for 60 s, unknown tokens included. **On restart** the cache fills again.

use crate::library::in_time;
use async_trait::async_trait;
use autoglm_domain::{Fault, ReaderId};
use autoglm_models::{Store, TokenOwner};
use autoglm_protocol::port::{Access, Principal};
use moka::future::Cache;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a token at most; ours are shorter.
const TOKEN_BYTES_MAX: usize = 256;
/// Answers kept.
const CACHED_MAX: u64 = 10_000;
/// How long a revoked token may still be believed.
const CACHED_FOR: Duration = Duration::from_secs(60);

/// A token's name in the cache: two hashes under keys of this process. The token itself is never
/// kept, and nobody outside can make two tokens collide.
type CacheKey = (u64, u64);

/// The port over the store. Clones share the cache.
#[derive(Clone, Debug)]
pub struct StoreAccess {
    store: Store,
    anonymous: Option<ReaderId>,
    keys: (RandomState, RandomState),
    cache: Cache<CacheKey, Option<Principal>>,
}

impl StoreAccess {
    /// `anonymous` is the reader of requests without a token; `None` requires one.
    #[must_use]
    pub fn new(store: Store, anonymous: Option<ReaderId>) -> Self {
        let cache = Cache::builder().max_capacity(CACHED_MAX).time_to_live(CACHED_FOR).build();
        Self { store, anonymous, keys: (RandomState::new(), RandomState::new()), cache }
    }

    async fn look_up(&self, token: &str) -> Result<Option<Principal>, Fault> {
        let owner = in_time(self.store.token_owner(token)).await?;
        Ok(owner.map(|owner| match owner {
            TokenOwner::Admin => Principal::Operator,
            TokenOwner::Reader(reader) => Principal::Reader(reader),
        }))
    }
}

#[async_trait]
impl Access for StoreAccess {
    async fn principal(&self, token: &str) -> Result<Option<Principal>, Fault> {
        if token.is_empty() || token.len() > TOKEN_BYTES_MAX {
            return Ok(None);
        }
        let key = (self.keys.0.hash_one(token), self.keys.1.hash_one(token));
        let found = self.cache.try_get_with(key, self.look_up(token)).await;
        found.map_err(|fault: Arc<Fault>| Fault::clone(&fault))
    }

    fn anonymous_reader(&self) -> Option<ReaderId> {
        self.anonymous
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing_readers::store;

    #[tokio::test]
    async fn a_token_speaks_for_its_holder_and_strange_ones_for_nobody() {
        let (store, _directory) = store().await;
        let reader = store.ensure_local_reader().await.expect("a reader").id;
        let of_reader = store.create_token(Some(reader), "phone").await.expect("a token");
        let of_operator = store.create_token(None, "operator").await.expect("a token");
        let access = StoreAccess::new(store, Some(reader));
        for _ in 0..2 {
            let found = access.principal(&of_reader).await.expect("an answer");
            assert_eq!(found, Some(Principal::Reader(reader)));
            let found = access.principal(&of_operator).await.expect("an answer");
            assert_eq!(found, Some(Principal::Operator));
            for strange in ["", "x", &"y".repeat(300), &of_reader[1..]] {
                assert_eq!(access.principal(strange).await, Ok(None), "{strange}");
            }
        }
        assert_eq!(access.anonymous_reader(), Some(reader));
    }
}
