//! InferenceGateway: has texts understood on this node or, where that takes long, on another one.
//!
//! **Receives** calls of whoever has texts; texts of other nodes at the door `Inference`. **Sends**
//! them to InferencePool, or to the better of two other nodes by expected wait. **Limits** this node
//! first; 24 texts and 200 KiB a message; only nodes that read with the same models; what another
//! node does not answer in half the time is done here. **On restart** it keeps nothing but reports
//! that come twice a second.

mod choosing;
mod parts;
mod peer_loads;

use crate::colleagues::Colleagues;
use crate::meter::PipelineMeter;
use async_trait::async_trait;
use autoglm_cluster::Door;
use autoglm_cluster::peers::{PeerRequest, PeerService};
use autoglm_domain::{Fault, Incarnation, Priority};
use autoglm_inference::estimate_tokens;
use autoglm_protocol::inference_pool::{
    InferencePoolHandle, InferencePoolStatus, Text, TextsForPeer, Understandings,
};
use autoglm_protocol::stage::INFER;
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::wire::{decode, encode};
pub use choosing::{Place, choose, is_same_models};
use futures_util::future::try_join_all;
use parts::{joined, parts};
pub use peer_loads::{PeerLoads, load_of};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Counter of requests to other nodes; label `outcome`: `answered` or `failed`.
const REMOTE_TOTAL: &str = "autoglm_inference_remote_total";
/// Another node may take this part of the time; the rest is for doing it here.
const REMOTE_SHARE: f64 = 0.5;
/// A node that has changed its models is as good as new when its next reports have come.
const RETRY_OTHER_MODELS: Duration = Duration::from_secs(1);

/// What this node's texts are to be read with, whether it has devices or not.
pub type WantedModels = Arc<dyn Fn() -> String + Send + Sync>;

/// The way of texts to devices. Clones share everything.
#[derive(Clone)]
pub struct InferenceGateway {
    pool: InferencePoolHandle,
    status: StatusCell<InferencePoolStatus>,
    wanted: WantedModels,
    loads: PeerLoads,
    colleagues: Colleagues,
    meter: Option<PipelineMeter>,
}

impl fmt::Debug for InferenceGateway {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("InferenceGateway").field("pool", &self.pool).finish_non_exhaustive()
    }
}

impl From<InferencePoolHandle> for InferenceGateway {
    /// To the devices of this node alone.
    fn from(pool: InferencePoolHandle) -> Self {
        Self {
            pool,
            status: StatusCell::default(),
            wanted: Arc::new(String::new),
            loads: PeerLoads::default(),
            colleagues: Colleagues::default(),
            meter: None,
        }
    }
}

impl InferenceGateway {
    /// To the devices of this node and of those whose reports are in `loads`. `wanted` says what
    /// texts are read with while this node has no device.
    #[must_use]
    pub fn new(
        pool: InferencePoolHandle,
        status: StatusCell<InferencePoolStatus>,
        wanted: WantedModels,
        loads: PeerLoads,
        colleagues: Colleagues,
    ) -> Self {
        Self { pool, status, wanted, loads, colleagues, meter: None }
    }

    /// The same, with what is understood timed as [`INFER`].
    #[must_use]
    pub fn timed(self, meter: PipelineMeter) -> Self {
        Self { meter: Some(meter), ..self }
    }

    /// Understands texts, as [`InferencePoolHandle::understand`].
    ///
    /// # Errors
    /// As there; a node that fails to answer is no error as long as another or this one does.
    pub async fn understand(
        &self,
        texts: Vec<Text>,
        priority: Priority,
        within: Duration,
    ) -> Result<Understandings, Fault> {
        let (started, count) = (Instant::now(), texts.len());
        let answers = self.somewhere(texts, priority, within).await?;
        if let Some(meter) = &self.meter {
            meter.time(INFER, count as u64, started.elapsed());
        }
        Ok(answers)
    }

