//! Weights of neural models as they lie in a folder: safetensors or PyTorch files, whole or in
//! shards, behind one view by name.
//!
//! Opening reads the headers only; the numbers of a tensor are read when it is asked for, so that
//! a model never lies in memory twice. A caller always says which shape it expects.

mod convert;
mod error;
mod files;
mod pytorch;
mod safetensors;

#[cfg(test)]
mod tests;

pub use error::WeightsError;

use self::pytorch::PytorchFile;
use self::safetensors::SafetensorsFile;
use burn::tensor::{DType, Device, Tensor, TensorData};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Most tensors one model may have; the largest we know has a few thousand.
const TENSORS_MAX: usize = 1 << 20;

/// What the numbers of a tensor are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NumberType {
    /// 64 bits.
    F64,
    /// 32 bits.
    F32,
    /// 16 bits as IEEE has them.
    F16,
    /// 16 bits with the range of 32.
    Bf16,
    /// Anything that is not a floating point number we compute with; its name in the file.
    Other(&'static str),
}

impl std::fmt::Display for NumberType {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::Other(name) => name,
        })
    }
}

/// What the numbers shall be when they are handed out, whatever they are in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// 32 bits: for processors.
    F32,
    /// 16 bits as IEEE has them.
    F16,
    /// 16 bits with the range of 32: for graphics processors.
    Bf16,
}

impl Precision {
    /// As the tensor library calls it.
    #[must_use]
    pub fn dtype(self) -> DType {
        match self {
            Self::F32 => DType::F32,
            Self::F16 => DType::F16,
            Self::Bf16 => DType::BF16,
        }
    }
}

/// One file with tensors.
#[derive(Debug)]
enum Source {
    Safetensors(SafetensorsFile),
    Pytorch(PytorchFile),
}

impl Source {
    fn open(path: &Path) -> Result<Self, WeightsError> {
        if files::is_safetensors(path) {
            SafetensorsFile::open(path).map(Self::Safetensors)
        } else {
            PytorchFile::open(path).map(Self::Pytorch)
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Safetensors(file) => file.path(),
            Self::Pytorch(file) => file.path(),
        }
    }

    fn names(&self) -> Vec<String> {
        match self {
            Self::Safetensors(file) => file.names(),
            Self::Pytorch(file) => file.names(),
        }
    }

    fn describe(&self, name: &str) -> Option<(NumberType, &[usize])> {
        match self {
            Self::Safetensors(file) => file.describe(name),
            Self::Pytorch(file) => file.describe(name),
        }
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, WeightsError> {
        match self {
            Self::Safetensors(file) => file.read(name),
            Self::Pytorch(file) => file.read(name),
        }
    }
}

/// The tensors of one model, by name.
#[derive(Debug)]
pub struct Weights {
    folder: PathBuf,
    sources: Vec<Source>,
    /// Name to the position of its source.
    places: BTreeMap<String, usize>,
}

impl Weights {
    /// Opens `model.safetensors`, its shards, `pytorch_model.bin` or its shards, whichever the
    /// folder has, in this order.
    ///
    /// # Errors
    /// [`WeightsError`], which names the file.
    pub fn open(folder: &Path) -> Result<Self, WeightsError> {
        let found = files::find(folder)?;
        let mut sources = Vec::with_capacity(found.files.len());
        let mut places = BTreeMap::new();
        for path in &found.files {
            let source = Source::open(path)?;
            for name in source.names() {
                places.insert(name, sources.len());
            }
            if places.len() > TENSORS_MAX {
                return Err(WeightsError::Header {
                    file: path.clone(),
                    reason: format!("the model has more than {TENSORS_MAX} tensors"),
                });
            }
            sources.push(source);
        }
        let weights = Self { folder: folder.to_owned(), sources, places };
        weights.check_index(&found)?;
        Ok(weights)
    }

    /// Whatever an index promises must be in the file it names.
    fn check_index(&self, found: &files::Found) -> Result<(), WeightsError> {
        for (name, file) in &found.promised {
            let here = self.places.get(name).and_then(|place| self.sources.get(*place));
            if here.is_none_or(|source| source.path() != file) {
                return Err(WeightsError::Missing { file: file.clone(), tensor: name.clone() });
            }
        }
        Ok(())
    }

    /// The folder they lie in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Every name, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// Whether there is a tensor of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// The shape of a tensor, for models whose sizes are not all in their configuration.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.source(name).and_then(|source| source.describe(name)).map(|(_, shape)| shape)
    }

    /// What the numbers of a tensor are in the file.
    #[must_use]
    pub fn number_type(&self, name: &str) -> Option<NumberType> {
        self.source(name).and_then(|source| source.describe(name)).map(|(number, _)| number)
    }

    /// The numbers of a tensor in row-major order as 32 bits.
    ///
    /// # Errors
    /// [`WeightsError`] when it is not there, has another shape, is not of floating point numbers
    /// or cannot be read.
    pub fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
        let (number, bytes) = self.bytes(name, shape)?;
        convert::to_f32(number, bytes).ok_or_else(|| self.wrong_type(name))
    }

    /// The same in the precision wanted, ready to become a tensor.
    ///
    /// # Errors
    /// As [`Self::values`].
    pub fn data(
        &self,
        name: &str,
        shape: &[usize],
        precision: Precision,
    ) -> Result<TensorData, WeightsError> {
        let (number, bytes) = self.bytes(name, shape)?;
        convert::to_data(number, bytes, shape, precision).ok_or_else(|| self.wrong_type(name))
    }

    /// The same as a tensor on a device.
    ///
    /// # Errors
    /// As [`Self::values`].
    pub fn tensor<const D: usize>(
        &self,
        name: &str,
        shape: [usize; D],
        precision: Precision,
        device: &Device,
    ) -> Result<Tensor<D>, WeightsError> {
        let data = self.data(name, &shape, precision)?;
        Ok(Tensor::from_data(data, (device, precision.dtype())))
    }

    fn source(&self, name: &str) -> Option<&Source> {
        self.places.get(name).and_then(|place| self.sources.get(*place))
    }

    /// Whether a tensor is there with this shape, without reading it.
    ///
    /// # Errors
    /// As [`Self::values`].
    pub fn require(&self, name: &str, shape: &[usize]) -> Result<(), WeightsError> {
        self.find(name, shape).map(|_found| ())
    }

    fn bytes(&self, name: &str, shape: &[usize]) -> Result<(NumberType, Vec<u8>), WeightsError> {
        let (source, number) = self.find(name, shape)?;
        Ok((number, source.read(name)?))
    }

    fn find(&self, name: &str, shape: &[usize]) -> Result<(&Source, NumberType), WeightsError> {
        let source = self.source(name).ok_or_else(|| WeightsError::Missing {
            file: self.folder.clone(),
            tensor: name.to_owned(),
        })?;
        let (number, found) = source.describe(name).ok_or_else(|| WeightsError::Missing {
            file: source.path().to_owned(),
            tensor: name.to_owned(),
        })?;
        if found != shape {
            return Err(WeightsError::Shape {
                file: source.path().to_owned(),
                tensor: name.to_owned(),
                expected: shape.to_vec(),
                found: found.to_vec(),
            });
        }
        if let NumberType::Other(_) = number {
            return Err(self.wrong_type(name));
        }
        Ok((source, number))
    }

    fn wrong_type(&self, name: &str) -> WeightsError {
        WeightsError::Type {
            file: self.source(name).map_or_else(|| self.folder.clone(), |it| it.path().to_owned()),
            tensor: name.to_owned(),
            found: self.number_type(name).unwrap_or(NumberType::Other("unknown")),
        }
    }
}
