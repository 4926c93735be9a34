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

/// Where addresses come from before they are filtered.
#[derive(Debug, Clone)]
pub(crate) enum Lookup {
    /// The system's resolver.
    System,
    /// The next of these answers each time, for tests.
    #[cfg(test)]
    Scripted(Arc<std::sync::Mutex<std::collections::VecDeque<Vec<IpAddr>>>>),
}

impl Lookup {
    pub(super) async fn find(&self, name: &str) -> Result<Vec<IpAddr>, NameNotFound> {
        match self {
            Self::System => {
                let found = tokio::net::lookup_host((name, 0)).await;
                let found = found.map_err(|error| NameNotFound(error.to_string()))?;
                Ok(found.map(|address| address.ip()).collect())
            }
            #[cfg(test)]
            Self::Scripted(answers) => {
                let next = answers.lock().ok().and_then(|mut answers| answers.pop_front());
                next.ok_or_else(|| NameNotFound("the script is over".to_owned()))
            }
        }
    }
}

/// Resolves names, except for pinned ones, and drops refused addresses. Connections are made to the
/// returned addresses only, so a name that changes between check and use is safe.
#[derive(Debug, Clone)]
pub(crate) struct GuardedResolver {
    pub(crate) guard: Arc<Guard>,
    pub(crate) lookup: Lookup,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let Self { guard, lookup } = self.clone();
        Box::pin(async move {
            if let Some(address) = guard.pinned(name.as_str()) {
                return Ok(dialled(vec![address]));
            }
            let found = lookup.find(name.as_str()).await?;
            let (mut admitted, refused): (Vec<IpAddr>, Vec<IpAddr>) =
                found.into_iter().partition(|address| guard.admits(*address));
            admitted.truncate(ADDRESSES_MAX);
            match (admitted.is_empty(), refused.first()) {
                (false, _) => Ok(dialled(admitted)),
                (true, Some(address)) => Err(AddressRefused(*address).into()),
                (true, None) => Err(NameNotFound("it has no address".to_owned()).into()),
            }
        })
    }
}

/// The port comes from the URL.
fn dialled(addresses: Vec<IpAddr>) -> Addrs {
    Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)))
}
