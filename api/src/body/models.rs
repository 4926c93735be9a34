//! The models that read articles.

use autoglm_protocol::domain::{ModelChoice, Rollout as DomainRollout};
use autoglm_protocol::model_desk::{ModelReport, VersionFigures};
use serde::{Deserialize, Serialize};

/// What a candidate is to be.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Canary {
    /// Name and version of an encoder this node has.
    pub(crate) model: String,
    /// Share of new articles it reads, in percent, 1 to 100.
    #[serde(default = "quarter")]
    pub(crate) share: u8,
}

fn quarter() -> u8 {
    25
}

/// A set of models.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ModelNames {
    /// Makes vectors.
    encoder: String,
    /// Finds topics.
    classifier: String,
    /// Makes summaries.
    summariser: String,
    /// Finds entities and keywords.
    extractor: String,
    /// All of them, as it stands with every article they read.
    version: String,
}

impl From<ModelChoice> for ModelNames {
    fn from(models: ModelChoice) -> Self {
        let version = models.version();
        let ModelChoice { encoder, classifier, summariser, extractor } = models;
        Self { encoder, classifier, summariser, extractor, version }
    }
}

/// Models beside those in use.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Candidate {
    /// Its models.
    models: ModelNames,
    /// Share of new articles it reads, in percent.
    share: u8,
    /// Whether it is replacing the models in use.
    promoted: bool,
}

/// Which models read articles.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Rollout {
    /// Whose readings are shown.
    active: ModelNames,
    /// What was in use before.
    previous: Option<ModelNames>,
    /// Measured beside them, or replacing them.
    candidate: Option<Candidate>,
}

impl From<DomainRollout> for Rollout {
    fn from(rollout: DomainRollout) -> Self {
        Self {
            active: rollout.active.into(),
            previous: rollout.previous.map(Into::into),
            candidate: rollout.candidate.map(|candidate| Candidate {
                models: candidate.models.into(),
                share: candidate.share,
                promoted: candidate.is_promoted,
            }),
        }
    }
}

/// How one set of models has done on this node since it started.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Version {
    /// Names and versions.
    version: String,
    /// Texts read.
    texts: u64,
    /// Texts it failed at.
    failures: u64,
    /// Milliseconds a text took.
    milliseconds_per_text: f64,
    /// Texts of which it knew no word.
    without_vector: u64,
    /// Texts without a topic.
    without_topic: u64,
    /// Texts also read by the models in use.
    compared: u64,
    /// Of those, with the same best topic.
    same_topic: u64,
    /// How alike it sees which texts are near each other, −1 to 1; null without enough texts.
    neighbour_agreement: Option<f64>,
}

impl From<VersionFigures> for Version {
    fn from(figures: VersionFigures) -> Self {
        Self {
            milliseconds_per_text: figures.seconds * 1e3 / figures.texts.max(1) as f64,
            version: figures.version,
            texts: figures.texts,
            failures: figures.failures,
            without_vector: figures.without_vector,
            without_topic: figures.without_topic,
            compared: figures.compared,
            same_topic: figures.same_topic,
            neighbour_agreement: figures.neighbour_agreement,
        }
    }
}

/// The reading of old articles by new models.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Reread {
    /// By which models; empty when none are read again.
    version: String,
    /// Articles read again since the start.
    read: u64,
    /// Articles that show another reading since the start.
    changed: u64,
    /// What went wrong last.
    problem: Option<String>,
}

/// What the operator sees of the models.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Models {
    /// The cluster's rollout; null before the first node has started.
    rollout: Option<Rollout>,
    /// Whether this node is loading other models.
    loading: bool,
    /// Why this node does not follow the rollout.
    problem: Option<String>,
    /// The reading of old articles, on the node that does it.
    reread: Reread,
    /// How each set of models has done on this node.
    versions: Vec<Version>,
    /// Encoders of this node that can be a candidate.
    encoders: Vec<String>,
}

impl From<ModelReport> for Models {
    fn from(report: ModelReport) -> Self {
        Self {
            rollout: report.rollout.map(Into::into),
            loading: report.node.is_loading,
            problem: report.node.problem,
            reread: Reread {
                version: report.reread.version,
                read: report.reread.read_total,
                changed: report.reread.changed_total,
                problem: report.reread.last_error,
            },
            versions: report.versions.into_iter().map(Into::into).collect(),
            encoders: report.encoders,
        }
    }
}
