//! Summaries: the article's own sentences, or a writer's where they keep to the article.

mod abstractive;
mod budget;
mod clause;
mod extractive;
mod faithful;
mod fill;
mod quote;
mod rank;
mod score;
mod sentence;
mod writing;

pub use abstractive::AbstractiveSummariser;
pub use budget::SummaryBudget;
pub use extractive::ExtractiveSummariser;
pub use faithful::{Invented, find_invented, find_invented_across};
pub(crate) use rank::unit_count;
pub(crate) use sentence::split_sentences;
pub use writing::{Refusal, SUMMARY_TOKENS_MAX, judge_summary, needs_writer, summary_request};
