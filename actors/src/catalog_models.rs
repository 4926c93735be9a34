//! CatalogModels: the built-in models and those in this node's folder, loaded for its devices.
//!
//! **Receives** calls of [`LoadModels`]. **Sends** nothing. **Limits** what is loaded is kept by
//! whoever asked. **On restart** it keeps nothing.

use crate::rollout::LoadModels;
use autoglm_domain::{Fault, ModelChoice};
use autoglm_inference::{
    Capability, Catalog, ComputeDevice, Embed, ModelId, ModelKind, ModelRegistry, Understander,
};
use std::sync::Arc;

/// Where models come from on this node.
#[derive(Debug, Clone)]
pub struct CatalogModels {
    folder: Catalog,
}

impl CatalogModels {
    /// The built-in models and those of a folder, which need not exist.
    #[must_use]
    pub fn new(folder: Catalog) -> Self {
        Self { folder }
    }

    fn encoder(&self, name: &str, device: &str) -> Result<Arc<dyn Embed>, Fault> {
        let id: ModelId = name.parse().map_err(fault)?;
        if let Ok(built_in) = ModelRegistry::built_in().map_err(fault)?.embed(Some(&id)) {
            return Ok(built_in);
        }
        let entry = self.folder.get(&id).map_err(fault)?;
        tracing::info!(model = name, device, "loading a model");
        let device = ComputeDevice::by_name(device)
            .map_err(|error| Fault::new(error.fault_kind(), error.to_string()))?;
        entry.load_encoder(&device).map_err(fault)
    }
}

impl LoadModels for CatalogModels {
    fn load(&self, models: &ModelChoice, device: &str) -> Result<Understander, Fault> {
        let encoder = self.encoder(&models.encoder, device)?;
        let registry = ModelRegistry::built_in().map_err(fault)?;
        let id = |name: &str| name.parse::<ModelId>().map_err(fault);
        let classifier = registry.classify(Some(&id(&models.classifier)?)).map_err(fault)?;
        let summariser = registry.summarise(Some(&id(&models.summariser)?)).map_err(fault)?;
        Ok(Understander::of(encoder, classifier, summariser))
    }

    fn first_choice(&self) -> ModelChoice {
        // Built-in models cannot be missing: a program without them does not start.
        let listed = ModelRegistry::built_in().map(|registry| registry.list()).unwrap_or_default();
        let name = |capability: Capability| {
            let line = listed.iter().find(|line| line.capability == capability && line.is_default);
            line.map(|line| line.id.to_string()).unwrap_or_default()
        };
        ModelChoice {
            encoder: name(Capability::Embed),
            classifier: name(Capability::Classify),
            summariser: name(Capability::Summarise),
        }
    }

    fn is_outdated(&self, models: &ModelChoice) -> bool {
        let first = self.first_choice();
        let gone = |name: &str, today: &str| {
            let family = |name: &str| name.parse::<ModelId>().map(|id| id.name).unwrap_or_default();
            name != today && family(name) == family(today)
        };
        let parts = [
            (&models.encoder, &first.encoder),
            (&models.classifier, &first.classifier),
            (&models.summariser, &first.summariser),
        ];
        parts.into_iter().any(|(name, today)| gone(name, today))
    }

    fn choice_with(&self, active: &ModelChoice, model: &str) -> Result<ModelChoice, Fault> {
        let first = self.first_choice();
        if model == first.encoder {
            return Ok(ModelChoice { encoder: first.encoder, ..active.clone() });
        }
        let id: ModelId = model.parse().map_err(fault)?;
        let entry = self.folder.get(&id).map_err(fault)?;
        match entry.manifest.kind {
            ModelKind::StaticEncoder | ModelKind::Encoder => {
                Ok(ModelChoice { encoder: model.to_owned(), ..active.clone() })
            }
            other => Err(Fault::invalid(format!(
                "{model} is a {}; what can be rolled out is an encoder",
                other.name()
            ))),
        }
    }

    fn names(&self) -> Vec<String> {
        let listed = self.folder.list().unwrap_or_default().into_iter().flatten();
        let encoders = listed.filter(|entry| {
            matches!(entry.manifest.kind, ModelKind::StaticEncoder | ModelKind::Encoder)
        });
        let named = encoders.map(|entry| entry.manifest.id().to_string());
        std::iter::once(self.first_choice().encoder).chain(named).collect()
    }
}

fn fault(error: autoglm_inference::Error) -> Fault {
    Fault::new(error.fault_kind(), error.to_string())
}
