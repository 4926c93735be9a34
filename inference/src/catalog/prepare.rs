//! Opening a model of the folder, and what is done once when it comes in.

use super::CatalogEntry;
use super::manifest::{Manifest, ModelKind};
use crate::device::ComputeDevice;
use crate::encoder::{ProjectedEncoder, StaticEncoder, learn_projection};
use crate::error::{Error, Result};
use crate::model::{Embed, ModelId};
use std::path::Path;
use std::sync::Arc;

/// Checks that a new model's files can be read and work together, so that a broken one never gets
/// into the folder.
///
/// # Errors
/// [`Error::InvalidModel`] or [`Error::ReadModel`], naming file, tensor, what was expected and found.
pub fn prepare(folder: &Path, manifest: &Manifest) -> Result<()> {
    match manifest.kind {
        ModelKind::StaticEncoder => StaticEncoder::load(folder, manifest.id()).map(|_good| ()),
        ModelKind::Encoder => learn_projection(folder, &manifest.prefix),
        ModelKind::Decoder | ModelKind::Classifier => Ok(()),
    }
}

impl CatalogEntry {
    /// Loads an encoder onto a device.
    ///
    /// # Errors
    /// As [`prepare`]; [`Error::InvalidModel`] for a model of another kind.
    pub fn load_encoder(&self, device: &ComputeDevice) -> Result<Arc<dyn Embed>> {
        let id: ModelId = self.manifest.id();
        match self.manifest.kind {
            ModelKind::StaticEncoder => Ok(Arc::new(StaticEncoder::load(&self.folder, id)?)),
            ModelKind::Encoder => {
                let prefix = &self.manifest.prefix;
                Ok(Arc::new(ProjectedEncoder::load(&self.folder, id, prefix, device)?))
            }
            other => Err(Error::InvalidModel {
                model: id.to_string(),
                reason: format!("it is a {}, not an encoder", other.name()),
            }),
        }
    }
}
