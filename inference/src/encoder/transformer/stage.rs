//! Where the time of an encoder goes.

use crate::stage_clock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The stages of encoding.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stage {
    /// Texts to ids.
    Tokenise,
    /// Ids to the vectors of tokens.
    Forward,
    /// The vectors of tokens to one of length one.
    Pool,
}

impl Stage {
    /// What it is to a device.
    fn of_a_device(self) -> stage_clock::Stage {
        match self {
            Self::Tokenise => stage_clock::Stage::PreProcessing,
            Self::Forward => stage_clock::Stage::Forward,
            Self::Pool => stage_clock::Stage::PostProcessing,
        }
    }
}

/// Time spent in each stage, of all threads together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StageTimes {
    /// Texts to ids.
    pub tokenise: Duration,
    /// Ids to the vectors of tokens.
    pub forward: Duration,
    /// The vectors of tokens to one of length one.
    pub pool: Duration,
}

/// Adds up what the stages take.
#[derive(Debug, Default)]
pub(super) struct StageClock {
    nanoseconds: [AtomicU64; 3],
}

impl StageClock {
    /// Runs `work` and counts its time, here and for the device whose thread this is.
    pub(super) fn time<T>(&self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = stage_clock::timed(stage.of_a_device(), work);
        let spent = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let [tokenise, forward, pool] = &self.nanoseconds;
        let counter = match stage {
            Stage::Tokenise => tokenise,
            Stage::Forward => forward,
            Stage::Pool => pool,
        };
        counter.fetch_add(spent, Ordering::Relaxed);
        result
    }

    pub(super) fn times(&self) -> StageTimes {
        let [tokenise, forward, pool] =
            self.nanoseconds.each_ref().map(|counter| counter.load(Ordering::Relaxed));
        StageTimes {
            tokenise: Duration::from_nanos(tokenise),
            forward: Duration::from_nanos(forward),
            pool: Duration::from_nanos(pool),
        }
    }
}
