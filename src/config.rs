//! The configuration: `config.yaml`, then `AUTOGLM__SECTION__KEY`, then flags; the only place that
//! reads the environment.
//!
//! Unknown keys are errors that name the nearest known key. Secrets can come from a `*_file` and
//! are hidden wherever the configuration is printed.

mod cluster;
mod engines;
mod keys;
mod proxy;
mod public_url;
mod secret;
mod writer;

use anyhow::{Context, Result, bail};
use autoglm_domain::{SourceKind, SourceRequest, SourceSettings};
use autoglm_feeds::kind::check;
use autoglm_feeds::{check_proxies, known_site};
use autoglm_protocol::figures::FIGURES_PERIOD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use cluster::{CacheConfig, ClusterConfig};
pub use engines::{EngineEntry, EngineEntryKind, engine_specs};
pub use proxy::ProxyAddress;
pub use secret::Secret;
pub use writer::WriteWish;

/// Everything a node can be told. Every key has a default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What this node runs.
    pub node: NodeConfig,
    /// The web page and the HTTP interface.
    pub server: ServerConfig,
    /// Where everything is stored.
    pub database: DatabaseConfig,
    /// Links to other nodes.
    pub cluster: ClusterConfig,
    /// The cache that nodes share.
    pub cache: CacheConfig,
    /// How sources are fetched.
    pub fetch: FetchConfig,
    /// How articles are understood.
    pub understanding: UnderstandingConfig,
    /// How articles are ranked.
    pub ranking: RankingConfig,
    /// How long articles are kept.
    pub retention: RetentionConfig,
    /// Logs, metrics and traces.
    pub telemetry: TelemetryConfig,
    /// Faults on purpose, for tests of the node.
    pub testing: TestingConfig,
    /// Sources added at start, by address.
    pub sources: Vec<SourceConfig>,
}

/// What this node runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NodeConfig {
    /// Shown to the operator; empty for the machine's name.
    pub name: String,
    /// `all`, or any of fetch, infer, recommend and serve on a node with links to others.
    pub roles: Vec<String>,
    /// Folder for the database, the lock and the operator's token.
    pub data_directory: PathBuf,
    /// Time within which a node must renew its membership.
    pub lease_seconds: u64,
    /// Time a shutdown may take before work is left to the next start.
    pub shutdown_seconds: u64,
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            roles: vec!["all".to_owned()],
            data_directory: PathBuf::from("./data"),
            lease_seconds: 15,
            shutdown_seconds: 25,
        }
    }
}

/// The web page and the HTTP interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port to listen on.
    pub bind: SocketAddr,
    /// Names under which the node may be addressed, besides localhost and the bound address.
    pub allowed_hosts: Vec<String>,
    /// The address under which others reach the node through a proxy; with https hubs are asked to
    /// push.
    pub public_url: String,
    /// Token of the local reader; required when `bind` is not a loopback address.
    pub token: Secret,
    /// File with that token.
    pub token_file: Option<PathBuf>,
    /// Connected terminals at the same time.
    pub terminals_max: usize,
    /// Whether answers tell in the header `endpoint-load-metrics` (ORCA) how busy the node is, for
    /// balancers that weigh by it; whoever gets an answer sees it then.
    pub load_header: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 8000)),
            allowed_hosts: Vec::new(),
            public_url: String::new(),
            token: Secret::default(),
            token_file: None,
            terminals_max: 20_000,
            load_header: false,
        }
    }
}

/// Where everything is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseConfig {
    /// `postgres://…`, or empty for SQLite in the data folder.
    pub url: Secret,
    /// File with that address.
    pub url_file: Option<PathBuf>,
    /// Connections for reading.
    pub read_connections: u32,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url: Secret::default(), url_file: None, read_connections: 4 }
    }
}

