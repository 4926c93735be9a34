//! Topics by meaning: each topic is a few directions of the built-in encoder's space, found
//! without training from its names, description and seeds; exact seeds count on top.

use super::classifier::SeedClassifier;
use super::taxonomy::{Taxonomy, Topic};
use crate::encoder::StaticEncoder;
use crate::error::{Error, Result};
use crate::model::{Classify, ClassifyInput, Model, ModelId};
use crate::text::{TextInput, prefix};
use autoglm_domain::{Embedding, TopicScore};
use std::sync::{Arc, LazyLock, OnceLock};

const NAME: &str = "prototype";
const VERSION: u32 = 1;
/// How sharply a word decides between topics: the factor of its likeness in a softmax.
const SHARPNESS: f32 = 8.0;
/// A word's likeness to a topic is the mean of its likeness to this many of its nearest words.
const NEAREST: usize = 3;
/// Shares of the whole text's direction and of the exact seeds beside the words' votes.
const DIRECTION_WEIGHT: f32 = 0.5;
const SEED_WEIGHT: f32 = 0.3;
/// All of a lead counts at most this much of the title.
const LEAD_WEIGHT: f32 = 0.5;
/// Bytes of the lead that are looked at.
const LEAD_BYTES: usize = 2000;
/// Turns totals into probabilities.
const TEMPERATURE: f32 = 0.25;
/// A text whose words are on average less like any topic than this, and without seeds, has none:
/// of headlines one in a thousand lies below .217, greetings come up to .22.
const LIKENESS_MIN: f32 = 0.225;
/// Topics below this many times the probability that chance alone would give them are not reported:
/// the more topics there are, the more of them share one probability. With the 23 that come with the
/// product a headline of AG News or THUCNews has 1.5 topics on average.
const CHANCES_MIN: f32 = 2.25;
/// Of few topics one of this probability is enough; of many, none of less than the other.
const SCORE_ENOUGH: f32 = 0.15;
const SCORE_LEAST: f32 = 0.05;
/// Topics reported at most.
const TOPICS_REPORTED: usize = 3;

/// One for the built-in topics, so that its table of words is filled once.
static BUILT_IN: LazyLock<Result<PrototypeClassifier, String>> = LazyLock::new(|| {
    PrototypeClassifier::new(Taxonomy::built_in()).map_err(|error| error.to_string())
});

/// `prototype-1`. Reads words by the built-in encoder, whichever encoder is in use for articles.
#[derive(Debug, Clone)]
pub struct PrototypeClassifier {
    encoder: StaticEncoder,
    seeds: SeedClassifier,
    has_seeds: bool,
    /// Per topic, unit vectors of its names and seeds and its prototype.
    centres: Vec<Vec<Embedding>>,
    /// Per topic, what sets its prototype apart from the mean of all, of unit length.
    contrasts: Vec<Embedding>,
    /// Per word of the vocabulary, filled when it is first met.
    words: Arc<Vec<OnceLock<Box<Vote>>>>,
}

/// What a word, or the words of a text together, say about the topics.
#[derive(Debug, Clone, Default)]
struct Vote {
    /// Per topic the share of the words' weight.
    shares: Vec<f32>,
    /// Per topic the words' direction along its contrast.
    along: Vec<f32>,
    /// Sum of weights.
    weight: f32,
    /// Sum of weight times likeness to the nearest topic.
    likeness: f32,
}

impl Vote {
    fn none(topics: usize) -> Self {
        Self { shares: vec![0.0; topics], along: vec![0.0; topics], weight: 0.0, likeness: 0.0 }
    }

    fn add(&mut self, other: &Self, factor: f32) {
        let add = |sums: &mut [f32], values: &[f32]| {
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += factor * value);
        };
        add(&mut self.shares, &other.shares);
        add(&mut self.along, &other.along);
        self.weight += factor * other.weight;
        self.likeness += factor * other.likeness;
    }
}

impl PrototypeClassifier {
    /// A classifier for these topics.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] when the program was built with broken model files.
    pub fn new(taxonomy: Taxonomy) -> Result<Self> {
        let encoder = StaticEncoder::built_in()?;
        let prototypes: Vec<Embedding> =
            taxonomy.topics().iter().map(|topic| prototype(&encoder, topic)).collect();
        let mean = mean(&prototypes);
        let contrasts = prototypes.iter().map(|own| sum([(own, 1.0), (&mean, -1.0)]).normalized());
        let centres = taxonomy.topics().iter().zip(&prototypes).map(|(topic, own)| {
            let names = [&topic.en, &topic.zh];
            let words = names.into_iter().chain(&topic.seeds).map(|word| encoder.encode(word));
            words.chain([own.clone()]).filter(|centre| dot(centre, centre) > 0.0).collect()
        });
        let words = (0..encoder.vocabulary().len()).map(|_row| OnceLock::new()).collect();
        Ok(Self {
            centres: centres.collect(),
            contrasts: contrasts.collect(),
            words: Arc::new(words),
            has_seeds: taxonomy.topics().iter().any(|topic| !topic.seeds.is_empty()),
            seeds: SeedClassifier::new(taxonomy),
            encoder,
        })
    }

