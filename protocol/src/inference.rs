//! Contract of InferenceActor: bound to one device, owns its model on a thread of its own.

use crate::inference_pool::{Text, Understandings};
use crate::{Address, Reply};

/// Messages of InferenceActor.
#[derive(Debug)]
pub enum InferenceMessage {
    /// Run one batch. Sent by InferencePool only, one at a time.
    Run {
        /// All texts of the batch.
        texts: Vec<Text>,
        /// Answer, in order.
        reply: Reply<Understandings>,
    },
}

impl ractor::Message for InferenceMessage {}

/// Typed front of InferenceActor.
#[derive(Debug, Clone)]
pub struct InferenceHandle {
    /// Name of the device.
    pub device: String,
    /// Its actor.
    pub address: Address<InferenceMessage>,
}
