//! Answers to texts that come again: titles and bodies are syndicated.

use autoglm_protocol::inference_pool::Understood;
use std::collections::{HashMap, VecDeque};

/// Answers of one model version, at most so many; the longest unused goes first, roughly: an answer
/// that was used since it was last looked at gets a second turn.
#[derive(Debug)]
pub(super) struct AnswerCache {
    limit: usize,
    version: String,
    answers: HashMap<u128, Kept>,
    turns: VecDeque<u128>,
}

#[derive(Debug)]
struct Kept {
    answer: Understood,
    used: bool,
}

impl AnswerCache {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, version: String::new(), answers: HashMap::new(), turns: VecDeque::new() }
    }

    /// The answer of this model version to a text, if it is remembered.
    pub(super) fn get(&mut self, version: &str, key: u128) -> Option<Understood> {
        if self.version != version {
            return None;
        }
        let kept = self.answers.get_mut(&key)?;
        kept.used = true;
        Some(kept.answer.clone())
    }

    /// Remembers an answer. Those of another model version are forgotten.
    pub(super) fn put(&mut self, version: &str, key: u128, answer: &Understood) {
        if self.version != version {
            self.answers.clear();
            self.turns.clear();
            version.clone_into(&mut self.version);
        }
        if self.limit == 0 {
            return;
        }
        let kept = Kept { answer: answer.clone(), used: false };
        if self.answers.insert(key, kept).is_some() {
            return;
        }
        self.turns.push_back(key);
        while self.answers.len() > self.limit {
            let Some(oldest) = self.turns.pop_front() else { return };
            match self.answers.get_mut(&oldest) {
                Some(kept) if kept.used => {
                    kept.used = false;
                    self.turns.push_back(oldest);
                }
                _ => {
                    self.answers.remove(&oldest);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::Embedding;

    fn answer(summary: &str) -> Understood {
        let (embedding, topics) = (Embedding::zero(), Vec::new());
        let (entities, keywords) = (Vec::new(), Vec::new());
        Understood {
            embedding,
            topics,
            topic_list: 0,
            summary: summary.to_owned(),
            entities,
            keywords,
            beside: None,
        }
    }

    #[test]
    fn what_is_used_stays_and_the_rest_goes_in_turn() {
        let mut cache = AnswerCache::new(2);
        cache.put("m-1", 1, &answer("one"));
        cache.put("m-1", 2, &answer("two"));
        assert_eq!(cache.get("m-1", 1), Some(answer("one")));
        cache.put("m-1", 3, &answer("three"));
        assert_eq!(cache.get("m-1", 2), None);
        assert_eq!(cache.get("m-1", 1), Some(answer("one")));
        assert_eq!((cache.answers.len(), cache.turns.len()), (2, 2));
    }

    #[test]
    fn another_model_has_another_opinion() {
        let mut cache = AnswerCache::new(2);
        cache.put("m-1", 1, &answer("one"));
        assert_eq!(cache.get("m-2", 1), None);
        cache.put("m-2", 2, &answer("two"));
        assert_eq!(cache.get("m-1", 1), None);
        assert_eq!(cache.turns.len(), 1);
    }

    #[test]
    fn nothing_is_remembered_where_nothing_may_be() {
        let mut cache = AnswerCache::new(0);
        cache.put("m-1", 1, &answer("one"));
        assert_eq!(cache.get("m-1", 1), None);
    }
}
