//! StoreAccess: whom a token speaks for.
//!
//! **Receives** calls of the port `Access`. **Sends** queries by the token's hash. **Limits** tokens of 200
//! bytes, 10,000 cached answers for 5 s, unknown tokens included. **On restart** the cache fills again.

use async_trait::async_trait;
use autoglm_domain::{Fault, ReaderId};
use autoglm_models::{CachedReads, TokenOwner};
use autoglm_protocol::port::{Access, Principal};

/// The port over the cached reads. Clones share the cache, which knows hashes and never a token.
#[derive(Clone, Debug)]
pub struct StoreAccess {
    reads: CachedReads,
    anonymous: Option<ReaderId>,
}

impl StoreAccess {
    /// `anonymous` is the reader of requests without a token; `None` requires one.
    #[must_use]
    pub fn new(reads: CachedReads, anonymous: Option<ReaderId>) -> Self {
        Self { reads, anonymous }
    }
}

#[async_trait]
impl Access for StoreAccess {
    async fn principal(&self, token: &str) -> Result<Option<Principal>, Fault> {
        let owner = self.reads.token_owner(token).await?;
        Ok(owner.map(|owner| match owner {
            TokenOwner::Admin => Principal::Operator,
            TokenOwner::Reader(reader) => Principal::Reader(reader),
        }))
    }

    fn anonymous_reader(&self) -> Option<ReaderId> {
        self.anonymous
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing_readers::store;
    use autoglm_models::cache::Caches;

    #[tokio::test]
    async fn a_token_speaks_for_its_holder_and_strange_ones_for_nobody() {
        let (store, _directory) = store().await;
        let reader = store.ensure_local_reader().await.expect("a reader").id;
        let of_reader = store.create_token(Some(reader), "phone").await.expect("a token");
        let of_operator = store.create_token(None, "operator").await.expect("a token");
        let reads = CachedReads::new(store, &Caches::alone());
        let access = StoreAccess::new(reads, Some(reader));
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
