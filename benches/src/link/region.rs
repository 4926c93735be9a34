//! The way of a request to a shard of another node, made of the parts of which nodes are made:
//! router, region, transport. Only the database is left out: the leases are in memory, the members
//! are written down, and behind the shards is an echo instead of actors.

use super::{Ask, BYTES, LIMIT, until_the_input_ends};
use crate::helper::Helper;
use anyhow::{Context, Result};
use async_trait::async_trait;
use autoglm_cluster::transport::tls::TlsContext;
use autoglm_cluster::{
    LeaseClock, LeaseStore, LinkedPeers, RegionConfig, Router, RouterConfig, Security, ShardHost,
    ShardRegionActor, ShardRegionArgs, TransportActor, TransportArgs, TransportListener,
};
use autoglm_domain::{Epoch, Fault, Fence, Incarnation, Shard, ShardKind};
use autoglm_protocol::Address;
use autoglm_protocol::membership::{ClusterView, Member, MemberState, MembershipStatus};
use autoglm_protocol::status::StatusCell;
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

const CALLER: Incarnation = Incarnation(1);
const OWNER: Incarnation = Incarnation(2);
/// Longer than any measurement, so that nobody has to renew it.
const LEASE: Duration = Duration::from_hours(24);

/// The names of the two nodes, which their certificates must have.
pub(super) fn names() -> [String; 2] {
    [CALLER, OWNER].map(name)
}

fn name(node: Incarnation) -> String {
    format!("n{node}")
}

/// Owns every shard until its input ends; prints where it listens.
pub(super) async fn own(caller: SocketAddr, certificates: Option<&Path>) -> Result<()> {
    let listener = listen(OWNER, certificates).await?;
    let own = listener.address();
    let _router = start(OWNER, listener, Leases::default(), [caller, own]).await?;
    println!("{own}");
    until_the_input_ends().await
}

/// Starts the other side, and the node that asks it.
pub(super) async fn call(certificates: Option<&Path>) -> Result<(Helper, RegionAsker)> {
    let listener = listen(CALLER, certificates).await?;
    let own = listener.address();
    let mut arguments: Vec<OsString> =
        vec!["link".into(), "region-owner".into(), own.to_string().into()];
    if let Some(folder) = certificates {
        arguments.extend(["--certificates".into(), folder.as_os_str().to_owned()]);
    }
    let mut owner = Helper::start(arguments)?;
    let address = owner.line()?.parse().context("the other side printed no address")?;
    let router = start(CALLER, listener, Leases::all_of(OWNER), [own, address]).await?;
    Ok((owner, RegionAsker(router)))
}

async fn listen(me: Incarnation, certificates: Option<&Path>) -> Result<TransportListener> {
    let security = match certificates {
        None => Security::Plain,
        Some(folder) => Security::Tls(TlsContext::load(&folder.join(name(me)))?),
    };
    Ok(TransportListener::bind((Ipv4Addr::LOCALHOST, 0).into(), security).await?)
}

/// Starts the parts of a node on which a request's way depends.
async fn start(
    me: Incarnation,
    listener: TransportListener,
    leases: Leases,
    addresses: [SocketAddr; 2],
) -> Result<Router<EchoHost>> {
    let membership = StatusCell::default();
    membership.set(MembershipStatus { view: view(addresses), ..MembershipStatus::default() });
    let lease = LeaseClock::with_ttl(LEASE);
    lease.renewed(Instant::now());
    let peers = LinkedPeers::new(me);
    let others = Arc::new(peers.clone());
    let host = Arc::new(EchoHost);
    let router = Router::new(host, lease.clone(), me, others, &RouterConfig::default());
    let (parent, _task) = Actor::spawn(None, Parent, ()).await?;
    let transport = TransportArgs {
        secret: "bench".to_owned(),
        listener,
        membership: membership.clone(),
        peers,
        fault_file: None,
        status: StatusCell::default(),
    };
    TransportActor::spawn(transport, parent.get_cell()).await?;
    let region = ShardRegionArgs {
        incarnation: me,
        leases: Arc::new(leases),
        lease,
        membership,
        router: router.clone(),
        config: RegionConfig::default(),
        address: Address::new("region", 1_024),
        status: StatusCell::default(),
    };
    ShardRegionActor::spawn(region, parent.get_cell()).await?;
    Ok(router)
}

