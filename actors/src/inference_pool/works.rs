//! What is to be understood, each text once: equal texts of several requests are one work.

use super::requests::Part;
use autoglm_domain::Priority;
use autoglm_protocol::inference_pool::Text;
use std::collections::HashMap;

/// One text on its way through the pool, and everybody who waits for it.
#[derive(Debug)]
pub(super) struct Work {
    /// Its [`autoglm_inference::content_key`].
    pub(super) key: u128,
    /// The text.
    pub(super) text: Text,
    /// Its length.
    pub(super) tokens: usize,
    /// How urgent it is.
    pub(super) priority: Priority,
    /// Where its answer belongs.
    pub(super) parts: Vec<Part>,
    /// Batches with it that failed.
    pub(super) failures: u32,
}

/// All works that are not done.
#[derive(Debug, Default)]
pub(super) struct Works {
    open: HashMap<u64, Work>,
    by_key: HashMap<u128, u64>,
    next: u64,
}

impl Works {
    /// Lets a part wait for an equal text that is on its way and at least as urgent.
    pub(super) fn join(&mut self, key: u128, priority: Priority, part: Part) -> bool {
        let on_its_way = self.by_key.get(&key).and_then(|id| self.open.get_mut(id));
        match on_its_way.filter(|work| work.priority <= priority) {
            Some(work) => {
                work.parts.push(part);
                true
            }
            None => false,
        }
    }

    /// Takes up a work; its number.
    pub(super) fn open(&mut self, work: Work) -> u64 {
        let id = self.next;
        self.next += 1;
        // The more urgent one, which came later, is the one to join.
        self.by_key.insert(work.key, id);
        self.open.insert(id, work);
        id
    }

    pub(super) fn get(&self, id: u64) -> Option<&Work> {
        self.open.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Work> {
        self.open.get_mut(&id)
    }

    /// Ends a work, done or not.
    pub(super) fn close(&mut self, id: u64) -> Option<Work> {
        let work = self.open.remove(&id)?;
        if self.by_key.get(&work.key) == Some(&id) {
            self.by_key.remove(&work.key);
        }
        Some(work)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.by_key.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_inference::Moment;

    fn part(request: u64) -> Part {
        Part { request, index: 0, deadline: Moment(0) }
    }

    fn work(priority: Priority, request: u64) -> Work {
        let text = Text { title: String::new(), lead: String::new(), language: None, tokens: None };
        Work { key: 7, text, tokens: 2, priority, parts: vec![part(request)], failures: 0 }
    }

    #[test]
    fn an_equal_text_joins_one_that_is_no_less_urgent() {
        let mut works = Works::default();
        assert!(!works.join(7, Priority::Ingest, part(0)));
        let slow = works.open(work(Priority::Ingest, 1));
        assert!(works.join(7, Priority::Backfill, part(2)));
        assert!(!works.join(7, Priority::Interactive, part(3)), "it would wait behind old work");
        let quick = works.open(work(Priority::Interactive, 3));
        assert!(works.join(7, Priority::Ingest, part(4)));
        assert_eq!(works.close(slow).map(|work| work.parts), Some(vec![part(1), part(2)]));
        assert!(works.join(7, Priority::Ingest, part(5)), "the quick one is still on its way");
        assert_eq!(works.close(quick).map(|work| work.parts.len()), Some(3));
        assert!(works.is_empty());
    }
}
