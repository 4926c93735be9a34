//! What a device runs: a model on a thread of its own, or one that is asked over a network.

use autoglm_domain::{Fault, FaultKind};
use autoglm_inference::{Padding, TextInput, Understander, discover_devices};
use autoglm_protocol::inference_pool::{Text, Understood};
use std::fmt;
use std::sync::Arc;

/// A model as a device runs it. Lives on one thread from its loading to its end.
pub trait Run {
    /// Name and version, as stored with every answer.
    fn version(&self) -> String;

    /// Understands texts; one answer for each, in order.
    ///
    /// # Errors
    /// When the model cannot answer; the same texts are then tried again, at most twice.
    fn run(&mut self, texts: Vec<Text>) -> Result<Vec<Understood>, Fault>;
}

impl Run for Understander {
    fn version(&self) -> String {
        Self::version(self)
    }

    fn run(&mut self, texts: Vec<Text>) -> Result<Vec<Understood>, Fault> {
        let inputs: Vec<TextInput> = texts.into_iter().map(input_of).collect();
        let answers = self
            .understand(&inputs)
            .map_err(|error| Fault::internal(format!("understanding texts failed: {error}")))?;
        Ok(answers
            .into_iter()
            .map(|answer| Understood {
                embedding: answer.embedding,
                topics: answer.topics,
                topic_list: answer.topic_list,
                summary: answer.summary,
                entities: answer.extraction.entities,
                keywords: answer.extraction.keywords,
                beside: None,
            })
            .collect())
    }
}

/// A text as models read it.
pub(crate) fn input_of(text: Text) -> TextInput {
    TextInput { title: text.title, lead: text.lead, language: text.language }
}

/// A model somewhere else: asked over a network, without a thread of its own.
#[async_trait::async_trait]
pub trait RunRemotely: Send + Sync {
    /// Name and version, as stored with every answer.
    fn version(&self) -> String;

    /// Understands texts; one answer for each, in order.
    ///
    /// # Errors
    /// As [`Run::run`].
    async fn run(&self, texts: Vec<Text>) -> Result<Vec<Understood>, Fault>;
}

/// What a model answers when a batch does not fit into its device's memory: the pool tries its
/// halves, and a text that does not fit alone fails alone.
#[must_use]
pub fn out_of_memory(what: impl fmt::Display) -> Fault {
    Fault::new(FaultKind::Overloaded, format!("the device has too little memory: {what}"))
}

/// Whether a fault is [`out_of_memory`]: everybody else who is overloaded says until when.
pub(crate) fn is_out_of_memory(fault: &Fault) -> bool {
    fault.kind == FaultKind::Overloaded && fault.retry_after.is_none()
}

/// A device's model: how it is loaded, and how it lays out a batch.
#[derive(Clone)]
pub struct LoadModel {
    pub(super) place: Place,
    padding: Padding,
    label: Option<Label>,
}

/// Which models the device reads with now, a candidate included; `None` before the first.
type Label = Arc<dyn Fn() -> Option<String> + Send + Sync>;

pub(super) type Load = Arc<dyn Fn() -> Result<Box<dyn Run>, Fault> + Send + Sync>;

#[derive(Clone)]
pub(super) enum Place {
    /// Called on the device's own thread at every start of its actor.
    Here(Load),
    Elsewhere(Arc<dyn RunRemotely>),
}

impl LoadModel {
    /// Loads by this function.
    #[must_use]
    pub fn new(load: impl Fn() -> Result<Box<dyn Run>, Fault> + Send + Sync + 'static) -> Self {
        Self { place: Place::Here(Arc::new(load)), padding: Padding::None, label: None }
    }

    /// Models that are in memory already and shared: nothing to load.
    #[must_use]
    pub fn shared(understander: Understander) -> Self {
        Self::new(move || Ok(Box::new(understander.clone())))
    }

    /// A model somewhere else.
    #[must_use]
    pub fn remote(model: Arc<dyn RunRemotely>) -> Self {
        Self { place: Place::Elsewhere(model), padding: Padding::None, label: None }
    }

    /// The same model on a device that pads.
    #[must_use]
    pub fn padded(self, padding: Padding) -> Self {
        Self { padding, ..self }
    }

    /// The same with models that change while the device runs.
    #[must_use]
    pub fn labelled(self, label: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        Self { label: Some(Arc::new(label)), ..self }
    }

    /// What the device reads with now, where that can change. Answers that another label gave are
    /// not given again.
    #[must_use]
    pub fn label(&self) -> Option<String> {
        self.label.as_ref().and_then(|label| label())
    }

    /// How the device lays out a batch.
    #[must_use]
    pub fn padding(&self) -> Padding {
        self.padding
    }
}

impl fmt::Debug for LoadModel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LoadModel").field("padding", &self.padding).finish_non_exhaustive()
    }
}

/// A device and how its model is loaded.
#[derive(Debug, Clone)]
pub struct DeviceSpec {
    /// `cpu`, `cuda:0`, …; unique within the node.
    pub name: String,
    /// What sort of device, for people.
    pub kind: String,
    /// Its model.
    pub load: LoadModel,
}

impl DeviceSpec {
    /// Every device of this machine, all running the same models.
    #[must_use]
    pub fn discovered(understander: &Understander) -> Vec<Self> {
        discover_devices()
            .into_iter()
            .map(|device| Self {
                kind: format!("{:?}", device.kind).to_lowercase(),
                name: device.name,
                load: LoadModel::shared(understander.clone()),
            })
            .collect()
    }
}
