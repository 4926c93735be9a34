//! Distillation: a small model learns from what a large one says.
//!
//! [`distill_static`] makes the built-in bilingual table from a sentence encoder, a dictionary and
//! scored pairs of sentences; `data/bilingual-1/MODEL_CARD.md` says from which.
//! Everything drawn comes from a seed, and what a teacher said is kept in checkpoints, so that the
//! same inputs make the same bytes, interrupted or not.

mod adam;
mod checkpoints;
mod dictionary;
mod encoder_student;
mod error;
mod frequencies;
mod gloss;
mod losses;
mod matrix;
mod pairs;
mod progress;
mod random;
mod sentences;
mod static_table;
mod sums;
mod teacher;
mod training;
mod words;

#[cfg(test)]
mod toy;

pub use dictionary::{DictionaryEntry, read_dictionary};
pub use encoder_student::{EncoderLessons, EncoderOptions, agreement, distill_encoder, read_texts};
pub use error::DistillError;
pub use frequencies::Frequencies;
pub use pairs::{BilingualPair, ScoredPair, read_bilingual_pairs, read_pairs};
pub use progress::{Progress, Watch};
pub use static_table::{StaticInputs, StaticOptions, StaticStudent, distill_static};
pub use teacher::{Teacher, TransformerTeacher};
pub use training::TrainingOptions;
pub use words::WordLimits;
