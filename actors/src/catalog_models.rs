//! CatalogModels: the built-in models and those in this node's folder, loaded for its devices.
//!
//! **Receives** calls of [`LoadModels`]. **Sends** nothing. **Limits** what is loaded is kept by
//! whoever asked. **On restart** it keeps nothing.

use crate::rollout::LoadModels;
use crate::writer::{DECODER_SLOTS, LoadDecoder};
use autoglm_domain::{Fault, ModelChoice};
use autoglm_inference::{
    Capability, Catalog, Classify, ComputeDevice, DecoderSettings, Discovery, Embed, Extract,
    Gazetteer, GazetteerExtractor, Generate, LiveTopics, Model as _, ModelId, ModelKind,
    ModelRegistry, Understander, WeightFormat,
};
use std::sync::Arc;

/// What the names of encoders behind a remote engine begin with.
const ENGINE: &str = "engine:";

/// Where models come from on this node.
#[derive(Debug, Clone)]
pub struct CatalogModels {
    folder: Catalog,
    /// The encoder of a remote engine that makes vectors in place of the node's own.
    engine: Option<String>,
    /// The node's classifier, in place of the built-in one, which it replaces by the same name.
    topics: Option<LiveTopics>,
    /// What finds entities, with names of the operator's.
    extractor: Option<GazetteerExtractor>,
}

impl CatalogModels {
    /// The built-in models and those of a folder, which need not exist.
    #[must_use]
    pub fn new(folder: Catalog) -> Self {
        Self { folder, engine: None, topics: None, extractor: None }
    }

    /// The same with the node's own classifier.
    #[must_use]
    pub fn with_topics(self, topics: LiveTopics) -> Self {
        Self { topics: Some(topics), ..self }
    }

    /// The same with an engine that makes the vectors by this model.
    #[must_use]
    pub fn with_engine(self, model: Option<&str>) -> Self {
        Self { engine: model.map(|model| format!("{ENGINE}{model}-1")), ..self }
    }

