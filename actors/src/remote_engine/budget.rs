//! Tokens a day, for all and for each reader.

use autoglm_domain::{ReaderId, Timestamp};
use std::collections::HashMap;
use std::time::Duration;

/// What has been used since midnight, UTC. Kept in memory: a node that starts again counts anew.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Tokens a day; 0 for any number.
    daily: u64,
    /// Tokens a day of one reader; 0 for any number.
    reader_daily: u64,
    day: i64,
    used: u64,
    /// Only readers who asked today.
    by_reader: HashMap<ReaderId, u64>,
}

/// Nothing is left until this much later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UsedUp {
    /// Whether it is the reader's own budget.
    pub(crate) readers: bool,
    /// Until midnight.
    pub(crate) wait: Duration,
}

impl Budget {
    pub(crate) fn new(daily: u64, reader_daily: u64) -> Self {
        Self { daily, reader_daily, day: 0, used: 0, by_reader: HashMap::new() }
    }

    /// Sets tokens aside.
    pub(crate) fn reserve(
        &mut self,
        now: Timestamp,
        reader: Option<ReaderId>,
        tokens: u64,
    ) -> Result<(), UsedUp> {
        self.turn(now);
        let refuse = |readers| Err(UsedUp { readers, wait: now.until_midnight() });
        if self.daily > 0 && self.used.saturating_add(tokens) > self.daily {
            return refuse(false);
        }
        if let Some(reader) = reader {
            let used = self.by_reader.entry(reader).or_default();
            if self.reader_daily > 0 && used.saturating_add(tokens) > self.reader_daily {
                return refuse(true);
            }
            *used = used.saturating_add(tokens);
        }
        self.used = self.used.saturating_add(tokens);
        Ok(())
    }

    /// Replaces what was set aside by what it cost; of yesterday's nothing is given back.
    pub(crate) fn settle(
        &mut self,
        now: Timestamp,
        reader: Option<ReaderId>,
        reserved: u64,
        spent: u64,
    ) {
        self.turn(now);
        let settled = |used: u64| used.saturating_sub(reserved).saturating_add(spent);
        self.used = settled(self.used);
        if let Some(used) = reader.and_then(|reader| self.by_reader.get_mut(&reader)) {
            *used = settled(*used);
        }
    }

    /// Tokens used today.
    pub(crate) fn used(&self) -> u64 {
        self.used
    }

    fn turn(&mut self, now: Timestamp) {
        let day = now.day();
        if day != self.day {
            self.day = day;
            self.used = 0;
            self.by_reader.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: Duration = Duration::from_hours(24);
    const NOON: Timestamp = Timestamp(12 * 60 * 60 * 1000);
    const ADA: Option<ReaderId> = Some(ReaderId(1));
    const BOB: Option<ReaderId> = Some(ReaderId(2));

    #[test]
    fn one_reader_cannot_use_what_belongs_to_all() {
        let mut budget = Budget::new(100, 40);
        budget.reserve(NOON, ADA, 40).expect("left");
        let used_up = budget.reserve(NOON, ADA, 1).expect_err("used up");
        assert_eq!(used_up, UsedUp { readers: true, wait: Duration::from_secs(12 * 60 * 60) });
        budget.reserve(NOON, BOB, 40).expect("left");
        assert!(!budget.reserve(NOON, None, 21).expect_err("used up").readers);
        budget.settle(NOON, ADA, 40, 10);
        budget.reserve(NOON, ADA, 30).expect("given back");
        assert_eq!(budget.used(), 80);
    }

    #[test]
    fn midnight_begins_anew_and_zero_is_no_limit() {
        let mut budget = Budget::new(100, 0);
        budget.reserve(NOON, ADA, 100).expect("left");
        budget.reserve(NOON, ADA, 1).expect_err("used up");
        let tomorrow = NOON.plus(DAY);
        budget.reserve(tomorrow, ADA, 100).expect("a new day");
        let mut budget = Budget::new(0, 0);
        budget.reserve(NOON, ADA, u64::MAX).expect("no limit");
        budget.reserve(NOON, ADA, u64::MAX).expect("no limit");
    }

    proptest! {
        #[test]
        fn never_more_is_set_aside_than_there_is(
            asked in prop::collection::vec((1_i64..4, 0_u64..50, 0_u64..50), 0..60)
        ) {
            let mut budget = Budget::new(200, 80);
            for (reader, reserved, spent) in asked {
                let reader = Some(ReaderId(reader));
                if budget.reserve(NOON, reader, reserved).is_ok() {
                    prop_assert!(budget.used() <= 200);
                    prop_assert!(budget.by_reader.values().all(|used| *used <= 80));
                    budget.settle(NOON, reader, reserved, spent.min(reserved));
                }
            }
        }
    }
}
