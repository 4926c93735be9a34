//! Decoders of the GLM family: ChatGLM-6B, ChatGLM2/3-6B, GLM-4-9B, GLM-4-0414 and GLM-Edge.
//!
//! One [`network`] serves all; what differs is a [`config`] of choices and the [`names`] of
//! tensors. The [`engine`] works on many requests at a time over fixed slots; [`GlmDecoder`] turns
//! conversations into prompts and is what the registry holds.

mod beginnings;
mod cache;
mod config;
mod engine;
mod error;
mod glm;
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

pub use config::{DecoderConfig, FeedForward, Layout, Norm, Positions};
pub use error::DecoderError;
pub use glm::{DecoderSettings, GlmDecoder};
pub use linear::WeightFormat;
