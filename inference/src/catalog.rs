//! The folder of models on this node: one subfolder `name-version` each, with its files and a manifest.
//!
//! A model comes in whole or not at all: it is written beside the folder's models, checked, and
//! renamed into place; versions are never changed afterwards, only removed.

mod detect;
mod hub;
mod manifest;
mod prepare;

pub use detect::detect_kind;
pub use hub::{HubFile, HubRepository, parse_listing, wanted};
pub use manifest::{Manifest, ManifestFile, ModelKind, sha256_of};
pub use prepare::prepare;

use crate::error::{Error, Result};
use crate::model::ModelId;
use std::path::{Path, PathBuf};

/// The manifest's file name.
pub const MANIFEST: &str = "model.json";
/// Folders of models that are not finished begin so; they are never listed.
const STAGING: &str = ".incoming-";
/// Models in one folder at most; more are not listed.
const MODELS_MAX: usize = 1_000;

/// One model in the folder.
#[derive(Debug, Clone)]
pub struct CatalogEntry {
    /// Where its files are.
    pub folder: PathBuf,
    /// What it is.
    pub manifest: Manifest,
}

/// A folder of models.
#[derive(Debug, Clone)]
pub struct Catalog {
    folder: PathBuf,
}

impl Catalog {
    /// The models of a folder, which need not exist yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Every model by name and version; for a subfolder that is none, why.
    ///
    /// # Errors
    /// [`Error::ReadModel`] when the folder cannot be read. A folder that is missing has no model.
    pub fn list(&self) -> Result<Vec<Result<CatalogEntry>>> {
        let wrap = |source| Error::ReadModel { path: self.folder.clone(), source };
        let folders = match std::fs::read_dir(&self.folder) {
            Ok(folders) => folders,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(wrap(error)),
        };
        let mut names = Vec::new();
        for entry in folders.take(MODELS_MAX) {
            let entry = entry.map_err(wrap)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_dir() && !name.starts_with('.') {
                names.push(name);
            }
        }
        names.sort();
        Ok(names.iter().map(|name| Self::entry(&self.folder.join(name))).collect())
    }

    /// The model of this name and version.
    ///
    /// # Errors
    /// [`Error::AbsentModel`] naming those there are, or why its manifest cannot be used.
    pub fn get(&self, id: &ModelId) -> Result<CatalogEntry> {
        let folder = self.folder.join(id.to_string());
        if folder.join(MANIFEST).is_file() {
            return Self::entry(&folder);
        }
        let known = self.list()?.into_iter().flatten().map(|entry| entry.manifest.id().to_string());
        Err(Error::AbsentModel {
            model: id.to_string(),
            folder: self.folder.clone(),
            known: known.collect::<Vec<_>>().join(", "),
        })
    }

    fn entry(folder: &Path) -> Result<CatalogEntry> {
        let manifest = Manifest::read(&folder.join(MANIFEST))?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        if manifest.id().to_string() != name {
            return Err(Error::InvalidModel {
                model: folder.display().to_string(),
                reason: format!(
                    "its manifest names {}; rename the folder or mend the manifest",
                    manifest.id()
                ),
            });
        }
        Ok(CatalogEntry { folder: folder.to_owned(), manifest })
    }

    /// The first version of a name that is free.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn next_version(&self, name: &str) -> Result<u32> {
        let known = self.list()?.into_iter().flatten().map(|entry| entry.manifest);
        let newest = known.filter(|known| known.name == name).map(|known| known.version).max();
        Ok(newest.map_or(1, |version| version.saturating_add(1)))
    }

    /// An unfinished model's folder, made when it is missing; what an interrupted attempt left in
    /// it is still there.
    ///
    /// # Errors
    /// [`Error::WriteModel`].
    pub fn staging(&self, name: &str) -> Result<PathBuf> {
        manifest::check_name(name)?;
        let path = self.folder.join(format!("{STAGING}{name}"));
        match std::fs::create_dir_all(&path) {
            Ok(()) => Ok(path),
            Err(source) => Err(Error::WriteModel { path, source }),
        }
    }

    /// Takes a finished folder in: writes its manifest, with size and hash of every file in it,
    /// and moves it into place.
    ///
    /// # Errors
    /// [`Error::DuplicateVersion`], or when a file cannot be read or written.
    pub fn adopt(&self, staging: &Path, mut manifest: Manifest) -> Result<CatalogEntry> {
        manifest.check()?;
        let folder = self.folder.join(manifest.id().to_string());
        if folder.exists() {
            return Err(Error::DuplicateVersion { model: manifest.id().to_string(), folder });
        }
        manifest.files = manifest::files_of(staging)?;
        manifest.write(&staging.join(MANIFEST))?;
        std::fs::rename(staging, &folder)
            .map_err(|source| Error::WriteModel { path: folder.clone(), source })?;
        Ok(CatalogEntry { folder, manifest })
    }

    /// Deletes a model.
    ///
    /// # Errors
    /// [`Error::AbsentModel`], or when its files cannot be deleted.
    pub fn remove(&self, id: &ModelId) -> Result<()> {
        let entry = self.get(id)?;
        // Renamed first, so that a half-deleted model is never found.
        let doomed = self.folder.join(format!("{STAGING}removed-{id}"));
        let wrap = |source| Error::WriteModel { path: entry.folder.clone(), source };
        std::fs::rename(&entry.folder, &doomed).map_err(wrap)?;
        std::fs::remove_dir_all(&doomed).map_err(wrap)
    }
}

impl CatalogEntry {
    /// Compares every file with its size and hash in the manifest. Reads all of them.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] naming the first file that differs or is missing.
    pub fn verify(&self) -> Result<()> {
        for file in &self.manifest.files {
            let (bytes, sha256) = sha256_of(&self.folder.join(&file.path))?;
            if bytes != file.bytes || sha256 != file.sha256 {
                return Err(Error::InvalidModel {
                    model: self.manifest.id().to_string(),
                    reason: format!(
                        "{} has {bytes} bytes and SHA-256 {sha256}; expected {} and {}; \
                         remove the model and pull it again",
                        file.path, file.bytes, file.sha256
                    ),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
