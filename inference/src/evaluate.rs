//! Measures the models on files anyone can supply: one JSON object a line.
//!
//! `autoglm eval similarity | crosslingual | topics | summaries | entities FILE` prints these reports.

mod entities;
mod lines;
pub mod metrics;
mod summaries;
mod tasks;
mod topics;

pub use entities::{EntityReport, EntityScore, evaluate_entities};
pub use metrics::spearman;
pub use summaries::{SummaryReport, evaluate_summaries};
pub use tasks::{CrosslingualReport, SimilarityReport, evaluate_crosslingual, evaluate_similarity};
pub use topics::{TopicReport, evaluate_head, evaluate_topics};

#[cfg(test)]
mod tests;
