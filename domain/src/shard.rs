//! Shards: the fixed slices by which readers, hosts and single jobs belong to one node at a time.

use crate::{Host, ReaderId};
use serde::{Deserialize, Serialize};
use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

/// Number of slices of readers, and of hosts. Changing it is a migration.
pub const SHARD_COUNT: u16 = 256;

/// What a shard is a slice of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShardKind {
    /// Readers, by id.
    Reader,
    /// Hosts of sources, by name and port.
    Host,
    /// One named job of the whole cluster.
    Single,
}

impl ShardKind {
    /// The name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Host => "host",
            Self::Single => "single",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Reader, Self::Host, Self::Single].into_iter().find(|kind| kind.name() == name)
    }
}

/// The jobs of which the cluster has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Single {
    /// Near-duplicates and stories.
    Story,
    /// Popularity counters.
    Popularity,
    /// Finishing what a crash left, retention, statistics.
    Janitor,
    /// Having old articles read by new models.
    Reread,
}

impl Single {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Story, Self::Popularity, Self::Janitor, Self::Reread];

    /// Its shard.
    #[must_use]
    pub fn shard(self) -> Shard {
        let index = match self {
            Self::Story => 0,
            Self::Popularity => 1,
            Self::Janitor => 2,
            Self::Reread => 3,
        };
        Shard { kind: ShardKind::Single, index }
    }
}

/// One slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Shard {
    /// What it is a slice of.
    pub kind: ShardKind,
    /// Which one: below [`SHARD_COUNT`], or the number of a [`Single`].
    pub index: u16,
}

impl Shard {
    /// The shard a reader belongs to, for ever.
    #[must_use]
    pub fn of_reader(reader: ReaderId) -> Self {
        Self { kind: ShardKind::Reader, index: slice(xxh3_64(&reader.0.to_le_bytes())) }
    }

    /// The shard a host belongs to, for ever.
    #[must_use]
    pub fn of_host(host: &Host) -> Self {
        Self { kind: ShardKind::Host, index: slice(xxh3_64(host.as_str().as_bytes())) }
    }

    /// Every shard of the cluster.
    pub fn all() -> impl Iterator<Item = Self> {
        let sliced = [ShardKind::Reader, ShardKind::Host]
            .into_iter()
            .flat_map(|kind| (0..SHARD_COUNT).map(move |index| Self { kind, index }));
        sliced.chain(Single::ALL.into_iter().map(Single::shard))
    }
}

fn slice(hash: u64) -> u16 {
    u16::try_from(hash % u64::from(SHARD_COUNT)).unwrap_or(0)
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.kind.name(), self.index)
    }
}

/// One start of one node: a node that comes back is a new incarnation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Incarnation(pub i64);

impl fmt::Display for Incarnation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// How often a shard has changed hands; only the highest may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub i64);

/// The proof of ownership that goes with every write a shard makes; checked in the same transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fence {
    /// What is owned.
    pub shard: Shard,
    /// By whom.
    pub owner: Incarnation,
    /// Since which change of hands.
    pub epoch: Epoch,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shard_of_a_reader_never_changes() {
        // Frozen values: readers' rows in every installation were placed by them.
        assert_eq!(Shard::of_reader(ReaderId(1)).to_string(), FROZEN.0);
        assert_eq!(Shard::of_host(&Host::new("example.org", 443)).to_string(), FROZEN.1);
    }
    const FROZEN: (&str, &str) = ("reader/46", "host/32");

    #[test]
    fn there_are_two_sliced_kinds_and_four_singles() {
        assert_eq!(Shard::all().count(), 2 * usize::from(SHARD_COUNT) + 4);
    }
}
