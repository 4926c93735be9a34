//! Summaries a model writes in its own words, where they keep to the article; the article's own
//! sentences stand everywhere else.

mod prompt;

#[cfg(test)]
mod tests;

use super::extractive::ExtractiveSummariser;
use super::faithful::find_invented;
use super::split_sentences;
use crate::error::{Error, Result};
use crate::generate::{Finish, Generated};
use crate::model::{Generate, Model, ModelId, Summarise};
use crate::text::TextInput;
use crate::token::is_ideographic;
use autoglm_domain::{FaultKind, Language};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Most tokens of a summary.
const TOKENS_MAX: usize = 200;
/// Fewer characters say nothing.
const CHARACTERS_MIN: usize = 8;

/// Asks a model and checks what it says.
#[derive(Debug, Clone)]
pub struct AbstractiveSummariser {
    model: Arc<dyn Generate>,
    extractive: ExtractiveSummariser,
    language: Option<Language>,
}

impl AbstractiveSummariser {
    /// Summaries in the article's language, or in the one wished. `extractive` makes those that
    /// stand where the model's do not; they are always in the article's language.
    #[must_use]
    pub fn new(
        model: Arc<dyn Generate>,
        extractive: ExtractiveSummariser,
        language: Option<Language>,
    ) -> Self {
        Self { model, extractive, language }
    }

    /// Whether a model has anything to do: an article that is shorter than its summary is its
    /// own, unless another language is wished.
    fn needs_model(&self, input: &TextInput, extracted: &str) -> bool {
        let lead = input.bounded_lead().trim();
        let is_other = self.language.is_some() && self.language != input.language;
        !lead.is_empty() && (is_other || extracted.chars().count() < lead.chars().count())
    }

    /// What the model wrote, if it can stand.
    fn accepted(&self, input: &TextInput, generated: &Generated) -> Option<String> {
        let text = tidy(generated)?;
        let lead = input.bounded_lead();
        let is_summary = text.chars().count() >= CHARACTERS_MIN
            && (self.language.is_some() || text.len() < lead.len());
        let article = format!("{}\n{lead}", input.bounded_title());
        let keeps_to_it = find_invented(&text, &article).is_none();
        (is_summary && keeps_to_it && self.is_in_language(&text, input)).then_some(text)
    }

    /// By script alone: enough to tell English from Chinese.
    fn is_in_language(&self, text: &str, input: &TextInput) -> bool {
        let wide = text.chars().filter(|character| is_ideographic(*character)).count();
        let is_wide = wide * 4 > text.chars().filter(|c| c.is_alphabetic()).count();
        match self.language.or(input.language) {
            Some(Language::CHINESE) => is_wide,
            Some(language) if ["ja", "ko"].contains(&language.as_str()) => is_wide,
            Some(_) => !is_wide,
            None => true,
        }
    }
}

impl Model for AbstractiveSummariser {
    fn id(&self) -> ModelId {
        self.model.id()
    }
}

impl Summarise for AbstractiveSummariser {
    fn summarise(&self, inputs: &[TextInput]) -> Result<Vec<String>> {
        let mut summaries = self.extractive.summarise(inputs)?;
        let asked: Vec<usize> = inputs
            .iter()
            .zip(&summaries)
            .enumerate()
            .filter(|(_, (input, extracted))| self.needs_model(input, extracted))
            .map(|(at, _)| at)
            .collect();
        let requests: Vec<_> = asked
            .iter()
            .filter_map(|at| inputs.get(*at))
            .map(|input| prompt::request(input, self.language, TOKENS_MAX))
            .collect();
        let answers = self.model.generate(&requests, &mut |_, _| ControlFlow::Continue(()));
        for (at, answer) in asked.into_iter().zip(answers) {
            let (Some(input), Some(summary)) = (inputs.get(at), summaries.get_mut(at)) else {
                continue;
            };
            match answer {
                Ok(generated) => {
                    if let Some(text) = self.accepted(input, &generated) {
                        *summary = text;
                    }
                }
                // A text the model cannot take is no failure of the model.
                Err(error) if is_about_the_text(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(summaries)
    }
}

fn is_about_the_text(error: &Error) -> bool {
    error.fault_kind() == FaultKind::Invalid
}

/// One paragraph without decoration; an answer that was cut off ends with its last sentence.
fn tidy(generated: &Generated) -> Option<String> {
    let text = generated.text.trim().trim_matches(['"', '*', '#', '`']).trim();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let text = lines.join(if text.chars().any(is_ideographic) { "" } else { " " });
    if generated.finish != Finish::Length {
        return (!text.is_empty()).then_some(text);
    }
    let sentences = split_sentences(&text);
    let whole = sentences.get(..sentences.len().checked_sub(1)?)?;
    let end = whole.last()?;
    let end = text.find(end)? + end.len();
    text.get(..end).map(str::to_owned)
}
