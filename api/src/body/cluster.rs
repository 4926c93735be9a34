//! The cluster as one node sees it, what happened in it, and what the operator wishes.

use crate::body::figures::{HotSpotItem, Load, StageLatency};
use crate::body::time::Time;
use autoglm_protocol::cluster_desk::{ClusterHappening, ClusterReport, LinkReport, MemberReport};
use autoglm_protocol::membership::MemberState;
use serde::{Deserialize, Serialize};
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
    /// Shards that nobody owns now.
    unowned: usize,
    /// What is slow, in order of an article's way.
    hot_spots: Vec<HotSpotItem>,
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
    /// `host:port` for links from other nodes; empty for a node without.
    address: String,
    /// Its share of the shards relative to others; 0 while it is cordoned.
    weight: u32,
    /// What it owns.
    shards: OwnedShards,
    /// The link to it; absent for this node itself and without links.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<Link>,
    /// How much it has to do; absent when it has not said so for 35 seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    load: Option<Load>,
    /// How long things take on it; empty when it has not said so for 35 seconds.
    stages: Vec<StageLatency>,
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

/// The link to another node.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Link {
    /// `connecting`, `authenticating`, `ready` or `refused`.
    #[schema(value_type = String, example = "ready")]
    state: &'static str,
    /// What is wrong, when something is.
    why: Option<String>,
    /// The last round trip of a ping, in microseconds.
    round_trip_us: Option<u64>,
    /// Requests under way.
    under_way: usize,
    /// How often it had to be made again.
    reconnects: u64,
}

/// What happened in the cluster, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Happenings {
    /// At most as many as were asked for.
    items: Vec<Happening>,
}

/// One thing that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Happening {
    /// Grows with time.
    id: i64,
    /// When.
    at: Time,
    /// To which node.
    node: String,
    /// To which start of it.
    incarnation: i64,
    /// `joined`, `up`, `draining`, `left`, `expired`, `wished`, `took`, `gave`, `hot` or
    /// `cooled`.
    kind: String,
    /// How many, how much, why; may be empty.
    detail: String,
}

/// What the operator wishes of a node; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeWish {
    /// Its share of the shards relative to others, 1 to 1,000.
    pub(crate) weight: Option<u32>,
    /// Whether it owns nothing and goes on serving.
    pub(crate) cordoned: Option<bool>,
}

impl From<ClusterReport> for Cluster {
    fn from(report: ClusterReport) -> Self {
        Self {
            node: report.node,
            incarnation: report.incarnation,
            view: report.view,
            members: report.members.into_iter().map(ClusterMember::from).collect(),
            unowned: report.unowned,
            hot_spots: report.hot_spots.into_iter().map(HotSpotItem::from).collect(),
        }
    }
}

impl From<MemberReport> for ClusterMember {
    fn from(report: MemberReport) -> Self {
        let MemberReport { member, owned, link, figures } = report;
        let load = figures.as_ref().map(|figures| Load::from(&figures.load));
        let stages = figures.into_iter().flat_map(|figures| figures.stages);
        let single = |(name, epoch)| OwnedSingle { name, epoch };
        Self {
            name: member.name,
            incarnation: member.incarnation.0,
            state: member.state,
            roles: member.roles,
            address: member.address,
            weight: member.weight,
            shards: OwnedShards {
                reader: owned.readers,
                host: owned.hosts,
                single: owned.singles.into_iter().map(single).collect(),
            },
            link: link.map(Link::from),
            load,
            stages: stages.map(StageLatency::from).collect(),
        }
    }
}

impl From<LinkReport> for Link {
    fn from(link: LinkReport) -> Self {
        Self {
            state: link.state,
            why: link.why,
            round_trip_us: link.round_trip_us,
            under_way: link.under_way,
            reconnects: link.reconnects,
        }
    }
}

impl From<Vec<ClusterHappening>> for Happenings {
    fn from(happenings: Vec<ClusterHappening>) -> Self {
        let happening = |happening: ClusterHappening| Happening {
            id: happening.id,
            at: Time(happening.at),
            node: happening.node,
            incarnation: happening.incarnation,
            kind: happening.kind,
            detail: happening.detail,
        };
        Self { items: happenings.into_iter().map(happening).collect() }
    }
}
