//! A database of members and leases in memory, which tests can make go away.

use crate::host::ShardHost;
use crate::peers::{Door, MemoryPeers, PeerRequest, PeerService, Peers};
use crate::store::{LeaseStore, MembershipStore, Registration};
use async_trait::async_trait;
use autoglm_domain::{Epoch, Fault, FaultKind, Fence, Incarnation, Shard};
use autoglm_protocol::membership::{ClusterView, Member, MemberState};
use autoglm_protocol::wire::{decode, encode};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::Instant;

/// A view of members that are up and run everything.
pub(crate) fn view_of(version: i64, incarnations: &[i64]) -> ClusterView {
    let member = |id: &i64| Member {
        incarnation: Incarnation(*id),
        name: format!("n{id}"),
        address: String::new(),
        roles: vec!["all".into()],
        weight: 1,
        state: MemberState::Up,
    };
    ClusterView { version, members: incarnations.iter().map(member).collect() }
}

#[derive(Debug, Default)]
struct Tables {
    away: bool,
    silent: bool,
    version: i64,
    members: BTreeMap<i64, (Member, Option<Instant>)>,
    leases: BTreeMap<Shard, (Option<Incarnation>, i64)>,
    acquisitions: usize,
    noted: Vec<(u64, u64)>,
}

/// The database; `Instant::now` is its clock.
#[derive(Debug, Default)]
pub(crate) struct MemoryStore(Mutex<Tables>);

impl MemoryStore {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().expect("no test panics while it holds the tables")
    }

    /// Whether every call fails from now on.
    pub(crate) fn set_away(&self, away: bool) {
        self.tables().away = away;
    }

    /// Whether no call is answered from now on.
    pub(crate) fn set_silent(&self, silent: bool) {
        self.tables().silent = silent;
    }

    pub(crate) fn acquisitions(&self) -> usize {
        self.tables().acquisitions
    }

    /// Shards taken and given up, as nodes noted them.
    pub(crate) fn noted(&self) -> Vec<(u64, u64)> {
        self.tables().noted.clone()
    }

    pub(crate) fn owned_by(&self, owner: Incarnation) -> usize {
        self.tables().leases.values().filter(|(who, _)| *who == Some(owner)).count()
    }

    /// What a newer owner would have done.
    pub(crate) fn steal(&self, shard: Shard, thief: Incarnation) {
        let mut tables = self.tables();
        let lease = tables.leases.entry(shard).or_insert((None, 0));
        *lease = (Some(thief), lease.1 + 1);
    }

    async fn reach(&self) -> Result<MutexGuard<'_, Tables>, Fault> {
        let silent = self.tables().silent;
        if silent {
            std::future::pending::<()>().await;
        }
        let mut tables = self.tables();
        if tables.away {
            return Err(Fault::unavailable("the database is away", Duration::from_secs(1)));
        }
        tables.expire();
        Ok(tables)
    }
}

impl Tables {
    fn expire(&mut self) {
        let now = Instant::now();
        let before = self.members.len();
        self.members.retain(|_, (_, until)| until.is_none_or(|until| until > now));
        if self.members.len() != before {
            self.version += 1;
        }
    }

    fn view(&self) -> ClusterView {
        let members = self.members.values().map(|(member, _)| member.clone()).collect();
        ClusterView { version: self.version, members }
    }

    fn member(&mut self, id: Incarnation) -> Result<&mut (Member, Option<Instant>), Fault> {
        let gone = || Fault::new(FaultKind::Fenced, format!("incarnation {id} is gone"));
        self.members.get_mut(&id.0).ok_or_else(gone)
    }
}

#[async_trait]
impl MembershipStore for MemoryStore {
    async fn register(&self, registration: &Registration) -> Result<Incarnation, Fault> {
        let mut tables = self.reach().await?;
        tables.version += 1;
        let id = tables.version;
        let mut member = view_of(0, &[id]).members.remove(0);
        member.name.clone_from(&registration.name);
        member.roles.clone_from(&registration.roles);
        member.state = MemberState::Joining;
        tables.members.insert(id, (member, None));
        Ok(Incarnation(id))
    }

    async fn renew(&self, incarnation: Incarnation, ttl: Duration) -> Result<ClusterView, Fault> {
        let mut tables = self.reach().await?;
        tables.member(incarnation)?.1 = Some(Instant::now() + ttl);
        Ok(tables.view())
    }

    async fn set_state(&self, incarnation: Incarnation, state: MemberState) -> Result<(), Fault> {
        let mut tables = self.reach().await?;
        tables.member(incarnation)?.0.state = state;
        tables.version += 1;
        Ok(())
    }

    async fn view(&self) -> Result<ClusterView, Fault> {
        Ok(self.reach().await?.view())
    }
}

#[async_trait]
impl LeaseStore for MemoryStore {
    async fn acquire(&self, owner: Incarnation, shards: &[Shard]) -> Result<Vec<Fence>, Fault> {
        let mut tables = self.reach().await?;
        tables.acquisitions += 1;
        tables.member(owner)?;
        let mut granted = Vec::new();
        for shard in shards {
            let (current, epoch) = tables.leases.get(shard).copied().unwrap_or((None, 0));
            let taken =
                current.is_some_and(|who| who != owner && tables.members.contains_key(&who.0));
            if !taken {
                tables.leases.insert(*shard, (Some(owner), epoch + 1));
                granted.push(Fence { shard: *shard, owner, epoch: Epoch(epoch + 1) });
            }
        }
        Ok(granted)
    }