/// How sources are fetched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FetchConfig {
    /// Wanted time between two fetches of a source that asks for nothing else.
    pub interval_seconds: u64,
    /// Time for a whole fetch.
    pub timeout_seconds: u64,
    /// Time for connecting.
    pub connect_timeout_seconds: u64,
    /// Size of a document after decompression.
    pub body_bytes_max: usize,
    /// Redirects to follow.
    pub redirects_max: usize,
    /// Fetches at the same time on this node.
    pub concurrency: usize,
    /// Fetches at the same time to one host.
    pub host_concurrency: usize,
    /// Pause between two fetches from one host.
    pub host_spacing_ms: u64,
    /// Whether sources on private networks may be fetched.
    pub allow_private: bool,
    /// Names (or `*.suffix`) with the address to dial instead of asking the resolver.
    pub resolve: BTreeMap<String, IpAddr>,
    /// Ways out that sources may be asked by, by name.
    pub proxies: BTreeMap<String, ProxyAddress>,
    /// How we introduce ourselves.
    pub user_agent: String,
    /// Longest time between fetches that a source's own rhythm may lead to; 0 follows none.
    pub adaptive_max_seconds: u64,
    /// A good answer that took longer than this makes a source slow.
    pub slow_after_seconds: u64,
    /// Servers that `rsshub://` addresses are asked of, in this order.
    pub rsshub_servers: Vec<String>,
    /// Lease asked of hubs (WebSub); 0 asks none.
    pub websub_lease_seconds: u64,
}

impl Default for FetchConfig {
    fn default() -> Self {
        Self {
            interval_seconds: 900,
            timeout_seconds: 30,
            connect_timeout_seconds: 10,
            body_bytes_max: 16 * 1024 * 1024,
            redirects_max: 5,
            concurrency: 64,
            host_concurrency: 2,
            host_spacing_ms: 500,
            allow_private: false,
            resolve: BTreeMap::new(),
            proxies: BTreeMap::new(),
            user_agent: concat!("Open-AutoGLM/", env!("CARGO_PKG_VERSION")).to_owned(),
            adaptive_max_seconds: 7_200,
            slow_after_seconds: 10,
            rsshub_servers: Vec::new(),
            websub_lease_seconds: 864_000,
        }
    }
}

impl FetchConfig {
    /// The proxies as the client takes them.
    #[must_use]
    pub fn proxies(&self) -> Vec<(String, Secret)> {
        let proxies = self.proxies.iter();
        proxies.map(|(name, address)| (name.clone(), address.secret().clone())).collect()
    }
}

/// How articles are understood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnderstandingConfig {
    /// Store and index only; what is left is understood when this is false again.
    pub paused: bool,
    /// Texts that may wait for the models.
    pub queue_max: usize,
    /// Estimated tokens in one batch.
    pub batch_tokens_max: usize,
    /// Within which time a person wants an answer of the models; batches are made to keep it.
    pub objective_ms: u64,
    /// File with the list of topics articles are sorted by; empty for the built-in one. A list that
    /// the operator edited goes before it.
    pub topics_file: String,
    /// Where models are kept; empty is `models` in the data folder.
    pub models_directory: String,
    /// Names of your own that articles are searched for, on top of the built-in ones; empty for none.
    pub dictionary_file: String,
    /// Where `models pull` looks.
    pub hub: String,
    /// OpenAI-compatible engines; none is asked unless it is named here.
    pub engines: Vec<EngineEntry>,
    /// Who writes summaries: an engine for chat by name, or a decoder of the folder of models by
    /// name and version; empty for nobody.
    pub writer: String,
    /// What is written.
    pub write: WriteWish,
    /// With `all`, at most so many summaries an hour nobody asked for.
    pub write_hourly: u32,
    /// Summaries a reader may ask for in a day, UTC; 0 for any number.
    pub write_reader_daily: u32,
}

impl Default for UnderstandingConfig {
    fn default() -> Self {
        Self {
            paused: false,
            queue_max: 4096,
            batch_tokens_max: 16_384,
            objective_ms: 50,
            engines: Vec::new(),
            topics_file: String::new(),
            writer: String::new(),
            write: WriteWish::Asked,
            write_hourly: 60,
            write_reader_daily: 100,
            models_directory: String::new(),
            dictionary_file: String::new(),
            hub: "https://huggingface.co".to_owned(),
        }
    }
}

/// How articles are ranked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RankingConfig {
    /// Newest articles held in memory for ranking; about 1 KB each.
    pub window_articles_max: usize,
}

impl Default for RankingConfig {
    fn default() -> Self {
        Self { window_articles_max: 10_000 }
    }
}

/// How long articles are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionConfig {
    /// Days; saved articles stay. 0 keeps everything.
    pub keep_days: u32,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self { keep_days: 90 }
    }
}

