//! Which files of a folder hold the weights: one file, or the shards an index lists.

use super::WeightsError;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The names makers publish under, whole before sharded, safetensors before PyTorch.
const NAMES: [&str; 4] = [
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
];
/// Bytes an index may have; that of the largest model we know has one megabyte.
const INDEX_BYTES_MAX: u64 = 32 << 20;
/// Shards a model may have.
const SHARDS_MAX: usize = 1024;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The files to open.
    pub(super) files: Vec<PathBuf>,
    /// Tensor to the file in which an index says it is; empty without an index.
    pub(super) promised: BTreeMap<String, PathBuf>,
}

/// The part of an index we need.
#[derive(Debug, Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Whether a file is to be read as safetensors; otherwise it is PyTorch's.
pub(super) fn is_safetensors(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "safetensors")
}

/// Finds the files of a folder, without opening those with weights.
pub(super) fn find(folder: &Path) -> Result<Found, WeightsError> {
    let Some(path) = NAMES.iter().map(|name| folder.join(name)).find(|path| path.is_file()) else {
        let (folder, expected) = (folder.to_owned(), NAMES.join(", "));
        return Err(WeightsError::NoFile { folder, expected });
    };
    if path.extension().is_some_and(|extension| extension == "json") {
        return shards(folder, &path);
    }
    Ok(Found { files: vec![path], promised: BTreeMap::new() })
}

fn shards(folder: &Path, path: &Path) -> Result<Found, WeightsError> {
    let index = read_index(path)?;
    let names: BTreeSet<&str> = index.weight_map.values().map(String::as_str).collect();
    if names.is_empty() || names.len() > SHARDS_MAX {
        return Err(header(path, format!("it lists {} shards", names.len())));
    }
    if let Some(name) = names.iter().find(|name| !is_plain_name(name)) {
        return Err(header(path, format!("it names {name:?}, which is no file beside it")));
    }
    let files = names.iter().map(|name| folder.join(name)).collect();
    let promised =
        index.weight_map.into_iter().map(|(tensor, name)| (tensor, folder.join(name))).collect();
    Ok(Found { files, promised })
}

fn read_index(path: &Path) -> Result<Index, WeightsError> {
    let read = |source| WeightsError::Read { file: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(read)?;
    let mut text = Vec::new();
    file.take(INDEX_BYTES_MAX + 1).read_to_end(&mut text).map_err(read)?;
    if text.len() as u64 > INDEX_BYTES_MAX {
        return Err(header(path, format!("the index is longer than {INDEX_BYTES_MAX} bytes")));
    }
    serde_json::from_slice(&text).map_err(|error| header(path, error.to_string()))
}

/// A shard lies beside its index and nowhere else.
fn is_plain_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!(parts.next(), Some(std::path::Component::Normal(_)))
        && parts.next().is_none()
        && !name.contains(['/', '\\'])
}

fn header(path: &Path, reason: String) -> WeightsError {
    WeightsError::Header { file: path.to_owned(), reason }
}
