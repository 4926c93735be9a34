//! How an engine's vectors become the product's: nothing to do at the product's width, else a
//! projection that the first node learns from a sample and every node then uses.

use super::device::patient;
use autoglm_domain::{EMBEDDING_DIMENSIONS, Fault};
use autoglm_inference::Projection;
use autoglm_inference::remote::EngineSpace;
use autoglm_models::Store;
use autoglm_protocol::remote_engine::{Asking, RemoteEngineHandle};
use std::time::Duration;

/// Texts of one question.
const BATCH: usize = 64;
/// How long an engine may take for one, retries included.
const WITHIN: Duration = Duration::from_secs(60);

/// Finds out for one engine.
#[derive(Debug)]
pub(super) struct SpaceFinder<'a> {
    pub(super) engine: &'a RemoteEngineHandle,
    /// Its model, for messages.
    pub(super) model: &'a str,
    /// Under which what was learned is kept, such as `engine:bge-m3-1`.
    pub(super) encoder: &'a str,
    pub(super) store: &'a Store,
}

impl SpaceFinder<'_> {
    /// For an engine whose vectors have this width.
    ///
    /// # Errors
    /// When the engine does not answer the sample, or the store is away.
    pub(super) async fn find(&self, width: usize) -> Result<EngineSpace, Fault> {
        if let Some(bytes) = self.store.engine_space(self.encoder).await? {
            return self.read(&bytes);
        }
        if width == EMBEDDING_DIMENSIONS {
            return Ok(EngineSpace::SameWidth);
        }
        let model = self.model;
        tracing::info!(
            model,
            width,
            "learning how an engine's vectors are brought to {EMBEDDING_DIMENSIONS} numbers"
        );
        let vectors = self.sample().await?;
        let learned = tokio::task::spawn_blocking(move || EngineSpace::learn(&vectors)).await;
        let learned = learned
            .map_err(|error| {
                Fault::internal(format!("learning an engine's space failed: {error}"))
            })?
            .map_err(|error| self.unusable(&error))?;
        let EngineSpace::Projected(projection) = &learned else { return Ok(learned) };
        let kept = projection.kept();
        let bytes = projection.to_bytes().map_err(|error| self.unusable(&error))?;
        tracing::info!(model, kept, "learned; `kept` is the share of the variance that is left");
        self.read(&self.store.keep_engine_space(self.encoder, bytes).await?)
    }

    async fn sample(&self) -> Result<Vec<Vec<f32>>, Fault> {
        let texts = EngineSpace::sample().map_err(|error| self.unusable(&error))?;
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            let asking = Asking { reader: None, within: WITHIN };
            vectors.extend(self.engine.embed(batch.to_vec(), asking).await?);
        }
        Ok(vectors)
    }

    fn read(&self, bytes: &[u8]) -> Result<EngineSpace, Fault> {
        let origin = format!("what was learned about {}", self.encoder);
        Projection::from_bytes(bytes, &origin)
            .map(EngineSpace::Projected)
            .map_err(|error| self.unusable(&error))
    }

    fn unusable(&self, error: &autoglm_inference::Error) -> Fault {
        let message = format!("the vectors of engine model {} cannot be used: {error}", self.model);
        patient(Fault::internal(message))
    }
}
