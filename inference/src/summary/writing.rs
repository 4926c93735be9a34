//! Summaries in a writer's own words, as plain functions: what to ask for an article, and whether
//! what came back may stand. Whoever asks — a batch on a device, an actor that waits for a remote
//! engine — does it with these two, so that no writer is trusted more than another.
//!
//! An answer stands when it is in the wished language, says something about the article, is not
//! longer than it, holds no address, and claims no number and no name that the article does not
//! have ([`find_invented`](super::find_invented), in another language than the article's
//! [`find_invented_across`](super::find_invented_across)). It is a guard and no proof: a wrong verb
//! between right names passes.

mod prompt;
mod refusal;
mod subject;
mod tidy;

#[cfg(test)]
mod tests;

pub use prompt::summary_request;
pub use refusal::Refusal;

use super::faithful::{find_invented, find_invented_across};
use crate::text::TextInput;
use crate::token::is_ideographic;
use autoglm_domain::Language;

/// Most tokens of a summary.
pub const SUMMARY_TOKENS_MAX: usize = 200;
/// Fewer characters say nothing.
const CHARACTERS_MIN: usize = 8;
/// A summary of more characters is none, whatever the limit of tokens let through.
const CHARACTERS_MAX: usize = 1_500;

/// Whether a writer has anything to do: an article that is as short as what was `extracted` from it
/// is its own summary, unless another language is wished.
#[must_use]
pub fn needs_writer(article: &TextInput, wished: Option<Language>, extracted: &str) -> bool {
    let lead = article.bounded_lead().trim();
    !lead.is_empty()
        && (is_translation(article, wished) || extracted.chars().count() < lead.chars().count())
}

/// The summary to be shown for a writer's answer; `is_cut` when it ended at its most tokens.
///
/// # Errors
/// Why it may not stand.
pub fn judge_summary(
    article: &TextInput,
    wished: Option<Language>,
    answer: &str,
    is_cut: bool,
) -> Result<String, Refusal> {
    let text = tidy::tidy(answer, is_cut).ok_or(Refusal::Empty)?;
    let (characters, lead) = (text.chars().count(), article.bounded_lead());
    if characters < CHARACTERS_MIN {
        return Err(Refusal::Empty);
    }
    let translated = is_translation(article, wished);
    if characters > CHARACTERS_MAX || (!translated && text.len() >= lead.trim().len()) {
        return Err(Refusal::TooLong);
    }
    if let Some(language) = wished.or(article.language)
        && !is_written_in(&text, language)
    {
        return Err(Refusal::OtherLanguage(language));
    }
    if tidy::holds_address(&text) {
        return Err(Refusal::Address);
    }
    let source = format!("{}\n{lead}", article.bounded_title());
    let invented = match translated {
        true => find_invented_across(&text, &source),
        false => find_invented(&text, &source),
    };
    if let Some(invented) = invented {
        return Err(Refusal::Invented(invented));
    }
    if !subject::is_shared(&text, &source, article.language) {
        return Err(Refusal::OffSubject);
    }
    Ok(text)
}

/// Whether the summary is wished in another language than the article's.
fn is_translation(article: &TextInput, wished: Option<Language>) -> bool {
    match (wished, article.language) {
        (Some(wished), Some(own)) => wished != own,
        (Some(wished), None) => !is_written_in(article.bounded_lead(), wished),
        (None, _) => false,
    }
}

/// By script alone: enough to tell English from Chinese.
fn is_written_in(text: &str, language: Language) -> bool {
    let wide = text.chars().filter(|character| is_ideographic(*character)).count();
    let letters = text.chars().filter(|character| character.is_alphabetic()).count();
    let is_wide = wide * 4 > letters;
    is_wide == ["zh", "ja", "ko"].contains(&language.as_str())
}
