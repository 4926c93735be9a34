//! How far a distillation is, told to whoever watches it, who can also stop it.

use super::error::DistillError;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// One step of a distillation.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// What is done now.
    pub stage: &'static str,
    /// Items or steps of it that are done.
    pub done: usize,
    /// Items or steps of it there are.
    pub of: usize,
    /// Since the distillation began.
    pub elapsed: Duration,
    /// The newest losses by name; empty outside training.
    pub losses: &'a [(&'static str, f32)],
}

/// Called after every batch; [`ControlFlow::Break`] stops the distillation there.
pub type Watch<'a> = dyn FnMut(&Progress<'_>) -> ControlFlow<()> + 'a;

/// The watcher with the time since the beginning.
pub(super) struct Reporter<'a> {
    started: Instant,
    watch: &'a mut Watch<'a>,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(watch: &'a mut Watch<'a>) -> Self {
        Self { started: Instant::now(), watch }
    }

    pub(super) fn report(
        &mut self,
        stage: &'static str,
        (done, of): (usize, usize),
        losses: &[(&'static str, f32)],
    ) -> Result<(), DistillError> {
        let elapsed = self.started.elapsed();
        match (self.watch)(&Progress { stage, done, of, elapsed, losses }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(DistillError::Stopped),
        }
    }
}
