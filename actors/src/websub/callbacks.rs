//! RegistryCallbacks: what hubs may say to this node.
//!
//! **Receives** calls of the port `HubCallbacks`, on whichever node a hub reaches. **Sends** pushed
//! documents to SourceSupervisor. **Limits** 64 MiB of pushed documents at a time. **On restart**
//! nothing is lost: a push is durable when answered, and a hub sends again what was not answered.

use super::registry::HubRegistry;
use async_trait::async_trait;
use autoglm_domain::{Fault, FaultKind, HubStage, HubSubscription};
use autoglm_feeds::websub::{Question, Verdict, is_signed, judge, lease};
use autoglm_models::{HubChange, HubRow};
use autoglm_protocol::websub::{HubCallbacks, HubPush, HubQuestion, PushedDocument};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of pushed documents in memory.
const ROOM_BYTES: usize = 64 * 1024 * 1024;
/// What the smallest document takes of it, so that many small ones are bounded too.
const DOCUMENT_BYTES_MIN: usize = 64 * 1024;
/// When a hub should send again what could not be taken.
const RETRY_AFTER: Duration = Duration::from_secs(60);
/// Counter of pushes; label `outcome`: `stored`, `ignored` (not signed as it should be) or `deferred`.
const PUSHES_TOTAL: &str = "autoglm_websub_pushes_total";

/// The port. Clones share the room.
#[derive(Debug, Clone)]
pub struct RegistryCallbacks {
    /// `None` while WebSub is off.
    registry: Option<HubRegistry>,
    room: Arc<Semaphore>,
}

impl RegistryCallbacks {
    /// Over the subscriptions; without any, no callback is known.
    #[must_use]
    pub fn new(registry: Option<HubRegistry>) -> Self {
        Self { registry, room: Arc::new(Semaphore::new(ROOM_BYTES)) }
    }

    async fn find(&self, token: &str) -> Result<(&HubRegistry, HubRow), Fault> {
        let Some(registry) = &self.registry else { return Err(unknown()) };
        let row = registry.store().hub_subscription(token).await?;
        row.map(|row| (registry, row)).ok_or_else(unknown)
    }

    fn room_for(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Fault> {
        let share = u32::try_from(bytes.max(DOCUMENT_BYTES_MIN)).unwrap_or(u32::MAX);
        Arc::clone(&self.room).try_acquire_many_owned(share).map_err(|_full| later())
    }

    /// Has the document read where its source runs.
    async fn deliver(
        &self,
        registry: &HubRegistry,
        row: &HubRow,
        push: HubPush,
    ) -> Result<(), Fault> {
        let room = self.room_for(push.body.len())?;
        let HubPush { body, content_type, .. } = push;
        let document = PushedDocument { body, content_type, room };
        let pushed = registry.sources().push(row.subscription.source_id, document).await;
        pushed.map(|_new_articles| ()).map_err(|fault| {
            tracing::debug!(%fault, source = row.subscription.source_id.0, "a push is sent again");
            later()
        })
    }
}

#[async_trait]
impl HubCallbacks for RegistryCallbacks {
    async fn is_known(&self, token: &str) -> Result<bool, Fault> {
        match self.find(token).await {
            Ok(_) => Ok(true),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    async fn confirm(&self, token: &str, question: HubQuestion) -> Result<Option<String>, Fault> {
        let (registry, row) = self.find(token).await?;
        let (now, random) = (registry.clock().now(), rand::random());
        let lease_max = registry.lease_max();
        let decide = move |before: &HubSubscription| match judge(
            before,
            asked(&question),
            lease_max,
            now,
            random,
        ) {
            Verdict::Granted(challenge, after) => (HubChange::Keep(after), Ok(Some(challenge))),
            Verdict::Ended(challenge) => (HubChange::Forget, Ok(Some(challenge))),
            Verdict::Denied(after) => (HubChange::Keep(after), Ok(None)),
            Verdict::NotOurs => (HubChange::Leave, Err(unknown())),
        };
        registry.change(row.id, decide).await?.ok_or_else(unknown)?
    }

    async fn push(&self, token: &str, push: HubPush) -> Result<(), Fault> {
        let (registry, row) = self.find(token).await?;
        if row.subscription.stage == HubStage::Ending {
            return Err(unknown());
        }
        let now = registry.clock().now();
        let count = |outcome| metrics::counter!(PUSHES_TOTAL, "outcome" => outcome).increment(1);
        if !is_signed(&row.keys.secret, push.signature.as_deref(), &push.body) {
            count("ignored");
            let forged = |before: &HubSubscription| (HubChange::Keep(lease::forged(before)), ());
            // A good answer, says the specification: a forger learns nothing from it.
            return registry.change(row.id, forged).await.map(|_known| ());
        }
        if let Err(fault) = self.deliver(registry, &row, push).await {
            count("deferred");
            return Err(fault);
        }
        count("stored");
        let pushed =
            move |before: &HubSubscription| (HubChange::Keep(lease::pushed(before, now)), ());
        registry.change(row.id, pushed).await.map(|_known| ())
    }
}

fn asked(question: &HubQuestion) -> Question<'_> {
    Question {
        mode: &question.mode,
        topic: &question.topic,
        challenge: question.challenge.as_deref(),
        lease: question.lease,
        reason: question.reason.as_deref(),
    }
}

fn unknown() -> Fault {
    Fault::not_found("nothing of the kind is expected at this address")
}

fn later() -> Fault {
    Fault::unavailable("the document cannot be read now; send it again", RETRY_AFTER)
}
