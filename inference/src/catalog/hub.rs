//! The layout of a model hub (that of Hugging Face, which mirrors follow), without the network.
//!
//! A listing (`/api/models/{repository}/tree/{revision}?recursive=true`) names files with sizes and,
//! for large ones, the SHA-256 of their content; a file is at `/{repository}/resolve/{revision}/{path}`.

use super::manifest::is_inside;
use crate::error::{Error, Result};
use serde::Deserialize;

/// Files of a listing that are looked at.
const LISTED_MAX: usize = 10_000;

/// A repository on a hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubRepository {
    base: String,
    name: String,
    revision: String,
}

impl HubRepository {
    /// `name` is `owner/model`, with `@revision` when another than `main` is wanted.
    ///
    /// # Errors
    /// [`Error::InvalidModel`] for a name of another form.
    pub fn parse(base: &str, name: &str) -> Result<Self> {
        let (path, revision) = name.split_once('@').unwrap_or((name, "main"));
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        let parts = path.split('/').count();
        let good = |text: &str| is_inside(text) && text.chars().all(allowed);
        if good(path) && good(revision) && (1..=2).contains(&parts) {
            let base = base.trim_end_matches('/').to_owned();
            return Ok(Self { base, name: path.to_owned(), revision: revision.to_owned() });
        }
        Err(Error::InvalidModel {
            model: format!("{name:?}"),
            reason: "a repository is named owner/model or owner/model@revision".to_owned(),
        })
    }

    /// Where its files are listed.
    #[must_use]
    pub fn listing_url(&self) -> String {
        let Self { base, name, revision } = self;
        format!("{base}/api/models/{name}/tree/{revision}?recursive=true")
    }

    /// Where a file is.
    #[must_use]
    pub fn file_url(&self, path: &str) -> String {
        let Self { base, name, revision } = self;
        format!("{base}/{name}/resolve/{revision}/{path}")
    }

    /// A name for the model when none is given: the repository's own, in lower case.
    #[must_use]
    pub fn model_name(&self) -> String {
        let own = self.name.rsplit('/').next().unwrap_or_default();
        own.chars().take(50).collect::<String>().to_lowercase()
    }

    /// As it is written into a manifest.
    #[must_use]
    pub fn source(&self) -> String {
        format!("{}/{}@{}", self.base, self.name, self.revision)
    }
}

/// A file a hub offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubFile {
    /// Within the repository.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Of its content, for files in large file storage.
    pub sha256: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    lfs: Option<LargeFile>,
}

#[derive(Deserialize)]
struct LargeFile {
    #[serde(default)]
    oid: String,
    #[serde(default)]
    size: u64,
}

/// Reads a listing. Entries that are no files, or whose path leads elsewhere, are left out.
///
/// # Errors
/// [`Error::InvalidModel`] for anything but a list.
pub fn parse_listing(json: &[u8], repository: &HubRepository) -> Result<Vec<HubFile>> {
    let listed: Vec<Listed> =
        serde_json::from_slice(json).map_err(|error| Error::InvalidModel {
            model: repository.source(),
            reason: format!("the hub did not answer with a list of files: {error}"),
        })?;
    let file = |one: Listed| {
        let (bytes, sha256) = match one.lfs {
            Some(large) => {
                let is_hash =
                    large.oid.len() == 64 && large.oid.bytes().all(|b| b.is_ascii_hexdigit());
                (large.size.max(one.size), is_hash.then(|| large.oid.to_lowercase()))
            }
            None => (one.size, None),
        };
        HubFile { path: one.path, bytes, sha256 }
    };
    Ok(listed
        .into_iter()
        .take(LISTED_MAX)
        .filter(|one| one.kind == "file" && is_inside(&one.path))
        .map(file)
        .collect())
}

/// The files this product reads: safetensors rather than PyTorch's weights where both are there,
/// configuration, tokenizers and pooling; not ONNX, TensorFlow, pictures or code.
#[must_use]
pub fn wanted(files: &[HubFile]) -> Vec<HubFile> {
    let in_root = |path: &str| !path.contains('/');
    let has_safetensors =
        files.iter().any(|file| in_root(&file.path) && file.path.ends_with(".safetensors"));
    let is_weight = |path: &str| match path.rsplit('.').next() {
        Some("safetensors") => true,
        Some("bin") => !has_safetensors && path.starts_with("pytorch_model"),
        _ => false,
    };
    const NAMES: [&str; 6] = [
        "vocab.txt",
        "tokenizer.model",
        "ice_text.model",
        "sentencepiece.bpe.model",
        "chat_template.jinja",
        "LICENSE",
    ];
    files
        .iter()
        .filter(|file| {
            let path = file.path.as_str();
            let settings = path.ends_with(".json")
                && (in_root(path) || path == "1_Pooling/config.json")
                && !path.starts_with("onnx");
            settings || (in_root(path) && (is_weight(path) || NAMES.contains(&path)))
        })
        .cloned()
        .collect()
}
