//! Contract of InferencePool: admission, priorities and dynamic batches in front of the devices.

use crate::device_gauges::Gauges;
use crate::{Address, Permit, Reply};
use autoglm_domain::{Embedding, Entity, Fault, Language, Priority, TopicScore};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One text to understand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// One line.
    pub title: String,
    /// Body text, at most 8 KiB.
    pub lead: String,
    /// If known.
    pub language: Option<Language>,
    /// Its length as the model's tokenizer counts it; estimated when the caller has not asked one.
    pub tokens: Option<usize>,
}

/// What a model says about one text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Understood {
    /// Of title and lead.
    pub embedding: Embedding,
    /// Best first.
    pub topics: Vec<TopicScore>,
    /// Which list of topics they are from; 0 where that is not known.
    pub topic_list: i64,
    /// Plain text.
    pub summary: String,
    /// What it names, the one most spoken of first.
    pub entities: Vec<Entity>,
    /// Words and phrases of its language, best first.
    pub keywords: Vec<String>,
    /// What a candidate says about the same text, when it read it.
    pub beside: Option<Box<ReadBeside>>,
}

/// What a candidate says about one text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadBeside {
    /// Name and version of the candidate's models.
    pub model_version: String,
    /// Of title and lead.
    pub embedding: Embedding,
    /// Best first.
    pub topics: Vec<TopicScore>,
    /// Which list of topics they are from; 0 where that is not known.
    pub topic_list: i64,
    /// Plain text.
    pub summary: String,
    /// What it names, the one most spoken of first.
    pub entities: Vec<Entity>,
    /// Words and phrases of its language, best first.
    pub keywords: Vec<String>,
}

/// The answer to one request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Understandings {
    /// Name and version of the model that answered.
    pub model_version: String,
    /// One for each text, in order.
    pub items: Vec<Understood>,
}

/// Texts for the devices of another node, at the door `Inference`; answered with
/// [`Understandings`]. Never sent on to a third node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextsForPeer {
    /// At most 256.
    pub texts: Vec<Text>,
    /// Who goes first.
    pub priority: Priority,
    /// What they shall be read with, as in [`crate::agent::LoadReport`]: vectors of two models are
    /// never mixed, so that another node with other models answers `Unavailable`.
    pub models: String,
}

/// Messages of InferencePool.
#[derive(Debug)]
pub enum InferencePoolMessage {
    /// Understand these texts. Sent by UnderstandActor and by whoever has a text.
    Submit {
        /// At most 256 texts.
        texts: Vec<Text>,
        /// Who goes first.
        priority: Priority,
        /// Not worth answering after this long.
        within: Duration,
        /// Answer; a caller that has gone is dropped from the queue.
        reply: Reply<Understandings>,
        /// Given back when answered.
        permit: Permit,
    },
    /// A device is ready for its next batch. Sent by InferenceActors.
    DeviceIdle {
        /// Name of the device.
        device: String,
    },
    /// A device failed; its batch is queued again. Sent by the pool to itself.
    DeviceFailed {
        /// Name of the device.
        device: String,
    },
    /// Internal: start a device, at first or after its back-off.
    StartDevice {
        /// Name of the device.
        device: String,
    },
    /// Internal: a device has answered a batch, or has not.
    BatchDone {
        /// Name of the device.
        device: String,
        /// Which batch, so that an outdated answer does nothing.
        batch: u64,
        /// The answer.
        outcome: Result<Understandings, Fault>,
    },
    /// Internal: a device that waited for a larger batch should wait no longer.
    Look,
    /// Internal: look at deadlines and figures, once a second.
    Tick,
}

impl ractor::Message for InferencePoolMessage {}

/// What InferencePool shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct InferencePoolStatus {
    /// Requests waiting, by priority: interactive, ingest, backfill.
    pub waiting: [usize; 3],
    /// Estimated tokens waiting.
    pub waiting_tokens: usize,
    /// Batches sent to devices since the start.
    pub batches_total: u64,
    /// Requests dropped because nobody waited any more or the deadline had passed.
    pub expired_total: u64,
    /// Texts refused because too much was waiting.
    pub refused_total: u64,
    /// Texts answered from memory.
    pub remembered_total: u64,
    /// Texts that joined an equal one on its way.
    pub joined_total: u64,
    /// Texts of a batch, on average since the start.
    pub mean_batch: f64,
    /// Share of the devices' tokens that was padding, 0 to 1.
    pub padding_share: f64,
    /// The devices.
    pub devices: Vec<DeviceStatus>,
}

/// What one device shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DeviceStatus {
    /// `cpu`, `cuda:0`, …
    pub name: String,
    /// What sort of device.
    pub kind: String,
    /// Name and version of its model.
    pub model: String,
    /// `idle`, `busy` or `failed`.
    pub state: String,
    /// Batches since the start.
    pub batches: u64,
    /// Texts since the start.
    pub items: u64,
    /// Waiting requests in the pool.
    pub queue: usize,
    /// Texts per batch since the start.
    pub mean_batch: f64,
    /// Share of the last minute in which it was busy, 0 to 1.
    pub busy_share: f64,
    /// Starts after the first.
    pub restarts: u64,
    /// Batches that ended later than somebody in them was promised.
    pub late_batches: u64,
    /// Tokens a second in large batches, as measured; 0 before the first.
    pub tokens_per_second: f64,
    /// Milliseconds of a batch that do not depend on its texts, as measured.
    pub overhead_ms: f64,
    /// Tokens a batch may have now.
    pub batch_tokens_max: usize,
    /// Seconds since the start spent before, in and after the network, as far as the model says.
    pub stage_seconds: StageSeconds,
    /// How full, busy and warm it is, where its driver says so.
    pub gauges: Option<Gauges>,
}

/// Where a model's time went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct StageSeconds {
    /// Cutting, tokenising, padding, uploading.
    pub pre_processing: f64,
    /// The network itself.
    pub forward: f64,
    /// Pooling, topics, summaries.
    pub post_processing: f64,
}

/// Typed front of InferencePool.
#[derive(Debug, Clone)]
pub struct InferencePoolHandle(pub Address<InferencePoolMessage>);

impl InferencePoolHandle {
    /// Understands texts.
    ///
    /// # Errors
    /// `Overloaded` when the queue is full, `Timeout` after `within`, `Unavailable` without a
    /// working device.
    pub async fn understand(
        &self,
        texts: Vec<Text>,
        priority: Priority,
        within: Duration,
    ) -> Result<Understandings, Fault> {
        let permit = self.0.permit()?;
        self.0
            .call_with(within, |reply| InferencePoolMessage::Submit {
                texts,
                priority,
                within,
                reply,
                permit,
            })
            .await
    }
}
