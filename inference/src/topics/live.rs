//! The classifier of a node, whose list of topics can be replaced while it works.

use super::prototype::PrototypeClassifier;
use super::taxonomy::Taxonomy;
use crate::error::Result;
use crate::model::{Classify, ClassifyInput, Model, ModelId};
use autoglm_domain::TopicScore;
use std::sync::{Arc, PoisonError, RwLock};

/// Clones share one classifier. A batch is sorted by one list from its beginning to its end.
#[derive(Debug, Clone)]
pub struct LiveTopics(Arc<RwLock<Arc<PrototypeClassifier>>>);

impl LiveTopics {
    /// With the topics that come with the product.
    ///
    /// # Errors
    /// As [`PrototypeClassifier::built_in`].
    pub fn built_in() -> Result<Self> {
        Ok(Self(Arc::new(RwLock::new(Arc::new(PrototypeClassifier::built_in()?)))))
    }

    /// Sorts by another list from now on. Takes some milliseconds a hundred topics; with the list
    /// that is in use already it does nothing.
    ///
    /// # Errors
    /// As [`PrototypeClassifier::new`].
    pub fn replace(&self, taxonomy: Taxonomy) -> Result<()> {
        if taxonomy == self.taxonomy() {
            return Ok(());
        }
        let next = if taxonomy == Taxonomy::built_in() {
            PrototypeClassifier::built_in()?
        } else {
            PrototypeClassifier::new(taxonomy)?
        };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        Ok(())
    }

    /// The list in use.
    #[must_use]
    pub fn taxonomy(&self) -> Taxonomy {
        self.current().taxonomy().clone()
    }

    /// The classifier as it is now.
    #[must_use]
    pub fn current(&self) -> Arc<PrototypeClassifier> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Model for LiveTopics {
    fn id(&self) -> ModelId {
        self.current().id()
    }
}

impl Classify for LiveTopics {
    fn classify(&self, inputs: &[ClassifyInput<'_>]) -> Result<Vec<Vec<TopicScore>>> {
        self.current().classify(inputs)
    }

    fn topic_list(&self) -> i64 {
        self.current().topic_list()
    }

    fn now(&self) -> Option<Arc<dyn Classify>> {
        Some(self.current())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::TextInput;
    use crate::topics::Topic;
    use autoglm_domain::Embedding;

    fn topics_of(live: &LiveTopics, title: &str) -> Vec<String> {
        let text = TextInput { title: title.into(), ..TextInput::default() };
        let embedding = Embedding::zero();
        let input = ClassifyInput { text: &text, embedding: &embedding };
        let topics = live.classify(&[input]).unwrap().remove(0);
        topics.into_iter().map(|topic| topic.name).collect()
    }

    #[test]
    fn another_list_counts_at_once_for_every_clone_and_the_old_one_comes_back() {
        let live = LiveTopics::built_in().unwrap();
        let clone = live.clone();
        let built_in = clone.topic_list();
        assert_eq!(topics_of(&clone, "Striker scores twice in league match")[0], "sports");
        let football = Topic {
            key: "football".into(),
            en: "Football".into(),
            zh: "足球".into(),
            description: "Football matches, strikers and goals".to_owned().into(),
            seeds: vec!["striker".into()],
        };
        let cooking = Topic {
            key: "cooking".into(),
            en: "Cooking".into(),
            zh: "烹饪".into(),
            description: "Recipes and kitchens".to_owned().into(),
            seeds: vec!["recipe".into()],
        };
        live.replace(Taxonomy::new(vec![football, cooking]).unwrap()).unwrap();
        assert_eq!(topics_of(&clone, "Striker scores twice in league match")[0], "football");
        assert_ne!(clone.topic_list(), built_in);
        live.replace(Taxonomy::built_in()).unwrap();
        assert_eq!(clone.topic_list(), built_in);
    }
}
