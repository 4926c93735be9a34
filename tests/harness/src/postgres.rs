//! A PostgreSQL server of one's own for a test: made, started, stopped, killed and thrown away.

use crate::guardian::{Guardian, children_of, signal};
use crate::kept::{Running, free_port, spawn_kept, started_or_skipped};
use anyhow::{Context, Result, bail};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Where Debian and its relatives put the programs.
const DEBIAN_ROOT: &str = "/usr/lib/postgresql";
/// Who runs the server when the test runs as root, which `initdb` and `postgres` refuse.
const SERVER_USER: &str = "postgres";
/// Longest wait for the server to answer.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A running server in a folder of its own; killed and removed when dropped.
#[derive(Debug)]
pub struct ThrowawayPostgres {
    folder: tempfile::TempDir,
    binaries: PathBuf,
    port: u16,
    durable: bool,
    server: Mutex<Option<Running>>,
    /// Present while the server is paused; lets its processes go on.
    paused: Mutex<Option<Guardian>>,
}

impl ThrowawayPostgres {
    /// Starts a server that keeps its promises (`fsync` on).
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start; the message says which.
    pub fn start() -> Result<Self> {
        Self::start_with(true)
    }

    /// Starts a server that forgets on a power cut but is faster.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_without_fsync() -> Result<Self> {
        Self::start_with(false)
    }

    /// Starts a server, or skips loudly: `None` with a line on standard error, counted by whoever
    /// reads the output, unless `AUTOGLM_NO_SKIP=1`.
    ///
    /// # Errors
    /// When it cannot start and skipping is forbidden.
    pub fn start_or_skip(test: &str) -> Result<Option<Self>> {
        Self::start_kind_or_skip(test, false)
    }

    /// As [`Self::start_or_skip`]; `durable` as [`Self::start`].
    ///
    /// # Errors
    /// As [`Self::start_or_skip`].
    pub fn start_kind_or_skip(test: &str, durable: bool) -> Result<Option<Self>> {
        started_or_skipped(test, "PostgreSQL", Self::start_with(durable))
    }

    fn start_with(durable: bool) -> Result<Self> {
        let binaries = find_binaries()?;
        let folder = tempfile::Builder::new()
            .prefix("autoglm-postgres-")
            .tempdir()
            .context("making a folder for PostgreSQL")?;
        if is_root() {
            give_to_server_user(folder.path())?;
        } else {
            let private = std::fs::Permissions::from_mode(0o700);
            std::fs::set_permissions(folder.path(), private)?;
        }
        let server = Self {
            folder,
            binaries,
            port: free_port()?,
            durable,
            server: Mutex::new(None),
            paused: Mutex::new(None),
        };
        server.initialise()?;
        server.restart()?;
        Ok(server)
    }

    /// The address of the database every server has.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// Makes an empty database and answers with its address.
    ///
    /// # Errors
    /// When the server does not answer or the database exists.
    pub fn create_database(&self, name: &str) -> Result<String> {
        let output = Command::new(self.binaries.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname"])
            .arg(self.url())
            .arg("--command")
            .arg(format!("CREATE DATABASE \"{}\"", name.replace('"', "\"\"")))
            .stdin(Stdio::null())
            .output()
            .context("running psql")?;
        if !output.status.success() {
            bail!("creating database {name}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(self.url_of(name))
    }

    /// Asks a database (its address) in SQL and answers rows of texts; NULL is an empty text. Values
    /// with line breaks or the unit separator cannot be told apart.
    ///
    /// # Errors
    /// What the server says.
    pub fn query(&self, database: &str, sql: &str) -> Result<Vec<Vec<String>>> {
        const SEPARATOR: char = '\u{1f}';
        let output = Command::new(self.binaries.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--tuples-only"])
            .args(["--no-align", &format!("--field-separator={SEPARATOR}"), "--dbname", database])
            .args(["--command", sql])
            .stdin(Stdio::null())
            .output()
            .context("running psql")?;
        if !output.status.success() {
            bail!("asking {database}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let text = String::from_utf8(output.stdout).context("reading what psql printed")?;
        let rows = text.lines().filter(|line| !line.is_empty());
        Ok(rows.map(|line| line.split(SEPARATOR).map(str::to_owned).collect()).collect())
    }

    /// Freezes the server with all its connections (`SIGSTOP`): it takes connections and bytes, and
    /// says nothing. It goes on when [`Self::resume`] is called, or when the test's process ends.
    ///
    /// # Errors
    /// When the server does not run.
    pub fn pause(&self) -> Result<()> {
        let server = self.server.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let postmaster = server.as_ref().context("PostgreSQL does not run")?.child.id();
        // Its head first, so that no connection is made behind our back.
        signal("STOP", &[postmaster])?;
        let mut all = children_of(postmaster);
        signal("STOP", &all)?;
        all.push(postmaster);
        let guardian = Guardian::at_the_end("CONT", &all)?;
        *self.paused.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(guardian);
        Ok(())
    }

    /// Lets a paused server go on; does nothing when it is not paused.
    pub fn resume(&self) {
        let paused = self.paused.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        drop(paused);
    }

    /// Stops the server at once, as a crash would; its files stay.
    ///
    /// # Errors
    /// When the process cannot be ended.
    pub fn stop(&self) -> Result<()> {
        self.resume();
        let mut server = self.server.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(mut running) = server.take() else { return Ok(()) };
        // Immediate shutdown ends every backend too; killing only the parent would leave them.
        let stopped = self
            .as_server_user(&self.binaries.join("pg_ctl"))
            .arg("stop")
            .args(["--mode=immediate", "--silent", "--pgdata"])
            .arg(self.data())
            .stdin(Stdio::null())
            .output();
        if !stopped.is_ok_and(|output| output.status.success()) {
            running.child.kill().context("killing PostgreSQL")?;
        }
        running.child.wait().context("waiting for PostgreSQL to end")?;
        Ok(())
    }

    /// Starts the server again on the same port with the same files, stopping it first if it runs.
    ///
    /// # Errors
    /// When it does not answer within a minute; the message holds the end of its log.
    pub fn restart(&self) -> Result<()> {
        self.stop()?;
        let log = self.folder.path().join("server.log");
        let output = std::fs::File::options().create(true).append(true).open(&log)?;
        let mut command = self.as_server_user(&self.binaries.join("postgres"));
        command.arg("-D").arg(self.data());
        for setting in self.settings() {
            command.arg("-c").arg(setting);
        }
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let running = spawn_kept("postgres", command)?;
        *self.server.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(running);
        self.wait_until_ready(&log)
    }

    fn settings(&self) -> Vec<String> {
        let durable = if self.durable { "on" } else { "off" };
        vec![
            format!("port={}", self.port),
            "listen_addresses=127.0.0.1".into(),
            "unix_socket_directories=".into(),
            "max_connections=200".into(),
            // When a transaction was committed is evidence of who owned what.
            "track_commit_timestamp=on".into(),
            format!("fsync={durable}"),
            format!("synchronous_commit={durable}"),
            "autovacuum=on".into(),
        ]
    }

    fn initialise(&self) -> Result<()> {
        let output = self
            .as_server_user(&self.binaries.join("initdb"))
            .args(["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .args(["--username=postgres", "--pgdata"])
            .arg(self.data())
            .stdin(Stdio::null())
            .output()
            .context("running initdb")?;
        if !output.status.success() {
            bail!("initdb failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    fn wait_until_ready(&self, log: &Path) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < START_TIMEOUT {
            let ready = Command::new(self.binaries.join("pg_isready"))
                .args(["--quiet", "--host=127.0.0.1", &format!("--port={}", self.port)])
                .status()
                .context("running pg_isready")?;
            if ready.success() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(log).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(10).collect();
        bail!("PostgreSQL did not answer within {START_TIMEOUT:?}: {}", tail.join(" | "))
    }

    /// A command that runs as somebody other than root, in a folder that user may enter.
    fn as_server_user(&self, program: &Path) -> Command {
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.arg(format!("--reuid={SERVER_USER}")).arg(format!("--regid={SERVER_USER}"));
            command.args(["--clear-groups", "--pdeathsig=KILL"]);
            command.arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path());
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for ThrowawayPostgres {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("stopping a throw-away PostgreSQL: {error:#}");
        }
    }
}

/// The newest installed version's programs.
fn find_binaries() -> Result<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(DEBIAN_ROOT)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            let binaries = entry.path().join("bin");
            binaries.join("initdb").exists().then_some((version, binaries))
        })
        .collect();
    found.sort();
    if let Some((_, binaries)) = found.pop() {
        return Ok(binaries);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).find(|folder| folder.join("initdb").exists()).with_context(|| {
        format!("PostgreSQL is not installed: no initdb in {DEBIAN_ROOT}/*/bin or in PATH; install the package postgresql")
    })
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let uid = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    uid.and_then(|line| line.split_whitespace().nth(1)) == Some("0")
}

fn give_to_server_user(folder: &Path) -> Result<()> {
    let output =
        Command::new("chown").arg(SERVER_USER).arg(folder).output().context("running chown")?;
    if !output.status.success() {
        bail!(
            "giving {} to {SERVER_USER}: {}",
            folder.display(),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_starts_holds_a_database_and_comes_back_after_a_crash() {
        let name = "a_server_starts_holds_a_database_and_comes_back_after_a_crash";
        let Some(server) = ThrowawayPostgres::start_or_skip(name).expect("allowed to skip") else {
            return;
        };
        let url = server.create_database("one").expect("created");
        assert!(url.ends_with("/one"), "{url}");
        assert!(server.create_database("one").is_err(), "twice");
        server.stop().expect("stopped");
        assert!(server.create_database("two").is_err(), "no server");
        server.restart().expect("restarted");
        assert!(server.create_database("one").is_err(), "still there");
        server.create_database("two").expect("created");
    }

    #[test]
    fn a_paused_server_says_nothing_until_it_goes_on() {
        let name = "a_paused_server_says_nothing_until_it_goes_on";
        let Some(server) = ThrowawayPostgres::start_or_skip(name).expect("allowed to skip") else {
            return;
        };
        assert_eq!(server.query(&server.url(), "SELECT 1, 'two'").expect("asked"), [["1", "two"]]);
        server.pause().expect("paused");
        let (tell, told) = std::sync::mpsc::channel();
        let url = server.url();
        std::thread::scope(|scope| {
            let server = &server;
            scope.spawn(move || tell.send(server.query(&url, "SELECT 3")));
            assert!(told.recv_timeout(Duration::from_millis(300)).is_err(), "it answered");
            server.resume();
            let answer = told.recv_timeout(START_TIMEOUT).expect("it goes on").expect("asked");
            assert_eq!(answer, [["3"]]);
        });
    }
}
