//! Summaries a model writes in its own words, where they keep to the article; the article's own
//! sentences stand everywhere else.

use super::extractive::ExtractiveSummariser;
use super::writing::{judge_summary, needs_writer, summary_request};
use crate::error::{Error, Result};
use crate::generate::Finish;
use crate::model::{Generate, Model, ModelId, Summarise};
use crate::text::TextInput;
use autoglm_domain::{FaultKind, Language};
use std::ops::ControlFlow;
use std::sync::Arc;

#[cfg(test)]
mod tests;

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
            .filter(|(_, (input, extracted))| needs_writer(input, self.language, extracted))
            .map(|(at, _)| at)
            .collect();
        let requests: Vec<_> = asked
            .iter()
            .filter_map(|at| inputs.get(*at))
            .map(|input| summary_request(input, self.language))
            .collect();
        let answers = self.model.generate(&requests, &mut |_, _| ControlFlow::Continue(()));
        for (at, answer) in asked.into_iter().zip(answers) {
            let (Some(input), Some(summary)) = (inputs.get(at), summaries.get_mut(at)) else {
                continue;
            };
            match answer {
                Ok(generated) => {
                    let is_cut = generated.finish == Finish::Length;
                    if let Ok(text) = judge_summary(input, self.language, &generated.text, is_cut) {
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
