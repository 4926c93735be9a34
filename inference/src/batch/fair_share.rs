//! Start-time fair queueing over the three priorities: each gets its share while it has work, an
//! idle one saves up nothing, and what one does not use the others get.

/// Virtual time one token takes at share 1.
const VIRTUAL_UNIT: u64 = 1 << 10;

/// Priorities, as places: interactive, ingest, backfill.
pub(super) const LANES: usize = 3;

/// Virtual clocks of the priorities.
#[derive(Debug, Clone)]
pub(super) struct FairShare {
    shares: [u32; LANES],
    /// The smallest is served next.
    virtual_time: [u64; LANES],
    /// Virtual time of the last one served: where a priority that was idle begins again.
    served_until: u64,
}

impl FairShare {
    pub(super) fn new(shares: [u32; LANES]) -> Self {
        Self { shares, virtual_time: [0; LANES], served_until: 0 }
    }

    /// A priority that had nothing to do has something.
    pub(super) fn woke(&mut self, lane: usize) {
        self.virtual_time[lane] = self.virtual_time[lane].max(self.served_until);
    }

    /// A priority got this many tokens of work done.
    pub(super) fn served(&mut self, lane: usize, tokens: usize) {
        self.served_until = self.served_until.max(self.virtual_time[lane]);
        let share = u64::from(self.shares[lane].max(1));
        let work = (tokens.max(1) as u64).saturating_mul(VIRTUAL_UNIT) / share;
        self.virtual_time[lane] = self.virtual_time[lane].saturating_add(work.max(1));
    }

    /// The priorities, the one to serve next first.
    pub(super) fn order(&self) -> [usize; LANES] {
        let mut lanes = [0, 1, 2];
        lanes.sort_by_key(|lane| (self.virtual_time[*lane], *lane));
        lanes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(fair: &mut FairShare, rounds: usize, busy: &[usize]) -> [usize; LANES] {
        let mut served = [0; LANES];
        for _ in 0..rounds {
            let Some(lane) = fair.order().into_iter().find(|lane| busy.contains(lane)) else {
                break;
            };
            fair.served(lane, 10);
            served[lane] += 1;
        }
        served
    }

    #[test]
    fn three_busy_priorities_share_as_agreed_and_one_alone_has_everything() {
        let mut fair = FairShare::new([70, 25, 5]);
        let served = serve(&mut fair, 1_000, &[0, 1, 2]);
        assert!(served[0].abs_diff(700) < 10 && served[2].abs_diff(50) < 5, "{served:?}");
        assert_eq!(serve(&mut fair, 100, &[2]), [0, 0, 100]);
    }

    #[test]
    fn a_priority_that_was_idle_has_no_claim_to_the_past() {
        let mut fair = FairShare::new([1, 1, 1]);
        serve(&mut fair, 1_000, &[1]);
        fair.woke(0);
        let served = serve(&mut fair, 100, &[0, 1]);
        assert!(served[0] <= 51, "{served:?}");
    }
}
