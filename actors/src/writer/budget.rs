//! Summaries a reader may ask for in a day.

use autoglm_domain::{Fault, ReaderId, Timestamp};
use std::collections::HashMap;

/// What readers have asked for since midnight, UTC. Kept in memory: a node that starts again counts
/// anew. What an engine may cost in tokens is counted by the engine.
#[derive(Debug)]
pub(super) struct ReaderBudget {
    /// Summaries a day; 0 for any number.
    daily: u32,
    day: i64,
    asked: HashMap<ReaderId, u32>,
}

impl ReaderBudget {
    pub(super) fn new(daily: u32) -> Self {
        Self { daily, day: 0, asked: HashMap::new() }
    }

    /// Counts one.
    ///
    /// # Errors
    /// `Overloaded` until midnight when the reader's day is used up.
    pub(super) fn take(&mut self, now: Timestamp, reader: ReaderId) -> Result<(), Fault> {
        self.turn(now);
        let asked = self.asked.entry(reader).or_default();
        if self.daily > 0 && *asked >= self.daily {
            let message = format!(
                "the {} summaries a reader may ask for in a day are used up; see \
                 understanding.write_reader_daily",
                self.daily
            );
            return Err(Fault::overloaded(message, now.until_midnight()));
        }
        *asked += 1;
        Ok(())
    }

    /// What came to nothing does not count.
    pub(super) fn give_back(&mut self, now: Timestamp, reader: ReaderId) {
        self.turn(now);
        if let Some(asked) = self.asked.get_mut(&reader) {
            *asked = asked.saturating_sub(1);
        }
    }

    fn turn(&mut self, now: Timestamp) {
        let day = now.day();
        if day != self.day {
            self.day = day;
            self.asked.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::FaultKind;
    use std::time::Duration;

    const DAY: Duration = Duration::from_hours(24);
    const NOON: Timestamp = Timestamp(12 * 60 * 60 * 1000);
    const ADA: ReaderId = ReaderId(1);
    const BOB: ReaderId = ReaderId(2);

    #[test]
    fn each_reader_has_a_day_of_their_own_and_midnight_begins_anew() {
        let mut budget = ReaderBudget::new(2);
        budget.take(NOON, ADA).expect("first");
        budget.take(NOON, ADA).expect("second");
        let fault = budget.take(NOON, ADA).expect_err("used up");
        assert_eq!(fault.kind, FaultKind::Overloaded);
        assert_eq!(fault.retry_after, Some(Duration::from_hours(12)));
        budget.take(NOON, BOB).expect("another's");
        budget.give_back(NOON, ADA);
        budget.take(NOON, ADA).expect("given back");
        budget.take(NOON.plus(DAY), ADA).expect("a new day");
        let mut endless = ReaderBudget::new(0);
        for _ in 0..1000 {
            endless.take(NOON, ADA).expect("no limit");
        }
    }
}
