//! A cap on the tokens of a batch that shrinks when a promise is broken and grows while all are
//! kept: what protects the objective while the cost model is wrong.

/// Part of the cap that remains after a broken promise, in percent.
const AFTER_MISS_PERCENT: usize = 80;
/// Batches in a row with every promise kept after which the cap grows.
const CLEAN_BATCHES: u32 = 20;
/// Part of the highest cap by which it grows.
const GROWTH_DIVISOR: usize = 16;
/// The cap never falls below this; a single text may always go.
const LOWEST: usize = 256;

/// Additive increase, multiplicative decrease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SafetyNet {
    cap: usize,
    highest: usize,
    clean: u32,
}

impl SafetyNet {
    /// A net whose cap begins at its highest.
    pub(super) fn new(highest: usize) -> Self {
        Self { cap: highest, highest, clean: 0 }
    }

    /// Tokens a batch may have, padding included.
    pub(super) fn cap(&self) -> usize {
        self.cap
    }

    /// A batch was done; `kept` says whether everybody in it had the answer as promised.
    pub(super) fn done(&mut self, kept: bool) {
        if !kept {
            self.clean = 0;
            self.shrink_to(self.cap / 100 * AFTER_MISS_PERCENT + self.cap % 100);
            return;
        }
        self.clean += 1;
        if self.clean >= CLEAN_BATCHES {
            self.clean = 0;
            self.cap = self.cap.saturating_add(self.highest / GROWTH_DIVISOR).min(self.highest);
        }
    }

    /// A batch with this many tokens did not fit into the device's memory: none as large again,
    /// until the device is started afresh.
    pub(super) fn too_large(&mut self, tokens: usize) {
        self.clean = 0;
        self.highest = self.highest.min(tokens / 4 * 3).max(LOWEST);
        self.shrink_to(self.highest.min(tokens / 2));
    }

    fn shrink_to(&mut self, cap: usize) {
        self.cap = cap.max(LOWEST).min(self.highest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_broken_promise_takes_a_fifth_and_twenty_kept_ones_give_some_back() {
        let mut net = SafetyNet::new(16_000);
        net.done(false);
        assert_eq!(net.cap(), 12_800);
        (0..19).for_each(|_| net.done(true));
        assert_eq!(net.cap(), 12_800);
        net.done(true);
        assert_eq!(net.cap(), 13_800);
        (0..1000).for_each(|_| net.done(true));
        assert_eq!(net.cap(), 16_000);
    }

    #[test]
    fn what_did_not_fit_is_not_tried_again() {
        let mut net = SafetyNet::new(16_000);
        net.too_large(8_000);
        assert_eq!(net.cap(), 4_000);
        (0..10_000).for_each(|_| net.done(true));
        assert_eq!(net.cap(), 6_000);
    }

    proptest! {
        #[test]
        fn the_cap_stays_between_its_bounds(
            happenings in prop::collection::vec((any::<bool>(), prop::option::of(0_usize..100_000)), 0..300)
        ) {
            let mut net = SafetyNet::new(16_384);
            for (kept, too_large) in happenings {
                net.done(kept);
                too_large.into_iter().for_each(|tokens| net.too_large(tokens));
                prop_assert!((LOWEST..=16_384).contains(&net.cap()));
            }
        }
    }
}