    /// For the topics that come with the product; every call shares one table.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn built_in() -> Result<Self> {
        BUILT_IN.clone().map_err(|reason| Error::InvalidModel {
            model: ModelId::new(NAME, VERSION).to_string(),
            reason,
        })
    }

    /// The topics it knows.
    #[must_use]
    pub fn taxonomy(&self) -> &Taxonomy {
        self.seeds.taxonomy()
    }

    /// Probabilities of every topic in the taxonomy's order, or nothing when no word is known.
    #[must_use]
    pub fn probabilities(&self, text: &TextInput) -> Option<Vec<f32>> {
        Some(self.weigh(text)?.0)
    }

    /// Probabilities, and whether the text is about any topic at all.
    fn weigh(&self, text: &TextInput) -> Option<(Vec<f32>, bool)> {
        let vote = self.vote(text);
        let seeds = if self.has_seeds { self.seeds.evidence(text) } else { Vec::new() };
        let seeded = seeds.iter().any(|evidence| *evidence > 0.0);
        if vote.weight <= 0.0 && !seeded {
            return None;
        }
        let mut totals = unit(&vote.shares);
        let parts = [(unit(&vote.along), DIRECTION_WEIGHT), (unit(&seeds), SEED_WEIGHT)];
        for (values, factor) in parts {
            totals.iter_mut().zip(values).for_each(|(total, value)| *total += factor * value);
        }
        totals.iter_mut().for_each(|total| *total /= TEMPERATURE);
        let is_about_something = seeded || vote.likeness >= LIKENESS_MIN * vote.weight;
        Some((softmax(&totals), is_about_something))
    }

    fn vote(&self, text: &TextInput) -> Vote {
        let mut vote = self.words_of(text.bounded_title());
        let lead = self.words_of(prefix(&text.lead, LEAD_BYTES));
        let factor = if vote.weight > 0.0 && lead.weight > 0.0 {
            (LEAD_WEIGHT * vote.weight / lead.weight).min(1.0)
        } else {
            1.0
        };
        vote.add(&lead, factor);
        vote
    }

    fn words_of(&self, text: &str) -> Vote {
        let mut sum = Vote::none(self.centres.len());
        for row in self.encoder.tokens(text) {
            if let Some(word) = usize::try_from(row).ok().and_then(|row| self.words.get(row)) {
                sum.add(word.get_or_init(|| Box::new(self.word(row))), 1.0);
            }
        }
        sum
    }

    fn word(&self, row: u32) -> Vote {
        let row = self.encoder.row(row);
        let weight = dot(&row, &row).sqrt();
        if weight <= 0.0 {
            return Vote::none(self.centres.len());
        }
        let likeness: Vec<f32> =
            self.centres.iter().map(|centres| nearest(&row, centres) / weight).collect();
        let scaled: Vec<f32> = likeness.iter().map(|value| SHARPNESS * value).collect();
        Vote {
            shares: softmax(&scaled).into_iter().map(|share| share * weight).collect(),
            along: self.contrasts.iter().map(|contrast| dot(&row, contrast)).collect(),
            weight,
            likeness: weight * likeness.into_iter().fold(0.0, f32::max),
        }
    }

    fn topics_of(&self, text: &TextInput) -> Vec<TopicScore> {
        let Some((probabilities, true)) = self.weigh(text) else { return Vec::new() };
        let chance = 1.0 / probabilities.len().max(1) as f32;
        let least = (CHANCES_MIN * chance).clamp(SCORE_LEAST, SCORE_ENOUGH);
        let mut scores: Vec<TopicScore> = self
            .taxonomy()
            .topics()
            .iter()
            .zip(probabilities)
            .filter(|(_, score)| *score >= least)
            .map(|(topic, score)| TopicScore { name: topic.key.clone(), score })
            .collect();
        scores.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.name.cmp(&b.name)));
        scores.truncate(TOPICS_REPORTED);
        scores
    }
}

impl Model for PrototypeClassifier {
    fn id(&self) -> ModelId {
        ModelId::new(NAME, VERSION)
    }
}

