//! A bounded map for what is only useful while it is recent.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// A map that forgets the entries that were made first.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    values: HashMap<K, V>,
    order: VecDeque<K>,
    max: usize,
}

impl<K: Copy + Eq + Hash, V> Recent<K, V> {
    /// Holds `max` entries.
    pub(crate) fn new(max: usize) -> Self {
        Self { values: HashMap::new(), order: VecDeque::new(), max }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.values.get(key)
    }

    /// Sets a value; whether the key is new.
    pub(crate) fn insert(&mut self, key: K, value: V) -> bool {
        if self.values.insert(key, value).is_some() {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > self.max
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_leave_and_changed_ones_keep_their_place() {
        let mut recent = Recent::new(3);
        for key in 0..3 {
            assert!(recent.insert(key, key));
        }
        assert!(!recent.insert(0, 9));
        assert!(recent.insert(3, 3));
        assert_eq!((recent.get(&0), recent.get(&1), recent.get(&3)), (None, Some(&1), Some(&3)));
        assert_eq!(recent.order.len(), recent.values.len());
    }
}
