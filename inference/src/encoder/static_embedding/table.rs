//! The rows of a static embedding: eight bits a value and one scale a row, in a safetensors file.

use crate::error::{Error, Result};
use autoglm_domain::EMBEDDING_DIMENSIONS;
use half::f16;
use safetensors::{Dtype, SafeTensors, serialize, tensor::TensorView};
use std::borrow::Cow;
use std::path::Path;

/// Bytes a table may have: over a million rows.
pub const TABLE_BYTES_MAX: usize = 512 << 20;

/// A safetensors file begins with the length of its header in this many bytes.
const LENGTH_BYTES: usize = 8;

/// `rows` `[n, EMBEDDING_DIMENSIONS]` of I8 and `scales` `[n]` of F16: value = scale · code.
#[derive(Debug, Clone)]
pub struct StaticTable {
    file: Cow<'static, [u8]>,
    /// Where the codes lie in the file.
    codes: std::ops::Range<usize>,
    scales: Vec<f32>,
}

impl StaticTable {
    /// Reads a file's bytes; `path` is for messages.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] naming the tensor, the shape expected and the one found.
    pub fn parse(file: Cow<'static, [u8]>, path: &Path) -> Result<Self> {
        let invalid =
            |reason: String| Error::InvalidModel { model: path.display().to_string(), reason };
        if file.len() > TABLE_BYTES_MAX {
            return Err(invalid(format!("{} bytes; at most {TABLE_BYTES_MAX}", file.len())));
        }
        let tensors = SafeTensors::deserialize(&file)
            .map_err(|error| invalid(format!("no safetensors file: {error}")))?;
        let tensor = |name: &str, dtype: Dtype| {
            let view = tensors
                .tensor(name)
                .map_err(|_missing| invalid(format!("the tensor `{name}` is missing")))?;
            if view.dtype() == dtype {
                return Ok(view);
            }
            Err(invalid(format!("`{name}` is {:?}; expected {dtype:?}", view.dtype())))
        };
        let (rows, scales) = (tensor("rows", Dtype::I8)?, tensor("scales", Dtype::F16)?);
        let count = scales.shape().iter().product::<usize>();
        if rows.shape() != [count, EMBEDDING_DIMENSIONS] || scales.shape() != [count] {
            return Err(invalid(format!(
                "`rows` is {:?} and `scales` {:?}; expected [n, {EMBEDDING_DIMENSIONS}] and [n]",
                rows.shape(),
                scales.shape()
            )));
        }
        let scales: Vec<f32> = scales
            .data()
            .as_chunks::<2>()
            .0
            .iter()
            .map(|bytes| f16::from_le_bytes(*bytes).to_f32())
            .collect();
        if let Some(row) = scales.iter().position(|scale| !scale.is_finite()) {
            return Err(invalid(format!("the scale of row {row} is no number")));
        }
        let (header, metadata) = SafeTensors::read_metadata(&file)
            .map_err(|error| invalid(format!("no safetensors file: {error}")))?;
        let start = LENGTH_BYTES + header;
        let (from, to) = metadata.info("rows").map_or((0, 0), |info| info.data_offsets);
        let codes = start + from..start + to;
        Ok(Self { codes, scales, file })
    }

    /// From rows of real numbers, `values[n · EMBEDDING_DIMENSIONS]`, each with its own scale of
    /// largest absolute value / 127.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] when it cannot be written down.
    pub fn quantize(values: &[f32]) -> Result<Self> {
        let path = Path::new("a new table");
        let (mut codes, mut scales) = (Vec::with_capacity(values.len()), Vec::new());
        for row in values.chunks(EMBEDDING_DIMENSIONS) {
            let largest = row.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
            let scale = f16::from_f32(largest / 127.0);
            let step = scale.to_f32();
            scales.extend(scale.to_le_bytes());
            codes.extend(row.iter().map(|value| {
                let code =
                    if step > 0.0 { (value / step).round().clamp(-127.0, 127.0) } else { 0.0 };
                (code as i8).cast_unsigned()
            }));
        }
        let invalid = |error: safetensors::SafeTensorError| Error::InvalidModel {
            model: path.display().to_string(),
            reason: error.to_string(),
        };
        let count = scales.len() / 2;
        let rows = TensorView::new(Dtype::I8, vec![count, EMBEDDING_DIMENSIONS], &codes);
        let scales = TensorView::new(Dtype::F16, vec![count], &scales);
        let views = [("rows", rows.map_err(invalid)?), ("scales", scales.map_err(invalid)?)];
        Self::parse(Cow::Owned(serialize(views, None).map_err(invalid)?), path)
    }

    /// The whole file, as it is stored.
    #[must_use]
    pub fn file(&self) -> &[u8] {
        &self.file
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.scales.len()
    }

    /// The length of a row; 0 for an unknown one.
    pub(super) fn length(&self, id: u32) -> f32 {
        let Ok(row) = usize::try_from(id) else { return 0.0 };
        let start = self.codes.start + row * EMBEDDING_DIMENSIONS;
        let (Some(scale), Some(codes)) =
            (self.scales.get(row), self.file.get(start..start + EMBEDDING_DIMENSIONS))
        else {
            return 0.0;
        };
        let square = |code: &u8| i32::from(code.cast_signed()).pow(2);
        scale * (codes.iter().map(square).sum::<i32>() as f32).sqrt()
    }

    /// Adds a row to `sum`, `[EMBEDDING_DIMENSIONS]`; nothing for an unknown row.
    pub(super) fn add_row(&self, id: u32, sum: &mut [f32]) {
        let Ok(row) = usize::try_from(id) else { return };
        let start = self.codes.start + row * EMBEDDING_DIMENSIONS;
        let (Some(scale), Some(codes)) =
            (self.scales.get(row), self.file.get(start..start + EMBEDDING_DIMENSIONS))
        else {
            return;
        };
        for (value, code) in sum.iter_mut().zip(codes) {
            *value += scale * f32::from(code.cast_signed());
        }
    }
}
