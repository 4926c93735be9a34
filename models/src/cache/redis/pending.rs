//! Invalidations that Redis has not heard yet. Until it has, it is not asked about their keys.

use std::collections::HashMap;

/// A cache's name with its version, and a key.
pub(super) type Place = (String, Vec<u8>);

/// Bounded: what no longer fits is one larger invalidation, of everything.
#[derive(Debug)]
pub(super) struct Pending {
    /// Each place with its last ticket.
    places: HashMap<Place, u64>,
    everything: Option<u64>,
    tickets: u64,
    max: usize,
}

/// What is to be told next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    Key(Place),
    Everything,
}

impl Pending {
    pub(super) fn new(max: usize) -> Self {
        Self { places: HashMap::new(), everything: None, tickets: 0, max }
    }

    /// Notes an invalidation; its ticket is for [`Self::told`].
    pub(super) fn add(&mut self, place: Place) -> u64 {
        self.tickets += 1;
        if self.everything.is_some() {
            self.everything = Some(self.tickets);
            return self.tickets;
        }
        self.places.insert(place, self.tickets);
        if self.places.len() > self.max {
            self.everything = Some(self.tickets);
            self.places = HashMap::new();
        }
        self.tickets
    }

    /// Whether what Redis says about the key may be from before an invalidation.
    pub(super) fn covers(&self, cache: &str, key: &[u8]) -> bool {
        if self.everything.is_some() {
            return true;
        }
        // Almost always empty: no need to build a name to look up.
        !self.places.is_empty() && self.places.contains_key(&(cache.to_owned(), key.to_vec()))
    }

    pub(super) fn next(&self) -> Option<(Next, u64)> {
        if let Some(ticket) = self.everything {
            return Some((Next::Everything, ticket));
        }
        let (place, ticket) = self.places.iter().next()?;
        Some((Next::Key(place.clone()), *ticket))
    }

    /// Redis heard it; what was added since is still to be told.
    pub(super) fn told(&mut self, what: &Next, ticket: u64) {
        match what {
            Next::Everything if self.everything == Some(ticket) => self.everything = None,
            Next::Key(place) if self.places.get(place) == Some(&ticket) => {
                self.places.remove(place);
            }
            _ => {}
        }
    }

    pub(super) fn len(&self) -> usize {
        if self.everything.is_some() { self.max } else { self.places.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(key: u8) -> Place {
        ("names@1".to_owned(), vec![key])
    }

    #[test]
    fn what_no_longer_fits_becomes_an_invalidation_of_everything() {
        let mut pending = Pending::new(2);
        for key in [1, 1, 2] {
            pending.add(place(key));
        }
        assert!(pending.covers("names@1", &[1]) && !pending.covers("names@1", &[3]));
        let ticket = pending.add(place(3));
        assert!(pending.covers("others@1", &[9]));
        assert_eq!(pending.next(), Some((Next::Everything, ticket)));
        pending.told(&Next::Everything, ticket);
        assert_eq!((pending.next(), pending.len()), (None, 0));
    }

    #[test]
    fn an_earlier_invalidation_that_was_told_does_not_speak_for_a_later_one() {
        let mut pending = Pending::new(2);
        let first = pending.add(place(1));
        let second = pending.add(place(1));
        pending.told(&Next::Key(place(1)), first);
        assert!(pending.covers("names@1", &[1]));
        pending.told(&Next::Key(place(1)), second);
        assert!(!pending.covers("names@1", &[1]));
    }
}
