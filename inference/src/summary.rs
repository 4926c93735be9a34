//! Summaries: the article's own sentences, or a model's where they keep to the article.

mod abstractive;
mod extractive;
mod faithful;
mod rank;
mod sentence;

pub use abstractive::AbstractiveSummariser;
pub use extractive::{ExtractiveSummariser, SummaryBudget};
pub use faithful::{Invented, find_invented};
pub(crate) use sentence::split_sentences;
