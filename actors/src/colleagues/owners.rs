//! Who owns which shard, from the table of leases, at most about a second old.

use arc_swap::ArcSwap;
use autoglm_cluster::LeaseStore;
use autoglm_domain::{Incarnation, Shard};
use autoglm_protocol::agent::Owners;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// How long what was read counts as new.
const FRESH: Duration = Duration::from_secs(1);
/// Longest read.
const READ_LIMIT: Duration = Duration::from_secs(5);

/// For a node alone: nobody else owns anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoOwners;

impl Owners for NoOwners {
    fn owner_of(&self, _: Shard) -> Option<Incarnation> {
        None
    }
}

#[derive(Debug, Default)]
struct Known {
    read_at: Option<Instant>,
    owners: HashMap<Shard, Incarnation>,
}

#[derive(Debug)]
struct Inner {
    leases: Arc<dyn LeaseStore>,
    known: ArcSwap<Known>,
    is_reading: AtomicBool,
}

/// The owners by the table of leases. Asked after a second it answers what it knows and reads
/// again meanwhile, so that whoever tries again soon gets the newest. Clones share what is known.
#[derive(Debug, Clone)]
pub struct LeaseOwners(Arc<Inner>);

impl LeaseOwners {
    /// Over the table; reads nothing before it is asked.
    #[must_use]
    pub fn new(leases: Arc<dyn LeaseStore>) -> Self {
        let (known, is_reading) = (ArcSwap::default(), AtomicBool::new(false));
        Self(Arc::new(Inner { leases, known, is_reading }))
    }

    /// Reads the table now.
    pub async fn read(&self) {
        match tokio::time::timeout(READ_LIMIT, self.0.leases.leases()).await {
            Ok(Ok(fences)) => {
                let owners = fences.into_iter().map(|fence| (fence.shard, fence.owner)).collect();
                self.0.known.store(Arc::new(Known { read_at: Some(Instant::now()), owners }));
            }
            Ok(Err(fault)) => tracing::debug!(%fault, "the owners of shards could not be read"),
            Err(_elapsed) => tracing::debug!("reading the owners of shards took too long"),
        }
    }

    fn read_beside(&self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.0.is_reading.swap(true, Ordering::AcqRel) {
            return;
        }
        // One at a time; it ends with the read.
        let this = self.clone();
        runtime.spawn(async move {
            this.read().await;
            this.0.is_reading.store(false, Ordering::Release);
        });
    }
}

impl Owners for LeaseOwners {
    fn owner_of(&self, shard: Shard) -> Option<Incarnation> {
        let known = self.0.known.load();
        if known.read_at.is_none_or(|at| at.elapsed() >= FRESH) {
            self.read_beside();
        }
        known.owners.get(&shard).copied()
    }
}
