//! Which nodes take terminals, by what the cluster says of its members and what they say themselves.

use super::spread::Standing;
use crate::figures::FigureBoard;
use autoglm_domain::Incarnation;
use autoglm_protocol::membership::{Member, MemberState, MembershipStatus};
use autoglm_protocol::status::StatusCell;
use tokio::sync::watch;

/// Roles of nodes to which a balancer sends readers.
const SERVING_ROLES: [&str; 2] = ["all", "serve"];

/// The nodes of the cluster as places for terminals. Clones share everything.
#[derive(Debug, Clone)]
pub struct Places {
    /// This node.
    pub me: Incarnation,
    /// The view of the cluster.
    pub membership: StatusCell<MembershipStatus>,
    /// What every node says of itself.
    pub figures: FigureBoard,
    /// Becomes true when this node stops, which sends its terminals away by itself.
    pub draining: watch::Receiver<bool>,
}

impl Places {
    /// Where this node stands with so many terminals; `None` while that cannot be said: it stops,
    /// is no member or does not serve, or another node has not said lately how it is.
    #[must_use]
    pub fn standing(&self, mine: usize) -> Option<Standing> {
        let membership = self.membership.get();
        if *self.draining.borrow() || membership.fenced {
            return None;
        }
        let members = &membership.view.members;
        let me =
            members.iter().find(|member| member.incarnation == self.me).filter(|me| serves(me))?;
        let mut others = Vec::new();
        for member in members {
            if member.incarnation == self.me || !serves(member) || member.weight == 0 {
                continue;
            }
            let load = &self.figures.of(member.incarnation)?.load;
            others.extend(load.ready.then_some(load.terminals));
        }
        Some(Standing { mine, cordoned: me.weight == 0, others })
    }
}

fn serves(member: &Member) -> bool {
    let has_role = member.roles.iter().any(|role| SERVING_ROLES.contains(&role.as_str()));
    member.state == MemberState::Up && has_role
}

#[cfg(test)]
mod tests;
