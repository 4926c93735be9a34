//! Encoders: texts to vectors of [`autoglm_domain::EMBEDDING_DIMENSIONS`].

mod frequency;
mod projected;
mod static_embedding;
mod transformer;

pub(crate) use frequency::{is_function_character, word_weight};
pub use projected::{PROJECTION_FILE, ProjectedEncoder, learn_projection, sample_texts};
pub use static_embedding::{StaticEncoder, StaticTable, TABLE_BYTES_MAX, Vocabulary, WORDS_MAX};
pub use transformer::{
    EncoderError, Family, Pooling, StageTimes, TransformerEncoder, TransformerOptions,
};
