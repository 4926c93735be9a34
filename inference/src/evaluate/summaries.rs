//! Overlap of the extractive summaries with references, beside the texts' first sentences.

use super::lines::read;
use super::metrics::Rouge;
use crate::error::{Error, Result};
use crate::summary::{ExtractiveSummariser, SummaryBudget, split_sentences, unit_count};
use crate::text::TextInput;
use crate::token::is_ideographic;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::{Duration, Instant};

/// What references in English take of their text; the baselines for such sets are made with it.
const SHARE_ENGLISH: f32 = 0.4;
/// What references in Chinese, which are headlines, have in characters.
const HEADLINE_CHINESE: usize = 16;

/// Overlap of summaries with their references, ours and the text's start at the same length.
#[derive(Debug, Clone, Serialize)]
pub struct SummaryReport {
    /// Name and version of the summariser.
    pub model: String,
    /// Texts.
    pub texts: usize,
    /// How long the summaries may be, in words.
    pub length: String,
    /// Share of the texts' words that the summaries take, on average.
    pub taken_share: f64,
    /// ROUGE-1 F1.
    pub rouge_1: f64,
    /// ROUGE-2 F1.
    pub rouge_2: f64,
    /// ROUGE-L F1.
    pub rouge_l: f64,
    /// ROUGE-1 F1 of every second text, from the second on; the others chose the weights.
    pub odd_rouge_1: f64,
    /// ROUGE-2 F1 of the same texts.
    pub odd_rouge_2: f64,
    /// ROUGE-1 F1 of the first sentences.
    pub lead_rouge_1: f64,
    /// ROUGE-2 F1 of the first sentences.
    pub lead_rouge_2: f64,
    /// ROUGE-L F1 of the first sentences.
    pub lead_rouge_l: f64,
    /// Time to summarise one text, on average.
    pub milliseconds_per_text: f64,
}

const SUMMARY_LINE: &str = r#"{"text": "…", "summaries": ["…"]}"#;

#[derive(Deserialize)]
struct SummarisedText {
    text: String,
    summaries: Vec<String>,
    #[serde(default)]
    lang: Option<String>,
}

/// ROUGE on lines `{text, summaries, lang}` against the first reference of each. Without a wanted
/// length it is two fifths of the words, or one line for Chinese.
///
/// # Errors
/// When the file cannot be read or has no references.
pub fn evaluate_summaries(path: &Path, wanted: Option<SummaryBudget>) -> Result<SummaryReport> {
    let mut cases: Vec<SummarisedText> = read(path, SUMMARY_LINE)?;
    cases.retain(|case| !case.text.is_empty() && !case.summaries.is_empty());
    if cases.is_empty() {
        return Err(Error::EmptyEvaluation { path: path.to_owned(), expected: SUMMARY_LINE });
    }
    let budget = wanted.unwrap_or_else(|| usual_budget(&cases));
    let summariser = ExtractiveSummariser::new(budget);
    let (mut ours, mut odd, mut lead) = (Mean::default(), Mean::default(), Mean::default());
    let (mut taken, mut time) = (0.0, Duration::ZERO);
    for (index, case) in cases.iter().enumerate() {
        let reference = case.summaries.first().map_or("", String::as_str);
        let input = TextInput { lead: case.text.clone(), ..TextInput::default() };
        let start = Instant::now();
        let summary = summariser.summary_of(&input);
        time += start.elapsed();
        taken += unit_count(&summary) as f64 / unit_count(&case.text).max(1) as f64;
        let rouge = Rouge::of(&summary, reference);
        ours.add(rouge);
        if index % 2 == 1 {
            odd.add(rouge);
        }
        lead.add(Rouge::of(&first_sentences(&case.text, budget), reference));
    }
    let texts = cases.len() as f64;
    let (ours, odd, lead) = (ours.mean(), odd.mean(), lead.mean());
    Ok(SummaryReport {
        model: crate::model::Model::id(&summariser).to_string(),
        texts: cases.len(),
        length: describe(budget),
        taken_share: taken / texts,
        rouge_1: ours.one,
        rouge_2: ours.two,
        rouge_l: ours.longest,
        odd_rouge_1: odd.one,
        odd_rouge_2: odd.two,
        lead_rouge_1: lead.one,
        lead_rouge_2: lead.two,
        lead_rouge_l: lead.longest,
        milliseconds_per_text: time.as_secs_f64() * 1000.0 / texts,
    })
}

/// By the language most lines say they have, or else are written in.
fn usual_budget(cases: &[SummarisedText]) -> SummaryBudget {
    let chinese = |case: &&SummarisedText| match &case.lang {
        Some(lang) => lang.starts_with("zh"),
        None => {
            case.text.chars().filter(|each| is_ideographic(*each)).count() * 2
                > case.text.chars().count()
        }
    };
    if cases.iter().filter(chinese).count() * 2 > cases.len() {
        SummaryBudget::Clauses(HEADLINE_CHINESE)
    } else {
        SummaryBudget::Share(SHARE_ENGLISH)
    }
}

fn describe(budget: SummaryBudget) -> String {
    match budget {
        SummaryBudget::Characters(limit) => format!("{limit} characters"),
        SummaryBudget::Share(share) => format!("{:.0}% of the words", share * 100.0),
        SummaryBudget::Sentences(1) => "one sentence".to_owned(),
        SummaryBudget::Sentences(count) => format!("{count} sentences"),
        SummaryBudget::Clauses(near) => {
            format!("one sentence, cut to clauses near {near} words")
        }
    }
}

#[derive(Default)]
struct Mean {
    sum: Rouge,
    count: usize,
}

impl Mean {
    fn add(&mut self, rouge: Rouge) {
        self.sum.one += rouge.one;
        self.sum.two += rouge.two;
        self.sum.longest += rouge.longest;
        self.count += 1;
    }

    fn mean(&self) -> Rouge {
        let count = self.count.max(1) as f64;
        Rouge {
            one: self.sum.one / count,
            two: self.sum.two / count,
            longest: self.sum.longest / count,
        }
    }
}

/// The first sentences that fit, one at least; for clauses the first sentence whole.
fn first_sentences(text: &str, budget: SummaryBudget) -> String {
    let mut left = budget.limit(text);
    let mut start = String::new();
    for sentence in split_sentences(text) {
        let cost = budget.cost(sentence);
        if !start.is_empty() && cost > left {
            break;
        }
        left = left.saturating_sub(cost);
        start.push_str(sentence);
        start.push(' ');
    }
    start
}
