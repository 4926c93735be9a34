//! Whether a node may be sent readers, as far as the cluster is concerned.

use autoglm_protocol::membership::{Member, MemberState, MembershipStatus};
use autoglm_protocol::shard_region::ShardRegionStatus;

/// Whether the node is a member and no shard that is placed here is without an owner; what another
/// node still has is served there until it moves.
///
/// # Errors
/// What is missing.
pub(crate) fn served(
    membership: &MembershipStatus,
    region: &ShardRegionStatus,
) -> Result<(), String> {
    let is_up = |member: &&Member| {
        member.incarnation.0 == membership.incarnation && member.state == MemberState::Up
    };
    if membership.fenced || membership.view.members.iter().find(is_up).is_none() {
        return Err("the node is no member of the cluster yet".to_owned());
    }
    if region.view == 0 {
        return Err("placement has not begun yet".to_owned());
    }
    match region.unserved {
        0 => Ok(()),
        missing => Err(format!("{missing} shards are not owned yet")),
    }
}
