//! Brings models into the folder of models: from a hub, resumable and checked, or from a folder.

use crate::config::Config;
use anyhow::{Context, Result, bail};
use autoglm_feeds::{
    DownloadError, DownloadPart, FetchError, FetchRequest, Fetched, GuardedClient,
    install_crypto_provider,
};
use autoglm_inference::catalog::{
    HubFile, HubRepository, detect_kind, parse_listing, sha256_of, wanted,
};
use autoglm_inference::{Catalog, CatalogEntry, Manifest};
use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Attempts for one file; each goes on where the last one ended.
const ATTEMPTS: u32 = 6;
/// Whole files of another content that are taken before the hub is not believed any more.
const WRONG_MAX: u32 = 2;
/// The first pause between attempts; doubled each time.
const PAUSE: Duration = Duration::from_secs(1);
/// A model larger than this is not for one node.
const MODEL_BYTES_MAX: u64 = 512 << 30;

/// The folder of models of a configuration.
#[must_use]
pub fn catalog(config: &Config) -> Catalog {
    let chosen = &config.understanding.models_directory;
    Catalog::new(if chosen.is_empty() {
        PathBuf::from(&config.node.data_directory).join("models")
    } else {
        PathBuf::from(chosen)
    })
}

/// What a model is to be called, and what cannot be told by its files.
#[derive(Debug, Clone, Default)]
pub struct Naming {
    /// `None` takes the repository's or the folder's name.
    pub name: Option<String>,
    /// Written before each text, such as `query: `.
    pub prefix: String,
}

/// How far a pull is.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The file at hand.
    pub path: String,
    /// Bytes of the whole model that are there.
    pub done: u64,
    /// Bytes of the whole model.
    pub all: u64,
}

/// Pulls a model from the hub. An attempt that was interrupted is gone on with.
///
/// # Errors
/// When the hub does not have it, a file cannot be had after several attempts, or its hash differs.
pub async fn pull(
    config: &Config,
    repository: &str,
    naming: &Naming,
    mut progress: impl FnMut(&Progress),
) -> Result<CatalogEntry> {
    install_crypto_provider();
    let client = GuardedClient::new(&crate::node::client_config(config))?;
    let repository = HubRepository::parse(&config.understanding.hub, repository)?;
    let files = listing(&client, &repository).await?;
    let all: u64 = files.iter().map(|file| file.bytes).sum();
    if all > MODEL_BYTES_MAX {
        bail!("{} has {all} bytes; at most {MODEL_BYTES_MAX} are pulled", repository.source());
    }
    let catalog = catalog(config);
    let name = naming.name.clone().unwrap_or_else(|| repository.model_name());
    let staging = catalog.staging(&name)?;
    let mut before = 0;
    for file in &files {
        let mut tell = |bytes: u64| {
            progress(&Progress { path: file.path.clone(), done: before + bytes, all });
        };
        one_file(&client, &repository, file, &staging.join(&file.path), &mut tell).await?;
        before += file.bytes;
    }
    adopt(&catalog, &staging, &name, repository.source(), naming)
}

/// Copies a folder of files in.
///
/// # Errors
/// When it is no model, or cannot be read or written.
pub fn add(config: &Config, folder: &Path, naming: &Naming) -> Result<CatalogEntry> {
    detect_kind(folder)?;
    let catalog = catalog(config);
    let own = folder.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = naming.name.clone().unwrap_or(own);
    let staging = catalog.staging(&name)?;
    copy_all(folder, &staging)
        .with_context(|| format!("cannot copy {} to {}", folder.display(), staging.display()))?;
    let source = folder.canonicalize().unwrap_or_else(|_gone| folder.to_owned());
    adopt(&catalog, &staging, &name, source.display().to_string(), naming)
}

fn adopt(
    catalog: &Catalog,
    staging: &Path,
    name: &str,
    source: String,
    naming: &Naming,
) -> Result<CatalogEntry> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let manifest = Manifest {
        name: name.to_owned(),
        version: catalog.next_version(name)?,
        kind: detect_kind(staging)?,
        source,
        licence: String::new(),
        prefix: naming.prefix.clone(),
        notes: String::new(),
        created_at: i64::try_from(since.as_secs()).unwrap_or_default(),
        files: Vec::new(),
    };
    autoglm_inference::catalog::prepare(staging, &manifest)?;
    Ok(catalog.adopt(staging, manifest)?)
}

