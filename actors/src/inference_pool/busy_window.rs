//! How busy a device has been in the last minute.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Over which time the busy share is taken.
const BUSY_WINDOW: Duration = Duration::from_secs(60);
/// Busy times are summed up in slices of this length, so that memory is bounded.
const BUSY_SLICE: Duration = Duration::from_secs(1);

/// Busy times of the last minute, at most 60 slices.
#[derive(Debug, Default)]
pub(super) struct BusyWindow {
    slices: VecDeque<(Instant, Duration)>,
    since: Option<Instant>,
}

impl BusyWindow {
    pub(super) fn add(&mut self, began: Instant, ended: Instant) {
        let took = ended.saturating_duration_since(began);
        self.since.get_or_insert(began);
        match self.slices.back_mut() {
            Some((at, busy)) if ended.saturating_duration_since(*at) < BUSY_SLICE => *busy += took,
            _ => self.slices.push_back((ended, took)),
        }
        self.forget(ended);
    }

    pub(super) fn share(&mut self, running_since: Option<Instant>, now: Instant) -> f64 {
        self.forget(now);
        let running = running_since.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let busy: Duration = self.slices.iter().map(|(_, busy)| *busy).sum::<Duration>() + running;
        let since = self.since.or(running_since).unwrap_or(now);
        let whole = now.saturating_duration_since(since).clamp(BUSY_SLICE, BUSY_WINDOW);
        (busy.as_secs_f64() / whole.as_secs_f64()).min(1.0)
    }

    fn forget(&mut self, now: Instant) {
        while self
            .slices
            .front()
            .is_some_and(|(at, _)| now.saturating_duration_since(*at) >= BUSY_WINDOW)
        {
            self.slices.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_busy_share_is_that_of_the_last_minute() {
        let mut window = BusyWindow::default();
        for _ in 0..120 {
            let began = Instant::now();
            tokio::time::advance(Duration::from_millis(250)).await;
            window.add(began, Instant::now());
            tokio::time::advance(Duration::from_millis(750)).await;
        }
        let share = window.share(None, Instant::now());
        assert!((share - 0.25).abs() < 0.02, "{share}");
        assert!(window.slices.len() <= 61);
        tokio::time::advance(Duration::from_secs(61)).await;
        assert!(window.share(None, Instant::now()) < 0.001);
        let began = Instant::now();
        tokio::time::advance(Duration::from_secs(90)).await;
        assert!(window.share(Some(began), Instant::now()) > 0.99);
    }
}
