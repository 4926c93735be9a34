//! The links of a node in its tree.

use super::children::Shared;
use super::{TreeArgs, TreeLinks};
use crate::supervisor::{ChildSpec, Restart};
use autoglm_cluster::{LinkedPeers, TransportActor, TransportArgs};
use autoglm_domain::Incarnation;
use autoglm_protocol::cluster_desk::LinkReport;
use autoglm_protocol::name;
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::transport::TransportStatus;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The fact of the cluster by which nodes of one database know each other.
const SECRET: &str = "link_secret";

/// The links of this start of the node.
#[derive(Debug)]
pub(super) struct Links {
    peers: LinkedPeers,
    links: TreeLinks,
    secret: String,
}

/// Makes the links of this start of the node the way to its peers; `None` without links.
///
/// # Errors
/// When the database does not say what secret the nodes share.
pub(super) async fn prepare(
    args: &mut TreeArgs,
    incarnation: Incarnation,
) -> Result<Option<Links>, String> {
    // The port is the transport's alone: it is free again when that has stopped.
    let Some(links) = args.links.take() else { return Ok(None) };
    let random: [u64; 4] = rand::random();
    let proposal: String = random.iter().map(|part| format!("{part:016x}")).collect();
    let secret = args.store.agreed_fact(SECRET, &proposal).await;
    let secret = secret.map_err(|error| format!("the nodes' secret cannot be read: {error}"))?;
    let peers = LinkedPeers::new(incarnation);
    args.peers = Arc::new(peers.clone());
    Ok(Some(Links { peers, links, secret }))
}

impl Links {
    /// The child that keeps the links.
    pub(super) fn child(self, shared: &Shared) -> ChildSpec {
        let args = TransportArgs {
            secret: self.secret,
            listener: self.links.listener,
            membership: shared.addresses.membership_status.clone(),
            peers: self.peers,
            fault_file: self.links.fault_file,
            status: shared.addresses.transport_status.clone(),
        };
        let status = args.status.clone();
        ChildSpec::new(name::TRANSPORT, Restart::Permanent, &status, move |supervisor| {
            Box::pin(TransportActor::spawn(args.clone(), supervisor))
        })
    }
}

/// How the links stand, for the operator.
pub(super) fn reports(status: &StatusCell<TransportStatus>) -> BTreeMap<Incarnation, LinkReport> {
    let links = status.get().links.clone();
    let report = |link: autoglm_protocol::transport::LinkStatus| {
        let report = LinkReport {
            state: link.state.name(),
            why: link.why,
            round_trip_us: link.round_trip_us,
            under_way: link.under_way,
            reconnects: link.reconnects,
        };
        (Incarnation(link.incarnation), report)
    };
    links.into_iter().map(report).collect()
}
