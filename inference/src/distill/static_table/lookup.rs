//! A teacher's vectors, found by text.

use crate::distill::matrix::HalfMatrix;

/// Sorted texts and their vectors.
#[derive(Debug)]
pub(super) struct Said {
    texts: Vec<String>,
    vectors: HalfMatrix,
}

impl Said {
    /// `texts` come from [`distinct`].
    pub(super) fn new(texts: Vec<String>, vectors: HalfMatrix) -> Self {
        Self { texts, vectors }
    }

    pub(super) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The row of a text.
    pub(super) fn place(&self, text: &str) -> Option<usize> {
        self.texts.binary_search_by(|known| known.as_str().cmp(text)).ok()
    }

    /// Empty for a text the teacher was not asked about.
    pub(super) fn vector(&self, text: &str) -> Vec<f32> {
        self.place(text).map(|place| self.vectors.row(place)).unwrap_or_default()
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Vec<f32>> {
        self.vectors.rows()
    }
}

/// Every text once, sorted.
pub(super) fn distinct(mut texts: Vec<String>) -> Vec<String> {
    texts.sort_unstable();
    texts.dedup();
    texts
}
