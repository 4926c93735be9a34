//! A PyTorch file: a pickle of what there is, read without running any of it, and the numbers.

use super::{NumberType, WeightsError};
use pytorch_reader::{DType, PytorchError, PytorchReader};
use std::path::{Path, PathBuf};

/// A file whose pickle was read and agrees with its storages.
#[derive(Debug)]
pub(super) struct PytorchFile {
    path: PathBuf,
    reader: PytorchReader,
}

impl PytorchFile {
    pub(super) fn open(path: &Path) -> Result<Self, WeightsError> {
        let reader = PytorchReader::new(path).map_err(|error| match error {
            PytorchError::Io(source) if is_of_the_system(&source) => {
                WeightsError::Read { file: path.to_owned(), source }
            }
            other => wrong(path, other.to_string()),
        })?;
        if reader.is_empty() {
            return Err(wrong(path, "it has no tensors".to_owned()));
        }
        Ok(Self { path: path.to_owned(), reader })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.reader.keys()
    }

    pub(super) fn describe(&self, name: &str) -> Option<(NumberType, &[usize])> {
        self.reader.get(name).map(|tensor| (number_type(tensor.dtype()), tensor.shape()))
    }

    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, WeightsError> {
        let Some(tensor) = self.reader.get(name) else {
            let (file, tensor) = (self.path.clone(), name.to_owned());
            return Err(WeightsError::Missing { file, tensor });
        };
        tensor.read().map_err(|source| {
            if is_of_the_system(&source) {
                WeightsError::Read { file: self.path.clone(), source }
            } else {
                wrong(&self.path, source.to_string())
            }
        })
    }
}

/// The other kinds mean that the file disagrees with itself.
fn is_of_the_system(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{InvalidData, UnexpectedEof};
    !matches!(error.kind(), InvalidData | UnexpectedEof)
}

fn number_type(dtype: DType) -> NumberType {
    match dtype {
        DType::F64 => NumberType::F64,
        DType::F32 => NumberType::F32,
        DType::F16 => NumberType::F16,
        DType::BF16 => NumberType::Bf16,
        DType::Bool => NumberType::Other("bool"),
        DType::U8 => NumberType::Other("u8"),
        DType::I8 => NumberType::Other("i8"),
        DType::I16 => NumberType::Other("i16"),
        DType::U16 => NumberType::Other("u16"),
        DType::I32 => NumberType::Other("i32"),
        DType::U32 => NumberType::Other("u32"),
        DType::I64 => NumberType::Other("i64"),
        DType::U64 => NumberType::Other("u64"),
    }
}

fn wrong(path: &Path, reason: String) -> WeightsError {
    WeightsError::Header { file: path.to_owned(), reason }
}
