//! What a decoder of the GLM family is made of, read from the `config.json` of its folder.
//!
//! The families differ in names and in a handful of choices; here the choices are fields, so that
//! one decoder serves all.

mod families;
mod fields;

pub(super) use fields::read_text;

use super::error::DecoderError;
use fields::Fields;
use std::path::Path;

/// Bytes of a configuration file that are read.
pub(super) const FILE_BYTES_MAX: u64 = 4 << 20;

/// How the tensors of a family are called and cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// ChatGLM-6B: queries, keys and values of each head side by side.
    ChatGlm,
    /// ChatGLM2-6B, ChatGLM3-6B and GLM-4-9B as first published: queries, then keys, then values.
    ChatGlm2,
    /// GLM-4-9B, GLM-4-0414 and GLM-Edge in the layout of the published library.
    Glm,
}

/// How a layer normalises.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Norm {
    /// Mean and spread, with a bias.
    Layer {
        /// Added to the variance.
        epsilon: f64,
    },
    /// Root of the mean square.
    Rms {
        /// Added to the mean square.
        epsilon: f64,
    },
}

/// Where a token stands, and how that turns queries and keys.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Positions {
    /// One count; the first `dims` of a head turn in neighbouring pairs.
    Sequence {
        /// Dimensions of a head that turn.
        dims: usize,
        /// The slowest turn's base.
        base: f64,
    },
    /// The place in the prompt turns the first half of a head, the place in what is generated the
    /// second; within the prompt every token sees every other.
    Block,
}

/// The part of a layer between attentions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedForward {
    /// `down(silu(gate(x)) · up(x))`.
    Gated,
    /// `down(gelu(up(x)))`.
    Gelu,
}

/// A decoder's shape.
#[derive(Debug, Clone, PartialEq)]
pub struct DecoderConfig {
    /// The family.
    pub layout: Layout,
    /// How many layers.
    pub layers: usize,
    /// Width of the stream between layers.
    pub hidden: usize,
    /// Heads that ask.
    pub heads: usize,
    /// Heads that are asked; a divisor of `heads`.
    pub kv_heads: usize,
    /// Width of a head.
    pub head: usize,
    /// Width inside the feed-forward part.
    pub inner: usize,
    /// How many tokens there are.
    pub vocabulary: usize,
    /// Most tokens of prompt and answer together.
    pub context: usize,
    /// How it normalises.
    pub norm: Norm,
    /// How it knows places.
    pub positions: Positions,
    /// Its feed-forward part.
    pub feed_forward: FeedForward,
    /// Whether queries, keys and values have a bias.
    pub qkv_bias: bool,
    /// Whether every other linear part of a layer has one.
    pub bias: bool,
    /// Whether each branch is normalised once more before it is added.
    pub sandwich: bool,
    /// What the normalised input counts when a branch is added to it; `None` adds the branch to
    /// the input itself.
    pub residual: Option<f64>,
    /// Whether the table of tokens is also the output layer.
    pub tied: bool,
    /// Tokens that end an answer.
    pub ends: Vec<u32>,
    /// Whether conversations are written as numbered rounds: ChatGLM2 and before.
    pub rounds: bool,
    /// ChatGLM-6B's marker of the place to fill.
    pub mask: Option<u32>,
    /// ChatGLM-6B's marker of the beginning of the answer.
    pub start: Option<u32>,
}

impl DecoderConfig {
    /// Reads `config.json`, and further end tokens from `generation_config.json`, of a folder.
    ///
    /// # Errors
    /// [`DecoderError::Read`], or [`DecoderError::Config`] that names the field.
    pub fn read(folder: &Path) -> Result<Self, DecoderError> {
        let fields = Fields::read(&folder.join("config.json"))?;
        let mut config = families::from_fields(&fields)?;
        let generation = folder.join("generation_config.json");
        if generation.exists() {
            for end in Fields::read(&generation)?.tokens("eos_token_id")? {
                if !config.ends.contains(&end) {
                    config.ends.push(end);
                }
            }
        }
        Ok(config)
    }

    /// Width of all queries of a token.
    #[must_use]
    pub fn query_width(&self) -> usize {
        self.heads * self.head
    }

    /// Width of all keys, or all values, of a token.
    #[must_use]
    pub fn kv_width(&self) -> usize {
        self.kv_heads * self.head
    }

    /// Whether every token sees only those before it, so that a prompt can be read in parts and
    /// a common beginning be kept.
    #[must_use]
    pub fn is_causal(&self) -> bool {
        self.positions != Positions::Block
    }

    /// Dimensions of a head that turn.
    #[must_use]
    pub fn turning(&self) -> usize {
        match self.positions {
            Positions::Sequence { dims, .. } => dims,
            Positions::Block => self.head,
        }
    }
}

#[cfg(test)]
mod tests;
