//! When a source asks to be left alone: whole hours and days of the week, in UTC, as `skipHours`
//! and `skipDays` of RSS 2.0 name them.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const HOURS: u8 = 24;
const DAYS: u8 = 7;
const HOUR_MS: i64 = 3_600_000;
/// 1970-01-01 was a Thursday; Monday is day 0.
const FIRST_DAY: i64 = 3;

/// Hours and days to stay away. The default is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietTimes {
    /// Bit `n` is the hour from `n` o'clock.
    hours: u32,
    /// Bit 0 is Monday.
    days: u8,
}

impl QuietTimes {
    /// Hours from 0 to 23 and days from 0 for Monday to 6 for Sunday; others are ignored. A source
    /// that would leave no hour or no day of the week means something else: that part is ignored.
    #[must_use]
    pub fn new(hours: impl IntoIterator<Item = u8>, days: impl IntoIterator<Item = u8>) -> Self {
        let hours = hours.into_iter().filter(|hour| *hour < HOURS);
        let days = days.into_iter().filter(|day| *day < DAYS);
        Self {
            hours: hours.fold(0, |bits, hour| bits | 1 << hour),
            days: days.fold(0, |bits, day| bits | 1 << day),
        }
        .sensible()
    }

    fn sensible(mut self) -> Self {
        if self.hours.count_ones() >= u32::from(HOURS) {
            self.hours = 0;
        }
        if self.days.count_ones() >= u32::from(DAYS) {
            self.days = 0;
        }
        self
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// The stored form: hours in the low 24 bits, days in the seven above.
    #[must_use]
    pub fn to_number(self) -> i64 {
        i64::from(self.hours) | i64::from(self.days) << HOURS
    }

    /// Reads [`Self::to_number`]; further bits are ignored.
    #[must_use]
    pub fn from_number(number: i64) -> Self {
        let bit = |at: u8| number >> at & 1 == 1;
        Self::new((0..HOURS).filter(|hour| bit(*hour)), (0..DAYS).filter(|day| bit(HOURS + day)))
    }

    fn includes(self, at: Timestamp) -> bool {
        let hour = at.0.div_euclid(HOUR_MS);
        let day = (hour.div_euclid(i64::from(HOURS)) + FIRST_DAY).rem_euclid(i64::from(DAYS));
        let hour = hour.rem_euclid(i64::from(HOURS));
        self.hours >> hour & 1 == 1 || self.days >> day & 1 == 1
    }

    /// The first moment from `at` on that is not quiet; at most a week later.
    #[must_use]
    pub fn end(self, at: Timestamp) -> Timestamp {
        let mut moment = at;
        // One step an hour through a whole week: `sensible` leaves at least one hour open.
        for _ in 0..i32::from(HOURS) * i32::from(DAYS) {
            if !self.includes(moment) {
                break;
            }
            let into_hour = moment.0.rem_euclid(HOUR_MS);
            let left = u64::try_from(HOUR_MS - into_hour).unwrap_or_default();
            moment = moment.plus(Duration::from_millis(left));
        }
        moment
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Friday, 2026-11-27 at 22:30 UTC.
    const FRIDAY: Timestamp = Timestamp(1_795_818_600_000);
    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_quiet_hour_ends_when_the_next_begins() {
        let times = QuietTimes::new([22, 23], []);
        assert_eq!(times.end(FRIDAY), FRIDAY.plus(90 * MINUTE));
        assert_eq!(times.end(FRIDAY.plus(90 * MINUTE)), FRIDAY.plus(90 * MINUTE));
    }

    #[test]
    fn a_quiet_weekend_ends_on_monday() {
        let times = QuietTimes::new([], [5, 6]);
        assert_eq!(times.end(FRIDAY), FRIDAY);
        let saturday = FRIDAY.plus(120 * MINUTE);
        assert_eq!(times.end(saturday), FRIDAY.plus((90 + 48 * 60) * MINUTE));
    }

    #[test]
    fn a_source_that_names_every_hour_or_day_is_not_taken_at_its_word() {
        assert!(QuietTimes::new(0..24, 0..7).is_empty());
        assert!(QuietTimes::new([24, 99], [7]).is_empty());
    }

    proptest! {
        #[test]
        fn the_end_is_open_and_within_a_week(
            hours in proptest::collection::vec(0_u8..30, 0..30),
            days in proptest::collection::vec(0_u8..9, 0..9),
            at in 0_i64..4_000_000_000_000,
        ) {
            let times = QuietTimes::new(hours, days);
            let end = times.end(Timestamp(at));
            prop_assert!(!times.includes(end));
            prop_assert!(end.0 >= at && end.0 - at <= 7 * 24 * HOUR_MS);
            prop_assert_eq!(QuietTimes::from_number(times.to_number()), times);
        }
    }
}
