//! Summaries made of the article's own sentences.

mod extractive;
mod rank;
mod sentence;

pub use extractive::{ExtractiveSummariser, SummaryBudget};
pub(crate) use sentence::split_sentences;
