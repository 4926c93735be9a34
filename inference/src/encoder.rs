//! Encoders: texts to vectors of [`autoglm_domain::EMBEDDING_DIMENSIONS`].

mod baseline;
mod frequency;

pub use baseline::BaselineEncoder;
pub(crate) use frequency::{is_function_character, word_weight};
