//! The write lane: one task that puts the writes of everybody into few transactions.
//!
//! SQLite has one writer, hence one task for all queues. PostgreSQL has many: there readers' events,
//! new articles and the later stages have a task and a connection each, so that none waits for a
//! long transaction of another kind.
//!
//! Whatever waits when the lane is free becomes one transaction (group commit); a single waiting
//! operation is committed at once. An operation is acknowledged after the commit that holds it.
//! When one operation of a group fails, the group is rolled back and each is run again alone.

mod group;
mod transaction;

use crate::dialect::Dialect;
use crate::error::{Error, Result};
use autoglm_domain::{Clock, Fence};
use group::{Job, Pending};
use sea_orm::DatabaseConnection;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
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

    /// Queues that share a writer, in order of service.
    fn lanes(dialect: Dialect) -> &'static [&'static [Self]] {
        match dialect {
            Dialect::Sqlite => &[&Self::ALL],
            Dialect::Postgres => &[
                &[Self::Reader, Self::Control],
                &[Self::Ingest],
                &[Self::Understanding, Self::Maintenance],
            ],
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
    /// How long the last transaction took, begin to commit, in milliseconds; of several writers the
    /// slowest.
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
    /// Writes of callers it stands for, in figures.
    pub(crate) operations: usize,
    /// Ownership to be checked in the same transaction.
    pub(crate) fence: Option<Fence>,
}

impl Admission {
    pub(crate) fn new(queue: WriteQueue, attempt: &'static str) -> Self {
        Self { attempt, queue, weight: 1, operations: 1, fence: None }
    }

    pub(crate) fn weight(self, weight: usize) -> Self {
        Self { weight: weight.max(1), ..self }
    }

    pub(crate) fn operations(self, operations: usize) -> Self {
        Self { operations, ..self }
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
    closed: AtomicBool,
    workers: Vec<Arc<WorkerShared>>,
    finished: tokio::sync::Mutex<Vec<oneshot::Receiver<()>>>,
}

/// What one worker and the front of the lane both see.
#[derive(Debug, Default)]
struct WorkerShared {
    status: Mutex<LaneStatus>,
    closing: Notify,
}

/// What the lane's tasks need.
#[derive(Debug, Clone)]
pub(crate) struct LaneArgs {
    /// With at least [`writers`] connections.
    pub(crate) writer: DatabaseConnection,
    pub(crate) dialect: Dialect,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) queue_max: usize,
    pub(crate) group_commit: Duration,
}

/// Connections that write at the same time.
pub(crate) fn writers(dialect: Dialect) -> u32 {
    u32::try_from(WriteQueue::lanes(dialect).len()).unwrap_or(1)
}

impl Lane {
    /// Starts the lane's tasks on the running runtime.
    pub(crate) fn start(args: LaneArgs) -> Self {
        let queue_max = args.queue_max.max(1);
        let mut receivers = Vec::with_capacity(WriteQueue::ALL.len());
        let queues = WriteQueue::ALL.map(|_| {
            let (sender, receiver) = mpsc::channel(queue_max);
            receivers.push(receiver);
            sender
        });
        let (mut workers, mut finished) = (Vec::new(), Vec::new());
        // The lanes name the queues in the order of all of them.
        let mut receivers = receivers.into_iter();
        for lane in WriteQueue::lanes(args.dialect) {
            let shared = Arc::new(WorkerShared::default());
            let (done, ended) = oneshot::channel();
            let worker = Worker {
                receivers: receivers.by_ref().take(lane.len()).collect(),
                args: args.clone(),
                shared: Arc::clone(&shared),
                open: true,
            };
            tokio::spawn(async move {
                worker.run().await;
                drop(done);
            });
            workers.push(shared);
            finished.push(ended);
        }
        let (closed, finished) = (AtomicBool::new(false), tokio::sync::Mutex::new(finished));
        Self { shared: Arc::new(Shared { queues, queue_max, closed, workers, finished }) }
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
        let mut status = LaneStatus::default();
        for worker in &self.shared.workers {
            let one = lock(&worker.status);
            status.commits_total += one.commits_total;
            status.operations_total += one.operations_total;
            status.last_commit_ms = status.last_commit_ms.max(one.last_commit_ms);
            status.last_error = status.last_error.or_else(|| one.last_error.clone());
        }
        for (waiting, queue) in status.queued.iter_mut().zip(&self.shared.queues) {
            *waiting = queue.max_capacity() - queue.capacity();
        }
        status
    }

    /// Refuses new operations, finishes the waiting ones and returns when the tasks have ended.
    pub(crate) async fn close(&self) {
        self.shared.closed.store(true, Ordering::Release);
        self.shared.workers.iter().for_each(|worker| worker.closing.notify_one());
        for ended in self.shared.finished.lock().await.drain(..) {
            // The sender is dropped without a word when the task ends: both outcomes mean "ended".
            drop(ended.await);
        }
    }
}

fn lock(status: &Mutex<LaneStatus>) -> std::sync::MutexGuard<'_, LaneStatus> {
    status.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Worker {
    /// In order of service.
    receivers: Vec<mpsc::Receiver<Job>>,
    args: LaneArgs,
    shared: Arc<WorkerShared>,
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
            let shared = Arc::clone(&self.shared);
            let received = tokio::select! {
                biased;
                job = first_of(&mut self.receivers) => job,
                () = shared.closing.notified() => None,
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

/// The next operation of the most urgent queue that has one; `None` when all are closed.
async fn first_of(receivers: &mut [mpsc::Receiver<Job>]) -> Option<Job> {
    poll_fn(|context| {
        let mut open = false;
        for receiver in receivers.iter_mut() {
            match receiver.poll_recv(context) {
                Poll::Ready(Some(job)) => return Poll::Ready(Some(job)),
                Poll::Ready(None) => {}
                Poll::Pending => open = true,
            }
        }
        if open { Poll::Pending } else { Poll::Ready(None) }
    })
    .await
}
