//! Vectors of one width brought to another: centred, turned onto the directions in which a sample
//! of them differs most, and made unit length (principal components).
//!
//! Encoders come 384, 512, 768 or 1024 wide; the product stores
//! [`autoglm_domain::EMBEDDING_DIMENSIONS`]. A projection belongs to one model and is kept beside it.

mod eigen;

use crate::error::{Error, Result};
use eigen::eigenvectors;
use safetensors::{Dtype, SafeTensors, serialize, tensor::TensorView};
use std::path::Path;

/// Bytes a stored projection may have: 4096 by 4096 numbers and some more.
const FILE_BYTES_MAX: u64 = 80 << 20;

/// Widest vectors that are taken: the work grows with the cube.
pub const WIDTH_MAX: usize = 4096;

/// Centre and directions.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    /// `[width]`
    mean: Vec<f32>,
    /// `[dimensions, width]`, each row a unit vector, all at right angles.
    axes: Vec<f32>,
    dimensions: usize,
    kept: f32,
}

impl Projection {
    /// The `dimensions` directions in which the vectors differ most. Narrower vectors than that
    /// lose nothing and end in zeros.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] when there are no vectors, or their widths differ or are 0 or over
    /// [`WIDTH_MAX`].
    pub fn fit<'a>(
        vectors: impl IntoIterator<Item = &'a [f32]>,
        dimensions: usize,
    ) -> Result<Self> {
        let mut moments: Option<Moments> = None;
        for vector in vectors {
            moments.get_or_insert_with(|| Moments::new(vector.len())).add(vector)?;
        }
        let Some(moments) = moments else {
            return Err(invalid(
                "a projection",
                "there are no vectors to learn it from".to_owned(),
            ));
        };
        let width = moments.sum.len();
        let (mean, covariance) = moments.finish();
        let total: f64 = covariance.iter().step_by(width + 1).sum();
        let mut axes = vec![0.0; dimensions * width];
        let mut kept = 0.0;
        let found = eigenvectors(covariance, width);
        for (axis, (value, direction)) in axes.chunks_exact_mut(width).zip(&found) {
            kept += value;
            for (target, value) in axis.iter_mut().zip(direction) {
                *target = *value as f32;
            }
        }
        let kept = if total > 0.0 { (kept / total) as f32 } else { 1.0 };
        Ok(Self { mean: mean.iter().map(|value| *value as f32).collect(), axes, dimensions, kept })
    }

    /// Width of the vectors it takes.
    #[must_use]
    pub fn width(&self) -> usize {
        self.mean.len()
    }

    /// Width of the vectors it makes.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The share of the sample's variance that is kept, 0 to 1.
    #[must_use]
    pub fn kept(&self) -> f32 {
        self.kept
    }

    /// Centred and turned; the length stays what it comes out as.
    #[must_use]
    pub fn project(&self, vector: &[f32]) -> Vec<f32> {
        let centred: Vec<f32> = vector.iter().zip(&self.mean).map(|(a, mean)| a - mean).collect();
        let along = |axis: &[f32]| axis.iter().zip(&centred).map(|(a, b)| a * b).sum();
        self.axes.chunks_exact(self.width().max(1)).map(along).collect()
    }

    /// Centred, turned and of unit length; zero stays zero.
    #[must_use]
    pub fn apply(&self, vector: &[f32]) -> Vec<f32> {
        let mut result = self.project(vector);
        make_unit(&mut result);
        result
    }

    /// Writes it as safetensors: `mean`, `axes` and `kept`.
    ///
    /// # Errors
    /// [`Error::WriteModel`].
    pub fn save(&self, path: &Path) -> Result<()> {
        let bytes = |values: &[f32]| -> Vec<u8> {
            values.iter().flat_map(|value| value.to_le_bytes()).collect()
        };
        let (mean, axes, kept) = (bytes(&self.mean), bytes(&self.axes), bytes(&[self.kept]));
        let wrong = |error: safetensors::SafeTensorError| {
            invalid(&path.display().to_string(), error.to_string())
        };
        let view = |shape, bytes| TensorView::new(Dtype::F32, shape, bytes).map_err(wrong);
        let views = [
            ("mean", view(vec![self.width()], &mean)?),
            ("axes", view(vec![self.dimensions, self.width()], &axes)?),
            ("kept", view(vec![1], &kept)?),
        ];
        let file = serialize(views, None).map_err(wrong)?;
        std::fs::write(path, file)
            .map_err(|source| Error::WriteModel { path: path.to_owned(), source })
    }

    /// Reads what [`Self::save`] wrote.
    ///
    /// # Errors
    /// [`Error::ReadModel`] or [`Error::InvalidModel`], naming the file and the tensor.
    pub fn load(path: &Path) -> Result<Self> {
        let unreadable = |source| Error::ReadModel { path: path.to_owned(), source };
        let wrong = |reason: String| invalid(&path.display().to_string(), reason);
        let size = std::fs::metadata(path).map_err(unreadable)?.len();
        if size > FILE_BYTES_MAX {
            return Err(wrong(format!("{size} bytes; at most {FILE_BYTES_MAX}")));
        }
        let file = std::fs::read(path).map_err(unreadable)?;
        let tensors = SafeTensors::deserialize(&file)
            .map_err(|error| wrong(format!("no safetensors file: {error}")))?;
        let (mean_shape, mean) = tensor(&tensors, "mean").map_err(wrong)?;
        let (axes_shape, axes) = tensor(&tensors, "axes").map_err(wrong)?;
        let (_, kept) = tensor(&tensors, "kept").map_err(wrong)?;
        match (mean_shape.as_slice(), axes_shape.as_slice()) {
            ([width], [dimensions, across]) if width == across && *width > 0 => Ok(Self {
                mean,
                axes,
                dimensions: *dimensions,
                kept: kept.first().copied().unwrap_or_default(),
            }),
            _ => Err(wrong(format!(
                "`mean` is {mean_shape:?} and `axes` {axes_shape:?}; expected [width] and \
                 [dimensions, width]"
            ))),
        }
    }
}

