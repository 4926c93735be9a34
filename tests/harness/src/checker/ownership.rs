//! Judges the leases: epochs never go back, one owner under an epoch, and every write by the owner
//! within its term.

use super::history::Micros;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What is owned: kind and number.
pub type ShardName = (String, i64);

/// One change of a lease, in the order of its shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseChange {
    /// What is owned.
    pub shard: ShardName,
    /// By which incarnation from now on; `None` when it was given back.
    pub owner: Option<i64>,
    /// How often it has changed hands.
    pub epoch: i64,
    /// When the change was committed.
    pub committed: Micros,
}

/// One start of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Its number.
    pub incarnation: i64,
    /// The name under which its process talks to the database.
    pub writer: String,
}

/// One event, with who wrote it and whose the shard was in that very transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Whose event.
    pub reader: i64,
    /// Its number.
    pub seq: i64,
    /// The reader's shard.
    pub shard: ShardName,
    /// The name under which the writing process talks to the database.
    pub writer: String,
    /// The owner the transaction saw.
    pub owner: Option<i64>,
    /// The epoch the transaction saw.
    pub epoch: i64,
    /// When it was committed.
    pub committed: Micros,
}

/// A promise about ownership that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnershipViolation {
    /// A shard's epoch became smaller.
    EpochWentBack {
        /// Which.
        shard: ShardName,
        /// Before.
        from: i64,
        /// Afterwards.
        to: i64,
    },
    /// One epoch had two owners.
    TwoOwners {
        /// Which.
        shard: ShardName,
        /// Under which epoch.
        epoch: i64,
        /// Who.
        owners: BTreeSet<i64>,
    },
    /// Somebody wrote who was not the owner.
    NotTheOwner {
        /// What and by whom.
        write: Write,
    },
    /// The write became visible before its owner had the shard, or after it had lost it.
    OutsideTheTerm {
        /// What and by whom.
        write: Write,
        /// From when to when the owner had the shard.
        term: (Micros, Micros),
    },
}

impl fmt::Display for OwnershipViolation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EpochWentBack { shard, from, to } => {
                write!(
                    formatter,
                    "shard {}/{}: epoch {from} was followed by {to}",
                    shard.0, shard.1
                )
            }
            Self::TwoOwners { shard, epoch, owners } => write!(
                formatter,
                "shard {}/{}: epoch {epoch} had the owners {owners:?}",
                shard.0, shard.1
            ),
            Self::NotTheOwner { write } => write!(
                formatter,
                "reader {}: event number {} was written by {} while incarnation {:?} owned shard {} \
                 under epoch {}",
                write.reader, write.seq, write.writer, write.owner, write.shard.1, write.epoch
            ),
            Self::OutsideTheTerm { write, term } => write!(
                formatter,
                "reader {}: event number {} by {} was committed at {} under epoch {}, whose term was \
                 {} to {}",
                write.reader, write.seq, write.writer, write.committed, write.epoch, term.0, term.1
            ),
        }
    }
}

/// Everything that is wrong with these leases and writes. The changes of one shard are in order.
#[must_use]
pub fn judge_ownership(
    changes: &[LeaseChange],
    nodes: &[Registered],
    writes: &[Write],
) -> Vec<OwnershipViolation> {
    let mut by_shard: BTreeMap<&ShardName, Vec<&LeaseChange>> = BTreeMap::new();
    for change in changes {
        by_shard.entry(&change.shard).or_default().push(change);
    }
    let mut violations = Vec::new();
    for (shard, changes) in &by_shard {
        judge_lease(shard, changes, &mut violations);
    }
    let writers: BTreeMap<i64, &str> =
        nodes.iter().map(|node| (node.incarnation, node.writer.as_str())).collect();
    for write in writes {
        let owner = write.owner.and_then(|owner| writers.get(&owner).copied());
        if owner != Some(write.writer.as_str()) {
            violations.push(OwnershipViolation::NotTheOwner { write: write.clone() });
        }
        let term = by_shard.get(&write.shard).and_then(|changes| term_of(changes, write.epoch));
        if let Some(term) = term.filter(|term| !(term.0..=term.1).contains(&write.committed)) {
            violations.push(OwnershipViolation::OutsideTheTerm { write: write.clone(), term });
        }
    }
    violations
}

fn judge_lease(
    shard: &ShardName,
    changes: &[&LeaseChange],
    violations: &mut Vec<OwnershipViolation>,
) {
    let mut owners: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    let mut last = 0;
    for change in changes {
        if change.epoch < last {
            let (shard, from, to) = (shard.clone(), last, change.epoch);
            violations.push(OwnershipViolation::EpochWentBack { shard, from, to });
        }
        last = last.max(change.epoch);
        owners.entry(change.epoch).or_default().extend(change.owner);
    }
    for (epoch, owners) in owners.into_iter().filter(|(_, owners)| owners.len() > 1) {
        violations.push(OwnershipViolation::TwoOwners { shard: shard.clone(), epoch, owners });
    }
}

/// From when to when somebody owned the shard under this epoch.
fn term_of(changes: &[&LeaseChange], epoch: i64) -> Option<(Micros, Micros)> {
    let taken =
        changes.iter().position(|change| change.epoch == epoch && change.owner.is_some())?;
    let end = changes.get(taken + 1).map_or(Micros::MAX, |change| change.committed);
    Some((changes[taken].committed, end))
}

/// How long it took until every shard that `incarnation` owned at `moment` had an owner again, and
/// how many there were; `None` while one of them has none.
#[must_use]
pub fn owned_again(
    changes: &[LeaseChange],
    incarnation: i64,
    moment: Micros,
) -> Option<(Micros, usize)> {
    let mut owned: BTreeMap<&ShardName, Option<Micros>> = BTreeMap::new();
    for change in changes {
        if change.committed <= moment {
            if change.owner == Some(incarnation) {
                owned.insert(&change.shard, None);
            } else {
                owned.remove(&change.shard);
            }
        } else if change.owner.is_some_and(|owner| owner != incarnation)
            && let Some(again) = owned.get_mut(&change.shard)
        {
            again.get_or_insert(change.committed - moment);
        }
    }
    let count = owned.len();
    let times: Option<Vec<Micros>> = owned.into_values().collect();
    times.map(|times| (times.into_iter().max().unwrap_or(0), count))
}
