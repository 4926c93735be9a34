//! RegistryCallbacks: what hubs may say to this node.
//!
//! **Receives** calls of the port `HubCallbacks`, on whichever node a hub reaches. **Sends** pushed
//! documents to the SourceSupervisor of the node that fetches their source. **Limits** 64 MiB of pushed documents at a time. **On restart**
//! nothing is lost: a push is durable when answered, and a hub sends again what was not answered.

use super::registry::HubRegistry;
use crate::colleagues::Colleagues;
use crate::source_supervisor::shard_of_url;
use async_trait::async_trait;
use autoglm_cluster::ENVELOPE_BYTES_MAX;
use autoglm_domain::{Fault, FaultKind, HubStage, HubSubscription, SourceId};
use autoglm_feeds::websub::{Question, Verdict, is_signed, judge, lease};
use autoglm_models::{HubChange, HubRow};
use autoglm_protocol::agent::{AgentAnswer, AgentAsk, Bytes};
use autoglm_protocol::websub::{HubCallbacks, HubPush, HubQuestion, PushedDocument};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of pushed documents in memory.
const ROOM_BYTES: usize = 64 * 1024 * 1024;
/// What the smallest document takes of it, so that many small ones are bounded too.
const DOCUMENT_BYTES_MIN: usize = 64 * 1024;
/// A larger document is not sent on to the node of its source.
const FORWARDED_BYTES_MAX: usize = ENVELOPE_BYTES_MAX - 4_096;
/// A hub waits about so long for an answer.
const DELIVER_TIMEOUT: Duration = Duration::from_secs(10);
/// When a hub should send again what could not be taken.
const RETRY_AFTER: Duration = Duration::from_secs(60);
/// Counter of pushes; label `outcome`: `stored`, `ignored` (not signed as it should be) or `deferred`.
const PUSHES_TOTAL: &str = "autoglm_websub_pushes_total";

/// The port. Clones share the room.
#[derive(Debug, Clone)]
pub struct RegistryCallbacks {
    /// `None` while WebSub is off.
    registry: Option<HubRegistry>,
    room: PushRoom,
    colleagues: Colleagues,
}

/// The memory for pushed documents of a node. Clones share it.
#[derive(Debug, Clone)]
pub struct PushRoom(Arc<Semaphore>);

impl Default for PushRoom {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ROOM_BYTES)))
    }
}

impl PushRoom {
    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Fault> {
        let share = u32::try_from(bytes.max(DOCUMENT_BYTES_MIN)).unwrap_or(u32::MAX);
        Arc::clone(&self.0).try_acquire_many_owned(share).map_err(|_full| later())
    }

    /// A document with its share of the room.
    ///
    /// # Errors
    /// `Unavailable` while the room is taken.
    pub fn document(
        &self,
        body: Vec<u8>,
        content_type: Option<String>,
    ) -> Result<PushedDocument, Fault> {
        let room = self.take(body.len())?;
        Ok(PushedDocument { body, content_type, room })
    }
}

impl RegistryCallbacks {
    /// Over the subscriptions; without any, no callback is known.
    #[must_use]
    pub fn new(registry: Option<HubRegistry>) -> Self {
        Self { registry, room: PushRoom::default(), colleagues: Colleagues::default() }
    }

    /// With other nodes, who read the documents of their sources, and with room that is shared with
    /// what they send here.
    #[must_use]
    pub fn with_colleagues(self, colleagues: Colleagues, room: PushRoom) -> Self {
        Self { colleagues, room, ..self }
    }

    async fn find(&self, token: &str) -> Result<(&HubRegistry, HubRow), Fault> {
        let Some(registry) = &self.registry else { return Err(unknown()) };
        let row = registry.store().hub_subscription(token).await?;
        row.map(|row| (registry, row)).ok_or_else(unknown)
    }

    /// Has the document read where its source runs.
    async fn deliver(
        &self,
        registry: &HubRegistry,
        row: &HubRow,
        push: HubPush,
    ) -> Result<(), Fault> {
        let source = row.subscription.source_id;
        let shard = shard_of_url(&row.source_url);
        let HubPush { body, content_type, .. } = push;
        if self.colleagues.is_alone() {
            let document = self.room.document(body, content_type)?;
            return sent_again(source, registry.sources().push(source, document).await);
        }
        let ask = if body.len() <= FORWARDED_BYTES_MAX {
            let (content_type, body) = (content_type.clone(), Bytes(body.clone()));
            AgentAsk::Push { shard, source, content_type, body }
        } else {
            // Too large for a message; a fetch brings the same articles.
            AgentAsk::Refresh { shard, source }
        };
        let here = || {
            let document = self.room.document(body.clone(), content_type.clone());
            async move { registry.sources().push(source, document?).await.map(AgentAnswer::Stored) }
        };
        sent_again(source, self.colleagues.at_owner(shard, DELIVER_TIMEOUT, &ask, here).await)
    }
}

/// Whatever kept a document from being read, its hub sends it again.
fn sent_again<T>(source: SourceId, pushed: Result<T, Fault>) -> Result<(), Fault> {
    pushed.map(|_new_articles| ()).map_err(|fault| {
        tracing::debug!(%fault, %source, "a push is sent again");
        later()
    })
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
