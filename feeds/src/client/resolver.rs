//! The resolver of the guarded client: what it returns is what gets dialled, so it filters here.

use super::guard::Guard;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// How many addresses of one name are kept.
const ADDRESSES_MAX: usize = 16;

/// The name leads to addresses that the guard refuses, and to no other.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to {0}, which is not an address of the public internet")]
pub(crate) struct AddressRefused(pub(crate) IpAddr);

/// The name cannot be resolved.
#[derive(Debug, thiserror::Error)]
#[error("the name does not resolve: {0}")]
pub(crate) struct NameNotFound(pub(crate) String);

/// Resolves through the system, except for pinned names, and drops refused addresses. Connections
/// are made to the returned addresses only, so a name that changes between check and use is safe.
#[derive(Debug, Clone)]
pub(crate) struct GuardedResolver {
    pub(crate) guard: Arc<Guard>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.guard);
        Box::pin(async move {
            if let Some(address) = guard.pinned(name.as_str()) {
                let address = SocketAddr::new(address, 0);
                return Ok(Box::new(std::iter::once(address)) as Addrs);
            }
            let found = tokio::net::lookup_host((name.as_str(), 0))
                .await
                .map_err(|error| NameNotFound(error.to_string()))?;
            let mut admitted = Vec::new();
            let mut refused = None;
            for address in found {
                if !guard.admits(address.ip()) {
                    refused = Some(address.ip());
                } else if admitted.len() < ADDRESSES_MAX {
                    admitted.push(address);
                }
            }
            match (admitted.is_empty(), refused) {
                (false, _) => Ok(Box::new(admitted.into_iter()) as Addrs),
                (true, Some(address)) => Err(AddressRefused(address).into()),
                (true, None) => Err(NameNotFound("it has no address".to_owned()).into()),
            }
        })
    }
}