/// Logs, metrics and traces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// Level, or directives such as `info,autoglm_feeds=debug`.
    pub log: String,
    /// `text` or `json`.
    pub log_format: LogFormat,
    /// Where traces go by OTLP over HTTP, such as `http://localhost:4318`; empty for nowhere.
    pub otlp_endpoint: String,
    /// Share of fetches that are traced to the push, 0 to 1.
    pub trace_share: f64,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            otlp_endpoint: String::new(),
            trace_share: 0.1,
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Faults on purpose, for tests of the node.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TestingConfig {
    /// Sources whose address contains this text fail in our own code at every fetch.
    pub panic_source: String,
    /// `ingest`, `inference` or `shard`: that actor fails once, at its tenth message.
    pub panic_once: String,
    /// Time between two fetches of every source, instead of its own; 0 for its own.
    pub fetch_interval_ms: u64,
    /// File that names the nodes whose links are cut, `cut NAME` a line; empty for none.
    pub link_faults: String,
    /// Time between two looks at the figures and at how terminals are spread, which stay for 60 of
    /// them; 0 for ten seconds.
    pub figures_period_ms: u64,
}

impl TestingConfig {
    /// Time between two looks at the figures.
    #[must_use]
    pub fn figures_period(&self) -> Duration {
        match self.figures_period_ms {
            0 => FIGURES_PERIOD,
            period => Duration::from_millis(period),
        }
    }
}

/// One source in the configuration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceConfig {
    /// Absolute http(s) address, or a route such as `rsshub://…`.
    pub url: String,
    /// `feed` (when empty), `json_api`, `page` or `sitemap`.
    pub kind: String,
    /// How it is read; a `json_api` needs a mapping, a `page` selectors.
    pub settings: SourceSettings,
    /// How it is asked; makes it the local reader's own source, which no other reader sees.
    pub request: SourceRequest,
    /// Title; empty for the source's own.
    pub title: String,
    /// Folder of the local reader; empty for none.
    pub folder: String,
    /// Wanted time between fetches; 0 for `fetch.interval_seconds`.
    pub interval_seconds: u64,
}

impl SourceConfig {
    /// How it is asked, in its kept form.
    ///
    /// # Errors
    /// What may not be said.
    pub fn checked_request(&self) -> Result<SourceRequest> {
        let request = self.request.clone().checked();
        request.with_context(|| format!("sources: {:?} cannot be asked so", self.url))
    }

    /// The kind, a feed when nothing is said.
    ///
    /// # Errors
    /// When there is no such kind to be fetched.
    pub fn source_kind(&self) -> Result<SourceKind> {
        if self.kind.is_empty() {
            return Ok(SourceKind::Feed);
        }
        let kind = SourceKind::from_name(&self.kind).filter(|kind| kind.is_fetched());
        kind.with_context(|| {
            format!(
                "sources: kind {:?} of {} does not exist; use feed, json_api, page or sitemap",
                self.kind, self.url
            )
        })
    }
}

/// Values given on the command line; they win over everything else.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Keys in dotted form with their values.
    pub values: Vec<(String, String)>,
}

/// Which graphics processors this process may see, as their driver is told; empty for all.
pub(crate) fn visible_devices() -> String {
    std::env::var("CUDA_VISIBLE_DEVICES").unwrap_or_default()
}

/// How the document that `eval feed` reads was compressed, as a web server hands it to a program.
pub(crate) fn content_encoding() -> Option<String> {
    std::env::var("CONTENT_ENCODING").ok()
}

/// Prefix of the environment variables.
const ENVIRONMENT_PREFIX: &str = "AUTOGLM";

impl Config {
    /// Reads the configuration. `file` must exist when it is named; the default `config.yaml` may
    /// be missing.
    ///
    /// # Errors
    /// When a file cannot be read or a key or value is wrong; the message names the key.
    pub fn load(file: Option<&Path>, overrides: &Overrides) -> Result<Self> {
        let mut builder = config::Config::builder();
        let path = file.map_or_else(|| PathBuf::from("config.yaml"), Path::to_path_buf);
        if file.is_some() || path.is_file() {
            let text = std::fs::read_to_string(&path).with_context(|| {
                format!(
                    "cannot read the configuration {}; give another with --config",
                    path.display()
                )
            })?;
            builder = builder.add_source(config::File::from_str(&text, config::FileFormat::Yaml));
        }
        builder = builder.add_source(
            config::Environment::with_prefix(ENVIRONMENT_PREFIX)
                .prefix_separator("__")
                .separator("__")
                .try_parsing(true),
        );
        for (key, value) in &overrides.values {
            builder = builder.set_override(key, value.as_str())?;
        }
        let merged = builder
            .build()
            .with_context(|| format!("cannot understand the configuration {}", path.display()))?;
        Self::from_merged(merged)
    }

