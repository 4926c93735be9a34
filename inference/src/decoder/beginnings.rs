//! Beginnings that many prompts share, such as the instructions for a summary, kept so that they
//! are read once.

use super::cache::Beginning;

/// Shorter beginnings are read again faster than they are found.
const TOKENS_MIN: usize = 8;
/// Longer ones would take more memory than they save time.
const TOKENS_MAX: usize = 1024;

/// The last few beginnings.
pub(super) struct Beginnings {
    most: usize,
    /// The latest used is last.
    known: Vec<(Vec<u32>, Beginning)>,
}

impl Beginnings {
    pub(super) fn new(most: usize) -> Self {
        Self { most, known: Vec::new() }
    }

    /// The longest one a prompt begins with, and how many tokens it has.
    pub(super) fn of(&mut self, prompt: &[u32]) -> Option<(usize, &Beginning)> {
        let (at, _) = self
            .known
            .iter()
            .enumerate()
            .filter(|(_, (ids, _))| prompt.starts_with(ids))
            .max_by_key(|(_, (ids, _))| ids.len())?;
        let used = self.known.remove(at);
        self.known.push(used);
        self.known.last().map(|(ids, beginning)| (ids.len(), beginning))
    }

    /// Whether a beginning is worth keeping and not kept yet.
    pub(super) fn wants(&self, ids: &[u32]) -> bool {
        self.most > 0
            && (TOKENS_MIN..=TOKENS_MAX).contains(&ids.len())
            && self.known.iter().all(|(known, _)| known != ids)
    }

    /// Keeps one; the one not used for longest goes.
    pub(super) fn keep(&mut self, ids: &[u32], beginning: Beginning) {
        if self.known.len() >= self.most {
            self.known.remove(0);
        }
        self.known.push((ids.to_vec(), beginning));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(beginnings: &mut Beginnings, ids: &[u32]) {
        assert!(beginnings.wants(ids));
        beginnings.keep(ids, Vec::new());
    }

    #[test]
    fn the_longest_beginning_is_found_and_the_least_used_one_goes() {
        let ids: Vec<u32> = (0..40).collect();
        let mut beginnings = Beginnings::new(2);
        kept(&mut beginnings, &ids[..10]);
        kept(&mut beginnings, &ids[..20]);
        assert!(!beginnings.wants(&ids[..20]), "it is kept already");
        assert_eq!(beginnings.of(&ids).map(|found| found.0), Some(20));
        assert_eq!(beginnings.of(&ids[..15]).map(|found| found.0), Some(10));
        kept(&mut beginnings, &[7; 12]);
        assert_eq!(beginnings.of(&ids).map(|found| found.0), Some(10), "the longer was older");
        assert!(beginnings.of(&[9; 12]).is_none());
    }

    #[test]
    fn what_is_too_short_or_too_long_is_not_kept() {
        let beginnings = Beginnings::new(1);
        assert!(!beginnings.wants(&[1; TOKENS_MIN - 1]));
        assert!(!beginnings.wants(&[1; TOKENS_MAX + 1]));
        assert!(!Beginnings::new(0).wants(&[1; TOKENS_MIN]));
    }
}
