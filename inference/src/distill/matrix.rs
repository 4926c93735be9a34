//! Rows of numbers beside each other in memory.

use half::f16;
use half::slice::HalfFloatSliceExt as _;

/// Rows of 32 bits.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Matrix {
    width: usize,
    values: Vec<f32>,
}

impl Matrix {
    pub(super) fn new(width: usize) -> Self {
        Self { width, values: Vec::new() }
    }

    pub(super) fn zeros(rows: usize, width: usize) -> Self {
        Self { width, values: vec![0.0; rows * width] }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn len(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    /// Adds a row, cut or filled with zeros to the width.
    pub(super) fn push(&mut self, row: &[f32]) {
        let end = self.values.len() + self.width;
        self.values.extend(row.iter().take(self.width));
        self.values.resize(end, 0.0);
    }

    pub(super) fn clear(&mut self) {
        self.values.clear();
    }

    /// Empty for a row that is not there.
    pub(super) fn row(&self, index: usize) -> &[f32] {
        self.values.get(index * self.width..(index + 1) * self.width).unwrap_or_default()
    }

    pub(super) fn row_mut(&mut self, index: usize) -> &mut [f32] {
        self.values.get_mut(index * self.width..(index + 1) * self.width).unwrap_or_default()
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.width.max(1))
    }

    pub(super) fn rows_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.values.chunks_exact_mut(self.width.max(1))
    }
}

/// Rows of 16 bits: what a teacher said, as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HalfMatrix {
    width: usize,
    values: Vec<f16>,
}

impl HalfMatrix {
    pub(super) fn new(width: usize) -> Self {
        Self { width, values: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    pub(super) fn extend(&mut self, values: &[f16]) {
        self.values.extend_from_slice(values);
    }

    /// Empty for a row that is not there.
    pub(super) fn row(&self, index: usize) -> Vec<f32> {
        let row = self.values.get(index * self.width..(index + 1) * self.width);
        row.unwrap_or_default().to_f32_vec()
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Vec<f32>> {
        self.values.chunks_exact(self.width.max(1)).map(|row| row.to_f32_vec())
    }
}

pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + rest
}

/// `target += factor · row`.
pub(super) fn add_scaled(target: &mut [f32], row: &[f32], factor: f32) {
    for (target, value) in target.iter_mut().zip(row) {
        *target += factor * value;
    }
}
