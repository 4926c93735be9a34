//! Which articles have been forwarded already: an article is pushed once, however often it is hinted at.

use autoglm_domain::ArticleId;
use std::collections::{HashSet, VecDeque};

/// The newest ids, bounded. Survives the actor in its arguments, so that what was placed while the
/// actor restarted is still news afterwards, and nothing is news twice.
#[derive(Debug)]
pub struct ForwardMemory {
    known: HashSet<ArticleId>,
    order: VecDeque<ArticleId>,
    max: usize,
}

impl ForwardMemory {
    /// Remembers `max` ids.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self { known: HashSet::new(), order: VecDeque::new(), max: max.max(1) }
    }

    /// Notes an id; whether it is news.
    pub fn note(&mut self, id: ArticleId) -> bool {
        if !self.known.insert(id) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > self.max
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }

    /// Whether an id was noted.
    #[must_use]
    pub fn contains(&self, id: ArticleId) -> bool {
        self.known.contains(&id)
    }

    /// Whether nothing was ever noted: the first start of the node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_news_once_and_memory_is_bounded() {
        let mut memory = ForwardMemory::new(100);
        for id in 0..1_000 {
            assert!(memory.note(ArticleId(id)));
            assert!(!memory.note(ArticleId(id)));
            assert!(memory.order.len() <= 100 && memory.known.len() <= 100);
        }
        assert!(memory.contains(ArticleId(999)) && !memory.contains(ArticleId(899)));
    }
}
