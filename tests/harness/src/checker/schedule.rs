//! What goes wrong when: drawn from a seed before the run, so that a run can be repeated.

use crate::dice::Dice;
use std::fmt;
use std::time::Duration;

/// One thing that goes wrong, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `kill -9`, and a start after a while.
    Kill(usize, Duration),
    /// SIGTERM, and a start when it has ended.
    Restart(usize),
    /// SIGSTOP, and SIGCONT after a while.
    Freeze(usize, Duration),
    /// The links of a node to all others are cut.
    Isolate(usize, Duration),
    /// The link between two nodes is cut.
    Cut(usize, usize, Duration),
    /// A node and PostgreSQL hear nothing of each other.
    CutOffStore(usize, Duration),
    /// PostgreSQL says nothing for a while.
    PausePostgres(Duration),
    /// PostgreSQL is stopped at once and started again after a while.
    StopPostgres(Duration),
    /// Redis says nothing for a while.
    PauseRedis(Duration),
    /// Redis is killed and started again, empty, after a while.
    KillRedis(Duration),
}

impl Fault {
    /// How long it lasts by itself.
    #[must_use]
    pub fn lasts(self) -> Duration {
        match self {
            Self::Restart(_) => Duration::ZERO,
            Self::Kill(_, lasts)
            | Self::Freeze(_, lasts)
            | Self::Isolate(_, lasts)
            | Self::Cut(_, _, lasts)
            | Self::CutOffStore(_, lasts)
            | Self::PausePostgres(lasts)
            | Self::StopPostgres(lasts)
            | Self::PauseRedis(lasts)
            | Self::KillRedis(lasts) => lasts,
        }
    }

    /// The nodes that are not whole meanwhile.
    #[must_use]
    pub fn nodes(self) -> Vec<usize> {
        match self {
            Self::Kill(node, _)
            | Self::Restart(node)
            | Self::Freeze(node, _)
            | Self::Isolate(node, _)
            | Self::CutOffStore(node, _) => {
                vec![node]
            }
            Self::Cut(one, other, _) => vec![one, other],
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.lasts().as_secs_f64();
        match self {
            Self::Kill(node, _) => write!(formatter, "kill -9 of node {node} for {seconds:.1} s"),
            Self::Restart(node) => write!(formatter, "planned restart of node {node}"),
            Self::Freeze(node, _) => write!(formatter, "freeze of node {node} for {seconds:.1} s"),
            Self::Isolate(node, _) => {
                write!(formatter, "node {node} cut off from its peers for {seconds:.1} s")
            }
            Self::Cut(one, other, _) => {
                write!(formatter, "link between {one} and {other} cut for {seconds:.1} s")
            }
            Self::CutOffStore(node, _) => {
                write!(formatter, "node {node} cut off from PostgreSQL for {seconds:.1} s")
            }
            Self::PausePostgres(_) => write!(formatter, "PostgreSQL silent for {seconds:.1} s"),
            Self::StopPostgres(_) => write!(formatter, "PostgreSQL away for {seconds:.1} s"),
            Self::PauseRedis(_) => write!(formatter, "Redis silent for {seconds:.1} s"),
            Self::KillRedis(_) => write!(formatter, "Redis away for {seconds:.1} s"),
        }
    }
}

/// A fault with its moment since the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// When it begins.
    pub at: Duration,
    /// What goes wrong.
    pub fault: Fault,
}

/// What may go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Means {
    /// Number of nodes; at least one of them is always whole.
    pub nodes: usize,
    /// Whether links can be cut.
    pub links: bool,
    /// Whether a node can be cut off from PostgreSQL.
    pub gates: bool,
    /// Whether there is a Redis.
    pub redis: bool,
    /// Whether PostgreSQL keeps what it has acknowledged when it is stopped at once.
    pub durable: bool,
    /// Time-to-live of a lease; freezes and silences are both shorter and longer.
    pub lease: Duration,
}

/// How long a node takes to be whole again after a fault is over.
const RECOVERY: Duration = Duration::from_secs(6);

/// Draws the faults of a run of this length; all are over by its end.
#[must_use]
pub fn schedule(dice: &mut Dice, length: Duration, means: Means) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut whole_at = vec![Duration::ZERO; means.nodes];
    let mut store_at = Duration::ZERO;
    let mut cache_at = Duration::ZERO;
    let mut at = Duration::from_millis(dice.between(1_000, 3_000));
    while at < length {
        let whole: Vec<usize> = (0..means.nodes).filter(|node| whole_at[*node] <= at).collect();
        let means = Means { redis: means.redis && at >= cache_at, ..means };
        let drawn = draw(dice, &whole, at >= store_at, means);
        if let Some(fault) = drawn.filter(|fault| at + fault.lasts() < length) {
            for node in fault.nodes() {
                whole_at[node] = at + fault.lasts() + RECOVERY;
            }
            if matches!(fault, Fault::PausePostgres(_) | Fault::StopPostgres(_)) {
                store_at = at + fault.lasts() + 2 * RECOVERY;
            }
            if matches!(fault, Fault::PauseRedis(_) | Fault::KillRedis(_)) {
                cache_at = at + fault.lasts() + RECOVERY;
            }
            steps.push(Step { at, fault });
        }
        at += Duration::from_millis(dice.between(1_000, 5_000));
    }
    steps
}

/// One fault that is possible now. PostgreSQL is everybody's and rarely the one.
fn draw(dice: &mut Dice, whole: &[usize], store: bool, means: Means) -> Option<Fault> {
    let lease = means.lease.as_millis() as u64;
    let any = Duration::from_millis(dice.between(lease / 8, lease * 5 / 2));
    let long = Duration::from_millis(dice.between(lease * 5 / 4, lease * 5 / 2));
    let short = Duration::from_millis(dice.between(lease / 8, lease / 2));
    let node = dice.one_of(whole).copied();
    // With one node less somebody must still be whole.
    let node = node.filter(|_| whole.len() > 1);
    let roll = dice.below(100);
    let other = dice.one_of(whole).copied();
    match roll {
        0..17 => node.map(|node| Fault::Kill(node, any)),
        17..25 if means.gates => node.map(|node| Fault::CutOffStore(node, any)),
        25..45 => node.map(|node| Fault::Freeze(node, long)),
        45..52 => node.map(|node| Fault::Freeze(node, short)),
        52..67 => node.map(Fault::Restart),
        67..75 if means.links => node.map(|node| Fault::Isolate(node, any)),
        75..83 if means.links => node
            .zip(other)
            .filter(|(one, other)| one != other && whole.len() > 2)
            .map(|(one, other)| Fault::Cut(one, other, any)),
        83..89 if means.redis => Some(Fault::PauseRedis(any)),
        89..93 if means.redis => Some(Fault::KillRedis(any)),
        93..96 if store => Some(Fault::PausePostgres(short)),
        96..98 if store => Some(Fault::PausePostgres(long)),
        98.. if store && means.durable => Some(Fault::StopPostgres(short)),
        _ => node.map(|node| Fault::Kill(node, any)),
    }
}
