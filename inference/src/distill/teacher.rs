//! The model a student learns from.

use super::error::DistillError;
use crate::catalog::sha256_of;
use crate::device::ComputeDevice;
use crate::encoder::TransformerEncoder;
use crate::error::Result;
use std::path::Path;

/// An encoder of sentences with a vocabulary of pieces.
pub trait Teacher {
    /// Tells this teacher's vectors from every other's, such as the hash of its weights.
    fn identity(&self) -> &str;

    /// Width of its vectors.
    fn width(&self) -> usize;

    /// Its pieces, in the order of their ids.
    fn pieces(&self) -> &[String];

    /// A unit vector for each text.
    ///
    /// # Errors
    /// When the model fails.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>>;

    /// A unit vector for each row of ids, which begin and end as the model wants it.
    ///
    /// # Errors
    /// When the model fails.
    fn embed_ids(&self, ids: &[Vec<u32>]) -> Result<Vec<Vec<f32>>>;
}

/// A transformer of the BERT family from a folder.
#[derive(Debug)]
pub struct TransformerTeacher {
    encoder: TransformerEncoder,
    pieces: Vec<String>,
    identity: String,
}

impl TransformerTeacher {
    /// From a folder with the model's files, among them `vocab.txt`.
    ///
    /// # Errors
    /// [`crate::Error`], naming the file.
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join("vocab.txt");
        let text =
            std::fs::read_to_string(&path).map_err(|source| DistillError::Read { path, source })?;
        let (_bytes, identity) = sha256_of(&folder.join("model.safetensors"))?;
        Ok(Self {
            encoder: TransformerEncoder::load(folder, &ComputeDevice::cpu())?,
            pieces: text.lines().map(str::to_owned).collect(),
            identity,
        })
    }
}

impl Teacher for TransformerTeacher {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn width(&self) -> usize {
        self.encoder.width()
    }

    fn pieces(&self) -> &[String] {
        &self.pieces
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        self.encoder.encode(texts)
    }

    fn embed_ids(&self, ids: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        self.encoder.encode_ids(ids)
    }
}