    async fn release(&self, owner: Incarnation, shards: &[Shard]) -> Result<(), Fault> {
        let mut tables = self.reach().await?;
        for shard in shards {
            if let Some(lease) = tables.leases.get_mut(shard)
                && lease.0 == Some(owner)
            {
                lease.0 = None;
            }
        }
        Ok(())
    }

    async fn leases(&self) -> Result<Vec<Fence>, Fault> {
        let tables = self.reach().await?;
        let fence = |(shard, (owner, epoch)): (&Shard, &(Option<Incarnation>, i64))| {
            owner.map(|owner| Fence { shard: *shard, owner, epoch: Epoch(*epoch) })
        };
        Ok(tables.leases.iter().filter_map(fence).collect())
    }

    async fn note_moves(&self, _owner: Incarnation, took: u64, gave: u64) {
        self.tables().noted.push((took, gave));
    }
}

/// A host whose shards answer with their fence, and that remembers what runs.
#[derive(Debug, Default)]
pub(crate) struct EchoHost {
    running: Mutex<BTreeMap<Shard, Fence>>,
    started: Mutex<Vec<Fence>>,
    broken: Mutex<Option<Shard>>,
    stuck: Mutex<Option<Shard>>,
}

impl EchoHost {
    pub(crate) fn running(&self) -> BTreeMap<Shard, Fence> {
        self.running.lock().expect("no panic under this lock").clone()
    }

    /// Every fence that ever started here.
    pub(crate) fn started(&self) -> Vec<Fence> {
        self.started.lock().expect("no panic under this lock").clone()
    }

    /// Makes one shard fail to start.
    pub(crate) fn set_broken(&self, shard: Option<Shard>) {
        *self.broken.lock().expect("no panic under this lock") = shard;
    }

    /// Makes one shard not stop before it is cut off.
    pub(crate) fn set_stuck(&self, shard: Option<Shard>) {
        *self.stuck.lock().expect("no panic under this lock") = shard;
    }
}

/// Asks a shard; `slow` never answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) shard: Shard,
    pub(crate) slow: bool,
}

#[async_trait]
impl ShardHost for EchoHost {
    type Request = Ask;
    type Answer = Fence;

    async fn start(&self, fence: Fence) -> Result<(), Fault> {
        if *self.broken.lock().expect("no panic under this lock") == Some(fence.shard) {
            return Err(Fault::internal("it does not start"));
        }
        self.running.lock().expect("no panic under this lock").insert(fence.shard, fence);
        self.started.lock().expect("no panic under this lock").push(fence);
        Ok(())
    }

    async fn stop(&self, fence: Fence) {
        let stuck = *self.stuck.lock().expect("no panic under this lock");
        if stuck == Some(fence.shard) {
            std::future::pending::<()>().await;
        }
        self.running.lock().expect("no panic under this lock").remove(&fence.shard);
    }

    async fn deliver(&self, fence: Fence, request: Ask) -> Result<Fence, Fault> {
        if request.slow {
            std::future::pending::<()>().await;
        }
        if self.running().get(&fence.shard) != Some(&fence) {
            return Err(Fault::unavailable(
                "it does not run here any more",
                Duration::from_secs(1),
            ));
        }
        Ok(fence)
    }

    fn shard_of(request: &Ask) -> Shard {
        request.shard
    }

    fn is_repeatable(_request: &Ask) -> bool {
        true
    }

    fn encode_request(request: &Ask) -> Result<Vec<u8>, Fault> {
        encode(&(request.shard, request.slow))
    }

    fn decode_request(bytes: &[u8]) -> Result<Ask, Fault> {
        decode(bytes).map(|(shard, slow)| Ask { shard, slow })
    }

    fn encode_answer(answer: &Fence) -> Result<Vec<u8>, Fault> {
        encode(answer)
    }

    fn decode_answer(bytes: &[u8]) -> Result<Fence, Fault> {
        decode(bytes)
    }
}

/// Links over which no hint ever arrives, and the first few questions break with an unknown outcome.
#[derive(Debug)]
pub(crate) struct Lossy {
    pub(crate) peers: MemoryPeers,
    pub(crate) breaks: AtomicUsize,
}

#[async_trait]
impl Peers for Lossy {
    async fn ask(
        &self,
        to: Incarnation,
        door: Door,
        request: PeerRequest,
    ) -> Result<Vec<u8>, Fault> {
        let answer = self.peers.ask(to, door, request).await;
        let less = |left: usize| left.checked_sub(1);
        match self.breaks.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
            Ok(_breaks) => Err(Fault::new(FaultKind::Timeout, "the link broke")),
            Err(_none) => answer,
        }
    }

    fn tell(&self, _: Incarnation, _: Door, _: Vec<u8>) -> bool {
        false
    }

    fn reachable(&self) -> BTreeSet<Incarnation> {
        self.peers.reachable()
    }

    fn open(&self, door: Door, service: Arc<dyn PeerService>) {
        self.peers.open(door, service);
    }

    fn close(&self) {
        self.peers.close();
    }
}

/// A parent for actors under test; it survives them.
pub(crate) struct Parent;

impl ractor::Actor for Parent {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(
        &self,
        _myself: ractor::ActorRef<()>,
        (): (),
    ) -> Result<(), ractor::ActorProcessingErr> {
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _myself: ractor::ActorRef<()>,
        _event: ractor::SupervisionEvent,
        _state: &mut (),
    ) -> Result<(), ractor::ActorProcessingErr> {
        Ok(())
    }
}

/// Starts a [`Parent`].
pub(crate) async fn parent() -> ractor::ActorCell {
    ractor::Actor::spawn(None, Parent, ()).await.expect("it cannot fail").0.get_cell()
}

/// Lets time pass until a condition holds; fails after a minute of it.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never happened: {what}");
}
