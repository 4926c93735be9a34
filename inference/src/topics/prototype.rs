//! Topics by nearness: a topic is a place in the encoder's space, made of its name, its description
//! and its seed words; a text belongs where its words lie.
//!
//! Three voices are heard, each of unit length over the topics: the words of the text one by one,
//! each counting by its weight and by how near it comes to a topic's nearest seed; the text as a
//! whole by its cosine to the topic; and the seeds that occur in it literally.

use super::classifier::SeedClassifier;
use super::taxonomy::{Taxonomy, Topic};
use crate::encoder::StaticEncoder;
use crate::error::Result;
use crate::model::{Classify, ClassifyInput, Model, ModelId};
use crate::text::{TextInput, prefix};
use autoglm_domain::{Embedding, TopicScore};
use std::sync::{Arc, OnceLock};

/// Bytes of the lead that are looked at.
const LEAD_BYTES: usize = 1_000;
/// What a word of the lead counts against one of the title.
const LEAD_SHARE: f32 = 0.5;
/// How much each voice counts.
const WORDS: f32 = 1.0;
const WHOLE: f32 = 1.0;
const SEEDS: f32 = 1.0;
/// Sharpness of the scores: softmax over the sum of the voices times this.
const SHARPNESS: f32 = 6.0;
/// A text that is nowhere near any topic has none: its best cosine must reach this …
const NEARNESS_MIN: f32 = 0.22;
/// … unless it has a topic's seed in it.
const EVIDENCE_MIN: f32 = 0.7;
/// Topics below this score are not reported.
const SCORE_MIN: f32 = 0.15;
/// Topics reported at most.
const TOPICS_REPORTED: usize = 3;

/// `prototype-1`: knows meaning, in both languages, without being trained on any label.
#[derive(Debug, Clone)]
pub struct PrototypeClassifier {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    encoder: StaticEncoder,
    seeds: SeedClassifier,
    /// For each topic: its place, and the unit vectors of names and seeds.
    places: Vec<Embedding>,
    anchors: Vec<Vec<Embedding>>,
    /// For each row of the encoder, once it was needed: its nearness to each topic, squared, times
    /// its weight.
    words: Vec<OnceLock<Box<[f32]>>>,
}

impl PrototypeClassifier {
    /// A classifier for these topics.
    ///
    /// # Errors
    /// When the built-in encoder cannot be used.
    pub fn new(taxonomy: Taxonomy) -> Result<Self> {
        let encoder = StaticEncoder::built_in()?;
        let places = taxonomy.topics().iter().map(|topic| place(&encoder, topic)).collect();
        let anchors = taxonomy.topics().iter().map(|topic| anchors(&encoder, topic)).collect();
        let words = (0..encoder.vocabulary().len()).map(|_| OnceLock::new()).collect();
        let seeds = SeedClassifier::new(taxonomy);
        Ok(Self { shared: Arc::new(Shared { encoder, seeds, places, anchors, words }) })
    }

    /// The topics it knows.
    #[must_use]
    pub fn taxonomy(&self) -> &Taxonomy {
        self.shared.seeds.taxonomy()
    }

    /// The sum of the voices for each topic, in the taxonomy's order; zeros when nothing speaks.
    #[must_use]
    pub fn voices(&self, text: &TextInput) -> Vec<f32> {
        self.shared.heard(text).sum
    }

    /// TEMP
    pub fn each(&self, text: &TextInput) -> [Vec<f32>; 3] {
        self.shared.each(text)
    }

    fn topics_of(&self, text: &TextInput) -> Vec<TopicScore> {
        let heard = self.shared.heard(text);
        let is_somewhere = heard.nearness >= NEARNESS_MIN || heard.evidence >= EVIDENCE_MIN;
        if !is_somewhere {
            return Vec::new();
        }
        let most = heard.sum.iter().copied().fold(f32::MIN, f32::max);
        let shares: Vec<f32> =
            heard.sum.iter().map(|voice| ((voice - most) * SHARPNESS).exp()).collect();
        let total: f32 = shares.iter().sum();
        let mut scores: Vec<TopicScore> = self
            .taxonomy()
            .topics()
            .iter()
            .zip(&shares)
            .map(|(topic, share)| TopicScore { name: topic.key.clone(), score: share / total })
            .filter(|topic| topic.score >= SCORE_MIN)
            .collect();
        scores.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.name.cmp(&b.name)));
        scores.truncate(TOPICS_REPORTED);
        scores
    }
}

/// What speaks for the topics.
struct Heard {
    sum: Vec<f32>,
    /// The best cosine of the whole text.
    nearness: f32,
    /// The best evidence of seeds.
    evidence: f32,
}

impl Shared {
    fn each(&self, text: &TextInput) -> [Vec<f32>; 3] {
        let mut words = vec![0.0; self.places.len()];
        for row in self.encoder.tokens(&text.title) {
            for (sum, near) in words.iter_mut().zip(self.word(row)) {
                *sum += near;
            }
        }
        let whole = self.encoder.encode(&text.title);
        let near: Vec<f32> = self.places.iter().map(|place| place.dot(&whole)).collect();
        [words, near, self.seeds.evidence(text)]
    }

