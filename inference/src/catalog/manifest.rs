//! `model.json`: what a model is, where it came from, and its files with their hashes.

use super::MANIFEST;
use crate::error::{Error, Result};
use crate::model::ModelId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Bytes of a manifest.
const MANIFEST_BYTES_MAX: u64 = 4 << 20;
/// Characters of a name: it is a folder's name and part of every understanding.
const NAME_MAX: usize = 60;
/// Files of a model, in its folder and one level below.
const FILES_MAX: usize = 2_000;
/// Read at a time for hashing.
const BUFFER_BYTES: usize = 1 << 20;

/// What sort of model it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// One row for each word; see [`crate::StaticEncoder`].
    StaticEncoder,
    /// A transformer that makes vectors.
    Encoder,
    /// A transformer that writes text.
    Decoder,
    /// Topics learned from labels.
    Classifier,
}

impl ModelKind {
    /// As it is written in a manifest.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StaticEncoder => "static_encoder",
            Self::Encoder => "encoder",
            Self::Decoder => "decoder",
            Self::Classifier => "classifier",
        }
    }
}

/// A file of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Within the model's folder, with `/`.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

/// What a model is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// From 1.
    pub version: u32,
    /// What sort.
    pub kind: ModelKind,
    /// Where it came from: a repository with revision, a folder, or a distillation.
    #[serde(default)]
    pub source: String,
    /// As its source states it.
    #[serde(default)]
    pub licence: String,
    /// Written before each text, such as `query: ` for the e5 family.
    #[serde(default)]
    pub prefix: String,
    /// For people.
    #[serde(default)]
    pub notes: String,
    /// Seconds since 1970.
    #[serde(default)]
    pub created_at: i64,
    /// Everything in its folder but the manifest.
    #[serde(default)]
    pub files: Vec<ManifestFile>,
}

impl Manifest {
    /// Name and version together.
    #[must_use]
    pub fn id(&self) -> ModelId {
        ModelId::new(&self.name, self.version)
    }

    /// The size of all its files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    pub(super) fn read(path: &Path) -> Result<Self> {
        let wrap = |source| Error::ReadModel { path: path.to_owned(), source };
        let invalid =
            |reason: String| Error::InvalidModel { model: path.display().to_string(), reason };
        let mut text = String::new();
        let file = File::open(path).map_err(wrap)?;
        file.take(MANIFEST_BYTES_MAX).read_to_string(&mut text).map_err(wrap)?;
        let manifest: Self = serde_json::from_str(&text)
            .map_err(|error| invalid(format!("it is no manifest of a model: {error}")))?;
        manifest.check()?;
        Ok(manifest)
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        std::fs::write(path, text)
            .map_err(|source| Error::WriteModel { path: path.to_owned(), source })
    }

    pub(super) fn check(&self) -> Result<()> {
        check_name(&self.name)?;
        let strange = self.files.iter().find(|file| !is_inside(&file.path));
        match strange {
            Some(file) => Err(Error::InvalidModel {
                model: self.id().to_string(),
                reason: format!("the path {:?} leads out of its folder", file.path),
            }),
            None => Ok(()),
        }
    }
}

/// A model's name is a folder's name and is shown to people.
pub(super) fn check_name(name: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let good = (1..=NAME_MAX).contains(&name.len()) && name.chars().all(allowed);
    if good && name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(Error::InvalidModel {
        model: format!("{name:?}"),
        reason: format!(
            "a model's name has 1 to {NAME_MAX} letters, digits, `-`, `_` or `.`, \
             and begins with a letter or digit"
        ),
    })
}

/// Whether a path of a manifest or a hub stays within its folder.
pub(super) fn is_inside(path: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', ':', '\0'])
    };
    !path.is_empty() && path.len() <= 300 && path.split('/').all(part)
}

/// Size and hash of a file.
///
/// # Errors
/// [`Error::ReadModel`].
pub fn sha256_of(path: &Path) -> Result<(u64, String)> {
    let wrap = |source| Error::ReadModel { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(wrap)?;
    let (mut hasher, mut bytes) = (Sha256::new(), 0_u64);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read = file.read(&mut buffer).map_err(wrap)?;
        if read == 0 {
            break;
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
    Ok((bytes, hex(&hasher.finalize())))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// Every file of a folder and its subfolders, by path; the manifest is none of them.
pub(super) fn files_of(folder: &Path) -> Result<Vec<ManifestFile>> {
    let mut files = Vec::new();
    let mut open = vec![(folder.to_owned(), String::new())];
    while let Some((folder, prefix)) = open.pop() {
        let wrap = |source| Error::ReadModel { path: folder.clone(), source };
        for entry in std::fs::read_dir(&folder).map_err(wrap)? {
            let entry = entry.map_err(wrap)?;
            let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                open.push((entry.path(), format!("{path}/")));
            } else if path != MANIFEST {
                let (bytes, sha256) = sha256_of(&entry.path())?;
                files.push(ManifestFile { path, bytes, sha256 });
            }
            if files.len() > FILES_MAX {
                return Err(Error::InvalidModel {
                    model: folder.display().to_string(),
                    reason: format!("it has over {FILES_MAX} files"),
                });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}