    fn from_merged(merged: config::Config) -> Result<Self> {
        let tree: serde_json::Value = merged.clone().try_deserialize()?;
        let problems = keys::unknown_keys(&tree);
        if !problems.is_empty() {
            bail!("{}", problems.join("\n"));
        }
        let mut config: Self = merged
            .try_deserialize()
            .context("a configuration value has the wrong form; config.yaml shows every key")?;
        let server = &mut config.server;
        secret::fill_from(&mut server.token, server.token_file.as_deref(), "server.token_file")?;
        let database = &mut config.database;
        secret::fill_from(&mut database.url, database.url_file.as_deref(), "database.url_file")?;
        let cache = &mut config.cache;
        secret::fill_from(
            &mut cache.redis_url,
            cache.redis_url_file.as_deref(),
            "cache.redis_url_file",
        )?;
        config.understanding.engines.iter_mut().try_for_each(EngineEntry::fill_key)?;
        config.validate()?;
        Ok(config)
    }

    fn validate(&self) -> Result<()> {
        self.validate_cluster()?;
        if !self.server.bind.ip().is_loopback() && self.server.token.is_empty() {
            bail!(
                "server.bind is {}, which others can reach, but no token is set; \
                 set server.token (or server.token_file), or bind to 127.0.0.1",
                self.server.bind
            );
        }
        check_proxies(&self.fetch.proxies())?;
        engine_specs(&self.understanding.engines)?;
        writer::check(&self.understanding)?;
        self.validate_public_url()?;
        for source in &self.sources {
            let request = source.checked_request()?;
            if let Some(proxy) = request.proxy.filter(|name| !self.fetch.proxies.contains_key(name))
            {
                bail!("sources: the proxy {proxy} of {:?} is not in fetch.proxies", source.url);
            }
            let is_http = url::Url::parse(&source.url)
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            if !is_http && !known_site::is_rsshub(&source.url) {
                bail!("sources: {:?} is not an http(s) address", source.url);
            }
            check(source.source_kind()?, &source.settings)
                .with_context(|| format!("sources: {:?} cannot be read", source.url))?;
        }
        let limits = [
            ("fetch.interval_seconds", self.fetch.interval_seconds),
            ("fetch.timeout_seconds", self.fetch.timeout_seconds),
            ("fetch.concurrency", self.fetch.concurrency as u64),
            ("fetch.host_concurrency", self.fetch.host_concurrency as u64),
            ("node.lease_seconds", self.node.lease_seconds),
            ("ranking.window_articles_max", self.ranking.window_articles_max as u64),
            ("understanding.queue_max", self.understanding.queue_max as u64),
            ("understanding.objective_ms", self.understanding.objective_ms),
        ];
        for (key, value) in limits {
            if value == 0 {
                bail!("{key} is 0; it must be at least 1");
            }
        }
        Ok(())
    }

    /// The database's address: the configured one, or SQLite in the data folder.
    #[must_use]
    pub fn database_url(&self) -> String {
        if self.database.url.is_empty() {
            format!("sqlite://{}", self.node.data_directory.join("autoglm.db").display())
        } else {
            self.database.url.expose().to_owned()
        }
    }

    /// The node's name.
    #[must_use]
    pub fn node_name(&self) -> String {
        if self.node.name.is_empty() {
            std::env::var("HOSTNAME").unwrap_or_else(|_unset| "node".to_owned())
        } else {
            self.node.name.clone()
        }
    }

    /// Wanted time between two fetches of a configured source.
    #[must_use]
    pub fn interval_of(&self, source: &SourceConfig) -> Duration {
        let seconds = if source.interval_seconds == 0 {
            self.fetch.interval_seconds
        } else {
            source.interval_seconds
        };
        Duration::from_secs(seconds)
    }

