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
    /// lose nothing and end in zeros. The work grows with the cube of the width, or of the number
    /// of vectors where that is smaller.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] when there are no vectors, or their widths differ or are 0 or over
    /// [`WIDTH_MAX`].
    pub fn fit<'a>(
        vectors: impl IntoIterator<Item = &'a [f32]>,
        dimensions: usize,
    ) -> Result<Self> {
        let vectors: Vec<&[f32]> = vectors.into_iter().collect();
        let width = common_width(&vectors)?;
        let (mean, total, found) = match vectors.len() < width {
            true => few(&vectors, width),
            false => many(&vectors, width)?,
        };
        let mut axes = vec![0.0; dimensions * width];
        let mut kept = 0.0;
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

    /// As safetensors: `mean`, `axes` and `kept`.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for a projection that cannot be written, which is a defect.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let bytes = |values: &[f32]| -> Vec<u8> {
            values.iter().flat_map(|value| value.to_le_bytes()).collect()
        };
        let (mean, axes, kept) = (bytes(&self.mean), bytes(&self.axes), bytes(&[self.kept]));
        let wrong =
            |error: safetensors::SafeTensorError| invalid("a projection", error.to_string());
        let view = |shape, bytes| TensorView::new(Dtype::F32, shape, bytes).map_err(wrong);
        let views = [
            ("mean", view(vec![self.width()], &mean)?),
            ("axes", view(vec![self.dimensions, self.width()], &axes)?),
            ("kept", view(vec![1], &kept)?),
        ];
        serialize(views, None).map_err(wrong)
    }

    /// Reads what [`Self::to_bytes`] made; `origin` is what messages call it.
    ///
    /// # Errors
    /// [`Error::InvalidModel`], naming the origin and the tensor.
    pub fn from_bytes(file: &[u8], origin: &str) -> Result<Self> {
        let wrong = |reason: String| invalid(origin, reason);
        let tensors = SafeTensors::deserialize(file)
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

    /// Writes [`Self::to_bytes`] into a file.
    ///
    /// # Errors
    /// [`Error::WriteModel`].
    pub fn save(&self, path: &Path) -> Result<()> {
        std::fs::write(path, self.to_bytes()?)
            .map_err(|source| Error::WriteModel { path: path.to_owned(), source })
    }

    /// Reads what [`Self::save`] wrote.
    ///
    /// # Errors
    /// [`Error::ReadModel`] or [`Error::InvalidModel`], naming the file and the tensor.
    pub fn load(path: &Path) -> Result<Self> {
        let unreadable = |source| Error::ReadModel { path: path.to_owned(), source };
        let origin = path.display().to_string();
        let size = std::fs::metadata(path).map_err(unreadable)?.len();
        if size > FILE_BYTES_MAX {
            return Err(invalid(&origin, format!("{size} bytes; at most {FILE_BYTES_MAX}")));
        }
        Self::from_bytes(&std::fs::read(path).map_err(unreadable)?, &origin)
    }
}

/// Mean, variance in all, and directions with their variance, largest first.
type Directions = (Vec<f64>, f64, Vec<(f64, Vec<f64>)>);

/// The width all vectors have.
fn common_width(vectors: &[&[f32]]) -> Result<usize> {
    let wrong = |reason: String| Err(invalid("a projection", reason));
    let Some(first) = vectors.first() else {
        return wrong("there are no vectors to learn it from".to_owned());
    };
    let unfit = |vector: &&&[f32]| {
        vector.len() != first.len() || vector.is_empty() || vector.len() > WIDTH_MAX
    };
    match vectors.iter().find(unfit) {
        None => Ok(first.len()),
        Some(vector) => wrong(format!(
            "a vector has {} numbers; all must have the same 1 to {WIDTH_MAX}",
            vector.len()
        )),
    }
}

/// By the covariance of the numbers, `[width, width]`.
fn many(vectors: &[&[f32]], width: usize) -> Result<Directions> {
    let mut moments = Moments::new(width);
    for vector in vectors {
        moments.add(vector)?;
    }
    let (mean, covariance) = moments.finish();
    let total = covariance.iter().step_by(width + 1).sum();
    Ok((mean, total, eigenvectors(covariance, width)))
}

/// By the products of the vectors with each other, `[count, count]`: with fewer vectors than
/// numbers it has the same eigenvalues but those that are zero, and a direction is the sum of the
/// vectors weighted by its eigenvector.
fn few(vectors: &[&[f32]], width: usize) -> Directions {
    let count = vectors.len() as f64;
    let mut mean = vec![0.0; width];
    for vector in vectors {
        mean.iter_mut().zip(*vector).for_each(|(sum, value)| *sum += f64::from(*value) / count);
    }
    let centre = |vector: &&[f32]| -> Vec<f64> {
        vector.iter().zip(&mean).map(|(value, mean)| f64::from(*value) - mean).collect()
    };
    let centred: Vec<Vec<f64>> = vectors.iter().map(centre).collect();
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / count;
    let products: Vec<f64> =
        centred.iter().flat_map(|a| centred.iter().map(|b| product(a, b))).collect();
    let total = products.iter().step_by(vectors.len() + 1).sum();
    let direction = |(value, weights): (f64, Vec<f64>)| {
        let mut direction = vec![0.0; width];
        for (vector, weight) in centred.iter().zip(weights) {
            direction.iter_mut().zip(vector).for_each(|(sum, part)| *sum += weight * part);
        }
        let length = direction.iter().map(|part| part * part).sum::<f64>().sqrt();
        (value, direction.into_iter().map(|part| part / length).collect())
    };
    let found = eigenvectors(products, vectors.len()).into_iter().map(direction).collect();
    (mean, total, found)
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
