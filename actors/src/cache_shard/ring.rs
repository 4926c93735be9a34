//! The last items pushed to one reader, by number, so that a terminal can come back for them.

use autoglm_protocol::push::PushItem;
use autoglm_protocol::reader_request::Watching;
use std::collections::VecDeque;

/// The numbering of one reader in one of its lives: dense numbers, the newest items kept.
///
/// `stream` grows from life to life (epoch, then milliseconds) and numbers start at
/// `1000 · milliseconds`, so that a number of an earlier life is never met again and every number
/// fits 53 bits, which is what a browser can count to.
#[derive(Debug)]
pub struct Ring {
    stream: u64,
    base: u64,
    seq: u64,
    items: VecDeque<PushItem>,
    items_max: usize,
}

/// Bits of a stream that hold milliseconds; enough until the year 2109.
const MILLIS_BITS: u32 = 42;
/// Bits that hold the epoch.
const EPOCH_MASK: u64 = (1 << (64 - MILLIS_BITS)) - 1;

impl Ring {
    /// A new life that begins at `started_ms` under an epoch; keeps `items_max` items.
    #[must_use]
    pub fn starting(epoch: i64, started_ms: i64, items_max: usize) -> Self {
        let millis = u64::try_from(started_ms).unwrap_or(0) & ((1 << MILLIS_BITS) - 1);
        let epoch = u64::try_from(epoch).unwrap_or(0) & EPOCH_MASK;
        let base = millis * 1_000;
        Self {
            stream: (epoch << MILLIS_BITS) | millis,
            base,
            seq: base,
            items: VecDeque::new(),
            items_max: items_max.max(1),
        }
    }

    /// Which life this is.
    #[must_use]
    pub fn stream(&self) -> u64 {
        self.stream
    }

    /// Number of the newest item, or of the one before the first.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Numbers an item.
    pub fn push(&mut self, item: PushItem) {
        self.seq += 1;
        self.items.push_back(item);
        if self.items.len() > self.items_max {
            self.items.pop_front();
        }
    }

    /// Items after a number, oldest first. `None` when they are not known any more or the number
    /// is not one of this life.
    #[must_use]
    pub fn after(&self, seen: u64) -> Option<Vec<PushItem>> {
        if seen < self.base {
            return None;
        }
        let missed = usize::try_from(self.seq.checked_sub(seen)?).ok()?;
        let known = self.items.len().checked_sub(missed)?;
        Some(self.items.iter().skip(known).cloned().collect())
    }

    /// The answer to a terminal that has seen everything up to `seen`.
    #[must_use]
    pub fn watching(&self, seen: Option<u64>) -> Watching {
        let missed = seen.map_or_else(|| Some(Vec::new()), |seen| self.after(seen));
        Watching { stream: self.stream, seq: self.seq, missed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::{ArticleId, Marks};
    use proptest::prelude::*;

    const START: i64 = 1_790_000_000_000;

    fn item(number: u64) -> PushItem {
        PushItem::Mark { article_id: ArticleId(number.cast_signed()), marks: Marks::default() }
    }

    #[test]
    fn a_later_life_has_a_later_stream_and_later_numbers() {
        let mut early = Ring::starting(3, START, 10);
        for number in 0..500 {
            early.push(item(number));
        }
        let late = Ring::starting(3, START + 1, 10);
        assert!(late.stream() > early.stream() && late.seq() > early.seq());
        let elsewhere = Ring::starting(4, START - 60_000, 10);
        assert!(elsewhere.stream() > late.stream(), "another owner, whose clock is slow");
        assert!(late.seq() < 1 << 53);
    }

    #[test]
    fn a_number_of_another_life_is_answered_with_a_reset() {
        let ring = Ring::starting(1, START, 10);
        assert_eq!(ring.watching(Some(ring.seq() - 1)).missed, None);
        assert_eq!(ring.watching(Some(ring.seq() + 1)).missed, None);
        assert_eq!(ring.watching(Some(0)).missed, None);
        assert_eq!(ring.watching(Some(ring.seq())).missed, Some(Vec::new()));
        assert_eq!(ring.watching(None).missed, Some(Vec::new()));
    }

    proptest! {
        #[test]
        fn a_terminal_gets_exactly_what_it_missed_or_a_reset(pushed in 0_u64..60, seen in 0_u64..70, limit in 1_usize..40) {
            let mut ring = Ring::starting(1, START, limit);
            let base = ring.seq();
            for number in 1..=pushed {
                ring.push(item(base + number));
            }
            prop_assert_eq!(ring.seq(), base + pushed);
            match ring.after(base + seen) {
                Some(items) => {
                    let expected: Vec<PushItem> = (seen + 1..=pushed).map(|n| item(base + n)).collect();
                    prop_assert_eq!(items, expected);
                }
                None => prop_assert!(seen > pushed || pushed - seen > limit as u64),
            }
        }
    }
}
