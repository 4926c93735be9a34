//! Topics by seed words: which topic's words does the title, and then the lead, use?

use super::taxonomy::Taxonomy;
use crate::error::Result;
use crate::model::{Classify, ClassifyInput, Model, ModelId};
use crate::text::{TextInput, prefix};
use crate::token::{TokenKind, Tokens};
use autoglm_domain::TopicScore;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// A seed in the title counts as much as this many in the lead.
const TITLE_WEIGHT: f32 = 3.0;
/// Evidence that is taken away from every article: one weak word is not yet a topic.
const DOUBT: f32 = 1.0;
/// Topics below this score are not reported.
const SCORE_MIN: f32 = 0.15;
/// Topics reported at most.
const TOPICS_REPORTED: usize = 3;
/// Bytes of the lead that are looked at.
const LEAD_BYTES: usize = 2000;
/// Longest seed in ideographs, and in words.
const SEED_IDEOGRAPHS_MAX: usize = 8;
const SEED_WORDS_MAX: usize = 4;

/// `seeds-1`: scores each topic by its seeds found, sharing one unit between topics and doubt.
#[derive(Debug, Clone)]
pub struct SeedClassifier {
    taxonomy: Taxonomy,
    /// Seed in the form of [`normal_form`] to the topics it speaks for, with its weight.
    seeds: HashMap<String, Vec<(usize, f32)>>,
    /// Words and ideographs that a seed begins with: most text is passed over by looking here.
    first_words: HashSet<String>,
    first_characters: HashSet<char>,
}

impl SeedClassifier {
    /// A classifier for these topics; their names count as seeds too.
    #[must_use]
    pub fn new(taxonomy: Taxonomy) -> Self {
        let mut seeds: HashMap<String, Vec<(usize, f32)>> = HashMap::new();
        for (index, topic) in taxonomy.topics().iter().enumerate() {
            for seed in topic.seeds.iter().chain([&topic.en, &topic.zh]) {
                let form = normal_form(seed);
                let entry = seeds.entry(form).or_default();
                if !entry.iter().any(|(known, _)| *known == index) {
                    entry.push((index, 1.0));
                }
            }
        }
        // A seed that speaks for several topics says less about each.
        for (seed, topics) in &mut seeds {
            let share = specificity(seed) / topics.len() as f32;
            for (_, weight) in topics {
                *weight = share;
            }
        }
        let first_words = seeds.keys().filter_map(|seed| seed.split(' ').next());
        let first_words = first_words.map(str::to_owned).collect();
        let first_characters = seeds.keys().filter_map(|seed| seed.chars().next()).collect();
        Self { taxonomy, seeds, first_words, first_characters }
    }

    /// The topics it knows.
    #[must_use]
    pub fn taxonomy(&self) -> &Taxonomy {
        &self.taxonomy
    }

    /// Evidence for every topic, in the taxonomy's order: the weighted number of its seeds, each
    /// counting logarithmically when repeated.
    #[must_use]
    pub fn evidence(&self, text: &TextInput) -> Vec<f32> {
        let mut found: HashMap<&str, f32> = HashMap::new();
        self.collect(text.bounded_title(), TITLE_WEIGHT, &mut found);
        self.collect(prefix(&text.lead, LEAD_BYTES), 1.0, &mut found);
        let mut evidence = vec![0.0; self.taxonomy.topics().len()];
        // Sorted, so that rounding is the same on every node.
        let mut found: Vec<(&str, f32)> = found.into_iter().collect();
        found.sort_unstable_by_key(|(seed, _)| *seed);
        for (seed, count) in found {
            for (topic, weight) in self.seeds.get(seed).into_iter().flatten() {
                if let Some(sum) = evidence.get_mut(*topic) {
                    *sum += weight * (1.0 + count).ln();
                }
            }
        }
        evidence
    }

