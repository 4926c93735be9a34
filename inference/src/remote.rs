//! The wire of OpenAI-compatible engines, without a network: what is sent, and how the many
//! dialects of the answers are read.

mod address;
mod chat;
mod embeddings;
mod failure;
mod project;
mod stream;

pub use address::{CHAT, EMBEDDINGS, endpoint};
pub use chat::{ChatAnswer, ChatMessage, ChatRequest, ChatRole, Ending, Usage, decode_chat};
pub use embeddings::{EmbeddingAnswer, EmbeddingRequest, decode_embeddings};
pub use failure::WireError;
pub use project::EngineSpace;
pub use stream::{ChatStream, LINE_BYTES_MAX, TEXT_BYTES_MAX};
