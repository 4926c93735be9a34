//! How well each set of models does: speed, failures, empty answers, likeness to those in use.

use autoglm_inference::TextUnderstanding;
use autoglm_inference::evaluate::spearman;
use autoglm_protocol::model_desk::VersionFigures;
use std::collections::BTreeMap;
use std::time::Duration;

/// Sets of models that are remembered; the one that read least is forgotten first.
const VERSIONS_MAX: usize = 16;
/// Texts of one batch whose distances to each other are compared.
const NEIGHBOURS_MAX: usize = 24;
/// Fewer say nothing.
const NEIGHBOURS_MIN: usize = 5;

#[derive(Debug, Default)]
pub(super) struct Ledger(BTreeMap<String, Account>);

#[derive(Debug, Default, Clone)]
struct Account {
    texts: u64,
    failures: u64,
    seconds: f64,
    without_vector: u64,
    without_topic: u64,
    compared: u64,
    same_topic: u64,
    agreement_sum: f64,
    agreements: u64,
}

impl Ledger {
    pub(super) fn failed(&mut self, version: &str, texts: usize) {
        self.account(version).failures += texts as u64;
        metrics::counter!("autoglm_model_failures_total", "version" => version.to_owned())
            .increment(texts as u64);
    }

    pub(super) fn read(&mut self, version: &str, answers: &[TextUnderstanding], took: Duration) {
        let account = self.account(version);
        account.texts += answers.len() as u64;
        account.seconds += took.as_secs_f64();
        let says_nothing = |answer: &&TextUnderstanding| is_zero(answer);
        account.without_vector += answers.iter().filter(says_nothing).count() as u64;
        account.without_topic += answers.iter().filter(|one| one.topics.is_empty()).count() as u64;
        metrics::counter!("autoglm_model_texts_total", "version" => version.to_owned())
            .increment(answers.len() as u64);
        metrics::histogram!("autoglm_model_batch_seconds", "version" => version.to_owned())
            .record(took.as_secs_f64());
    }

    /// Compares a candidate's readings with those of the models in use, in the same order.
    pub(super) fn compared(
        &mut self,
        version: &str,
        readings: &[TextUnderstanding],
        active: &[&TextUnderstanding],
    ) {
        let agreement = neighbour_agreement(readings, active);
        let account = self.account(version);
        account.compared += readings.len() as u64;
        let best = |reading: &TextUnderstanding| reading.topics.first().map(|one| one.name.clone());
        let same = readings.iter().zip(active).filter(|(new, old)| best(new) == best(old));
        account.same_topic += same.count() as u64;
        if let Some(agreement) = agreement {
            account.agreement_sum += agreement;
            account.agreements += 1;
        }
    }

    pub(super) fn report(&self) -> Vec<VersionFigures> {
        let figures = |(version, account): (&String, &Account)| VersionFigures {
            version: version.clone(),
            texts: account.texts,
            failures: account.failures,
            seconds: account.seconds,
            without_vector: account.without_vector,
            without_topic: account.without_topic,
            compared: account.compared,
            same_topic: account.same_topic,
            neighbour_agreement: (account.agreements > 0)
                .then(|| account.agreement_sum / account.agreements as f64),
        };
        self.0.iter().map(figures).collect()
    }

    fn account(&mut self, version: &str) -> &mut Account {
        if !self.0.contains_key(version) && self.0.len() >= VERSIONS_MAX {
            let least = self.0.iter().min_by_key(|(_, account)| account.texts);
            if let Some(least) = least.map(|(version, _)| version.clone()) {
                self.0.remove(&least);
            }
        }
        self.0.entry(version.to_owned()).or_default()
    }
}

fn is_zero(answer: &TextUnderstanding) -> bool {
    answer.embedding.0.iter().all(|value| *value == 0.0)
}

/// Rank correlation of all pairs' cosines in both spaces; `None` for too few texts.
fn neighbour_agreement(
    readings: &[TextUnderstanding],
    active: &[&TextUnderstanding],
) -> Option<f64> {
    let both: Vec<(&TextUnderstanding, &&TextUnderstanding)> = readings
        .iter()
        .zip(active)
        .filter(|(new, old)| !is_zero(new) && !is_zero(old))
        .take(NEIGHBOURS_MAX)
        .collect();
    if both.len() < NEIGHBOURS_MIN {
        return None;
    }
    let (mut new, mut old) = (Vec::new(), Vec::new());
    for (index, (a_new, a_old)) in both.iter().enumerate() {
        for (b_new, b_old) in both.iter().skip(index + 1) {
            new.push(f64::from(a_new.embedding.dot(&b_new.embedding)));
            old.push(f64::from(a_old.embedding.dot(&b_old.embedding)));
        }
    }
    Some(spearman(&new, &old))
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::{EMBEDDING_DIMENSIONS, Embedding, TopicScore};
    use autoglm_inference::Extraction;

    fn reading(seed: usize, topic: &str) -> TextUnderstanding {
        let value = |dimension: usize| ((seed * 31 + dimension * 7) % 13) as f32 - 6.0;
        let vector = Embedding((0..EMBEDDING_DIMENSIONS).map(value).collect()).normalized();
        let topics = vec![TopicScore { name: topic.into(), score: 0.5 }];
        let (summary, extraction) = (String::new(), Extraction::default());
        TextUnderstanding { embedding: vector, topics, topic_list: 0, summary, extraction }
    }

    #[test]
    fn a_candidate_that_sees_texts_alike_agrees_wholly() {
        let active: Vec<TextUnderstanding> = (0..8).map(|seed| reading(seed, "sports")).collect();
        let mut ledger = Ledger::default();
        ledger.compared("new", &active, &active.iter().collect::<Vec<_>>());
        let figures = ledger.report().remove(0);
        assert_eq!((figures.compared, figures.same_topic), (8, 8));
        assert!((figures.neighbour_agreement.unwrap() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn empty_answers_and_failures_are_counted() {
        let mut ledger = Ledger::default();
        let nothing = TextUnderstanding {
            embedding: Embedding::zero(),
            topics: Vec::new(),
            topic_list: 0,
            summary: String::new(),
            extraction: Extraction::default(),
        };
        ledger.read("new", &[nothing, reading(1, "sports")], Duration::from_secs(2));
        ledger.failed("new", 3);
        let figures = ledger.report().remove(0);
        assert_eq!((figures.texts, figures.without_vector, figures.without_topic), (2, 1, 1));
        assert_eq!((figures.failures, figures.seconds), (3, 2.0));
        assert_eq!(figures.neighbour_agreement, None);
    }

    #[test]
    fn only_so_many_versions_are_remembered() {
        let mut ledger = Ledger::default();
        for number in 0..100 {
            ledger.read(&format!("v{number}"), &[reading(number, "a")], Duration::ZERO);
        }
        assert!(ledger.report().len() <= VERSIONS_MAX);
    }
}