    fn collect<'a>(&'a self, text: &str, weight: f32, found: &mut HashMap<&'a str, f32>) {
        let cut = Tokens::of(text);
        let mut words: Vec<Cow<'_, str>> = Vec::new();
        for (kind, token) in cut.iter() {
            match kind {
                TokenKind::Ideographs => self.collect_ideographs(token, weight, found),
                TokenKind::Word | TokenKind::Number => words.push(stem(token)),
            }
        }
        let mut phrase = String::new();
        for (start, first) in words.iter().enumerate() {
            if !self.first_words.contains(first.as_ref()) {
                continue;
            }
            phrase.clear();
            for word in words.iter().skip(start).take(SEED_WORDS_MAX) {
                if !phrase.is_empty() {
                    phrase.push(' ');
                }
                phrase.push_str(word);
                self.count(&phrase, weight, found);
            }
        }
    }

    fn collect_ideographs<'a>(&'a self, run: &str, weight: f32, found: &mut HashMap<&'a str, f32>) {
        for (start, first) in run.char_indices() {
            if !self.first_characters.contains(&first) {
                continue;
            }
            let rest = run.get(start..).unwrap_or_default();
            for (position, character) in rest.char_indices().take(SEED_IDEOGRAPHS_MAX) {
                let candidate = rest.get(..position + character.len_utf8()).unwrap_or_default();
                self.count(candidate, weight, found);
            }
        }
    }

    fn count<'a>(&'a self, text: &str, weight: f32, found: &mut HashMap<&'a str, f32>) {
        if let Some((seed, _)) = self.seeds.get_key_value(text) {
            *found.entry(seed.as_str()).or_default() += weight;
        }
    }

    fn topics_of(&self, text: &TextInput) -> Vec<TopicScore> {
        let evidence = self.evidence(text);
        let total: f32 = evidence.iter().sum::<f32>() + DOUBT;
        let mut scores: Vec<TopicScore> = self
            .taxonomy
            .topics()
            .iter()
            .zip(&evidence)
            .map(|(topic, sum)| TopicScore { name: topic.key.clone(), score: sum / total })
            .filter(|topic| topic.score >= SCORE_MIN)
            .collect();
        scores.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.name.cmp(&b.name)));
        scores.truncate(TOPICS_REPORTED);
        scores
    }
}

impl Model for SeedClassifier {
    fn id(&self) -> ModelId {
        ModelId::new("seeds", 1)
    }
}

impl Classify for SeedClassifier {
    fn classify(&self, inputs: &[ClassifyInput<'_>]) -> Result<Vec<Vec<TopicScore>>> {
        Ok(inputs.iter().map(|input| self.topics_of(input.text)).collect())
    }

    fn topic_list(&self) -> i64 {
        self.taxonomy.revision()
    }
}

/// A seed as it is looked up: lower case, half width, words stemmed, joined by one blank.
fn normal_form(seed: &str) -> String {
    let cut = Tokens::of(seed);
    let parts: Vec<String> = cut
        .iter()
        .map(|(kind, token)| match kind {
            TokenKind::Ideographs => token.to_owned(),
            TokenKind::Word | TokenKind::Number => stem(token).into_owned(),
        })
        .collect();
    // A mixed seed such as "A股" is found by its ideographs where they follow a word.
    parts.join(" ")
}

/// Longer seeds are rarer by chance and say more.
fn specificity(seed: &str) -> f32 {
    let ideographs = seed.chars().filter(|c| crate::token::is_ideographic(*c)).count();
    match (ideographs, seed.contains(' ')) {
        (1, _) => 0.4,
        (3.., _) | (0, true) => 1.3,
        _ => 1.0,
    }
}

/// Takes plural and possessive endings off an English word.
fn stem(word: &str) -> Cow<'_, str> {
    let word = word.trim_end_matches("'s").trim_end_matches("’s");
    let stemmed = match word.len() {
        0..=3 => word,
        _ if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") => word,
        _ => {
            if let Some(base) = word.strip_suffix("ies").filter(|base| base.len() > 2) {
                return Cow::Owned(format!("{base}y"));
            }
            word.strip_suffix('s').unwrap_or(word)
        }
    };
    Cow::Borrowed(stemmed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::Embedding;
    use proptest::prelude::*;

    fn topics(title: &str, lead: &str) -> Vec<TopicScore> {
        let classifier = SeedClassifier::new(Taxonomy::built_in());
        let text = TextInput { title: title.into(), lead: lead.into(), language: None };
        let embedding = Embedding::zero();
        let input = ClassifyInput { text: &text, embedding: &embedding };
        classifier.classify(&[input]).unwrap().remove(0)
    }

    #[test]
    fn english_and_chinese_articles_find_the_same_topics() {
        assert_eq!(topics("Striker scores twice in league match", "")[0].name, "sports");
        assert_eq!(topics("前锋梅开二度，球队赢得联赛冠军", "")[0].name, "sports");
        assert_eq!(topics("Central bank lifts interest rates", "")[0].name, "finance");
        assert_eq!(topics("央行宣布下调贷款利率", "")[0].name, "finance");
    }

    #[test]
    fn a_text_without_seeds_has_no_topic() {
        assert!(topics("Hello there", "nothing in particular").is_empty());
        assert!(topics("", "").is_empty());
    }

    #[test]
    fn the_title_counts_more_than_the_lead() {
        let mixed = topics("New vaccine against malaria", "A football player was there");
        assert_eq!(mixed[0].name, "health");
    }

    proptest! {
        #[test]
        fn scores_are_between_zero_and_one_and_sorted(title in ".{0,80}", lead in ".{0,200}") {
            let found = topics(&title, &lead);
            prop_assert!(found.iter().all(|topic| (0.0..=1.0).contains(&topic.score)));
            prop_assert!(found.is_sorted_by(|a, b| a.score >= b.score));
            prop_assert!(found.iter().map(|topic| topic.score).sum::<f32>() <= 1.0 + 1e-4);
        }
    }
}
