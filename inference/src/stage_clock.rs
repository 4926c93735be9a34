//! Where a model's time goes: preparing its input, the forward pass, and what is made of its output.
//!
//! A device has a thread of its own, so the times lie in a thread-local: models mark what they do
//! with [`timed`], and whoever owns the thread takes the sums with [`take`]. Within a marked part
//! another may be marked; its time then counts there only.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// A part of a model's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Cutting, tokenising, padding, uploading.
    PreProcessing,
    /// The network itself.
    Forward,
    /// Pooling, topics, summaries, detokenising.
    PostProcessing,
}

/// Time of each part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StageTimes {
    /// Of [`Stage::PreProcessing`].
    pub pre_processing: Duration,
    /// Of [`Stage::Forward`].
    pub forward: Duration,
    /// Of [`Stage::PostProcessing`].
    pub post_processing: Duration,
}

impl StageTimes {
    fn add(&mut self, stage: Stage, time: Duration) {
        let sum = match stage {
            Stage::PreProcessing => &mut self.pre_processing,
            Stage::Forward => &mut self.forward,
            Stage::PostProcessing => &mut self.post_processing,
        };
        *sum += time;
    }
}

/// The part that is being done on this thread, and since when.
type Running = Option<(Stage, Instant)>;

thread_local! {
    static RUNNING: Cell<Running> = const { Cell::new(None) };
    static SUMS: Cell<StageTimes> = const { Cell::new(StageTimes {
        pre_processing: Duration::ZERO,
        forward: Duration::ZERO,
        post_processing: Duration::ZERO,
    }) };
}

/// Does `work` as a part of this kind.
pub fn timed<T>(stage: Stage, work: impl FnOnce() -> T) -> T {
    let outer = Outer(switch(Some(stage)));
    let answer = work();
    drop(outer);
    answer
}

/// The sums on this thread since they were last taken.
pub fn take() -> StageTimes {
    SUMS.take()
}

/// Goes on with the part around this one, also after a panic.
struct Outer(Option<Stage>);

impl Drop for Outer {
    fn drop(&mut self) {
        switch(self.0);
    }
}

/// Ends what is running, counts it, and begins what is next at the same moment; answers what ran.
fn switch(next: Option<Stage>) -> Option<Stage> {
    let now = Instant::now();
    let (stage, began) = RUNNING.replace(next.map(|stage| (stage, now)))?;
    let mut sums = SUMS.get();
    sums.add(stage, now.saturating_duration_since(began));
    SUMS.set(sums);
    Some(stage)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy() {
        let began = Instant::now();
        while began.elapsed() < Duration::from_micros(200) {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn time_counts_in_the_innermost_part_only_and_is_taken_once() {
        take();
        let began = Instant::now();
        timed(Stage::Forward, || {
            timed(Stage::PreProcessing, busy);
            busy();
        });
        timed(Stage::PostProcessing, busy);
        let (whole, times) = (began.elapsed(), take());
        assert!(times.pre_processing > Duration::ZERO && times.forward > Duration::ZERO);
        assert!(times.pre_processing + times.forward + times.post_processing <= whole);
        assert_eq!(take(), StageTimes::default());
    }

    #[test]
    fn a_panic_within_a_part_ends_it() {
        std::panic::catch_unwind(|| timed(Stage::Forward, || panic!("on purpose"))).unwrap_err();
        take();
        busy();
        timed(Stage::PostProcessing, || ());
        assert_eq!(take().forward, Duration::ZERO);
    }
}