    fn heard(&self, text: &TextInput) -> Heard {
        let (title, lead) = (text.bounded_title(), prefix(&text.lead, LEAD_BYTES));
        let mut words = vec![0.0; self.places.len()];
        let mut whole = Embedding::zero();
        for (part, share) in [(title, 1.0), (lead, LEAD_SHARE)] {
            for row in self.encoder.tokens(part) {
                for (sum, near) in words.iter_mut().zip(self.word(row)) {
                    *sum += share * near;
                }
            }
            let vector = self.encoder.encode(part);
            whole.0.iter_mut().zip(vector.0).for_each(|(sum, value)| *sum += share * value);
        }
        let whole = whole.normalized();
        let near: Vec<f32> = self.places.iter().map(|place| place.dot(&whole)).collect();
        let nearness = near.iter().copied().fold(0.0, f32::max);
        let evidence = self.seeds.evidence(text);
        let strongest = evidence.iter().copied().fold(0.0, f32::max);
        let mut sum = vec![0.0; self.places.len()];
        for (voice, weight) in [(&words, WORDS), (&near, WHOLE), (&evidence, SEEDS)] {
            add_unit(&mut sum, voice, weight);
        }
        Heard { sum, nearness, evidence: strongest }
    }

    /// How near a row comes to each topic.
    fn word(&self, row: u32) -> &[f32] {
        let Some(slot) = usize::try_from(row).ok().and_then(|row| self.words.get(row)) else {
            return &[];
        };
        slot.get_or_init(|| {
            let row = self.encoder.row(row);
            let weight = row.0.iter().map(|value| value * value).sum::<f32>().sqrt();
            let row = row.normalized();
            let nearest = |anchors: &Vec<Embedding>| {
                anchors.iter().map(|anchor| anchor.dot(&row)).fold(0.0, f32::max)
            };
            self.anchors.iter().map(nearest).map(|near| weight * near * near).collect()
        })
    }
}

/// Adds a voice at unit length.
fn add_unit(sum: &mut [f32], voice: &[f32], weight: f32) {
    let length = voice.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > f32::EPSILON {
        for (sum, value) in sum.iter_mut().zip(voice) {
            *sum += weight * value / length;
        }
    }
}

/// Unit sum of names, description and seeds, each at unit length.
fn place(encoder: &StaticEncoder, topic: &Topic) -> Embedding {
    let mean = |texts: &mut dyn Iterator<Item = &str>| {
        let mut sum = Embedding::zero();
        for text in texts {
            let vector = encoder.encode(text);
            sum.0.iter_mut().zip(vector.0).for_each(|(sum, value)| *sum += value);
        }
        sum.normalized()
    };
    let parts = [
        mean(&mut [topic.en.as_str(), topic.zh.as_str()].into_iter()),
        mean(&mut std::iter::once(topic.description.as_str())),
        mean(&mut topic.seeds.iter().map(String::as_str)),
    ];
    let mut sum = Embedding::zero();
    for part in parts {
        sum.0.iter_mut().zip(part.0).for_each(|(sum, value)| *sum += value);
    }
    sum.normalized()
}

fn anchors(encoder: &StaticEncoder, topic: &Topic) -> Vec<Embedding> {
    let texts = [&topic.en, &topic.zh].into_iter().chain(&topic.seeds);
    texts.map(|text| encoder.encode(text)).collect()
}

impl Model for PrototypeClassifier {
    fn id(&self) -> ModelId {
        ModelId::new("prototype", 1)
    }
}

impl Classify for PrototypeClassifier {
    fn classify(&self, inputs: &[ClassifyInput<'_>]) -> Result<Vec<Vec<TopicScore>>> {
        Ok(inputs.iter().map(|input| self.topics_of(input.text)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static CLASSIFIER: LazyLock<PrototypeClassifier> =
        LazyLock::new(|| PrototypeClassifier::new(Taxonomy::built_in()).unwrap());

    fn topics(title: &str, lead: &str) -> Vec<TopicScore> {
        let text = TextInput { title: title.into(), lead: lead.into(), language: None };
        let embedding = Embedding::zero();
        let input = ClassifyInput { text: &text, embedding: &embedding };
        CLASSIFIER.classify(&[input]).unwrap().remove(0)
    }

    #[test]
    fn english_and_chinese_articles_find_the_same_topics() {
        assert_eq!(topics("Striker scores twice in league match", "")[0].name, "sports");
        assert_eq!(topics("前锋梅开二度，球队赢得联赛冠军", "")[0].name, "sports");
        assert_eq!(topics("Central bank lifts interest rates", "")[0].name, "finance");
        assert_eq!(topics("央行宣布下调贷款利率", "")[0].name, "finance");
    }

    #[test]
    fn a_text_without_any_seed_finds_its_topic_by_meaning() {
        assert_eq!(topics("Surgeons transplant a kidney", "")[0].name, "health");
        assert_eq!(topics("守门员扑出点球", "")[0].name, "sports");
    }

    #[test]
    fn a_text_that_says_nothing_has_no_topic() {
        assert!(topics("", "").is_empty());
        assert!(topics("🦀 ！", "").is_empty());
        assert!(topics("Hello there", "nothing in particular").is_empty());
    }

    #[test]
    fn the_title_counts_more_than_the_lead() {
        let mixed = topics("New vaccine against malaria", "A football player was there");
        assert_eq!(mixed[0].name, "health");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn scores_are_between_zero_and_one_and_sorted(title in ".{0,80}", lead in ".{0,200}") {
            let found = topics(&title, &lead);
            prop_assert!(found.iter().all(|topic| (0.0..=1.0).contains(&topic.score)));
            prop_assert!(found.is_sorted_by(|a, b| a.score >= b.score));
            prop_assert!(found.iter().map(|topic| topic.score).sum::<f32>() <= 1.0 + 1e-4);
        }
    }
}
