//! What must be there before the actors start: port, folder, database, first rows, operator's token.

use super::access::LOCAL_READER;
use crate::config::{Config, SourceConfig};
use crate::{guide, topics_file};
use anyhow::{Context, Result, bail};
use autoglm_domain::{Language, Private, ReaderId, SourceKind, SourceSettings, SystemClock};
use autoglm_models::{DatabaseConfig, NewSource, SourceOrigin, Store, TopicListOrigin};
use futures_util::StreamExt as _;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Rows written at the same time, so that they share commits.
const TOGETHER: usize = 64;

/// Opens the port.
///
/// # Errors
/// Says which port and how to choose another.
pub(super) async fn listen(bind: SocketAddr) -> Result<TcpListener> {
    match TcpListener::bind(bind).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "port {} on {} is in use by another program; choose another with --bind {}:{} or \
             server.bind in config.yaml",
            bind.port(),
            bind.ip(),
            bind.ip(),
            bind.port().saturating_add(1),
        ),
        Err(error) => {
            Err(error).with_context(|| format!("cannot listen on {bind}; see server.bind"))
        }
    }
}

/// Opens the database, making its folder, and brings the schema up to date.
///
/// # Errors
/// A folder that cannot be made or written, a second process on it, a server that does not answer.
pub async fn open_store(config: &Config) -> Result<Store> {
    let folder = &config.node.data_directory;
    let hint = "choose a folder you may write with --data or node.data_directory";
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the data folder {}; {hint}", folder.display()))?;
    let probe = folder.join(".write-test");
    std::fs::write(&probe, b"")
        .and_then(|()| std::fs::remove_file(&probe))
        .with_context(|| format!("cannot write in the data folder {}; {hint}", folder.display()))?;
    let database = DatabaseConfig {
        read_connections: config.database.read_connections,
        write_queue_max: 4_096,
        ..DatabaseConfig::for_url(config.database_url())
    };
    let store = Store::open(&database, Arc::new(SystemClock)).await?;
    store.migrate().await?;
    Ok(store)
}

/// The local reader, the built-in source, the configured list of topics and the configured sources.
pub(super) async fn first_rows(store: &Store, config: &Config) -> Result<()> {
    let reader = store.ensure_local_reader().await?;
    debug_assert_eq!(reader.id, LOCAL_READER);
    let built_in = NewSource {
        kind: SourceKind::BuiltIn,
        url: guide::GUIDE_URL.to_owned(),
        settings: SourceSettings::default(),
        private: None,
        title: guide::GUIDE_TITLE.to_owned(),
        interval: Duration::from_secs(config.fetch.interval_seconds),
        origin: SourceOrigin::Config,
    };
    add(store, built_in, String::new()).await?;
    let file = &config.understanding.topics_file;
    let topics = (!file.is_empty()).then(|| topics_file::read(Path::new(file))).transpose()?;
    store.save_topic_list(TopicListOrigin::Config, topics).await?;
    let rows = config.sources.iter().map(|source| add_configured(store, config, source));
    let mut rows = futures_util::stream::iter(rows).buffer_unordered(TOGETHER);
    while let Some(row) = rows.next().await {
        row?;
    }
    Ok(())
}

async fn add_configured(store: &Store, config: &Config, source: &SourceConfig) -> Result<()> {
    let request = source.checked_request()?;
    let new = NewSource {
        kind: source.source_kind()?,
        url: source.url.clone(),
        settings: source.settings.clone(),
        private: (!request.is_empty()).then_some(Private { owner: LOCAL_READER, request }),
        title: source.title.clone(),
        interval: config.interval_of(source),
        origin: SourceOrigin::Config,
    };
    let is_private = new.private.is_some();
    let created = add(store, new, source.folder.clone()).await?;
    if created && is_private {
        leave_shared(store, &source.url).await?;
    }
    Ok(())
}

/// Whoever writes `request` to a source of the configuration means that source, not a second one.
async fn leave_shared(store: &Store, url: &str) -> Result<()> {
    let rows = store.subscriptions(LOCAL_READER).await?;
    let shared = rows.into_iter().map(|row| row.source);
    for source in shared.filter(|source| source.url == url && source.private.is_none()) {
        store.unsubscribe(LOCAL_READER, source.id).await?;
        if store.subscriber_ids(source.id).await?.is_empty() {
            store.remove_source(source.id).await?;
        }
    }
    Ok(())
}

/// Adds a source and subscribes the local reader, unless a person has removed it; answers whether
/// it is new.
async fn add(store: &Store, new: NewSource, folder: String) -> Result<bool> {
    let added = store.add_source(new).await?;
    // A crash between the two writes leaves a source without any reader: subscribe then, too.
    let orphan =
        !added.created && !added.removed && store.subscriber_ids(added.source.id).await?.is_empty();
    if added.created || orphan {
        let folder = (!folder.is_empty()).then_some(folder);
        store.subscribe(LOCAL_READER, added.source.id, folder, None).await?;
    }
    Ok(added.created)
}

/// A reader of this name who follows every source that is everybody's.
pub(super) async fn ensure_reader(
    store: &Store,
    name: &str,
    language: Language,
) -> Result<ReaderId> {
    let known = store.readers().await?.into_iter().find(|reader| reader.name == name);
    let reader = match known {
        Some(reader) => reader,
        None => store.add_reader(name, language).await?,
    };
    let sources = store.active_sources().await?;
    let shared = sources.iter().filter(|(source, _)| source.private.is_none());
    let rows = shared.map(|(source, _)| store.subscribe(reader.id, source.id, None, None));
    let mut rows = futures_util::stream::iter(rows).buffer_unordered(TOGETHER);
    while let Some(row) = rows.next().await {
        row?;
    }
    Ok(reader.id)
}

/// Where the operator's token is kept, for the operator's own commands.
#[must_use]
pub fn operator_token_path(config: &Config) -> PathBuf {
    config.node.data_directory.join("operator.token")
}

/// The operator's token: the kept one if the database knows it, else a new one.
pub(super) async fn operator_token(store: &Store, config: &Config) -> Result<String> {
    let path = operator_token_path(config);
    if let Ok(kept) = std::fs::read_to_string(&path) {
        let kept = kept.trim().to_owned();
        if store.is_admin_token(&kept).await? {
            return Ok(kept);
        }
    }
    let token = store.create_token(None, "operator").await?;
    let write = || -> std::io::Result<()> {
        use std::io::Write as _;
        let mut options = std::fs::OpenOptions::new();
        // Only the owner may read it: it opens everything.
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        writeln!(file, "{token}")
    };
    write().with_context(|| format!("cannot write the operator's token to {}", path.display()))?;
    Ok(token)
}
