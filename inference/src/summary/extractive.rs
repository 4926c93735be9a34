//! Chooses an article's most telling sentences within a limit of length, in their own order.

use super::rank::{SentenceVector, centrality, vectors};
use super::sentence::split_sentences;
use crate::error::Result;
use crate::model::{Model, ModelId, Summarise};
use crate::text::TextInput;

/// Sentences of an article that take part; news says what it has to say in its first half.
const SENTENCES_RANKED: usize = 60;
/// Weights of the parts of a sentence's score.
const POSITION: f32 = 0.5;
const TITLE: f32 = 0.6;
/// How much being like a chosen sentence counts against one.
const REDUNDANCY: f32 = 0.6;
/// Sentences with fewer characters are captions, bylines or interjections.
const SENTENCE_CHARACTERS_MIN: usize = 6;

/// How long a summary may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SummaryBudget {
    /// At most this many characters; text mostly of ideographs gets two fifths of it, which holds
    /// about as much. The product uses this.
    Characters(usize),
    /// At most this share of the text's characters, but one sentence at least. Evaluations use this.
    Share(f32),
}

impl SummaryBudget {
    fn characters(self, text: &str) -> usize {
        let length = text.chars().count();
        match self {
            Self::Characters(limit) => {
                let wide = text.chars().filter(|c| crate::token::is_ideographic(*c)).count();
                if wide * 2 > length { limit * 2 / 5 } else { limit }
            }
            Self::Share(share) => (length as f32 * share).round() as usize,
        }
    }
}

/// `extractive-1`: position, centrality, words of the title, without saying a thing twice.
#[derive(Debug, Clone, Copy)]
pub struct ExtractiveSummariser {
    budget: SummaryBudget,
}

impl Default for ExtractiveSummariser {
    fn default() -> Self {
        Self::new(SummaryBudget::Characters(280))
    }
}

impl ExtractiveSummariser {
    /// A summariser with this limit.
    #[must_use]
    pub fn new(budget: SummaryBudget) -> Self {
        Self { budget }
    }

    /// The summary of one article. A body not longer than a summary would be is its own; a body
    /// that is empty, or only repeats the title, has none.
    #[must_use]
    pub fn summary_of(&self, input: &TextInput) -> String {
        let text = input.bounded_lead();
        let limit = self.budget.characters(text);
        if text.chars().count() <= limit {
            let lines: Vec<&str> =
                text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            let whole = join(&lines);
            return if whole == input.bounded_title().trim() { String::new() } else { whole };
        }
        let mut sentences = split_sentences(text);
        sentences.truncate(SENTENCES_RANKED.max(1));
        let chosen = choose(&sentences, input.bounded_title(), limit);
        let parts: Vec<&str> = chosen.iter().filter_map(|at| sentences.get(*at).copied()).collect();
        cut_to(&join(&parts), limit, self.budget)
    }
}

impl Model for ExtractiveSummariser {
    fn id(&self) -> ModelId {
        ModelId::new("extractive", 1)
    }
}

impl Summarise for ExtractiveSummariser {
    fn summarise(&self, inputs: &[TextInput]) -> Result<Vec<String>> {
        Ok(inputs.iter().map(|input| self.summary_of(input)).collect())
    }
}

/// Indices of the chosen sentences, ascending; never empty when there is a sentence.
fn choose(sentences: &[&str], title: &str, limit: usize) -> Vec<usize> {
    let mut all: Vec<&str> = sentences.to_vec();
    all.push(title);
    let mut vectors = vectors(&all);
    let title = vectors.pop().unwrap_or_default();
    let scores = scores(sentences, &vectors, &title);
    let lengths: Vec<usize> = sentences.iter().map(|each| each.chars().count()).collect();
    let mut chosen: Vec<usize> = Vec::new();
    let mut left = limit;
    loop {
        let best = (0..sentences.len())
            .filter(|index| !chosen.contains(index) && lengths[*index] <= left)
            .map(|index| (index, scores[index] - penalty(index, &chosen, &vectors)))
            .max_by(|(i, a), (j, b)| a.total_cmp(b).then(j.cmp(i)));
        let Some((index, _)) = best else { break };
        left -= lengths[index];
        chosen.push(index);
    }
    if chosen.is_empty() {
        // Every sentence is too long: the best one is cut by the caller.
        chosen.extend(
            (0..sentences.len()).max_by(|i, j| scores[*i].total_cmp(&scores[*j]).then(j.cmp(i))),
        );
    }
    chosen.sort_unstable();
    chosen
}

