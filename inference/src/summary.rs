//! Summaries made of the article's own sentences.

mod budget;
mod clause;
mod extractive;
mod fill;
mod quote;
mod rank;
mod score;
mod sentence;

pub use budget::SummaryBudget;
pub use extractive::ExtractiveSummariser;
pub(crate) use rank::unit_count;
pub(crate) use sentence::split_sentences;
