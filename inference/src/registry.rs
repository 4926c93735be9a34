//! The models there are, by capability, name and version, and which of them is the default.

use crate::encoder::StaticEncoder;
use crate::entities::GazetteerExtractor;
use crate::error::{Error, Result};
use crate::model::{Capability, Classify, Embed, Extract, Generate, Model, ModelId, Summarise};
use crate::summary::ExtractiveSummariser;
use crate::topics::{PrototypeClassifier, SeedClassifier};
use std::sync::{Arc, LazyLock};

/// Made once: the places of the topics cost some work, and every device shares them.
static BUILT_IN: LazyLock<Result<ModelRegistry, String>> = LazyLock::new(|| {
    PrototypeClassifier::built_in()
        .and_then(ModelRegistry::with_classifier)
        .map_err(|error| error.to_string())
});

/// One line of [`ModelRegistry::list`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelDescription {
    /// What it can do.
    pub capability: Capability,
    /// Name and version.
    pub id: ModelId,
    /// Whether it is used when none is named.
    pub is_default: bool,
}

/// The models of one capability. The first registered is the default until another is chosen.
#[derive(Debug)]
struct Shelf<M: ?Sized> {
    capability: Capability,
    models: Vec<Arc<M>>,
    default: usize,
}

impl<M: ?Sized> Clone for Shelf<M> {
    fn clone(&self) -> Self {
        let Self { capability, models, default } = self;
        Self { capability: *capability, models: models.clone(), default: *default }
    }
}

impl<M: Model + ?Sized> Shelf<M> {
    fn new(capability: Capability) -> Self {
        Self { capability, models: Vec::new(), default: 0 }
    }

    fn register(&mut self, model: Arc<M>) -> Result<()> {
        let id = model.id();
        if self.models.iter().any(|known| known.id() == id) {
            let capability = self.capability;
            return Err(Error::DuplicateModel { model: id.to_string(), capability });
        }
        self.models.push(model);
        Ok(())
    }

    fn position(&self, id: &ModelId) -> Result<usize> {
        self.models.iter().position(|model| model.id() == *id).ok_or_else(|| Error::UnknownModel {
            capability: self.capability,
            wanted: id.to_string(),
            known: self
                .models
                .iter()
                .map(|model| model.id().to_string())
                .collect::<Vec<_>>()
                .join(", "),
        })
    }

    fn get(&self, id: Option<&ModelId>) -> Result<Arc<M>> {
        let position = match id {
            Some(id) => self.position(id)?,
            None => self.default,
        };
        self.models.get(position).cloned().ok_or(Error::NoModel { capability: self.capability })
    }

    fn describe(&self) -> impl Iterator<Item = ModelDescription> + '_ {
        self.models.iter().enumerate().map(|(position, model)| ModelDescription {
            capability: self.capability,
            id: model.id(),
            is_default: position == self.default,
        })
    }
}

/// Models by capability. Filled at start, then shared; a live swap builds a new
/// [`crate::Understander`] from it.
#[derive(Debug, Clone)]
pub struct ModelRegistry {
    embed: Shelf<dyn Embed>,
    classify: Shelf<dyn Classify>,
    summarise: Shelf<dyn Summarise>,
    extract: Shelf<dyn Extract>,
    generate: Shelf<dyn Generate>,
}

impl Default for ModelRegistry {
    fn default() -> Self {
        Self::empty()
    }
}

