//! Connects the cluster's traits for members and leases to the store's tables.

use async_trait::async_trait;
use autoglm_cluster::{LeaseStore, MembershipStore, Registration};
use autoglm_domain::{Fault, Fence, Incarnation, Shard};
use autoglm_models::{ClusterEventKind, NodeState, Store};
use autoglm_protocol::membership::{ClusterView, Member, MemberState};
use std::collections::HashSet;
use std::time::Duration;

/// Pause before the store is listened to again after that has failed.
const LISTEN_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// The store as the cluster sees it.
#[derive(Debug, Clone)]
pub struct ClusterStores(pub Store);

#[async_trait]
impl MembershipStore for ClusterStores {
    async fn register(&self, registration: &Registration) -> Result<Incarnation, Fault> {
        let Registration { name, address, roles } = registration;
        Ok(self.0.register_node(name, address, roles).await?)
    }

    async fn renew(&self, incarnation: Incarnation, ttl: Duration) -> Result<ClusterView, Fault> {
        Ok(view(self.0.renew_node(incarnation, ttl).await?))
    }

    async fn set_state(&self, incarnation: Incarnation, state: MemberState) -> Result<(), Fault> {
        let state = match state {
            MemberState::Joining => NodeState::Joining,
            MemberState::Up => NodeState::Up,
            MemberState::Draining => NodeState::Draining,
            MemberState::Down => NodeState::Down,
        };
        Ok(self.0.set_node_state(incarnation, state).await?)
    }

    async fn view(&self) -> Result<ClusterView, Fault> {
        Ok(view(self.0.view().await?))
    }

    async fn watch(&self, wake: Box<dyn Fn() + Send + Sync>) {
        loop {
            match self.0.watch_views().await {
                Ok(None) => std::future::pending::<()>().await,
                Ok(Some(mut views)) => {
                    while views.changed().await.is_ok() {
                        wake();
                    }
                }
                Err(error) => tracing::debug!(%error, "views are only looked at each second"),
            }
            tokio::time::sleep(LISTEN_AGAIN_AFTER).await;
        }
    }
}

#[async_trait]
impl LeaseStore for ClusterStores {
    async fn acquire(&self, owner: Incarnation, shards: &[Shard]) -> Result<Vec<Fence>, Fault> {
        // The store leaves out what is ours already, and the region asks for that only when it has
        // lost track of it: after a fencing or a restart. Then it must be taken at a new epoch.
        let wanted: HashSet<Shard> = shards.iter().copied().collect();
        let leases = LeaseStore::leases(self).await?.into_iter();
        let ours = leases.filter(|fence| fence.owner == owner && wanted.contains(&fence.shard));
        let ours: Vec<Shard> = ours.map(|fence| fence.shard).collect();
        if !ours.is_empty() {
            self.0.release_leases(owner, &ours).await?;
        }
        Ok(self.0.acquire_leases(owner, shards).await?)
    }

    async fn release(&self, owner: Incarnation, shards: &[Shard]) -> Result<(), Fault> {
        Ok(self.0.release_leases(owner, shards).await?)
    }

    async fn note_moves(&self, owner: Incarnation, took: u64, gave: u64) {
        let name = match self.0.view().await {
            Ok(view) => view.members.into_iter().find(|member| member.incarnation == owner),
            Err(_unavailable) => None,
        };
        let name = name.map(|member| member.name).unwrap_or_default();
        for (kind, count) in [(ClusterEventKind::Gave, gave), (ClusterEventKind::Took, took)] {
            if count > 0
                && let Err(error) =
                    self.0.note_cluster_event(owner, &name, kind, &count.to_string()).await
            {
                tracing::debug!(%error, "a move of shards could not be noted");
            }
        }
    }

    async fn leases(&self) -> Result<Vec<Fence>, Fault> {
        let owned = |(shard, owner, epoch)| {
            let owner: Option<Incarnation> = owner;
            owner.map(|owner| Fence { shard, owner, epoch })
        };
        Ok(self.0.leases().await?.into_iter().filter_map(owned).collect())
    }
}

fn view(view: autoglm_models::ClusterView) -> ClusterView {
    let member = |member: autoglm_models::Member| Member {
        incarnation: member.incarnation,
        name: member.name,
        address: member.address,
        roles: member.roles,
        weight: if member.cordoned { 0 } else { member.weight },
        state: match member.state {
            NodeState::Joining => MemberState::Joining,
            NodeState::Up => MemberState::Up,
            NodeState::Draining => MemberState::Draining,
            NodeState::Down => MemberState::Down,
        },
    };
    ClusterView { version: view.version, members: view.members.into_iter().map(member).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::{ShardKind, SystemClock};
    use autoglm_models::DatabaseConfig;
    use std::sync::Arc;

    async fn stores() -> (tempfile::TempDir, ClusterStores) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let url = format!("sqlite://{}/a.db", folder.path().display());
        let store = Store::open(&DatabaseConfig::for_url(url), Arc::new(SystemClock)).await;
        let store = store.expect("opened");
        store.migrate().await.expect("migrated");
        (folder, ClusterStores(store))
    }

    fn registration() -> Registration {
        Registration { name: "n".into(), address: String::new(), roles: vec!["all".into()] }
    }

    #[tokio::test]
    async fn a_member_is_seen_and_takes_every_shard_once_and_again_at_a_higher_epoch() {
        let (_folder, stores) = stores().await;
        let me = stores.register(&registration()).await.expect("registered");
        stores.set_state(me, MemberState::Up).await.expect("up");
        let view = stores.renew(me, Duration::from_secs(15)).await.expect("renewed");
        assert_eq!((view.members.len(), view.members[0].state), (1, MemberState::Up));
        let all: Vec<Shard> = Shard::all().collect();
        let first = stores.acquire(me, &all).await.expect("acquired");
        assert_eq!(first.len(), 516);
        let again = stores.acquire(me, &all[..2]).await.expect("acquired");
        assert_eq!(again.len(), 2);
        let before = first.iter().find(|fence| fence.shard == again[0].shard).expect("had it");
        assert!(again[0].epoch > before.epoch);
        stores.release(me, &all[1..]).await.expect("released");
        assert_eq!(stores.leases().await.expect("read").len(), 1);
    }

    #[tokio::test]
    async fn a_new_incarnation_ends_the_one_before_and_takes_its_shards() {
        let (_folder, stores) = stores().await;
        let old = stores.register(&registration()).await.expect("registered");
        let shard = Shard { kind: ShardKind::Host, index: 3 };
        stores.acquire(old, &[shard]).await.expect("acquired");
        let new = stores.register(&registration()).await.expect("registered");
        assert!(new > old);
        let fault = stores.renew(old, Duration::from_secs(15)).await.expect_err("gone");
        assert_eq!(fault.kind, autoglm_domain::FaultKind::Fenced);
        assert_eq!(stores.acquire(new, &[shard]).await.expect("acquired").len(), 1);
    }
}
