//! Gathers the events of many readers into one operation of the write lane.
//!
//! Each reader's events would take half a dozen statements of their own, one after the other; those
//! of a hundred readers who wait for the same commit take as many together. What waits while a batch
//! is being committed is the next batch; a reader who is alone does not wait.

use crate::error::{Error, Result};
use crate::lane::{Admission, Lane, Tx, WriteQueue};
use crate::queries::events::append::{Append, append_all};
use crate::rows::Appended;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Events of one batch, unless one reader alone sends more: bounds how long a commit takes.
const BATCH_EVENTS_MAX: usize = 1_000;

const ATTEMPT: &str = "storing reader events";

#[derive(Debug)]
struct Waiting {
    append: Append,
    answer: oneshot::Sender<Result<Appended>>,
}

/// The front of it.
#[derive(Debug)]
pub(crate) struct EventGatherer {
    queue: Mutex<Option<mpsc::Sender<Waiting>>>,
    queue_max: usize,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl EventGatherer {
    /// Starts its task on the running runtime; at most `queue_max` readers wait.
    pub(crate) fn start(lane: Lane, queue_max: usize) -> Self {
        let queue_max = queue_max.max(1);
        let (queue, waiting) = mpsc::channel(queue_max);
        let task = tokio::spawn(gather(lane, waiting));
        Self { queue: Mutex::new(Some(queue)), queue_max, task: Mutex::new(Some(task)) }
    }

    /// Appends and answers after the commit.
    ///
    /// # Errors
    /// As `Store::append_events`, and `Overloaded` when too many wait.
    pub(crate) async fn append(&self, append: Append) -> Result<Appended> {
        let (answer, answered) = oneshot::channel();
        let queue = lock(&self.queue).clone().ok_or(Error::Closed { attempt: ATTEMPT })?;
        queue.try_send(Waiting { append, answer }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Error::Overloaded {
                attempt: ATTEMPT,
                queue: WriteQueue::Reader.name(),
                limit: self.queue_max,
            },
            mpsc::error::TrySendError::Closed(_) => Error::Closed { attempt: ATTEMPT },
        })?;
        // A sender that is kept would keep the task from ending.
        drop(queue);
        answered.await.unwrap_or(Err(Error::Closed { attempt: ATTEMPT }))
    }

    /// Readers whose events wait for their batch.
    pub(crate) fn waiting(&self) -> usize {
        lock(&self.queue).as_ref().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    /// Refuses new events and returns when those that wait are answered.
    pub(crate) async fn close(&self) {
        lock(&self.queue).take();
        let task = lock(&self.task).take();
        if let Some(task) = task {
            // Nobody is left to be told when it has panicked: all who waited have their answer.
            drop(task.await);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn gather(lane: Lane, mut waiting: mpsc::Receiver<Waiting>) {
    // One that would make a batch too large begins the next.
    let mut first = None;
    loop {
        let next = match first.take() {
            Some(next) => next,
            None => match waiting.recv().await {
                Some(next) => next,
                None => return,
            },
        };
        let mut batch = vec![next];
        let mut events = batch[0].append.events.len();
        while let Ok(next) = waiting.try_recv() {
            events += next.append.events.len();
            if events > BATCH_EVENTS_MAX {
                first = Some(next);
                break;
            }
            batch.push(next);
        }
        commit(&lane, batch).await;
    }
}

/// Commits a batch and answers everybody in it. When the database refuses it, each is tried alone,
/// so that one whose events cannot be stored harms no other.
async fn commit(lane: &Lane, batch: Vec<Waiting>) {
    let (appends, answers): (Vec<Append>, Vec<_>) =
        batch.into_iter().map(|waiting| (waiting.append, waiting.answer)).unzip();
    let outcome = write(lane, appends.clone()).await;
    match outcome {
        Ok(outcomes) => answers
            .into_iter()
            .zip(outcomes)
            // Whoever has gone away no longer cares; their events are durable all the same.
            .for_each(|(answer, outcome)| drop(answer.send(outcome))),
        Err(error) if answers.len() == 1 || error.is_retryable() => {
            answers.into_iter().for_each(|answer| drop(answer.send(Err(error.clone()))));
        }
        Err(_) => {
            for (append, answer) in appends.into_iter().zip(answers) {
                let outcome = write(lane, vec![append]).await;
                let outcome = outcome.and_then(|mut one| {
                    one.pop().unwrap_or_else(|| Err(Error::unreadable("no outcome of an append")))
                });
                drop(answer.send(outcome));
            }
        }
    }
}

async fn write(lane: &Lane, appends: Vec<Append>) -> Result<Vec<Result<Appended>>> {
    let events = appends.iter().map(|append| append.events.len()).sum();
    let admission =
        Admission::new(WriteQueue::Reader, ATTEMPT).weight(events).operations(appends.len());
    let appends: Arc<[Append]> = appends.into();
    lane.write(admission, move |tx: Tx| {
        let appends = Arc::clone(&appends);
        async move { append_all(&tx, &appends).await }
    })
    .await
}