fn scores(sentences: &[&str], vectors: &[SentenceVector], title: &SentenceVector) -> Vec<f32> {
    centrality(vectors)
        .into_iter()
        .enumerate()
        .map(|(index, central)| {
            let position = POSITION / (1.0 + index as f32);
            let titled = vectors.get(index).map_or(0.0, |vector| vector.cosine(title));
            let short = sentences
                .get(index)
                .is_none_or(|each| each.chars().count() < SENTENCE_CHARACTERS_MIN);
            central + position + TITLE * titled - if short { 2.0 } else { 0.0 }
        })
        .collect()
}

fn penalty(index: usize, chosen: &[usize], vectors: &[SentenceVector]) -> f32 {
    let Some(vector) = vectors.get(index) else { return 0.0 };
    let nearest = chosen
        .iter()
        .filter_map(|other| vectors.get(*other))
        .map(|other| vector.cosine(other))
        .fold(0.0, f32::max);
    REDUNDANCY * nearest
}

/// Sentences one after the other, with a blank unless an ideographic text needs none.
fn join(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        let wide = text.chars().next_back().is_some_and(|last| {
            crate::token::is_ideographic(last) || "。！？；…”』」）".contains(last)
        });
        if !text.is_empty() && !wide {
            text.push(' ');
        }
        text.push_str(part);
    }
    text
}

/// Cuts at a word and marks the cut, if the one sentence there is was too long.
fn cut_to(text: &str, limit: usize, budget: SummaryBudget) -> String {
    let slack = limit + limit / 10;
    if matches!(budget, SummaryBudget::Share(_)) || text.chars().count() <= slack.max(1) {
        return text.to_owned();
    }
    let start: String = text.chars().take(limit.saturating_sub(1)).collect();
    let kept = match start.rfind(char::is_whitespace) {
        Some(position) if position * 2 > start.len() => start.get(..position).unwrap_or(&start),
        _ => &start,
    };
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn summary(title: &str, lead: &str, limit: usize) -> String {
        ExtractiveSummariser::new(SummaryBudget::Characters(limit)).summary_of(&TextInput {
            title: title.into(),
            lead: lead.into(),
            language: None,
        })
    }

    #[test]
    fn the_sentence_the_others_speak_about_is_chosen() {
        let lead = "Good morning to all. The city opens a new tram line on Monday. \
            The tram line links the port with the city centre. \
            Tickets for the tram line stay at two euros. My neighbour likes cats very much.";
        let text = summary("New tram line", lead, 130);
        assert!(text.contains("tram line"), "{text}");
        assert!(!text.contains("cats"), "{text}");
    }

    #[test]
    fn a_text_shorter_than_a_summary_is_its_own() {
        assert_eq!(summary("Title", "Only\n this.", 400), "Only this.");
        assert_eq!(summary("题", "第一句。\n第二句。", 400), "第一句。第二句。");
        assert_eq!(summary("Only this.", "Only this.", 400), "");
        assert_eq!(summary("Title", "  ", 400), "");
    }

    #[test]
    fn a_single_endless_sentence_is_cut_and_marked() {
        let text = summary("t", &"word ".repeat(300), 100);
        assert!(text.ends_with('…') && text.chars().count() <= 100, "{text}");
    }

    proptest! {
        #[test]
        fn a_summary_is_never_longer_than_the_limit_and_a_tenth(
            lead in "([A-Za-z ]{3,60}[.!?] ){0,20}", limit in 20_usize..300
        ) {
            let text = summary("A title", &lead, limit);
            prop_assert!(text.chars().count() <= limit + limit / 10 + 1, "{}", text);
        }

        #[test]
        fn any_text_can_be_summarised_and_gives_the_same_twice(lead in ".{0,400}") {
            prop_assert_eq!(summary("t", &lead, 50), summary("t", &lead, 50));
        }
    }
}
