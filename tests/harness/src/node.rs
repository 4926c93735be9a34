//! A whole node as a process: started, asked, killed, started again on the same data.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// How long a node may take to become ready; generous, because CI machines are slow.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a verb of the command line may take.
const VERB_TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of log shown when a test fails.
const LOG_SHOWN: usize = 6000;

/// What a node is started with.
#[derive(Debug, Clone, Default)]
pub struct NodeOptions {
    /// Configuration keys in dotted form.
    pub settings: BTreeMap<String, String>,
    /// YAML put in front of the settings, such as a list of sources.
    pub yaml: String,
    /// Verb and its flags; `serve` when empty.
    pub arguments: Vec<String>,
}

impl NodeOptions {
    /// Sets one configuration key.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl ToString) -> Self {
        self.settings.insert(key.to_owned(), value.to_string());
        self
    }
}

/// A running node; killed when dropped.
#[derive(Debug)]
pub struct TestNode {
    binary: PathBuf,
    options: NodeOptions,
    directory: TempDir,
    child: Option<Child>,
    address: String,
    starts: usize,
    http: reqwest::Client,
}

impl Drop for TestNode {
    /// Shows the end of the log; the test runner passes it on only when the test fails.
    fn drop(&mut self) {
        let log = self.log();
        let start = log.len().saturating_sub(LOG_SHOWN);
        let shown = log.get(log.ceil_char_boundary(start)..).unwrap_or_default();
        eprintln!("--- end of the log of the node at {}\n{shown}---", self.address);
    }
}

impl TestNode {
    /// Starts a node on a free port with a data folder of its own and waits until it is ready.
    ///
    /// # Errors
    /// When it does not become ready; the message holds its log.
    pub async fn start(binary: impl AsRef<Path>, options: NodeOptions) -> Result<Self> {
        let mut node = Self::prepare(binary, options)?;
        node.start_again().await?;
        Ok(node)
    }

    /// Gives a node its folder without starting it; [`Self::start_again`] does.
    ///
    /// # Errors
    /// When no temporary folder can be made.
    pub fn prepare(binary: impl AsRef<Path>, options: NodeOptions) -> Result<Self> {
        let directory = tempfile::tempdir().context("cannot make a temporary folder")?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .context("cannot build an HTTP client")?;
        Ok(Self {
            binary: binary.as_ref().to_path_buf(),
            options,
            directory,
            child: None,
            address: "127.0.0.1:0".to_owned(),
            starts: 0,
            http,
        })
    }

