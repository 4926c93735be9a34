//! Encoders: texts to vectors of [`autoglm_domain::EMBEDDING_DIMENSIONS`].

mod baseline;
mod frequency;
mod transformer;

pub use baseline::BaselineEncoder;
pub(crate) use frequency::{is_function_character, word_weight};
pub use transformer::{
    EncoderError, Family, Pooling, StageTimes, TransformerEncoder, TransformerOptions,
};
