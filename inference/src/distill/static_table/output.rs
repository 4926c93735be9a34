//! The folder of a finished table: `vocab.txt`, `table.safetensors` and `model.json`, which says
//! from what it was made.

use super::{StaticOptions, StaticStudent};
use crate::catalog::{MANIFEST, Manifest, ManifestFile, ModelKind, sha256_of};
use crate::distill::error::DistillError;
use crate::error::Result;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The name under which the folder can be taken into the registry.
const NAME: &str = "bilingual";
/// What the table is made from asks for it.
const LICENCE: &str = "CC-BY-SA-4.0";

/// What `model.json` holds besides what every model's does.
#[derive(Debug, Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    manifest: Manifest,
    distillation: Distillation<'a>,
}

#[derive(Debug, Serialize)]
struct Distillation<'a> {
    inputs: &'a [ManifestFile],
    seed: u64,
    steps: usize,
    rows: usize,
    variance_kept: f32,
    losses: std::collections::BTreeMap<&'static str, f32>,
}

impl StaticStudent {
    /// Writes the folder. `inputs` are the files it was made from; `created_at` in seconds since
    /// 1970.
    ///
    /// # Errors
    /// [`DistillError::Write`], or what of the inputs cannot be read for its hash.
    pub fn write(
        &self,
        folder: &Path,
        inputs: &[PathBuf],
        options: &StaticOptions,
        created_at: i64,
    ) -> Result<()> {
        write(folder, "vocab.txt", self.vocabulary.as_bytes())?;
        write(folder, "table.safetensors", self.table.file())?;
        let inputs: Vec<ManifestFile> =
            inputs.iter().map(|path| file(path)).collect::<Result<_>>()?;
        let outputs = ["table.safetensors", "vocab.txt"].map(|name| file(&folder.join(name)));
        let report = Report {
            manifest: Manifest {
                name: NAME.to_owned(),
                version: 1,
                kind: ModelKind::StaticEncoder,
                source: "autoglm distill static".to_owned(),
                licence: LICENCE.to_owned(),
                prefix: String::new(),
                notes: "English and Chinese words in one space".to_owned(),
                created_at,
                files: outputs.into_iter().collect::<Result<_>>()?,
            },
            distillation: Distillation {
                inputs: &inputs,
                seed: options.training.seed,
                steps: options.training.steps,
                rows: self.table.rows(),
                variance_kept: self.variance_kept,
                losses: self.losses.iter().copied().collect(),
            },
        };
        let text = serde_json::to_string_pretty(&report).unwrap_or_default();
        write(folder, MANIFEST, text.as_bytes())
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = folder.join(name);
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, bytes));
    Ok(written.map_err(|source| DistillError::Write { path, source })?)
}

/// Name without folder, size and hash.
fn file(path: &Path) -> Result<ManifestFile> {
    let (bytes, sha256) = sha256_of(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(ManifestFile { path: name, bytes, sha256 })
}