    /// Where it is quickest.
    async fn somewhere(
        &self,
        texts: Vec<Text>,
        priority: Priority,
        within: Duration,
    ) -> Result<Understandings, Fault> {
        let deadline = Instant::now() + within;
        let Place::At(node) = self.place() else {
            return self.pool.understand(texts, priority, within).await;
        };
        let limit = Instant::now() + within.mul_f64(REMOTE_SHARE);
        match self.ask(node, &texts, priority, limit).await {
            Ok(answers) => {
                metrics::counter!(REMOTE_TOTAL, "outcome" => "answered").increment(1);
                return Ok(answers);
            }
            Err(fault) => {
                metrics::counter!(REMOTE_TOTAL, "outcome" => "failed").increment(1);
                tracing::debug!(%fault, %node, "texts were not understood there");
                self.loads.distrust(node);
            }
        }
        self.otherwise(texts, priority, deadline).await
    }

    /// Here, or at the last node that is left where there is no device here.
    async fn otherwise(
        &self,
        texts: Vec<Text>,
        priority: Priority,
        deadline: Instant,
    ) -> Result<Understandings, Fault> {
        let has_devices = load_of(&self.status.get()).devices > 0;
        if !has_devices && let Place::At(node) = self.place() {
            return self.ask(node, &texts, priority, deadline).await;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        self.pool.understand(texts, priority, left).await
    }

    fn place(&self) -> Place {
        let own = load_of(&self.status.get());
        let others = self.loads.fresh();
        if others.is_empty() {
            return Place::Here;
        }
        choose(&own, &self.models(), &others, [rand::random(), rand::random()])
    }

    /// What texts of this node are read with.
    fn models(&self) -> String {
        let own = load_of(&self.status.get()).models;
        if own.is_empty() { (self.wanted)() } else { own }
    }

    async fn ask(
        &self,
        node: Incarnation,
        texts: &[Text],
        priority: Priority,
        deadline: Instant,
    ) -> Result<Understandings, Fault> {
        let length = |text: &Text| estimate_tokens(&text.title) + estimate_tokens(&text.lead);
        let tokens = texts.iter().map(|text| text.tokens.unwrap_or_else(|| length(text))).sum();
        self.loads.sent(node, tokens);
        let models = self.models();
        let parts = parts(texts).into_iter().map(|texts| {
            let (asked, models) = (texts.len(), models.clone());
            async move {
                let body = encode(&TextsForPeer { texts, priority, models })?;
                let request = PeerRequest { deadline, idempotency_key: None, body };
                let peers = self.colleagues.peers();
                let answers: Understandings =
                    decode(&peers.ask(node, Door::Inference, request).await?)?;
                let answered = answers.items.len();
                let message = || format!("node {node} answered {answered} of {asked} texts");
                (answered == asked).then_some(answers).ok_or_else(|| Fault::internal(message()))
            }
        });
        joined(try_join_all(parts).await?)
    }
}

/// What stands behind the door `Inference`: other nodes' texts, for the devices of this one only.
#[derive(Debug)]
pub struct InferenceService {
    /// The devices.
    pub pool: InferencePoolHandle,
    /// What they read with.
    pub status: StatusCell<InferencePoolStatus>,
}

#[async_trait]
impl PeerService for InferenceService {
    async fn answer(&self, _from: Incarnation, request: PeerRequest) -> Result<Vec<u8>, Fault> {
        let asked: TextsForPeer = decode(&request.body)?;
        let own = load_of(&self.status.get());
        if own.devices == 0 || !is_same_models(&own.models, &asked.models) {
            let message = format!(
                "this node reads with {:?}, not with {:?}; ask another one",
                own.models, asked.models
            );
            return Err(Fault::unavailable(message, RETRY_OTHER_MODELS));
        }
        let within = request.deadline.saturating_duration_since(Instant::now());
        encode(&self.pool.understand(asked.texts, asked.priority, within).await?)
    }

    fn told(&self, _from: Incarnation, _body: Vec<u8>) {}
}

#[cfg(test)]
mod tests;
