//! Chooses an article's most telling sentences within a limit of length, in their own order.

use super::budget::SummaryBudget;
use super::clause::{best_run, clauses};
use super::fill::fill;
use super::score::{likelihoods, worths};
use super::sentence::split_sentences;
use crate::error::Result;
use crate::model::{Model, ModelId, Summarise};
use crate::text::TextInput;

/// Sentences of an article that take part; news says what it has to say in its first half.
const SENTENCES_RANKED: usize = 100;

/// `extractive-2`: what the text speaks about, and the more a sentence's place and the words of the
/// title the shorter the summary, without saying a thing twice.
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
        let limit = self.budget.limit(text);
        if self.budget.holds(text, limit) {
            let lines: Vec<&str> =
                text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            let whole = join(&lines);
            return if whole == input.bounded_title().trim() { String::new() } else { whole };
        }
        let mut sentences = split_sentences(text);
        sentences.truncate(SENTENCES_RANKED);
        if let SummaryBudget::Clauses(near) = self.budget {
            return best_run(&sentences, near).to_owned();
        }
        let chosen = self.choose(&sentences, input, limit);
        let parts: Vec<&str> = chosen.iter().filter_map(|at| sentences.get(*at).copied()).collect();
        cut_to(&join(&parts), limit, self.budget)
    }

    /// Indices of the chosen sentences, ascending; never empty when there is a sentence.
    fn choose(&self, sentences: &[&str], input: &TextInput, limit: usize) -> Vec<usize> {
        let brevity = self.budget.brevity(input.bounded_lead(), sentences.len());
        let (likelihoods, vectors) = likelihoods(sentences, input.bounded_title(), brevity);
        let costs: Vec<usize> = sentences.iter().map(|each| self.budget.cost(each)).collect();
        // The blank before the first sentence is not there.
        let room = limit + usize::from(matches!(self.budget, SummaryBudget::Characters(_)));
        let sized = !matches!(self.budget, SummaryBudget::Sentences(_));
        let worths = worths(&likelihoods, &vectors, sized.then_some(&costs), brevity);
        let mut chosen = fill(&worths, &costs, room);
        if chosen.is_empty() {
            // Every sentence is too long: the best one is cut by the caller.
            chosen.extend(
                (0..sentences.len())
                    .max_by(|i, j| likelihoods[*i].total_cmp(&likelihoods[*j]).then(j.cmp(i))),
            );
        }
        chosen
    }
}

impl Model for ExtractiveSummariser {
    fn id(&self) -> ModelId {
        ModelId::new("extractive", 2)
    }
}

impl Summarise for ExtractiveSummariser {
    fn summarise(&self, inputs: &[TextInput]) -> Result<Vec<String>> {
        Ok(inputs.iter().map(|input| self.summary_of(input)).collect())
    }
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

/// Cuts the one sentence there is, if it was too long, and marks the cut.
fn cut_to(text: &str, limit: usize, budget: SummaryBudget) -> String {
    let slack = limit + limit / 10;
    if !matches!(budget, SummaryBudget::Characters(_)) || text.chars().count() <= slack.max(1) {
        return text.to_owned();
    }
    let end = text.char_indices().nth(limit.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
    let kept = text.get(..cut_before(text, end)).unwrap_or_default();
    format!("{}…", kept.trim_end().trim_end_matches(['，', '；', ',', ';']))
}

/// Where to cut at `end` or before: after a clause or else a word of its second half, but never
/// within a number.
fn cut_before(text: &str, end: usize) -> usize {
    let ends = clauses(text).into_iter().scan(0, |sum, clause| {
        *sum += clause.len();
        Some(*sum)
    });
    let start = text.get(..end).unwrap_or_default();
    let after_clause = ends.take_while(|at| *at <= end).last();
    let of_second_half = |at: &usize| at * 2 > end;
    let whole_words = || start.rfind(char::is_whitespace).filter(of_second_half);
    after_clause.filter(of_second_half).or_else(whole_words).unwrap_or_else(|| {
        let of_number = |each: char| each.is_ascii_digit() || matches!(each, '.' | ',');
        let within_number = text.get(end..).is_some_and(|rest| rest.starts_with(of_number));
        if within_number { start.trim_end_matches(of_number).len() } else { end }
    })
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

    #[test]
    fn a_line_of_the_text_that_is_too_long_is_cut_after_a_clause() {
        let text =
            format!("地铁新线今天开通，票价为1,200.5元，{}。", "市民纷纷前往试乘".repeat(20));
        assert_eq!(summary("", &text, 60), "地铁新线今天开通，票价为1,200.5元…");
        let text = format!("地铁新线的票价今天是1234567.5元{}。", "市民纷纷前往试乘".repeat(20));
        assert_eq!(summary("", &text, 40), "地铁新线的票价今天是…");
    }

    #[test]
    fn numbers_and_quotations_come_out_as_they_were() {
        let lead = "The tram line cost 3.5 million euros. \"The tram line is late. The tram line \
            is dear,\" Mr. Lee said. Cats slept. Nobody came. It rained a lot in the night.";
        let input = TextInput { lead: lead.into(), ..TextInput::default() };
        let budget = SummaryBudget::Sentences(2);
        assert_eq!(
            ExtractiveSummariser::new(budget).summary_of(&input),
            "The tram line cost 3.5 million euros. \"The tram line is late. The tram line is \
                dear,\" Mr. Lee said."
        );
    }

    #[test]
    fn one_line_is_made_of_neighbouring_clauses() {
        let lead = "昨天天气很好。地铁新线今天开通，市民试乘，很多人排队。地铁新线票价不变。";
        let input = TextInput { lead: lead.into(), ..TextInput::default() };
        let line = ExtractiveSummariser::new(SummaryBudget::Clauses(8)).summary_of(&input);
        assert!(line.contains("地铁新线") && lead.contains(&line), "{line}");
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
