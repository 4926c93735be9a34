//! Sets and maps by id that are asked ten thousand times for one list.

use std::collections::{HashMap, HashSet};

/// A set with a hash of a few nanoseconds. Ids are numbers we hand out ourselves, so nobody can
/// choose them to collide.
pub type IdSet<T> = HashSet<T, foldhash::fast::RandomState>;

/// The same as a map.
pub type IdMap<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