    /// Starts it again on the same data and port.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_again(&mut self) -> Result<()> {
        let mut ready = self.begin()?;
        match tokio::time::timeout(START_TIMEOUT, ready.wait_for(Option::is_some)).await {
            Ok(Ok(address)) => self.address = address.clone().unwrap_or_default(),
            Ok(Err(_)) => bail!("the node ended before it was ready:\n{}", self.log()),
            Err(_) => bail!("the node was not ready in time:\n{}", self.log()),
        }
        Ok(())
    }

    /// Starts it without waiting; its address appears in what is returned when it is ready.
    ///
    /// # Errors
    /// When the program cannot be run.
    pub fn begin(&mut self) -> Result<watch::Receiver<Option<String>>> {
        self.spawn()?;
        let stdout = self.child.as_mut().and_then(|child| child.stdout.take());
        let mut lines = BufReader::new(stdout.context("the node has no standard output")?).lines();
        let (announce, ready) = watch::channel(None);
        // Reads to the end, or the node would block on a full pipe.
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some((_, rest)) = line.split_once("ready at http://") {
                    let address = rest.split_whitespace().next().map(str::to_owned);
                    announce.send_replace(address);
                }
            }
        });
        Ok(ready)
    }

    fn spawn(&mut self) -> Result<()> {
        self.starts += 1;
        let log = File::create(self.log_path())?;
        let mut command = self.command()?;
        if self.options.arguments.is_empty() {
            command.arg("serve");
        }
        command.args(&self.options.arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let child = command.spawn();
        self.child = Some(child.with_context(|| format!("cannot run {}", self.binary.display()))?);
        Ok(())
    }

    /// The program with the flags that name this node's configuration, address and data.
    fn command(&self) -> Result<Command> {
        let configuration = self.directory.path().join("config.yaml");
        std::fs::write(&configuration, &self.options.yaml)?;
        let mut command = Command::new(&self.binary);
        command
            .current_dir(self.directory.path())
            .arg("--config")
            .arg(&configuration)
            .arg("--bind")
            .arg(&self.address)
            .arg("--data")
            .arg(self.data_directory());
        for (key, value) in &self.options.settings {
            command.arg("--set").arg(format!("{key}={value}"));
        }
        Ok(command)
    }

    /// Runs a verb of the command line against this node, as a person in another window would.
    ///
    /// # Errors
    /// When it cannot be run or does not end within [`VERB_TIMEOUT`].
    pub async fn run_verb(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = self.command()?;
        command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        tokio::time::timeout(VERB_TIMEOUT, command.output())
            .await
            .with_context(|| format!("{arguments:?} did not end within {VERB_TIMEOUT:?}"))?
            .context("cannot run the command line")
    }

    /// Where it keeps its database.
    #[must_use]
    pub fn data_directory(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The folder of the node.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// `host:port`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Says where it listens, for who waited with [`Self::begin`]; it will listen there again.
    pub fn set_address(&mut self, address: String) {
        self.address = address;
    }

    /// Changes a setting for the next start.
    pub fn set(&mut self, key: &str, value: impl ToString) {
        self.options.settings.insert(key.to_owned(), value.to_string());
    }

    /// The operator's token.
    ///
    /// # Errors
    /// When the node has not written it.
    pub fn operator_token(&self) -> Result<String> {
        let path = self.data_directory().join("operator.token");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Ok(text.trim().to_owned())
    }

    /// Flags that point another verb of the binary at this node's database.
    #[must_use]
    pub fn database_arguments(&self) -> Vec<String> {
        let url = self.options.settings.get("database.url");
        url.map_or_else(Vec::new, |url| vec!["--set".to_owned(), format!("database.url={url}")])
    }

    /// Process id, for looking at memory.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// Kills it without a warning, as `kill -9` does, and waits until it is gone.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await.context("cannot kill the node")?;
        }
        Ok(())
    }

    /// Asks it to end, as an operator does, and waits; the exit code.
    ///
    /// # Errors
    /// When it does not end within 30 s.
    pub async fn terminate(&mut self) -> Result<Option<i32>> {
        if self.child.is_none() {
            return Ok(None);
        }
        self.signal("TERM").await?;
        self.wait_for_exit(Duration::from_secs(30)).await
    }

    /// Sends a signal by its name, such as `TERM`.
    ///
    /// # Errors
    /// When the node has ended already.
    pub async fn signal(&self, name: &str) -> Result<()> {
        let id = self.process_id().context("the node has ended already")?;
        let sent =
            Command::new("kill").arg(format!("-{name}")).arg(id.to_string()).status().await?;
        anyhow::ensure!(sent.success(), "cannot send SIG{name}");
        Ok(())
    }

    /// Waits until it ends by itself; the exit code, `None` when a signal ended it.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn wait_for_exit(&mut self, within: Duration) -> Result<Option<i32>> {
        let mut child = self.child.take().context("the node has not been started")?;
        let status = tokio::time::timeout(within, child.wait())
            .await
            .with_context(|| format!("the node did not end in {within:?}:\n{}", self.log()))??;
        Ok(status.code())
    }

    fn log_path(&self) -> PathBuf {
        self.directory.path().join(format!("log-{}", self.starts))
    }

    /// Everything it logged since its last start.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// A request to the node, to be filled and sent.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address))
    }

    /// Reads JSON; any status but 2xx is an error that holds the body.
    ///
    /// # Errors
    /// When the node does not answer with 2xx and JSON.
    pub async fn get(&self, path: &str) -> Result<Value> {
        read(self.request(reqwest::Method::GET, path)).await
    }

    /// Reads JSON as the operator.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn get_as_operator(&self, path: &str) -> Result<Value> {
        let token = self.operator_token()?;
        read(self.request(reqwest::Method::GET, path).bearer_auth(token)).await
    }

    /// Posts as the operator.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post_as_operator(&self, path: &str) -> Result<Value> {
        let token = self.operator_token()?;
        read(self.request(reqwest::Method::POST, path).bearer_auth(token)).await
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        read(self.request(reqwest::Method::POST, path).json(body)).await
    }

    /// Sends JSON as a change.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        read(self.request(reqwest::Method::PATCH, path).json(body)).await
    }

    /// Every item of a list, page by page.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn all(&self, path: &str) -> Result<Vec<Value>> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}{separator}limit=200{cursor}")).await?;
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(items),
            }
        }
    }
}

async fn read(request: reqwest::RequestBuilder) -> Result<Value> {
    let answer = request.send().await.context("the node does not answer")?;
    let status = answer.status();
    let text = answer.text().await?;
    anyhow::ensure!(status.is_success(), "status {status}: {text}");
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).with_context(|| format!("not JSON: {text}"))
}

/// Asks again and again until the answer is there.
///
/// # Errors
/// When `within` passes first; the message holds the last refusal.
pub async fn wait_until<T, F>(what: &str, within: Duration, mut ask: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    let started = std::time::Instant::now();
    let mut last = String::from("not yet");
    loop {
        match ask().await {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) => {}
            Err(error) => last = format!("{error:#}"),
        }
        if started.elapsed() > within {
            bail!("waited {within:?} for {what}: {last}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
