//! Measures the models on files anyone can supply: one JSON object a line.
//!
//! `autoglm eval similarity | crosslingual | topics | summaries FILE` prints these reports.

mod lines;
pub mod metrics;
mod tasks;
mod topics;

pub use metrics::spearman;
pub use tasks::{
    CrosslingualReport, SimilarityReport, SummaryReport, evaluate_crosslingual,
    evaluate_similarity, evaluate_summaries,
};
pub use topics::{TopicReport, evaluate_head, evaluate_topics};

#[cfg(test)]
mod tests;
