//! Operations as the lane sees them, and how a group of them becomes one transaction.

use super::{Admission, GROUP_WEIGHT_MAX, Tx, Worker, lock};
use crate::error::{Error, Result};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::panic::AssertUnwindSafe;
use std::time::Instant;
use tokio::sync::oneshot;

/// How often an operation is run again alone when the database chose it as a deadlock's victim.
const ALONE_ATTEMPTS: u32 = 3;

/// An operation whose type has been forgotten.
pub(super) type Job = Box<dyn Operation>;

/// What the lane can do with an operation.
pub(super) trait Operation: Send {
    fn admission(&self) -> Admission;
    /// Runs it and keeps its answer back.
    fn run(&mut self, tx: Tx) -> BoxFuture<'_, Result<()>>;
    /// Sends the kept answer, or this error instead.
    fn answer(self: Box<Self>, outcome: Result<()>);
}

/// An operation with its answer and the one who waits for it.
pub(super) struct Pending<T, F> {
    admission: Admission,
    work: F,
    kept: Option<T>,
    waiter: oneshot::Sender<Result<T>>,
}

impl<T, F, Fut> Pending<T, F>
where
    T: Send + 'static,
    F: Fn(Tx) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T>> + Send + 'static,
{
    pub(super) fn job(admission: Admission, work: F) -> (Job, oneshot::Receiver<Result<T>>) {
        let (waiter, answer) = oneshot::channel();
        (Box::new(Self { admission, work, kept: None, waiter }), answer)
    }
}

impl<T, F, Fut> Operation for Pending<T, F>
where
    T: Send + 'static,
    F: Fn(Tx) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T>> + Send + 'static,
{
    fn admission(&self) -> Admission {
        self.admission
    }

    fn run(&mut self, tx: Tx) -> BoxFuture<'_, Result<()>> {
        async move {
            if let Some(fence) = self.admission.fence {
                tx.check(fence).await?;
            }
            // One operation's panic must not take the lane, and with it everybody, down.
            let caught = match std::panic::catch_unwind(AssertUnwindSafe(|| (self.work)(tx))) {
                Ok(future) => AssertUnwindSafe(future).catch_unwind().await,
                Err(panic) => Err(panic),
            };
            let outcome = caught
                .unwrap_or_else(|_| Err(Error::unreadable("the operation panicked; see the log")));
            self.kept = Some(outcome?);
            Ok(())
        }
        .boxed()
    }

    fn answer(self: Box<Self>, outcome: Result<()>) {
        let answer = match (outcome, self.kept) {
            (Ok(()), Some(kept)) => Ok(kept),
            (Ok(()), None) => Err(Error::unreadable("the operation left no answer")),
            (Err(error), _) => Err(error),
        };
        // A waiter that has gone away no longer cares; its write is durable all the same.
        drop(self.waiter.send(answer));
    }
}

impl Worker {
    /// Commits `first` and whatever waits, and answers them all.
    pub(super) async fn commit_group(&mut self, first: Job) {
        let started = Instant::now();
        let tx = match self.begin().await {
            Ok(tx) => tx,
            Err(error) => return self.refuse(vec![first], &error),
        };
        let mut done = Vec::new();
        let mut next = Some(first);
        let mut weight = 0;
        // Whatever waits now belongs to this group; what arrives meanwhile only for a moment.
        let mut waiting: usize = self.receivers.iter().map(|queue| queue.len()).sum();
        while let Some(mut job) = next.take() {
            weight += job.admission().weight;
            match job.run(tx.clone()).await {
                Ok(()) => done.push(job),
                // The fence is the first thing an operation reads: nothing has been written yet.
                Err(error @ Error::Fenced { .. }) => job.answer(Err(error)),
                Err(error) => {
                    done.push(job);
                    return self.run_each_alone(tx, done, error).await;
                }
            }
            let in_time = waiting > 0 || started.elapsed() < self.args.group_commit;
            if weight < GROUP_WEIGHT_MAX && in_time {
                waiting = waiting.saturating_sub(1);
                next = self.waiting();
            }
        }
        let outcome = tx.commit().await;
        self.finish(done, outcome, started);
    }

    async fn begin(&self) -> Result<Tx> {
        Tx::begin(&self.args.writer, self.args.dialect, self.args.clock.now()).await
    }

    /// Takes a failed group back; a group of one needs no second run.
    async fn run_each_alone(&self, tx: Tx, mut jobs: Vec<Job>, error: Error) {
        if let Err(rollback) = tx.rollback().await {
            tracing::debug!(error = %rollback, "rolling back a group failed; the connection is renewed");
        }
        if jobs.len() == 1 && !error.is_retryable() {
            if let Some(job) = jobs.pop() {
                job.answer(Err(error));
            }
            return;
        }
        for job in jobs {
            self.run_alone(job).await;
        }
    }

    async fn run_alone(&self, mut job: Job) {
        let started = Instant::now();
        let mut attempts_left = ALONE_ATTEMPTS;
        let outcome = loop {
            attempts_left -= 1;
            // A database that is away is not waited for again and again: others are waiting too.
            let tx = match self.begin().await {
                Ok(tx) => tx,
                Err(error) => break Err(error),
            };
            match Self::try_alone(&mut job, tx).await {
                Err(error) if error.is_retryable() && attempts_left > 0 => {}
                outcome => break outcome,
            }
        };
        self.finish(vec![job], outcome, started);
    }

    async fn try_alone(job: &mut Job, tx: Tx) -> Result<()> {
        match job.run(tx.clone()).await {
            Ok(()) => tx.commit().await,
            Err(error) => {
                if let Err(rollback) = tx.rollback().await {
                    tracing::debug!(error = %rollback, "rolling back an operation failed");
                }
                Err(error)
            }
        }
    }

    fn finish(&self, jobs: Vec<Job>, outcome: Result<()>, started: Instant) {
        let elapsed = started.elapsed();
        let operations = jobs.iter().map(|job| job.admission().operations as u64).sum::<u64>();
        {
            let mut status = lock(&self.shared.status);
            match &outcome {
                Ok(()) => {
                    status.commits_total += 1;
                    status.operations_total += operations;
                    status.last_commit_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
                    status.last_error = None;
                }
                Err(error) => status.last_error = Some(error.to_string()),
            }
        }
        metrics::histogram!("autoglm_store_commit_seconds").record(elapsed.as_secs_f64());
        metrics::counter!("autoglm_store_operations_total").increment(operations);
        for job in jobs {
            job.answer(outcome.clone());
        }
    }

    fn refuse(&self, jobs: Vec<Job>, error: &Error) {
        lock(&self.shared.status).last_error = Some(error.to_string());
        for job in jobs {
            job.answer(Err(error.clone()));
        }
    }
}
