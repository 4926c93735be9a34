//! Contract of WebSubActor, which keeps the subscriptions at hubs, and the port by which hubs call.

use async_trait::async_trait;
use autoglm_domain::Fault;
use serde::Serialize;
use std::fmt::Debug;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// Messages of WebSubActor.
#[derive(Debug)]
pub enum WebSubMessage {
    /// Internal: do what is due.
    Tick,
    /// Internal: read the store again, which other nodes may have changed.
    Sweep,
}

impl ractor::Message for WebSubMessage {}

/// What WebSubActor shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WebSubStatus {
    /// Subscriptions kept by the whole cluster, those being ended included.
    pub subscriptions: usize,
    /// Those that hubs have promised to serve at the moment.
    pub live: usize,
    /// Requests to hubs under way.
    pub asking: usize,
    /// Requests that hubs took since the start.
    pub taken_total: u64,
    /// Requests that came to nothing since the start.
    pub refused_total: u64,
    /// What it last complained about.
    pub last_error: Option<String>,
}

/// What a hub asks back, or says, in the query of a GET.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HubQuestion {
    /// `subscribe`, `unsubscribe` or `denied`.
    pub mode: String,
    /// What it is about.
    pub topic: String,
    /// To be repeated.
    pub challenge: Option<String>,
    /// For how long it will push.
    pub lease: Option<Duration>,
    /// Why it refuses.
    pub reason: Option<String>,
}

/// A document a hub sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubPush {
    /// The value of `X-Hub-Signature`.
    pub signature: Option<String>,
    /// The value of `Content-Type`.
    pub content_type: Option<String>,
    /// As it was sent.
    pub body: Vec<u8>,
}

/// Calls of hubs. The token, the last part of a callback, is the proof: a hub has no other.
#[async_trait]
pub trait HubCallbacks: Send + Sync + Debug {
    /// Whether there is such a callback, before anything more is read.
    async fn is_known(&self, token: &str) -> Result<bool, Fault>;
    /// Judges a question; the answer is what to repeat, if anything. `NotFound` for what was not
    /// asked for.
    async fn confirm(&self, token: &str, question: HubQuestion) -> Result<Option<String>, Fault>;
    /// Takes a push: durable when answered, or ignored because it is not signed as it should be.
    /// `NotFound` for an unknown callback, `Unavailable` when the hub should try again.
    async fn push(&self, token: &str, push: HubPush) -> Result<(), Fault>;
}

/// A document on its way from a hub to the SourceActor that reads it.
#[derive(Debug)]
pub struct PushedDocument {
    /// As it was sent.
    pub body: Vec<u8>,
    /// As the hub declared it.
    pub content_type: Option<String>,
    /// What it takes of the memory for pushed documents; given back when it is dropped.
    pub room: OwnedSemaphorePermit,
}
