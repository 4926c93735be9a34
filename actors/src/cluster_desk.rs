//! StoreClusterDesk: the cluster as the operator sees it, and what they wish of its nodes.
//!
//! **Receives** calls of the port `ClusterDesk`. **Sends** reads to the read pool, wishes to the store.
//! **Limits** 1 to 200 happenings. **On restart** it keeps nothing.

use crate::figures::FigureBoard;
use crate::figures::gathered::gathered;
use crate::library::in_time;
use async_trait::async_trait;
use autoglm_domain::{Epoch, Fault, Incarnation, Shard, ShardKind, Single};
use autoglm_models::Store;
use autoglm_protocol::cluster_desk::{
    ClusterDesk, ClusterHappening, ClusterReport, LinkReport, MemberReport, OwnedCount,
};
use autoglm_protocol::membership::{ClusterView, Member, MembershipStatus};
use autoglm_protocol::status::StatusCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

/// Happenings on a page.
const HAPPENINGS_MAX: usize = 200;

/// How the links of this node stand, by the peer they lead to.
pub type Links = Arc<dyn Fn() -> BTreeMap<Incarnation, LinkReport> + Send + Sync>;

/// The desk. Clones share everything.
#[derive(Clone)]
pub struct StoreClusterDesk {
    /// This node's name.
    pub node: String,
    /// The store.
    pub store: Store,
    /// The view of the cluster.
    pub membership: StatusCell<MembershipStatus>,
    /// The links of this node.
    pub links: Links,
    /// What every node says of itself.
    pub figures: FigureBoard,
}

impl fmt::Debug for StoreClusterDesk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StoreClusterDesk").field("node", &self.node).finish_non_exhaustive()
    }
}

#[async_trait]
impl ClusterDesk for StoreClusterDesk {
    async fn overview(&self) -> Result<ClusterReport, Fault> {
        let leases = in_time(self.store.leases()).await?;
        let membership = self.membership.get();
        let mut links = (self.links)();
        let (mut owned, unowned) = owned_by_members(&leases, &membership.view);
        let report = |member: &Member| MemberReport {
            member: member.clone(),
            owned: owned.remove(&member.incarnation).unwrap_or_default(),
            link: links.remove(&member.incarnation),
            figures: self.figures.of(member.incarnation).as_deref().cloned(),
        };
        let members: Vec<MemberReport> = membership.view.members.iter().map(report).collect();
        let hot_spots = gathered(members.iter().filter_map(|report| {
            report.figures.as_ref().map(|figures| (report.member.name.as_str(), figures))
        }));
        Ok(ClusterReport {
            node: self.node.clone(),
            incarnation: membership.incarnation,
            view: membership.view.version,
            members,
            unowned,
            hot_spots,
        })
    }

    async fn happenings(&self, limit: usize) -> Result<Vec<ClusterHappening>, Fault> {
        let limit = limit.clamp(1, HAPPENINGS_MAX) as u64;
        let events = in_time(self.store.cluster_events(limit)).await?;
        let happening = |event: autoglm_models::ClusterEvent| ClusterHappening {
            id: event.id,
            at: event.at,
            node: event.name,
            incarnation: event.incarnation.0,
            kind: event.kind.name().to_owned(),
            detail: event.detail,
        };
        Ok(events.into_iter().map(happening).collect())
    }

    async fn wish(
        &self,
        node: &str,
        weight: Option<u32>,
        cordoned: Option<bool>,
    ) -> Result<(), Fault> {
        if weight.is_none() && cordoned.is_none() {
            return Err(Fault::invalid("nothing is wished: give a weight, or whether to cordon"));
        }
        let view = &self.membership.get().view;
        if cordoned == Some(true) && !somebody_else_could_own(view, node) {
            return Err(Fault::conflict(format!(
                "no other node could take the shards of {node:?}; start or uncordon another first"
            )));
        }
        in_time(self.store.wish_node(node, weight, cordoned)).await
    }
}

/// Whether a node of another name may own shards.
fn somebody_else_could_own(view: &ClusterView, node: &str) -> bool {
    view.members.iter().any(|member| member.name != node && member.weight > 0)
}

/// What each member owns, and how many shards nobody who is a member owns.
fn owned_by_members(
    leases: &[(Shard, Option<Incarnation>, Epoch)],
    view: &ClusterView,
) -> (HashMap<Incarnation, OwnedCount>, usize) {
    let mut owned: HashMap<Incarnation, OwnedCount> =
        view.members.iter().map(|member| (member.incarnation, OwnedCount::default())).collect();
    let mut with_owner = 0;
    for (shard, owner, epoch) in leases {
        let Some(count) = owner.and_then(|owner| owned.get_mut(&owner)) else { continue };
        with_owner += 1;
        match shard.kind {
            ShardKind::Reader => count.readers += 1,
            ShardKind::Host => count.hosts += 1,
            ShardKind::Single => count.singles.push((single_name(*shard), epoch.0)),
        }
    }
    (owned, Shard::all().count() - with_owner)
}

fn single_name(shard: Shard) -> String {
    let single = Single::ALL.into_iter().find(|single| single.shard() == shard);
    single.map_or_else(|| shard.to_string(), |single| format!("{single:?}").to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_protocol::membership::MemberState;

    fn view(weights: &[(&str, u32)]) -> ClusterView {
        let member = |(index, (name, weight)): (usize, &(&str, u32))| Member {
            incarnation: Incarnation(index as i64 + 1),
            name: (*name).to_owned(),
            address: String::new(),
            roles: vec!["all".to_owned()],
            weight: *weight,
            state: MemberState::Up,
        };
        ClusterView { version: 1, members: weights.iter().enumerate().map(member).collect() }
    }

    #[test]
    fn what_a_dead_node_owned_counts_as_owned_by_nobody() {
        let shard = |index| Shard { kind: ShardKind::Reader, index };
        let leases = [
            (shard(0), Some(Incarnation(1)), Epoch(4)),
            (shard(1), Some(Incarnation(9)), Epoch(2)),
            (shard(2), None, Epoch(3)),
            (Single::Story.shard(), Some(Incarnation(1)), Epoch(7)),
        ];
        let (owned, unowned) = owned_by_members(&leases, &view(&[("a", 1), ("b", 1)]));
        let first = &owned[&Incarnation(1)];
        assert_eq!((first.readers, first.hosts), (1, 0));
        assert_eq!(first.singles, [("story".to_owned(), 7)]);
        assert_eq!(owned[&Incarnation(2)], OwnedCount::default());
        assert_eq!(unowned, Shard::all().count() - 2);
    }

    #[test]
    fn the_last_node_that_owns_anything_is_not_cordoned() {
        assert!(!somebody_else_could_own(&view(&[("a", 1)]), "a"));
        assert!(!somebody_else_could_own(&view(&[("a", 1), ("b", 0)]), "a"));
        assert!(somebody_else_could_own(&view(&[("a", 1), ("b", 2)]), "a"));
    }
}
