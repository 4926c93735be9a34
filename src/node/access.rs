//! Whom a token speaks for: the configured token of the local reader, then the stored ones.

use crate::config::Secret;
use async_trait::async_trait;
use autoglm_actors::access::StoreAccess;
use autoglm_domain::{Fault, ReaderId};
use autoglm_models::CachedReads;
use autoglm_protocol::port::{Access, Principal};
use subtle::ConstantTimeEq as _;

/// The local reader: the first one made.
pub(super) const LOCAL_READER: ReaderId = ReaderId(1);

/// Tokens of this node.
#[derive(Debug)]
pub(super) struct NodeAccess {
    stored: StoreAccess,
    configured: Secret,
}

impl NodeAccess {
    /// With the configured token, if there is one: requests without any token are then refused.
    pub(super) fn new(reads: CachedReads, configured: &Secret) -> Self {
        let anonymous = configured.is_empty().then_some(LOCAL_READER);
        Self { stored: StoreAccess::new(reads, anonymous), configured: configured.clone() }
    }
}

#[async_trait]
impl Access for NodeAccess {
    async fn principal(&self, token: &str) -> Result<Option<Principal>, Fault> {
        let configured = self.configured.expose().as_bytes();
        if !configured.is_empty() && bool::from(configured.ct_eq(token.as_bytes())) {
            return Ok(Some(Principal::Reader(LOCAL_READER)));
        }
        self.stored.principal(token).await
    }

    fn anonymous_reader(&self) -> Option<ReaderId> {
        self.stored.anonymous_reader()
    }
}