    /// The same with names of the operator's on top of the built-in ones. The version says nothing of
    /// them: articles that were read before keep what was found in them.
    #[must_use]
    pub fn with_extractor(self, extractor: GazetteerExtractor) -> Self {
        Self { extractor: Some(extractor), ..self }
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

impl LoadDecoder for CatalogModels {
    /// Onto the first graphics processor in 16 bits, or else the processor in 32.
    fn load_decoder(&self, name: &str) -> Result<Arc<dyn Generate>, Fault> {
        let entry = self.folder.get(&name.parse().map_err(fault)?).map_err(fault)?;
        // The processor is always there and last.
        let device = Discovery::of_this_machine().devices.first().cloned();
        let device = device.unwrap_or_else(ComputeDevice::cpu);
        let format = if device.is_processor() { WeightFormat::F32 } else { WeightFormat::Bf16 };
        let settings =
            DecoderSettings { format, slots: DECODER_SLOTS, ..DecoderSettings::default() };
        tracing::info!(model = name, device = device.name(), "loading a decoder");
        entry.load_decoder(&device, settings).map_err(fault)
    }
}

impl LoadModels for CatalogModels {
    fn load(&self, models: &ModelChoice, device: &str) -> Result<Understander, Fault> {
        let encoder = self.encoder(&models.encoder, device)?;
        let registry = ModelRegistry::built_in().map_err(fault)?;
        let id = |name: &str| name.parse::<ModelId>().map_err(fault);
        let classifier = id(&models.classifier)?;
        let live = self.topics.clone().filter(|topics| topics.id() == classifier);
        let classifier: Arc<dyn Classify> = match live {
            Some(topics) => Arc::new(topics),
            None => registry.classify(Some(&classifier)).map_err(fault)?,
        };
        let summariser = registry.summarise(Some(&id(&models.summariser)?)).map_err(fault)?;
        let wanted = id(&models.extractor)?;
        let extractor: Arc<dyn Extract> = match &self.extractor {
            Some(own) if own.id() == wanted => Arc::new(own.clone()),
            _ => registry.extract(Some(&wanted)).map_err(fault)?,
        };
        Ok(Understander::of(encoder, classifier, summariser, extractor))
    }

    fn first_choice(&self) -> ModelChoice {
        // Built-in models cannot be missing: a program without them does not start.
        let listed = ModelRegistry::built_in().map(|registry| registry.list()).unwrap_or_default();
        let name = |capability: Capability| {
            let line = listed.iter().find(|line| line.capability == capability && line.is_default);
            line.map(|line| line.id.to_string()).unwrap_or_default()
        };
        ModelChoice {
            encoder: self.engine.clone().unwrap_or_else(|| name(Capability::Embed)),
            classifier: name(Capability::Classify),
            summariser: name(Capability::Summarise),
            extractor: name(Capability::Extract),
        }
    }

    fn renewed(&self, models: &ModelChoice) -> ModelChoice {
        let first = self.first_choice();
        let family = |name: &str| name.parse::<ModelId>().map(|id| id.name).unwrap_or_default();
        let is_built_in = family(&models.encoder) == family(&first.encoder);
        let keeps_encoder = match &self.engine {
            Some(engine) => models.encoder == *engine,
            // Another version of the built-in encoder went with the program it came with.
            None => !models.encoder.starts_with(ENGINE) && !is_built_in,
        };
        ModelChoice {
            encoder: if keeps_encoder { models.encoder.clone() } else { first.encoder },
            // These are always built in.
            classifier: first.classifier,
            summariser: first.summariser,
            extractor: first.extractor,
        }
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

    fn entity_names(&self) -> Arc<Gazetteer> {
        let built_in = || Gazetteer::built_in().unwrap_or_default();
        self.extractor.as_ref().map_or_else(built_in, |own| Arc::clone(own.gazetteer()))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn models(encoder: &str, classifier: &str) -> ModelChoice {
        ModelChoice {
            encoder: encoder.into(),
            classifier: classifier.into(),
            summariser: "extractive-0".into(),
            extractor: String::new(),
        }
    }

    #[test]
    fn models_of_an_earlier_program_are_renewed_and_a_pulled_encoder_is_kept() {
        let loader = CatalogModels::new(Catalog::new("/nowhere"));
        let first = loader.first_choice();
        assert_eq!(loader.renewed(&first), first);
        assert_eq!(loader.renewed(&models("bilingual-0", "gone-7")), first);
        let renewed = loader.renewed(&models("e5-small-1", "gone-7"));
        assert_eq!(renewed, ModelChoice { encoder: "e5-small-1".into(), ..first });
    }

    #[test]
    fn an_engine_takes_the_encoders_place_and_gives_it_back() {
        let local = CatalogModels::new(Catalog::new("/nowhere"));
        let remote = local.clone().with_engine(Some("bge-m3"));
        let with_engine = remote.renewed(&local.first_choice());
        assert_eq!(with_engine.encoder, "engine:bge-m3-1");
        assert_eq!(remote.renewed(&with_engine), with_engine);
        assert_eq!(local.renewed(&with_engine), local.first_choice());
    }

    #[test]
    fn names_of_the_operators_are_found_by_the_models_that_are_loaded() {
        let text = "[company]\nQuillon Robotics;Quillon|奎隆机器人";
        let gazetteer = Gazetteer::with_dictionary(text).expect("a dictionary");
        let extractor = GazetteerExtractor::new(gazetteer).expect("an extractor");
        let loader = CatalogModels::new(Catalog::new("/nowhere")).with_extractor(extractor);
        let models = loader.load(&loader.first_choice(), "cpu").expect("loaded");
        let title = "奎隆机器人完成融资".to_owned();
        let input = autoglm_inference::TextInput { title, ..Default::default() };
        let read = models.understand(&[input]).expect("read");
        assert_eq!(read[0].extraction.entities[0].key, "quillon-robotics");
        assert!(loader.entity_names().names_of("quillon-robotics").is_some());
        assert!(loader.entity_names().names_of("nvidia").is_some());
    }

    #[test]
    fn what_cannot_be_rolled_out_is_refused_by_name() {
        let loader = CatalogModels::new(Catalog::new("/nowhere"));
        let first = loader.first_choice();
        let fault = loader.choice_with(&first, "absent-1").expect_err("absent");
        assert!(fault.message.contains("absent-1"), "{fault}");
        assert_eq!(loader.choice_with(&first, &first.encoder).expect("the same"), first);
        assert_eq!(loader.names(), [first.encoder]);
    }
}
