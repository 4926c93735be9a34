//! The write lane: one task that puts the writes of everybody into few transactions.
//!
//! Whatever waits when the lane is free becomes one transaction (group commit); a single waiting
//! operation is committed at once. An operation is acknowledged after the commit that holds it.
//! When one operation of a group fails, the group is rolled back and each is run again alone.

mod group;
mod transaction;

use crate::error::{Error, Result};
use autoglm_domain::{Clock, Fence};
use group::{Job, Pending};
use sea_orm::DatabaseConnection;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};
pub(crate) use transaction::Tx;

/// Rows one transaction may touch before it is committed; bounds how long a reader's event waits.
const GROUP_WEIGHT_MAX: usize = 1_000;

/// The lane's queues in order of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WriteQueue {
    /// What readers do; a person waits.
    Reader,
    /// Sources and the cluster's own bookkeeping.
    Control,
    /// New articles.
    Ingest,
    /// Index, understanding, stories.
    Understanding,
    /// Retention and other work without hurry.
    Maintenance,
}

impl WriteQueue {
    /// All queues in order of service.
    pub const ALL: [Self; 5] =
        [Self::Reader, Self::Control, Self::Ingest, Self::Understanding, Self::Maintenance];

    /// The name in metrics and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Control => "control",
            Self::Ingest => "ingest",
            Self::Understanding => "understanding",
            Self::Maintenance => "maintenance",
        }
    }

    fn index(self) -> usize {
        match self {
            Self::Reader => 0,
            Self::Control => 1,
            Self::Ingest => 2,
            Self::Understanding => 3,
            Self::Maintenance => 4,
        }
    }
}

/// What the lane is doing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LaneStatus {
    /// Waiting operations per queue, in the order of [`WriteQueue::ALL`].
    pub queued: [usize; 5],
    /// Transactions committed since the start.
    pub commits_total: u64,
    /// Operations in them.
    pub operations_total: u64,
    /// How long the last transaction took, begin to commit, in milliseconds.
    pub last_commit_ms: u64,
    /// What went wrong last; `None` again after the next good commit.
    pub last_error: Option<String>,
}

/// How one operation wants to be run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Admission {
    /// What it does, for messages.
    pub(crate) attempt: &'static str,
    /// Where it waits.
    pub(crate) queue: WriteQueue,
    /// Rows it touches, roughly.
    pub(crate) weight: usize,
    /// Ownership to be checked in the same transaction.
    pub(crate) fence: Option<Fence>,
}

impl Admission {
    pub(crate) fn new(queue: WriteQueue, attempt: &'static str) -> Self {
        Self { attempt, queue, weight: 1, fence: None }
    }

    pub(crate) fn weight(self, weight: usize) -> Self {
        Self { weight: weight.max(1), ..self }
    }

    pub(crate) fn fence(self, fence: Option<Fence>) -> Self {
        Self { fence, ..self }
    }
}

/// The front of the lane; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Lane {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    queues: [mpsc::Sender<Job>; 5],
    queue_max: usize,
    status: Arc<Mutex<LaneStatus>>,
    closed: AtomicBool,
    closing: Arc<Notify>,
    finished: tokio::sync::Mutex<Option<oneshot::Receiver<()>>>,
}

/// What the lane's task needs.
#[derive(Debug)]
pub(crate) struct LaneArgs {
    pub(crate) writer: DatabaseConnection,
    pub(crate) dialect: crate::Dialect,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) queue_max: usize,
    pub(crate) group_commit: Duration,
}

impl Lane {
    /// Starts the lane's task on the running runtime.
    pub(crate) fn start(args: LaneArgs) -> Self {
        let queue_max = args.queue_max.max(1);
        let mut receivers = Vec::with_capacity(WriteQueue::ALL.len());
        let queues = WriteQueue::ALL.map(|_| {
            let (sender, receiver) = mpsc::channel(queue_max);
            receivers.push(receiver);
            sender
        });
        let status = Arc::new(Mutex::new(LaneStatus::default()));
        let closing = Arc::new(Notify::new());
        let (done, finished) = oneshot::channel();
        let worker = Worker {
            receivers,
            args,
            status: Arc::clone(&status),
            closing: Arc::clone(&closing),
            open: true,
        };
        tokio::spawn(async move {
            worker.run().await;
            drop(done);
        });
        let shared = Shared {
            queues,
            queue_max,
            status,
            closed: AtomicBool::new(false),
            closing,
            finished: tokio::sync::Mutex::new(Some(finished)),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Runs `work` in the next transaction and answers after its commit.
    ///
    /// `work` may be called twice (in the group, then alone), so it must own or share its data.
    pub(crate) async fn write<T, F, Fut>(&self, admission: Admission, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(Tx) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T>> + Send + 'static,
    {
        let attempt = admission.attempt;
        if self.shared.closed.load(Ordering::Acquire) {
            return Err(Error::Closed { attempt });
        }
        let (job, answer) = Pending::job(admission, work);
        let queue = &self.shared.queues[admission.queue.index()];
        queue.try_send(job).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Error::Overloaded {
                attempt,
                queue: admission.queue.name(),
                limit: self.shared.queue_max,
            },
            mpsc::error::TrySendError::Closed(_) => Error::Closed { attempt },
        })?;
        let outcome = answer.await.unwrap_or(Err(Error::Closed { attempt }));
        outcome.map_err(|error| error.during(attempt))
    }

    pub(crate) fn status(&self) -> LaneStatus {
        let mut status = lock(&self.shared.status).clone();
        for (waiting, queue) in status.queued.iter_mut().zip(&self.shared.queues) {
            *waiting = queue.max_capacity() - queue.capacity();
        }
        status
    }

    /// Refuses new operations, finishes the waiting ones and returns when the task has ended.
    pub(crate) async fn close(&self) {
        self.shared.closed.store(true, Ordering::Release);
        self.shared.closing.notify_one();
        if let Some(finished) = self.shared.finished.lock().await.take() {
            // The sender is dropped without a word when the task ends: both outcomes mean "ended".
            drop(finished.await);
        }
    }
}

fn lock(status: &Mutex<LaneStatus>) -> std::sync::MutexGuard<'_, LaneStatus> {
    status.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Worker {
    receivers: Vec<mpsc::Receiver<Job>>,
    args: LaneArgs,
    status: Arc<Mutex<LaneStatus>>,
    closing: Arc<Notify>,
    open: bool,
}

impl Worker {
    async fn run(mut self) {
        while let Some(first) = self.next().await {
            self.commit_group(first).await;
        }
    }

    /// The most urgent waiting operation; `None` when closed and empty.
    async fn next(&mut self) -> Option<Job> {
        loop {
            if let Some(job) = self.waiting() {
                return Some(job);
            }
            if !self.open {
                return None;
            }
            let closing = Arc::clone(&self.closing);
            let [reader, control, ingest, understanding, maintenance] = &mut self.receivers[..]
            else {
                return None;
            };
            let received = tokio::select! {
                biased;
                job = reader.recv() => job,
                job = control.recv() => job,
                job = ingest.recv() => job,
                job = understanding.recv() => job,
                job = maintenance.recv() => job,
                () = closing.notified() => None,
            };
            match received {
                Some(job) => return Some(job),
                // Closed, or every handle is gone: take what still waits, then end.
                None => self.close_queues(),
            }
        }
    }

    fn close_queues(&mut self) {
        self.open = false;
        for receiver in &mut self.receivers {
            receiver.close();
        }
    }

    fn waiting(&mut self) -> Option<Job> {
        self.receivers.iter_mut().find_map(|receiver| receiver.try_recv().ok())
    }
}