impl ModelRegistry {
    /// No model at all.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            embed: Shelf::new(Capability::Embed),
            classify: Shelf::new(Capability::Classify),
            summarise: Shelf::new(Capability::Summarise),
            extract: Shelf::new(Capability::Extract),
            generate: Shelf::new(Capability::Generate),
        }
    }

    /// The models that come with the product, with the built-in topics; none of them generates.
    /// They need no file and no network.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] when the program was built with broken model files.
    pub fn built_in() -> Result<Self> {
        BUILT_IN.clone().map_err(|reason| Error::InvalidModel {
            model: "the built-in models".to_owned(),
            reason,
        })
    }

    /// `seeds-1` stays for installations whose articles were sorted by it.
    fn with_classifier(classifier: PrototypeClassifier) -> Result<Self> {
        let seeds = SeedClassifier::new(classifier.taxonomy().clone());
        let mut registry = Self::empty();
        registry.embed.models.push(Arc::new(StaticEncoder::built_in()?));
        registry.classify.models.push(Arc::new(classifier));
        registry.classify.models.push(Arc::new(seeds));
        registry.summarise.models.push(Arc::new(ExtractiveSummariser::default()));
        registry.extract.models.push(Arc::new(GazetteerExtractor::built_in()?));
        Ok(registry)
    }

    /// Adds an encoder.
    ///
    /// # Errors
    /// [`Error::DuplicateModel`] when its name and version are taken.
    pub fn register_embed(&mut self, model: Arc<dyn Embed>) -> Result<()> {
        self.embed.register(model)
    }

    /// Adds a classifier.
    ///
    /// # Errors
    /// [`Error::DuplicateModel`] when its name and version are taken.
    pub fn register_classify(&mut self, model: Arc<dyn Classify>) -> Result<()> {
        self.classify.register(model)
    }

    /// Adds a summariser.
    ///
    /// # Errors
    /// [`Error::DuplicateModel`] when its name and version are taken.
    pub fn register_summarise(&mut self, model: Arc<dyn Summarise>) -> Result<()> {
        self.summarise.register(model)
    }

    /// Adds an extractor.
    ///
    /// # Errors
    /// [`Error::DuplicateModel`] when its name and version are taken.
    pub fn register_extract(&mut self, model: Arc<dyn Extract>) -> Result<()> {
        self.extract.register(model)
    }

    /// Adds a model that writes.
    ///
    /// # Errors
    /// [`Error::DuplicateModel`] when its name and version are taken.
    pub fn register_generate(&mut self, model: Arc<dyn Generate>) -> Result<()> {
        self.generate.register(model)
    }

    /// Chooses what is used for a capability when nothing is named.
    ///
    /// # Errors
    /// [`Error::UnknownModel`] when it was not registered for the capability.
    pub fn set_default(&mut self, capability: Capability, id: &ModelId) -> Result<()> {
        match capability {
            Capability::Embed => self.embed.default = self.embed.position(id)?,
            Capability::Classify => self.classify.default = self.classify.position(id)?,
            Capability::Summarise => self.summarise.default = self.summarise.position(id)?,
            Capability::Extract => self.extract.default = self.extract.position(id)?,
            Capability::Generate => self.generate.default = self.generate.position(id)?,
        }
        Ok(())
    }

    /// The encoder with this id, or the default one.
    ///
    /// # Errors
    /// [`Error::UnknownModel`] or [`Error::NoModel`].
    pub fn embed(&self, id: Option<&ModelId>) -> Result<Arc<dyn Embed>> {
        self.embed.get(id)
    }

    /// The classifier with this id, or the default one.
    ///
    /// # Errors
    /// [`Error::UnknownModel`] or [`Error::NoModel`].
    pub fn classify(&self, id: Option<&ModelId>) -> Result<Arc<dyn Classify>> {
        self.classify.get(id)
    }

    /// The summariser with this id, or the default one.
    ///
    /// # Errors
    /// [`Error::UnknownModel`] or [`Error::NoModel`].
    pub fn summarise(&self, id: Option<&ModelId>) -> Result<Arc<dyn Summarise>> {
        self.summarise.get(id)
    }

    /// The extractor with this id, or the default one.
    ///
    /// # Errors
    /// [`Error::UnknownModel`] or [`Error::NoModel`].
    pub fn extract(&self, id: Option<&ModelId>) -> Result<Arc<dyn Extract>> {
        self.extract.get(id)
    }

    /// The model that writes with this id, or the default one.
    ///
    /// # Errors
    /// [`Error::UnknownModel`] or [`Error::NoModel`].
    pub fn generate(&self, id: Option<&ModelId>) -> Result<Arc<dyn Generate>> {
        self.generate.get(id)
    }

    /// Every model, by capability in the order of registration.
    #[must_use]
    pub fn list(&self) -> Vec<ModelDescription> {
        self.embed
            .describe()
            .chain(self.classify.describe())
            .chain(self.summarise.describe())
            .chain(self.extract.describe())
            .chain(self.generate.describe())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_model_of_a_capability_is_its_default() {
        let registry = ModelRegistry::built_in().unwrap();
        assert_eq!(registry.embed(None).unwrap().id().to_string(), "bilingual-1");
        let defaults = registry.list().into_iter().filter(|line| line.is_default);
        let names: Vec<String> = defaults.map(|line| line.id.to_string()).collect();
        assert_eq!(names, ["bilingual-1", "prototype-1", "extractive-2", "entities-1"]);
    }

    #[test]
    fn the_same_name_and_version_cannot_be_registered_twice() {
        let mut registry = ModelRegistry::built_in().unwrap();
        let error =
            registry.register_embed(Arc::new(StaticEncoder::built_in().unwrap())).unwrap_err();
        assert!(error.to_string().contains("bilingual-1"), "{error}");
    }

    #[test]
    fn asking_for_an_unknown_model_names_the_known_ones() {
        let registry = ModelRegistry::built_in().unwrap();
        let error = registry.embed(Some(&ModelId::new("giant", 7))).unwrap_err();
        assert!(error.to_string().contains("giant-7"), "{error}");
        assert!(error.to_string().contains("bilingual-1"), "{error}");
    }

    #[test]
    fn an_empty_registry_says_what_is_missing() {
        assert!(matches!(
            ModelRegistry::empty().summarise(None),
            Err(Error::NoModel { capability: Capability::Summarise })
        ));
        assert!(matches!(
            ModelRegistry::built_in().unwrap().generate(None),
            Err(Error::NoModel { capability: Capability::Generate })
        ));
    }
}