    /// The effective values as YAML-like lines, secrets hidden.
    #[must_use]
    pub fn describe(&self) -> String {
        keys::describe(&serde_json::to_value(self).unwrap_or_default())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(super) fn parse(yaml: &str) -> Result<Config> {
        let merged = config::Config::builder()
            .add_source(config::File::from_str(yaml, config::FileFormat::Yaml))
            .build()?;
        Config::from_merged(merged)
    }

    #[test]
    fn a_source_of_another_kind_brings_its_rules_and_a_wrong_one_is_named() {
        let page = "sources:\n  - url: https://e.org/\n    kind: page\n    settings:\n      selectors: { item: li > a }\n";
        let config = parse(page).expect("read");
        let selectors = config.sources[0].settings.selectors.as_ref().expect("given");
        assert_eq!(selectors.item, "li > a");
        let refused = |yaml: &str| format!("{:#}", parse(yaml).expect_err(yaml));
        assert!(
            refused("sources:\n  - { url: https://e.org/, kind: page }\n").contains("selectors")
        );
        assert!(
            refused("sources:\n  - { url: https://e.org/, kind: gopher }\n").contains("json_api")
        );
        let colour = page.replace("item:", "colour: red, item:");
        assert!(refused(&colour).contains("colour"), "{}", refused(&colour));
    }

    #[test]
    fn the_shipped_file_shows_every_key_with_its_default() {
        let text = include_str!("../config.yaml");
        let shipped = parse(text).expect("config.yaml is valid");
        let without_sources = Config { sources: Vec::new(), ..shipped.clone() };
        assert_eq!(without_sources, Config::default());
        assert!(shipped.sources.len() >= 10);
        for key in keys::known_keys() {
            let last = key.rsplit('.').next().expect("a key has a last part");
            assert!(text.contains(&format!("{last}:")), "config.yaml does not show {key}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_name() {
        let error = parse("server:\n  bnid: 127.0.0.1:1\n").expect_err("unknown key").to_string();
        assert!(error.contains("server.bnid"), "{error}");
        assert!(error.contains("server.bind"), "{error}");
        let error = parse("sources:\n  - ulr: x\n").expect_err("unknown key").to_string();
        assert!(error.contains("sources[0].ulr") && error.contains("url"), "{error}");
    }

    #[test]
    fn binding_where_others_can_reach_needs_a_token() {
        let error = parse("server:\n  bind: 0.0.0.0:8000\n").expect_err("no token").to_string();
        assert!(error.contains("server.token"), "{error}");
        parse("server:\n  bind: 0.0.0.0:8000\n  token: abcdefgh\n").expect("with a token");
    }

    #[test]
    fn secrets_are_never_printed() {
        let config =
            parse("server:\n  token: tell-nobody\ndatabase:\n  url: postgres://u:pw@h/d\n")
                .expect("valid");
        let shown = format!("{}{config:?}", config.describe());
        assert!(!shown.contains("tell-nobody") && !shown.contains("pw@h"), "{shown}");
    }

    #[test]
    fn a_source_is_asked_with_secrets_that_are_never_printed() {
        let yaml = "\
fetch:
  proxies: { office: 'http://me:w-o-r-d@proxy.lan:3128' }
sources:
  - url: https://e.org/feed
    request:
      headers: { X-Api-Key: k-e-y }
      cookie: c-o-o-k-i-e
      basic: { user: a-d-a, password: p-w }
      proxy: office
";
        let config = parse(yaml).expect("valid");
        let request = config.sources[0].checked_request().expect("checked");
        assert_eq!(request.headers["x-api-key"].expose(), "k-e-y");
        let shown = format!("{}{config:?}", config.describe());
        for secret in ["k-e-y", "c-o-o-k-i-e", "a-d-a", "p-w", "w-o-r-d"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("http://<hidden>@proxy.lan:3128"), "{shown}");
        let refused = |yaml: &str| format!("{:#}", parse(yaml).expect_err(yaml));
        assert!(refused(&yaml.replace("proxy: office", "proxy: cellar")).contains("cellar"));
        assert!(refused(&yaml.replace("X-Api-Key", "Host")).contains("header host"));
        assert!(refused(&yaml.replace("cookie:", "kookie:")).contains("kookie"));
        assert!(refused(&yaml.replace("http://me", "ftp://me")).contains("socks5"));
    }

    #[test]
    fn a_secret_can_come_from_a_file() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("token");
        std::fs::write(&path, "from-a-file\n").expect("written");
        let config = parse(&format!("server:\n  token_file: {}\n", path.display())).expect("valid");
        assert_eq!(config.server.token.expose(), "from-a-file");
        let error = parse("server:\n  token_file: /nowhere/token\n").expect_err("missing file");
        assert!(format!("{error:#}").contains("server.token_file"), "{error:#}");
    }

    #[test]
    fn a_value_of_zero_where_work_must_go_on_is_refused() {
        let error = parse("fetch:\n  concurrency: 0\n").expect_err("zero").to_string();
        assert!(error.contains("fetch.concurrency"), "{error}");
    }
}
