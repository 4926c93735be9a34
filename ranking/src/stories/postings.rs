//! From a word to the open stories that have it.

use std::collections::HashMap;

/// Entries visited for one article: enough for every word at a few thousand stories; beyond, the
/// words of the most stories are left to the exact comparison.
const VISITED_MAX: usize = 40_000;

/// A story's place in the index and how often it has the word.
#[derive(Debug, Clone, Copy)]
struct Posting {
    slot: u32,
    count: f32,
}

/// The lists by word, each ordered by place. Together as long as all stories' lists of words.
#[derive(Debug, Default)]
pub(super) struct Postings(HashMap<u64, Vec<Posting>>);

impl Postings {
    /// Notes how often a story has a word.
    pub(super) fn set(&mut self, word: u64, slot: u32, count: f32) {
        let list = self.0.entry(word).or_default();
        match list.binary_search_by_key(&slot, |posting| posting.slot) {
            Ok(at) => list[at].count = count,
            Err(at) => list.insert(at, Posting { slot, count }),
        }
    }

    /// The story no longer has the word.
    pub(super) fn remove(&mut self, word: u64, slot: u32) {
        let Some(list) = self.0.get_mut(&word) else { return };
        if let Ok(at) = list.binary_search_by_key(&slot, |posting| posting.slot) {
            list.remove(at);
        }
        if list.is_empty() {
            self.0.remove(&word);
        }
    }

    /// For each place, the sum over the words of weight times count; words of few stories first.
    /// Also whether no word was left out.
    pub(super) fn products(&self, words: &[(u64, f32)], slots: usize) -> (Vec<f32>, bool) {
        let mut lists: Vec<(&[Posting], f32)> = words
            .iter()
            .filter_map(|(word, weight)| self.0.get(word).map(|list| (list.as_slice(), *weight)))
            .collect();
        lists.sort_by_key(|(list, _)| list.len());
        let mut products = vec![0.0; slots];
        let mut visited = 0;
        for (list, weight) in lists {
            visited += list.len();
            if visited > VISITED_MAX {
                return (products, false);
            }
            for posting in list {
                if let Some(product) = products.get_mut(posting.slot as usize) {
                    *product += weight * posting.count;
                }
            }
        }
        (products, true)
    }

    #[cfg(test)]
    pub(super) fn slots(&self) -> impl Iterator<Item = u32> {
        self.0.values().flatten().map(|posting| posting.slot)
    }
}
