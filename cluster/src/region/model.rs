//! A model of several nodes over one database, searched through every order of events within small
//! bounds: how ownership moves, and that nothing is lost or written twice by it.
//!
//! Real are [`RegionState`](super::state::RegionState), the lease's share of the time-to-live
//! ([`LeaseClock`]) and placement. Modelled after the code are the region's work beside its mailbox
//! (`work.rs`), membership, the tables ([`database`]) and readers who append numbered events.
//! [`steps`] says what can happen, [`properties`] what must hold after every step, [`search`] tries
//! it all, breadth first, so that a counterexample is a shortest one.
//!
//! Time passes in ticks of a second for the database and for every node; a node's clock may fall
//! behind the database's by a tick in the life of one renewal. A frozen node does nothing, then goes
//! on with what it had decided; what it has sent to the store may be executed meanwhile.
//!
//! What is simpler than it is: a node that is well renews with every tick and at once, so that its
//! view is never older than a tick; only slow renewals and frozen nodes are behind. A client finds
//! an open door without being told where it is: redirects and hints cost time, never an event.
//! Every change of the region, its work or the tables that moves ownership belongs here too.

mod database;
mod node;
mod properties;
mod search;
mod shared;
mod steps;
mod telling;
mod work;

use crate::lease_clock::LeaseClock;
use crate::placement::{Candidate, owner_of};
use autoglm_domain::{Incarnation, Shard, ShardKind};
use database::{Database, View};
use node::{Call, Node, Process};
use shared::Shared;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::time::Instant;

const TICK: Duration = Duration::from_secs(1);
/// Time-to-live of a member, in ticks; a node uses two of them.
const TTL_TICKS: u8 = 3;

/// The moment at which all happens: what is remembered ages instead.
fn base() -> Instant {
    static BASE: OnceLock<Instant> = OnceLock::new();
    // Far enough from the clock's zero that moments before it exist.
    *BASE.get_or_init(|| Instant::now() + Duration::from_secs(3_600))
}

/// What makes it safe; the tests take one away at a time.
#[derive(Debug, Clone)]
struct Rules {
    /// A write is refused when its epoch is not that of the lease.
    writes_are_fenced: bool,
    taking_raises_the_epoch: bool,
    /// A lease is freed when the shard has written everything.
    flush_before_free: bool,
    /// An event that is stored already is not stored again.
    events_have_keys: bool,
    /// What a node asks of the store is done in the order of asking.
    calls_keep_their_order: bool,
    /// A reader is answered when the event is stored.
    stored_before_answered: bool,
    /// What a node takes for the time-to-live; it uses two thirds of it.
    trusted_ttl: Duration,
}

impl Rules {
    fn real() -> Self {
        Self {
            writes_are_fenced: true,
            taking_raises_the_epoch: true,
            flush_before_free: true,
            events_have_keys: true,
            calls_keep_their_order: true,
            stored_before_answered: true,
            trusted_ttl: TICK * u32::from(TTL_TICKS),
        }
    }
}

/// How large the world is and what goes wrong in it.
#[derive(Debug, Clone)]
struct Bounds {
    /// The first node runs at the beginning; the others start at any time.
    nodes: usize,
    /// Processes that start in one history, the first included.
    starts: i64,
    shards: Vec<Shard>,
    /// Events of the one reader of each shard.
    events: u8,
    /// Faults in one history, of whatever kind.
    faults: u8,
    /// The kinds of faults there are.
    kinds: &'static [steps::Fault],
}

/// What is the same in all states of one search.
#[derive(Debug)]
struct Setting {
    bounds: Bounds,
    rules: Rules,
    /// Whether a node's lease holds so many ticks after its renewal was sent.
    lease_holds: Vec<bool>,
}

impl Setting {
    fn new(bounds: Bounds, rules: Rules) -> Self {
        let holds = |age: u32| {
            let clock = LeaseClock::with_ttl(rules.trusted_ttl);
            clock.renewed(base() - TICK * age);
            clock.is_valid(base())
        };
        let lease_holds = (0..=u32::from(TTL_TICKS) + 1).map(holds).collect();
        Self { bounds, rules, lease_holds }
    }
}

