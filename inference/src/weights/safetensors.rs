//! A safetensors file: its header once, then each tensor by its place in the file.

use super::{NumberType, WeightsError};
use safetensors::tensor::{Dtype, Metadata};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The header's length comes first, in this many bytes.
const LENGTH_BYTES: u64 = 8;
/// Bytes a header may have; the largest we know has two megabytes.
const HEADER_BYTES_MAX: u64 = 64 << 20;

/// A file whose header was read and agrees with its length.
#[derive(Debug)]
pub(super) struct SafetensorsFile {
    path: PathBuf,
    /// Reading moves the place in the file, so one tensor is read at a time.
    file: Mutex<File>,
    /// Where the numbers begin.
    start: u64,
    metadata: Metadata,
}

impl SafetensorsFile {
    pub(super) fn open(path: &Path) -> Result<Self, WeightsError> {
        let unreadable = |source| WeightsError::Read { file: path.to_owned(), source };
        let mut file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let header_length = header_length(path, &mut file, length)?;
        let mut header = Vec::new();
        (&mut file).take(header_length).read_to_end(&mut header).map_err(unreadable)?;
        let metadata: Metadata = serde_json::from_slice(&header)
            .map_err(|error| wrong(path, format!("its header is not understood ({error})")))?;
        let start = LENGTH_BYTES + header_length;
        let expected = start.saturating_add(metadata.data_len() as u64);
        if expected != length {
            return Err(WeightsError::Length { file: path.to_owned(), expected, found: length });
        }
        Ok(Self { path: path.to_owned(), file: Mutex::new(file), start, metadata })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.metadata.offset_keys()
    }

    pub(super) fn describe(&self, name: &str) -> Option<(NumberType, &[usize])> {
        self.metadata.info(name).map(|info| (number_type(info.dtype), info.shape.as_slice()))
    }

    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, WeightsError> {
        let Some(info) = self.metadata.info(name) else {
            let (file, tensor) = (self.path.clone(), name.to_owned());
            return Err(WeightsError::Missing { file, tensor });
        };
        let (from, to) = info.data_offsets;
        // The header was checked against the file's length, so this much is there to be read.
        let mut bytes = vec![0; to - from];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.start + from as u64))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|source| WeightsError::Read { file: self.path.clone(), source })?;
        Ok(bytes)
    }
}

fn header_length(path: &Path, file: &mut File, length: u64) -> Result<u64, WeightsError> {
    let mut bytes = [0; LENGTH_BYTES as usize];
    if length < LENGTH_BYTES {
        let file = path.to_owned();
        return Err(WeightsError::Length { file, expected: LENGTH_BYTES, found: length });
    }
    file.read_exact(&mut bytes)
        .map_err(|source| WeightsError::Read { file: path.to_owned(), source })?;
    let header = u64::from_le_bytes(bytes);
    if header > HEADER_BYTES_MAX {
        return Err(wrong(
            path,
            format!("its header has {header} bytes; {HEADER_BYTES_MAX} at most are read"),
        ));
    }
    if header > length - LENGTH_BYTES {
        let (file, expected) = (path.to_owned(), LENGTH_BYTES + header);
        return Err(WeightsError::Length { file, expected, found: length });
    }
    Ok(header)
}

fn number_type(dtype: Dtype) -> NumberType {
    match dtype {
        Dtype::F64 => NumberType::F64,
        Dtype::F32 => NumberType::F32,
        Dtype::F16 => NumberType::F16,
        Dtype::BF16 => NumberType::Bf16,
        Dtype::BOOL => NumberType::Other("bool"),
        Dtype::U8 => NumberType::Other("u8"),
        Dtype::I8 => NumberType::Other("i8"),
        Dtype::I16 => NumberType::Other("i16"),
        Dtype::U16 => NumberType::Other("u16"),
        Dtype::I32 => NumberType::Other("i32"),
        Dtype::U32 => NumberType::Other("u32"),
        Dtype::I64 => NumberType::Other("i64"),
        Dtype::U64 => NumberType::Other("u64"),
        Dtype::F8_E5M2 | Dtype::F8_E4M3 | Dtype::F8_E8M0 => NumberType::Other("f8"),
        _ => NumberType::Other("a packed or complex type"),
    }
}

fn wrong(path: &Path, reason: String) -> WeightsError {
    WeightsError::Header { file: path.to_owned(), reason }
}