/// Of the two members one owns all shards, because the other has no role that owns any.
fn view(addresses: [SocketAddr; 2]) -> ClusterView {
    let member = |incarnation, role: &str, address: SocketAddr| Member {
        incarnation,
        name: name(incarnation),
        address: address.to_string(),
        roles: vec![role.to_owned()],
        weight: 1,
        state: MemberState::Up,
    };
    let [caller, owner] = addresses;
    let members = vec![member(CALLER, "serve", caller), member(OWNER, "all", owner)];
    ClusterView { version: 1, members }
}

/// Asks the shard that the first byte says.
#[derive(Clone)]
pub(super) struct RegionAsker(Router<EchoHost>);

impl Ask for RegionAsker {
    async fn ask(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        Ok(self.0.request(bytes, LIMIT).await?)
    }
}

/// Shards that answer with what they were asked.
struct EchoHost;

#[async_trait]
impl ShardHost for EchoHost {
    type Request = Vec<u8>;
    type Answer = Vec<u8>;

    async fn start(&self, _fence: Fence) -> Result<(), Fault> {
        Ok(())
    }

    async fn stop(&self, _fence: Fence) {}

    async fn deliver(&self, _fence: Fence, request: Vec<u8>) -> Result<Vec<u8>, Fault> {
        Ok(request)
    }

    fn shard_of(request: &Vec<u8>) -> Shard {
        let index = request.first().copied().unwrap_or_default();
        Shard { kind: ShardKind::Reader, index: index.into() }
    }

    fn is_repeatable(_request: &Vec<u8>) -> bool {
        false
    }

    fn encode_request(request: &Vec<u8>) -> Result<Vec<u8>, Fault> {
        Ok(request.clone())
    }

    fn decode_request(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut request = Vec::with_capacity(BYTES);
        request.extend_from_slice(bytes);
        Ok(request)
    }

    fn encode_answer(answer: &Vec<u8>) -> Result<Vec<u8>, Fault> {
        Ok(answer.clone())
    }

    fn decode_answer(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        Self::decode_request(bytes)
    }
}

/// The table of leases, which in a cluster is in PostgreSQL.
#[derive(Debug, Default)]
struct Leases(Mutex<BTreeMap<Shard, Fence>>);

impl Leases {
    /// Every shard is owned by this node, as others read it.
    fn all_of(owner: Incarnation) -> Self {
        let leases = Self::default();
        leases.change(|table| {
            table.extend(Shard::all().map(|shard| (shard, first(shard, owner))));
        });
        leases
    }

    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<Shard, Fence>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn first(shard: Shard, owner: Incarnation) -> Fence {
    Fence { shard, owner, epoch: Epoch(1) }
}

#[async_trait]
impl LeaseStore for Leases {
    async fn acquire(&self, owner: Incarnation, shards: &[Shard]) -> Result<Vec<Fence>, Fault> {
        let granted: Vec<Fence> = shards.iter().map(|shard| first(*shard, owner)).collect();
        self.change(|table| table.extend(granted.iter().map(|fence| (fence.shard, *fence))));
        Ok(granted)
    }

    async fn release(&self, _owner: Incarnation, shards: &[Shard]) -> Result<(), Fault> {
        self.change(|table| table.retain(|shard, _| !shards.contains(shard)));
        Ok(())
    }

    async fn leases(&self) -> Result<Vec<Fence>, Fault> {
        Ok(self.change(|table| table.values().copied().collect()))
    }
}

/// The parent of the actors, which says why one of them failed.
struct Parent;

impl Actor for Parent {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        event: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(_, error) = event {
            eprintln!("a part of the node failed: {error}");
        }
        Ok(())
    }
}