async fn listing(client: &GuardedClient, repository: &HubRepository) -> Result<Vec<HubFile>> {
    let url = repository.listing_url();
    let request = FetchRequest { accept: "application/json", ..FetchRequest::feed(&url) };
    let fetched = client.fetch(&request).await;
    let fetched = fetched.with_context(|| {
        format!("cannot list the files of {}; check its name and the hub", repository.source())
    })?;
    let Fetched::Body { body, .. } = fetched else {
        bail!("the hub answered {url} without a list");
    };
    let files = wanted(&parse_listing(&body, repository)?);
    if files.is_empty() {
        bail!("{} has no file this product reads", repository.source());
    }
    Ok(files)
}

/// One file, in several attempts if need be; what was there already is kept when it is right.
async fn one_file(
    client: &GuardedClient,
    repository: &HubRepository,
    file: &HubFile,
    path: &Path,
    progress: &mut impl FnMut(u64),
) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let url = repository.file_url(&file.path);
    let (mut pause, mut wrong) = (PAUSE, 0);
    for attempt in 1..=ATTEMPTS {
        let there = std::fs::metadata(path).map_or(0, |data| data.len());
        if there == file.bytes && is_right(file, path)? {
            progress(file.bytes);
            return Ok(());
        }
        match attempt_file(client, &url, file, path, progress).await {
            Ok(()) => {}
            Err(DownloadError::Fetch(error)) if attempt < ATTEMPTS && may_pass(&error) => {
                tracing::warn!(%error, attempt, "the download of {url} broke off; going on");
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            Err(error) => return Err(error).with_context(|| format!("cannot pull {url}")),
        }
        let there = std::fs::metadata(path).map_or(0, |data| data.len());
        if there >= file.bytes && !is_right(file, path)? {
            // Once more in full: a proxy may have spoilt it. Not more often: it may be gigabytes.
            std::fs::remove_file(path).unwrap_or_default();
            wrong += 1;
            if wrong == WRONG_MAX {
                break;
            }
        }
    }
    bail!("{url} did not come as the hub announced it ({} bytes); pull again later", file.bytes)
}

/// Whether another attempt may help.
fn may_pass(error: &FetchError) -> bool {
    !matches!(error.status(), Some(400..=499))
        && error.cause() != autoglm_domain::FailureCause::Forbidden
}

fn is_right(file: &HubFile, path: &Path) -> Result<bool> {
    let (bytes, sha256) = sha256_of(path)?;
    Ok(bytes == file.bytes && file.sha256.as_ref().is_none_or(|expected| *expected == sha256))
}

async fn attempt_file(
    client: &GuardedClient,
    url: &str,
    file: &HubFile,
    path: &Path,
    progress: &mut impl FnMut(u64),
) -> Result<(), DownloadError> {
    let mut out = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    let there = out.metadata()?.len();
    // More than there should be is another file's rest.
    let from = if there < file.bytes { there } else { 0 };
    let mut position = from;
    let download = client.download(url, from, file.bytes, |part| {
        match part {
            DownloadPart::From(start) => position = restart(&mut out, start)?,
            DownloadPart::Bytes(bytes) => {
                out.write_all(bytes)?;
                position += bytes.len() as u64;
                progress(position);
            }
        }
        Ok(())
    });
    download.await?;
    Ok(out.sync_all()?)
}

/// What follows `start` is written anew.
fn restart(out: &mut File, start: u64) -> std::io::Result<u64> {
    out.set_len(start)?;
    out.seek(SeekFrom::Start(start))
}

/// Copies files and one level of folders after another; links are followed.
fn copy_all(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_all(&source, &target)?;
        } else if entry.file_name() != autoglm_inference::catalog::MANIFEST {
            std::fs::copy(&source, &target)?;
        }
    }
    Ok(())
}
