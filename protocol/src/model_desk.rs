//! The operator's way to the models that read articles.

use crate::reread::RereadStatus;
use crate::rollout::RolloutStatus;
use async_trait::async_trait;
use autoglm_domain::{Fault, Rollout};
use serde::Serialize;
use std::fmt::Debug;

/// How one set of models has done on this node since it started.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct VersionFigures {
    /// Names and versions of the models.
    pub version: String,
    /// Texts read.
    pub texts: u64,
    /// Texts it failed at.
    pub failures: u64,
    /// Seconds its devices worked.
    pub seconds: f64,
    /// Texts of which it knew no word.
    pub without_vector: u64,
    /// Texts without a topic.
    pub without_topic: u64,
    /// Texts also read by the models in use.
    pub compared: u64,
    /// Of those, with the same best topic, or none on both sides.
    pub same_topic: u64,
    /// Rank correlation of how near texts are to each other by these models and by those in use,
    /// −1 to 1; `None` without enough texts. Says whether stories and tastes would look alike.
    pub neighbour_agreement: Option<f64>,
}

/// What the operator sees of the models.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ModelReport {
    /// The cluster's rollout.
    pub rollout: Option<Rollout>,
    /// Whether this node follows it.
    pub node: RolloutStatus,
    /// The reading of old articles by new models, on the node that does it.
    pub reread: RereadStatus,
    /// How each set of models has done on this node.
    pub versions: Vec<VersionFigures>,
    /// Encoders of this node that can be named, built-in ones first.
    pub encoders: Vec<String>,
}

/// Looks at models and changes which of them read.
#[async_trait]
pub trait ModelDesk: Send + Sync + Debug {
    /// What there is.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn report(&self) -> Result<ModelReport, Fault>;

    /// Lets an encoder of this node read a share of the new articles beside the one in use.
    ///
    /// # Errors
    /// `NotFound` for a model this node does not have, `Conflict` when the step cannot be taken.
    async fn canary(&self, model: &str, share: u8) -> Result<Rollout, Fault>;

    /// Begins to replace the models in use by the candidate.
    ///
    /// # Errors
    /// `Conflict` without a candidate.
    async fn promote(&self) -> Result<Rollout, Fault>;

    /// Gives the candidate up.
    ///
    /// # Errors
    /// `Conflict` without a candidate.
    async fn withdraw(&self) -> Result<Rollout, Fault>;

    /// Begins to go back to what was in use before.
    ///
    /// # Errors
    /// `Conflict` when nothing was.
    async fn roll_back(&self) -> Result<Rollout, Fault>;
}