/// Sums over the sample from which its mean and covariance follow.
struct Moments {
    count: f64,
    sum: Vec<f64>,
    /// Upper triangle of the sum of products, the rows whole.
    products: Vec<f64>,
    wide: Vec<f64>,
}

impl Moments {
    fn new(width: usize) -> Self {
        let kept = if width <= WIDTH_MAX { width } else { 0 };
        Self {
            count: 0.0,
            sum: vec![0.0; kept],
            products: vec![0.0; kept * kept],
            wide: Vec::new(),
        }
    }

    fn add(&mut self, vector: &[f32]) -> Result<()> {
        let width = self.sum.len();
        if width == 0 || vector.len() != width {
            return Err(invalid(
                "a projection",
                format!(
                    "a vector has {} numbers; all must have the same 1 to {WIDTH_MAX}",
                    vector.len()
                ),
            ));
        }
        self.count += 1.0;
        self.wide.clear();
        self.wide.extend(vector.iter().map(|value| f64::from(*value)));
        for (sum, value) in self.sum.iter_mut().zip(&self.wide) {
            *sum += value;
        }
        for (index, row) in self.products.chunks_exact_mut(width).enumerate() {
            let Some((first, rest)) = self.wide.get(index..).and_then(<[f64]>::split_first) else {
                continue;
            };
            let Some((diagonal, row)) = row.get_mut(index..).and_then(<[f64]>::split_first_mut)
            else {
                continue;
            };
            *diagonal += first * first;
            for (product, value) in row.iter_mut().zip(rest) {
                *product += first * value;
            }
        }
        Ok(())
    }

    /// Mean, and covariance `[width, width]` row by row.
    fn finish(self) -> (Vec<f64>, Vec<f64>) {
        let width = self.sum.len();
        let mean: Vec<f64> = self.sum.iter().map(|sum| sum / self.count).collect();
        let mut covariance = vec![0.0; width * width];
        for (row, mean_of_row) in mean.iter().enumerate() {
            for (column, mean_of_column) in mean.iter().enumerate().skip(row) {
                let product = self.products.get(row * width + column).copied().unwrap_or(0.0);
                let value = product / self.count - mean_of_row * mean_of_column;
                for place in [row * width + column, column * width + row] {
                    if let Some(target) = covariance.get_mut(place) {
                        *target = value;
                    }
                }
            }
        }
        (mean, covariance)
    }
}

/// Scales to unit length; zero stays zero.
pub(crate) fn make_unit(vector: &mut [f32]) {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > f32::EPSILON {
        for value in vector {
            *value /= length;
        }
    }
}

/// Shape and numbers of a tensor of 32 bits.
fn tensor(tensors: &SafeTensors<'_>, name: &str) -> Result<(Vec<usize>, Vec<f32>), String> {
    let view =
        tensors.tensor(name).map_err(|_missing| format!("the tensor `{name}` is missing"))?;
    if view.dtype() != Dtype::F32 {
        return Err(format!("`{name}` is {:?}; expected F32", view.dtype()));
    }
    let (chunks, _none) = view.data().as_chunks::<4>();
    let values: Vec<f32> = chunks.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    match values.iter().all(|value| value.is_finite()) {
        true => Ok((view.shape().to_vec(), values)),
        false => Err(format!("`{name}` has values that are no numbers")),
    }
}

fn invalid(model: &str, reason: String) -> Error {
    Error::InvalidModel { model: model.to_owned(), reason }
}

#[cfg(test)]
mod tests;
