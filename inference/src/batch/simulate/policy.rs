//! The ways of forming batches that are compared.

use super::super::entry::{Entry, Next, Ticket};
use super::super::former::BatchFormer;
use super::super::moment::Moment;
use super::super::pace::{IdleDevice, Rival};
use super::device::Engine;
use super::trace::Request;
use super::{our_former, patience_of};
use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// A way of forming batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// [`BatchFormer`].
    Ours,
    /// First come, first served, so many together; fewer when the first has waited for `timeout`.
    Fixed {
        /// Requests of a batch.
        size: usize,
        /// How long the first waits for the others.
        timeout: Duration,
        /// Requests that may wait; more are refused.
        queue: usize,
    },
}

impl fmt::Display for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours => formatter.write_str("dynamic"),
            Self::Fixed { size: 1, queue, .. } => write!(formatter, "unbatched (queue {queue})"),
            Self::Fixed { size, timeout, queue } => {
                write!(formatter, "fixed {size}, {} ms (queue {queue})", timeout.as_millis())
            }
        }
    }
}

/// Requests that go to a device together.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) requests: Vec<Request>,
    /// What our way expects of it.
    pub(super) ticket: Option<Ticket>,
}

/// What waits, under one policy.
#[derive(Debug)]
pub(super) enum Queue {
    Ours(Box<BatchFormer<Request>>),
    Fixed {
        size: usize,
        timeout: Duration,
        limit: usize,
        waiting: VecDeque<Request>,
        dropped: Vec<Request>,
    },
}

impl Queue {
    pub(super) fn new(policy: Policy, objective: Duration) -> Self {
        match policy {
            Policy::Ours => Self::Ours(Box::new(our_former(objective))),
            Policy::Fixed { size, timeout, queue: limit } => {
                let (waiting, dropped) = (VecDeque::new(), Vec::new());
                Self::Fixed { size, timeout, limit, waiting, dropped }
            }
        }
    }

    /// Takes a request up, or does not.
    pub(super) fn arrive(&mut self, request: Request) -> bool {
        match self {
            Self::Ours(former) => former
                .push(Entry {
                    priority: request.priority,
                    tokens: request.tokens,
                    arrived_at: request.at,
                    deadline: Some(request.at.plus(patience_of(request.priority))),
                    payload: request,
                })
                .is_ok(),
            Self::Fixed { limit, waiting, .. } => {
                let fits = waiting.len() < *limit;
                if fits {
                    waiting.push_back(request);
                }
                fits
            }
        }
    }

    /// A batch for an idle device, or when to ask again.
    pub(super) fn next(
        &mut self,
        now: Moment,
        index: usize,
        engines: &[Engine],
    ) -> (Option<Work>, Option<Moment>) {
        match self {
            Self::Ours(former) => {
                let others = engines.iter().enumerate().filter(|(other, _)| *other != index);
                let rivals: Vec<Rival<'_>> = others
                    .map(|(_, engine)| Rival { pace: &engine.pace, free_at: engine.free_at() })
                    .collect();
                let engine = &engines[index];
                let (pace, idle_since) = (&engine.pace, engine.idle_since);
                match former.next(now, &IdleDevice { pace, idle_since, rivals: &rivals }, |_| false)
                {
                    Next::Run(batch) => {
                        let ticket = Some(batch.ticket);
                        let entries = batch.entries.into_iter();
                        let requests = entries.map(|entry| entry.payload).collect();
                        (Some(Work { requests, ticket }), None)
                    }
                    Next::Wait(until) => (None, Some(until)),
                    Next::Nothing => (None, None),
                }
            }
            Self::Fixed { size, timeout, waiting, dropped, .. } => {
                while let Some(request) = waiting
                    .pop_front_if(|request| request.at.plus(patience_of(request.priority)) < now)
                {
                    dropped.push(request);
                }
                let Some(first) = waiting.front() else { return (None, None) };
                let until = first.at.plus(*timeout);
                if waiting.len() < *size && until > now {
                    return (None, Some(until));
                }
                let requests = waiting.drain(..waiting.len().min(*size)).collect();
                (Some(Work { requests, ticket: None }), None)
            }
        }
    }

    /// Requests that were given up because they had waited too long.
    pub(super) fn take_dropped(&mut self) -> Vec<Request> {
        match self {
            Self::Ours(former) => {
                former.take_dropped().into_iter().map(|entry| entry.payload).collect()
            }
            Self::Fixed { dropped, .. } => std::mem::take(dropped),
        }
    }

    /// Requests that still wait at the end.
    pub(super) fn left(&self) -> usize {
        match self {
            Self::Ours(former) => former.stats().queued_entries,
            Self::Fixed { waiting, .. } => waiting.len(),
        }
    }
}
