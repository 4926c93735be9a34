//! Decoders of the GLM family: ChatGLM-6B, ChatGLM2/3-6B, GLM-4-9B, GLM-4-0414 and GLM-Edge.

mod cache;
mod config;
mod error;
mod layer;
mod linear;
mod load;
mod names;
mod network;
mod norm;
mod prompt;
mod rotary;
mod sampling;
mod schedule;
mod stream;
mod vocabulary;

pub use config::DecoderConfig;
pub use error::DecoderError;
pub use linear::WeightFormat;