/// The reader of one shard: appends its events one after the other.
#[derive(Debug, Clone, Copy, Hash)]
struct Client {
    shard: Shard,
    /// The event it is at; every one before it was acknowledged.
    event: u8,
    /// The node it waits for.
    waits_for: Option<usize>,
}

#[derive(Debug, Clone)]
struct World {
    setting: Rc<Setting>,
    database: Shared<Database>,
    nodes: Vec<Shared<Node>>,
    clients: Vec<Client>,
    /// Calls of processes that are gone; they may still be executed, in any order.
    orphans: Vec<Call>,
    faults_left: u8,
}

impl Hash for World {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (&self.database, &self.nodes, &self.clients).hash(hasher);
        (&self.orphans, self.faults_left).hash(hasher);
        for node in &self.nodes {
            let slow = node.slow.as_ref().and_then(|slow| slow.answer.as_ref());
            let slow = slow.map(|view| view.as_ref().is_some_and(|view| self.is_newest(view)));
            (self.is_newest(&node.view), slow).hash(hasher);
        }
    }
}

impl World {
    /// One node has just started, the others are off.
    fn new(setting: &Rc<Setting>) -> Self {
        let bounds = &setting.bounds;
        let mut database = Database::new(&bounds.shards);
        let mut nodes = vec![Shared::new(Node::off()); bounds.nodes];
        nodes[0] = Shared::new(Node::started(database.register()));
        let client = |shard: &Shard| Client { shard: *shard, event: 1, waits_for: None };
        Self {
            setting: Rc::clone(setting),
            database: Shared::new(database),
            nodes,
            clients: bounds.shards.iter().map(client).collect(),
            orphans: Vec::new(),
            faults_left: bounds.faults,
        }
    }

    fn rules(&self) -> &Rules {
        &self.setting.rules
    }

    fn node(&mut self, index: usize) -> &mut Node {
        self.nodes[index].change()
    }

    fn database(&mut self) -> &mut Database {
        self.database.change()
    }

    fn is_newest(&self, view: &View) -> bool {
        view.version == self.database.version()
    }

    /// What `LeaseClock::is_valid` says on this node.
    fn lease_holds(&self, index: usize) -> bool {
        let age = self.nodes[index].lease_age;
        age.is_some_and(|age| self.setting.lease_holds[usize::from(age)])
    }

    /// What `Router::fence_of` says: whether this node lets requests in to the shard. A frozen one
    /// would if it woke up now.
    fn is_open(&self, index: usize, shard: Shard) -> bool {
        let node = &self.nodes[index];
        node.process != Process::Off
            && node.region.owned().contains_key(&shard)
            && self.lease_holds(index)
    }

    /// Whether the shard is served and its writes are accepted.
    fn is_served(&self, shard: Shard) -> bool {
        (0..self.nodes.len()).any(|index| {
            let fence = self.nodes[index].region.owned().get(&shard);
            !self.nodes[index].frozen
                && self.is_open(index, shard)
                && fence.is_some_and(|fence| self.database.accepts(*fence, self.rules()))
        })
    }

    /// Whether every shard is served and every reader has the answers to all of its events.
    fn is_settled(&self) -> bool {
        let is_done = |client: &Client| client.event > self.setting.bounds.events;
        self.clients.iter().all(|client| is_done(client) && self.is_served(client.shard))
    }
}

/// Who should own the shard while these are up.
fn placed(shard: Shard, up: &[Incarnation]) -> Option<Incarnation> {
    let candidate = |incarnation: &Incarnation| Candidate { incarnation: *incarnation, weight: 1 };
    owner_of(shard, &up.iter().map(candidate).collect::<Vec<_>>())
}

/// The first reader shard for which placement chooses these owners, each for members `1..=n` with n
/// from one on.
fn shard_going_to(owners: &[i64]) -> Shard {
    let goes = |shard: &Shard| {
        (1..).zip(owners).all(|(count, owner)| {
            let up: Vec<Incarnation> = (1..=count).map(Incarnation).collect();
            placed(*shard, &up) == Some(Incarnation(*owner))
        })
    };
    let mut shards = (0..256).map(|index| Shard { kind: ShardKind::Reader, index });
    shards.find(goes).expect("256 shards go every way")
}

mod tests;