impl Classify for PrototypeClassifier {
    fn classify(&self, inputs: &[ClassifyInput<'_>]) -> Result<Vec<Vec<TopicScore>>> {
        Ok(inputs.iter().map(|input| self.topics_of(input.text)).collect())
    }

    fn topic_list(&self) -> i64 {
        self.taxonomy().revision()
    }
}

/// Names, description and seeds in equal parts; what is not given is left out.
fn prototype(encoder: &StaticEncoder, topic: &Topic) -> Embedding {
    let names = mean(&[encoder.encode(&topic.en), encoder.encode(&topic.zh)]).normalized();
    let description = [&topic.description.en, &topic.description.zh];
    let description = mean(&description.map(|text| encoder.encode(text))).normalized();
    let seeds: Vec<Embedding> = topic.seeds.iter().map(|seed| encoder.encode(seed)).collect();
    let seeds = mean(&seeds).normalized();
    sum([(&names, 1.0), (&description, 1.0), (&seeds, 1.0)]).normalized()
}

fn mean(vectors: &[Embedding]) -> Embedding {
    let share = 1.0 / vectors.len().max(1) as f32;
    sum(vectors.iter().map(|vector| (vector, share)))
}

fn sum<'a>(parts: impl IntoIterator<Item = (&'a Embedding, f32)>) -> Embedding {
    let mut total = Embedding::zero();
    for (vector, factor) in parts {
        total.0.iter_mut().zip(&vector.0).for_each(|(sum, value)| *sum += factor * value);
    }
    total
}

fn dot(a: &Embedding, b: &Embedding) -> f32 {
    a.0.iter().zip(&b.0).map(|(a, b)| a * b).sum()
}

/// The mean of a row's largest products with a topic's centres.
fn nearest(row: &Embedding, centres: &[Embedding]) -> f32 {
    let mut products: Vec<f32> = centres.iter().map(|centre| dot(row, centre)).collect();
    products.sort_unstable_by(|a, b| b.total_cmp(a));
    products.truncate(NEAREST);
    products.iter().sum::<f32>() / products.len().max(1) as f32
}

fn unit(values: &[f32]) -> Vec<f32> {
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    let factor = if length > 0.0 { 1.0 / length } else { 0.0 };
    values.iter().map(|value| value * factor).collect()
}

pub(super) fn softmax(values: &[f32]) -> Vec<f32> {
    let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = values.iter().map(|value| (value - most).exp()).collect();
    let total: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    static CLASSIFIER: LazyLock<PrototypeClassifier> =
        LazyLock::new(|| PrototypeClassifier::built_in().unwrap());

    fn topics(title: &str, lead: &str) -> Vec<TopicScore> {
        CLASSIFIER.topics_of(&TextInput { title: title.into(), lead: lead.into(), language: None })
    }

    #[test]
    fn english_and_chinese_articles_find_the_same_topics() {
        assert_eq!(topics("Striker scores twice in league match", "")[0].name, "sports");
        assert_eq!(topics("前锋梅开二度，球队赢得联赛冠军", "")[0].name, "sports");
        assert_eq!(topics("Central bank lifts interest rates", "")[0].name, "finance");
        assert_eq!(topics("央行宣布下调贷款利率", "")[0].name, "finance");
    }

    #[test]
    fn a_topic_is_found_by_words_that_are_no_seeds() {
        let text =
            TextInput { title: "Goalkeeper saves two penalties".into(), ..Default::default() };
        assert!(CLASSIFIER.seeds.evidence(&text).iter().all(|evidence| *evidence == 0.0));
        assert_eq!(CLASSIFIER.topics_of(&text)[0].name, "sports");
    }

    #[test]
    fn a_text_about_nothing_has_no_topic() {
        for title in ["Hello there", "Good morning everyone", "thank you very much", "你好", ""] {
            assert!(topics(title, "").is_empty(), "{title}: {:?}", topics(title, ""));
        }
    }

    #[test]
    fn the_title_counts_more_than_a_long_lead() {
        let lead = "A football player was there. ".repeat(20);
        assert_eq!(topics("New vaccine against malaria", &lead)[0].name, "health");
    }

    #[test]
    fn a_topic_among_many_is_found_where_its_neighbours_share_the_text_with_it() {
        let mut topics = Taxonomy::built_in().topics().to_vec();
        topics.push(Topic {
            key: "chips".into(),
            en: "Chips".into(),
            zh: "芯片".into(),
            description: "Processors and accelerators for training".to_owned().into(),
            seeds: ["chip", "processor", "芯片", "处理器"].map(str::to_owned).to_vec(),
        });
        let classifier = PrototypeClassifier::new(Taxonomy::new(topics).unwrap()).unwrap();
        for title in ["Foundry unveils a faster chip", "晶圆厂发布新款芯片"] {
            let text = TextInput { title: title.into(), ..TextInput::default() };
            let found = classifier.topics_of(&text);
            assert!(found.iter().any(|topic| topic.name == "chips"), "{title}: {found:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn scores_are_between_zero_and_one_and_sorted(title in ".{0,80}", lead in ".{0,200}") {
            let found = topics(&title, &lead);
            prop_assert!(found.len() <= TOPICS_REPORTED);
            prop_assert!(found.iter().all(|topic| (0.0..=1.0).contains(&topic.score)));
            prop_assert!(found.is_sorted_by(|a, b| a.score >= b.score));
            prop_assert!(found.iter().map(|topic| topic.score).sum::<f32>() <= 1.0 + 1e-4);
        }
    }
}
