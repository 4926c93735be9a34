//! An actor's address: outlives the actor's restarts and admits a bounded number of callers.
//!
//! ractor gives a restarted actor a new reference and every mailbox is unbounded. An [`Address`]
//! hides the first (the supervisor publishes the new reference into the slot) and bounds the
//! second (a call holds a permit until it is answered; without one the answer is `Overloaded`).

use arc_swap::ArcSwapOption;
use autoglm_domain::{Fault, FaultKind};
use ractor::rpc::CallResult;
use ractor::{ActorRef, Message, RpcReplyPort};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Where an actor sends its answer.
pub type Reply<T> = RpcReplyPort<Result<T, Fault>>;

/// The right to have one message in an actor's mailbox; dropping it gives the place back.
#[derive(Debug)]
pub struct Permit(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

/// The stable, bounded address of one actor.
pub struct Address<M: Message> {
    inner: Arc<Inner<M>>,
}

struct Inner<M: Message> {
    name: String,
    slot: ArcSwapOption<ActorRef<M>>,
    permits: Arc<Semaphore>,
    limit: usize,
    rejected: AtomicU64,
    nudged: AtomicBool,
}

impl<M: Message> Clone for Address<M> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<M: Message> fmt::Debug for Address<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Address")
            .field("name", &self.inner.name)
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}

/// What an overloaded or restarting actor asks its caller to wait.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl<M: Message> Address<M> {
    /// An address nobody answers at yet. `limit` is the number of admitted messages.
    #[must_use]
    pub fn new(name: impl Into<String>, limit: usize) -> Self {
        Self {
            inner: Arc::new(Inner {
                name: name.into(),
                slot: ArcSwapOption::empty(),
                permits: Arc::new(Semaphore::new(limit)),
                limit,
                rejected: AtomicU64::new(0),
                nudged: AtomicBool::new(false),
            }),
        }
    }

    /// Called by whoever spawned the actor, at every start.
    pub fn publish(&self, actor: ActorRef<M>) {
        self.inner.nudged.store(false, Ordering::Release);
        self.inner.slot.store(Some(Arc::new(actor)));
    }

    /// Called when the actor has stopped for good.
    pub fn withdraw(&self) {
        self.inner.slot.store(None);
    }

    /// The actor's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Messages admitted and not yet answered.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.inner.limit - self.inner.permits.available_permits().min(self.inner.limit)
    }

    /// Messages refused as `Overloaded` since the start.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.inner.rejected.load(Ordering::Relaxed)
    }

    /// Takes a place in the mailbox, to be sent along in a message that is not a call.
    ///
    /// # Errors
    /// `Overloaded` when all places are taken.
    pub fn permit(&self) -> Result<Permit, Fault> {
        Arc::clone(&self.inner.permits).try_acquire_owned().map(Permit).map_err(|_full| {
            self.inner.rejected.fetch_add(1, Ordering::Relaxed);
            Fault::overloaded(
                format!("{} already has {} requests waiting", self.inner.name, self.inner.limit),
                RETRY_AFTER,
            )
        })
    }

    /// Waits for a place in the mailbox: how a slow stage slows the one before it.
    pub async fn permit_when_free(&self) -> Option<Permit> {
        Arc::clone(&self.inner.permits).acquire_owned().await.ok().map(Permit)
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// `Overloaded` without a free place, `Unavailable` while the actor restarts, `Timeout` when
    /// no answer came (the outcome is then unknown), or whatever the actor answered.
    pub async fn call<T: Send + 'static>(
        &self,
        timeout: Duration,
        message: impl FnOnce(Reply<T>) -> M,
    ) -> Result<T, Fault> {
        let _permit = self.permit()?;
        self.call_with(timeout, message).await
    }

    /// [`Self::call`] that waits for a place instead of answering `Overloaded`.
    ///
    /// # Errors
    /// As [`Self::call`], without `Overloaded`.
    pub async fn call_when_free<T: Send + 'static>(
        &self,
        timeout: Duration,
        message: impl FnOnce(Reply<T>) -> M,
    ) -> Result<T, Fault> {
        let _permit = self.permit_when_free().await;
        self.call_with(timeout, message).await
    }

    /// Asks and waits, for messages that carry their own [`Permit`].
    ///
    /// # Errors
    /// As [`Self::call`], without `Overloaded`.
    pub async fn call_with<T: Send + 'static>(
        &self,
        timeout: Duration,
        message: impl FnOnce(Reply<T>) -> M,
    ) -> Result<T, Fault> {
        let actor = self.actor()?;
        match actor.call(message, Some(timeout)).await {
            Ok(CallResult::Success(answer)) => answer,
            Ok(CallResult::Timeout) => Err(Fault::new(
                FaultKind::Timeout,
                format!("{} did not answer within {timeout:?}", self.inner.name),
            )),
            Ok(CallResult::SenderError) | Err(_) => Err(self.restarting()),
        }
    }

    /// Sends without waiting. Only for messages that carry a [`Permit`] or that the sender bounds.
    ///
    /// # Errors
    /// `Unavailable` while the actor restarts.
    pub fn cast(&self, message: M) -> Result<(), Fault> {
        self.actor()?.cast(message).map_err(|_gone| self.restarting())
    }

    /// Tells the actor that there may be work; at most one such message waits at a time.
    /// A nudge that is lost delays the work until the actor looks by itself.
    pub fn nudge(&self, message: impl FnOnce() -> M) {
        if self.inner.nudged.swap(true, Ordering::AcqRel) {
            return;
        }
        if self.cast(message()).is_err() {
            self.inner.nudged.store(false, Ordering::Release);
        }
    }

    /// Called by the actor when it takes a nudge from its mailbox, before it looks for work.
    pub fn nudge_taken(&self) {
        self.inner.nudged.store(false, Ordering::Release);
    }

    fn actor(&self) -> Result<Arc<ActorRef<M>>, Fault> {
        self.inner.slot.load_full().ok_or_else(|| self.restarting())
    }

    fn restarting(&self) -> Fault {
        Fault::unavailable(format!("{} is not running at the moment", self.inner.name), RETRY_AFTER)
    }
}
