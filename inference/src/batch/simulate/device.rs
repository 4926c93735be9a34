//! A device that takes as long as its cost function says, with some noise.

use super::super::entry::Ticket;
use super::super::ladder::Padding;
use super::super::moment::Moment;
use super::super::pace::DevicePace;
use super::super::shape::Shape;
use super::policy::Work;
use super::trace::{Mix, Noise, Request};
use std::time::Duration;

/// A device and its true times, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulatedDevice {
    /// How it pads.
    pub padding: Padding,
    /// Of every batch.
    pub batch_micros: f64,
    /// Of every token.
    pub token_micros: f64,
    /// Of every squared token.
    pub square_micros: f64,
}

impl SimulatedDevice {
    /// A large GPU at a six-layer encoder.
    pub const GPU: Self = Self {
        padding: Padding::Steps,
        batch_micros: 800.0,
        token_micros: 1.2,
        square_micros: 0.000_1,
    };

    /// Two cores at the same encoder.
    pub const CPU: Self = Self {
        padding: Padding::Longest,
        batch_micros: 600.0,
        token_micros: 105.0,
        square_micros: 0.02,
    };

    /// Time of a batch, without noise.
    #[must_use]
    pub fn takes(&self, shape: Shape) -> Duration {
        let tokens = self.token_micros * shape.padded_tokens(self.padding) as f64;
        let squares = self.square_micros * shape.padded_squares(self.padding) as f64;
        Duration::from_secs_f64((self.batch_micros + tokens + squares) / 1e6)
    }

    /// Requests a second in the largest batches without padding.
    pub(super) fn capacity(&self, mix: &Mix) -> f64 {
        let (tokens, squares) = mix.mean_length();
        let each =
            self.batch_micros / 256.0 + self.token_micros * tokens + self.square_micros * squares;
        1e6 / each
    }
}

/// A device at work.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) device: SimulatedDevice,
    pub(super) pace: DevicePace,
    pub(super) idle_since: Moment,
    pub(super) busy: Duration,
    running: Option<(Work, Ticket, Moment)>,
    noise: Noise,
}

impl Engine {
    pub(super) fn new(device: SimulatedDevice, seed: u64) -> Self {
        Self {
            device,
            pace: DevicePace::new(device.padding, 16_384),
            idle_since: Moment::default(),
            busy: Duration::ZERO,
            running: None,
            noise: Noise::new(seed ^ 0x5eed),
        }
    }

    /// When it will have done its batch; `None` while it is idle.
    pub(super) fn done_at(&self) -> Option<Moment> {
        self.running.as_ref().map(|(_, _, done)| *done)
    }

    /// When a policy should expect it to be free.
    pub(super) fn free_at(&self) -> Moment {
        self.running.as_ref().map_or(self.idle_since, |(_, ticket, _)| ticket.ends)
    }

    pub(super) fn begin(&mut self, work: Work, now: Moment) {
        let shape: Shape = work.requests.iter().map(|request| request.tokens).collect();
        // A tenth up or down, and now and then something else on the machine.
        let hiccup = if self.noise.share() < 0.01 { 2.0 } else { 1.0 };
        let noise = (0.95 + 0.1 * self.noise.share()) * hiccup;
        let takes = self.device.takes(shape).mul_f64(noise);
        self.busy += takes;
        let ticket = work.ticket.unwrap_or(Ticket { shape, began: now, ends: now, promised: None });
        self.running = Some((work, ticket, now.plus(takes)));
    }

    /// The requests that are answered at this moment.
    pub(super) fn finish(&mut self, now: Moment) -> Vec<Request> {
        let is_done = self.done_at().is_some_and(|done| done <= now);
        let Some((work, ticket, _)) = self.running.take_if(|_| is_done) else {
            return Vec::new();
        };
        self.idle_since = now;
        self.pace.finished(&ticket, now);
        work.requests
    }
}
