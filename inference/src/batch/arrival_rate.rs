//! How many requests arrive a second, lately.

use super::moment::Moment;
use std::time::Duration;

/// Over which time the rate is taken, roughly.
const MEMORY: Duration = Duration::from_millis(250);

/// A count of arrivals that fades.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ArrivalRate {
    weight: f64,
    at: Moment,
}

impl ArrivalRate {
    /// One request arrived.
    pub(super) fn arrived(&mut self, now: Moment) {
        self.weight = self.faded(now) + 1.0;
        self.at = self.at.max(now);
    }

    /// Expected time to the next arrival; `None` when hardly anything arrives.
    pub(super) fn gap(&self, now: Moment) -> Option<Duration> {
        let per_second = self.faded(now) / MEMORY.as_secs_f64();
        (per_second > 1.0).then(|| Duration::from_secs_f64(1.0 / per_second))
    }

    fn faded(&self, now: Moment) -> f64 {
        let age = now.since(self.at).as_secs_f64() / MEMORY.as_secs_f64();
        self.weight * (-age).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_is_measured_and_its_end_is_noticed() {
        let mut rate = ArrivalRate::default();
        assert_eq!(rate.gap(Moment(0)), None);
        (0..2_000).for_each(|number| rate.arrived(Moment(number * 1_000)));
        let gap = rate.gap(Moment(2_000_000)).expect("a stream");
        assert!((900..1_100).contains(&gap.as_micros()), "{gap:?}");
        assert_eq!(rate.gap(Moment(4_000_000)), None);
    }
}
