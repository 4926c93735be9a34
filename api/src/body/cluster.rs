//! The cluster as one node sees it.

use autoglm_protocol::membership::{Member, MemberState};
use autoglm_protocol::port::ClusterReport;
use serde::Serialize;
use utoipa::ToSchema;

/// The cluster as this node sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Cluster {
    /// This node's name.
    node: String,
    /// This start of it.
    incarnation: i64,
    /// Number of the view; grows with every change.
    view: i64,
    /// Every node that is not down.
    members: Vec<ClusterMember>,
    /// What this node owns.
    shards: OwnedShards,
}

/// One node.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClusterMember {
    /// Its configured name.
    name: String,
    /// This start of it.
    incarnation: i64,
    /// `joining`, `up`, `draining` or `down`.
    #[schema(value_type = String, example = "up")]
    state: MemberState,
    /// What it runs.
    roles: Vec<String>,
}

/// What a node owns.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnedShards {
    /// Slices of readers.
    reader: usize,
    /// Slices of hosts.
    host: usize,
    /// Jobs of which the cluster has one.
    single: Vec<OwnedSingle>,
}

/// A job of which the cluster has one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnedSingle {
    /// Its name.
    name: String,
    /// How often it has changed hands.
    epoch: i64,
}

impl From<ClusterReport> for Cluster {
    fn from(report: ClusterReport) -> Self {
        let single =
            report.singles.into_iter().map(|(name, epoch)| OwnedSingle { name, epoch }).collect();
        Self {
            node: report.node,
            incarnation: report.incarnation,
            view: report.view.version,
            members: report.view.members.into_iter().map(ClusterMember::from).collect(),
            shards: OwnedShards { reader: report.reader_shards, host: report.host_shards, single },
        }
    }
}

impl From<Member> for ClusterMember {
    fn from(member: Member) -> Self {
        Self {
            name: member.name,
            incarnation: member.incarnation.0,
            state: member.state,
            roles: member.roles,
        }
    }
}
