//! An engine that makes vectors, as one more device of the pool.

use super::space::SpaceFinder;
use crate::inference::{RunRemotely, input_of};
use autoglm_domain::{Embedding, Fault, FaultKind};
use autoglm_inference::remote::EngineSpace;
use autoglm_inference::{TextInput, Understander};
use autoglm_models::Store;
use autoglm_protocol::inference_pool::{Text, Understood};
use autoglm_protocol::remote_engine::{Asking, RemoteEngineHandle};
use std::time::Duration;
use tokio::sync::OnceCell;

/// Bytes of the lead that go into the vector, as for the encoders of the node.
const LEAD_BYTES: usize = 1_500;
/// How long an engine may take for a batch, retries included.
const WITHIN: Duration = Duration::from_secs(60);
/// When an engine that answers nonsense is worth another try.
const AWAY: Duration = Duration::from_secs(60);

/// Vectors from an engine; topics and summaries from the node's own models, which know only the
/// node's own vectors.
#[derive(Debug)]
pub struct EmbeddingDevice {
    /// The engine.
    pub engine: RemoteEngineHandle,
    /// Its model's name, as stored with every answer.
    pub model: String,
    /// Name of its encoder, under which what was learned about its vectors is kept.
    pub encoder: String,
    /// Where that is kept.
    pub store: Store,
    /// From its vectors to ours; empty until the first came.
    pub space: OnceCell<EngineSpace>,
    /// The node's own models.
    pub local: Understander,
    /// Names and versions of the models together, as stored with every article.
    pub version: String,
}

impl EmbeddingDevice {
    async fn vectors(&self, inputs: &[TextInput]) -> Result<Vec<Embedding>, Fault> {
        let texts: Vec<String> = inputs.iter().map(embedded_text).collect();
        let asking = Asking { reader: None, within: WITHIN };
        let vectors = self.engine.embed(texts, asking).await.map_err(patient)?;
        let Some(width) = vectors.first().map(Vec::len) else { return Ok(Vec::new()) };
        let space = self.space.get_or_try_init(async || self.finder().find(width).await).await?;
        let bring = |vector: &Vec<f32>| space.bring(&self.model, vector);
        vectors
            .iter()
            .map(bring)
            .collect::<Result<_, _>>()
            .map_err(|error| patient(Fault::internal(error.to_string())))
    }

    fn finder(&self) -> SpaceFinder<'_> {
        let Self { engine, model, encoder, store, .. } = self;
        SpaceFinder { engine, model, encoder, store }
    }
}

#[async_trait::async_trait]
impl RunRemotely for EmbeddingDevice {
    fn version(&self) -> String {
        self.version.clone()
    }

    async fn run(&self, texts: Vec<Text>) -> Result<Vec<Understood>, Fault> {
        let inputs: Vec<TextInput> = texts.into_iter().map(input_of).collect();
        let vectors = self.vectors(&inputs).await?;
        let local = self.local.clone();
        let own = tokio::task::spawn_blocking(move || local.understand(&inputs)).await;
        let own = own
            .map_err(|error| Fault::internal(format!("understanding texts failed: {error}")))?
            .map_err(|error| Fault::internal(format!("understanding texts failed: {error}")))?;
        Ok(own
            .into_iter()
            .zip(vectors)
            .map(|(own, embedding)| Understood {
                embedding,
                topics: own.topics,
                topic_list: own.topic_list,
                summary: own.summary,
                entities: own.extraction.entities,
                keywords: own.extraction.keywords,
                beside: None,
            })
            .collect())
    }
}

/// An engine that answers nonsense is no fault of the articles: they wait until it is repaired.
pub(super) fn patient(fault: Fault) -> Fault {
    match fault.kind {
        FaultKind::Internal => Fault::unavailable(fault.message, AWAY),
        _ => fault,
    }
}

/// Title and the beginning of the lead.
fn embedded_text(input: &TextInput) -> String {
    let lead = &input.lead[..input.lead.floor_char_boundary(LEAD_BYTES)];
    format!("{}\n{lead}", input.title)
}
