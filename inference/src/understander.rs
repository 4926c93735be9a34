//! The chosen encoder, classifier, summariser and extractor as one thing that understands articles.

use crate::error::{Error, Result};
use crate::model::{Classify, ClassifyInput, Embed, Extract, Model, ModelId, Summarise};
use crate::registry::ModelRegistry;
use crate::stage_clock::{Stage, timed};
use crate::text::{TextInput, TextUnderstanding, prefix};
use autoglm_domain::{EMBEDDING_DIMENSIONS, Embedding};
use std::sync::Arc;

/// Bytes of the lead that go into the vector: further down, news text turns to background.
const EMBEDDED_LEAD_BYTES: usize = 1500;

/// The models in use. Cheap to clone; immutable, so a live swap replaces the whole.
#[derive(Debug, Clone)]
pub struct Understander {
    embed: Arc<dyn Embed>,
    classify: Arc<dyn Classify>,
    summarise: Arc<dyn Summarise>,
    extract: Arc<dyn Extract>,
}

impl Understander {
    /// The default models of a registry.
    ///
    /// # Errors
    /// [`Error::NoModel`] when a capability has none.
    pub fn from_defaults(registry: &ModelRegistry) -> Result<Self> {
        Self::new(registry, None, None, None)
    }

    /// Chosen models; `None` is the registry's default, as is the extractor.
    ///
    /// # Errors
    /// [`Error::UnknownModel`] or [`Error::NoModel`].
    pub fn new(
        registry: &ModelRegistry,
        embed: Option<&ModelId>,
        classify: Option<&ModelId>,
        summarise: Option<&ModelId>,
    ) -> Result<Self> {
        Ok(Self {
            embed: registry.embed(embed)?,
            classify: registry.classify(classify)?,
            summarise: registry.summarise(summarise)?,
            extract: registry.extract(None)?,
        })
    }

    /// These models, wherever they come from.
    #[must_use]
    pub fn of(
        embed: Arc<dyn Embed>,
        classify: Arc<dyn Classify>,
        summarise: Arc<dyn Summarise>,
        extract: Arc<dyn Extract>,
    ) -> Self {
        Self { embed, classify, summarise, extract }
    }

    /// Which list articles are sorted by at present; 0 where that is not known.
    #[must_use]
    pub fn topic_list(&self) -> i64 {
        self.classify.topic_list()
    }

    /// The same with this classifier.
    #[must_use]
    pub fn sorted_by(self, classify: Arc<dyn Classify>) -> Self {
        Self { classify, ..self }
    }

    /// Names and versions of the models, equal ones named once, such as
    /// `bilingual-1+prototype-1+extractive-2+entities-1`.
    #[must_use]
    pub fn version(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        for id in [self.embed.id(), self.classify.id(), self.summarise.id(), self.extract.id()] {
            let name = id.to_string();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join("+")
    }

    /// The encoder alone, for queries and evaluations.
    #[must_use]
    pub fn encoder(&self) -> &Arc<dyn Embed> {
        &self.embed
    }

    /// Understands a batch; the answers are in its order.
    ///
    /// # Errors
    /// When a model fails or answers in another shape than asked.
    pub fn understand(&self, batch: &[TextInput]) -> Result<Vec<TextUnderstanding>> {
        let texts: Vec<String> =
            timed(Stage::PreProcessing, || batch.iter().map(embedded_text).collect());
        let slices: Vec<&str> = texts.iter().map(String::as_str).collect();
        // The encoder marks what it knows to be something else.
        let vectors = timed(Stage::Forward, || self.embed.embed(&slices))?;
        let embeddings = counted(self.embed.as_ref(), batch.len(), vectors)?;
        self.check_dimensions(&embeddings)?;
        timed(Stage::PostProcessing, || self.topics_and_summaries(batch, embeddings))
    }

    fn topics_and_summaries(
        &self,
        batch: &[TextInput],
        embeddings: Vec<Embedding>,
    ) -> Result<Vec<TextUnderstanding>> {
        let inputs: Vec<ClassifyInput<'_>> = batch
            .iter()
            .zip(&embeddings)
            .map(|(text, embedding)| ClassifyInput { text, embedding })
            .collect();
        let now = self.classify.now();
        let classify = now.as_deref().unwrap_or(self.classify.as_ref());
        let topics = counted(classify, batch.len(), classify.classify(&inputs)?)?;
        let topic_list = classify.topic_list();
        let summaries =
            counted(self.summarise.as_ref(), batch.len(), self.summarise.summarise(batch)?)?;
        let extractions =
            counted(self.extract.as_ref(), batch.len(), self.extract.extract(batch)?)?;
        let parts = embeddings.into_iter().zip(topics).zip(summaries).zip(extractions);
        let whole = parts.map(|(((embedding, topics), summary), extraction)| TextUnderstanding {
            embedding,
            topics,
            topic_list,
            summary,
            extraction,
        });
        Ok(whole.collect())
    }

    fn check_dimensions(&self, embeddings: &[Embedding]) -> Result<()> {
        match embeddings.iter().find(|vector| vector.0.len() != EMBEDDING_DIMENSIONS) {
            None => Ok(()),
            Some(vector) => Err(Error::WrongDimensions {
                model: self.embed.id().to_string(),
                got: vector.0.len(),
                expected: EMBEDDING_DIMENSIONS,
            }),
        }
    }
}

/// Title and lead as the encoder reads them.
fn embedded_text(input: &TextInput) -> String {
    let lead = prefix(&input.lead, EMBEDDED_LEAD_BYTES);
    let title = input.bounded_title();
    let mut text = String::with_capacity(title.len() + lead.len() + 1);
    text.push_str(title);
    text.push('\n');
    text.push_str(lead);
    text
}

fn counted<T>(model: &(impl Model + ?Sized), asked: usize, answers: Vec<T>) -> Result<Vec<T>> {
    if answers.len() == asked {
        return Ok(answers);
    }
    Err(Error::WrongCount { model: model.id().to_string(), asked, answered: answers.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn understander() -> Understander {
        Understander::from_defaults(&ModelRegistry::built_in().unwrap()).unwrap()
    }

    #[test]
    fn models_of_one_name_and_version_are_named_once() {
        assert_eq!(understander().version(), "bilingual-1+prototype-1+extractive-2+entities-1");
    }

    #[test]
    fn an_empty_batch_is_answered_by_an_empty_batch() {
        assert!(understander().understand(&[]).unwrap().is_empty());
    }

    #[test]
    fn an_article_without_text_is_still_understood() {
        let answers = understander().understand(&[TextInput::default()]).unwrap();
        assert_eq!(answers[0].embedding, Embedding::zero());
        assert!(answers[0].topics.is_empty() && answers[0].summary.is_empty());
    }

    proptest! {
        #[test]
        fn the_answer_to_a_text_does_not_depend_on_its_neighbours(
            texts in prop::collection::vec((".{0,60}", ".{0,300}"), 1..4)
        ) {
            let batch: Vec<TextInput> = texts
                .into_iter()
                .map(|(title, lead)| TextInput { title, lead, language: None })
                .collect();
            let understander = understander();
            let together = understander.understand(&batch).unwrap();
            for (input, answer) in batch.iter().zip(&together) {
                let alone = understander.understand(std::slice::from_ref(input)).unwrap();
                prop_assert_eq!(&alone[0], answer);
                prop_assert!(answer.embedding.0.iter().all(|value| value.is_finite()));
            }
        }
    }
}
