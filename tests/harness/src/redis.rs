//! A Redis server of one's own for a test: started, stopped, killed, frozen, emptied and thrown away.

use crate::kept::{Running, free_port, spawn_kept, started_or_skipped};
use anyhow::{Context, Result, bail, ensure};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Longest wait for the server to answer.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest wait for one answer of a server that runs.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// A running server in a folder of its own; killed and removed when dropped.
#[derive(Debug)]
pub struct ThrowawayRedis {
    folder: tempfile::TempDir,
    port: u16,
    server: Mutex<Option<Running>>,
}

impl ThrowawayRedis {
    /// Starts a server that keeps nothing on disk unless it is told to ([`Self::command`] `SAVE`).
    ///
    /// # Errors
    /// When Redis is not installed or does not start; the message says which.
    pub fn start() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("autoglm-redis-")
            .tempdir()
            .context("making a folder for Redis")?;
        let server = Self { folder, port: free_port()?, server: Mutex::new(None) };
        server.restart()?;
        Ok(server)
    }

    /// Starts a server, or skips loudly: `None` with a line on standard error, counted by whoever
    /// reads the output, unless `AUTOGLM_NO_SKIP=1`.
    ///
    /// # Errors
    /// When it cannot start and skipping is forbidden.
    pub fn start_or_skip(test: &str) -> Result<Option<Self>> {
        started_or_skipped(test, "Redis", Self::start())
    }

    /// The server's address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Ends the server at once, as `kill -9` does; what it saved stays.
    ///
    /// # Errors
    /// When the process cannot be ended.
    pub fn kill(&self) -> Result<()> {
        let Some(mut running) = self.server().take() else { return Ok(()) };
        running.child.kill().context("killing Redis")?;
        running.child.wait().context("waiting for Redis to end")?;
        Ok(())
    }

    /// Asks the server to end in order, and waits until it has.
    ///
    /// # Errors
    /// When it cannot be asked or ended.
    pub fn stop(&self) -> Result<()> {
        let Some(mut running) = self.server().take() else { return Ok(()) };
        signal("TERM", running.child.id())?;
        running.child.wait().context("waiting for Redis to end")?;
        Ok(())
    }

    /// Starts the server again on the same port with what it saved, killing it first if it runs.
    ///
    /// # Errors
    /// When it does not answer within half a minute; the message holds the end of its log.
    pub fn restart(&self) -> Result<()> {
        self.kill()?;
        let log = self.folder.path().join("server.log");
        let output = std::fs::File::options().create(true).append(true).open(&log)?;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig=KILL", "redis-server"]);
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"]);
        command.args(["--save", "", "--appendonly", "no", "--daemonize", "no", "--dir"]);
        command.arg(self.folder.path()).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        ensure!(
            is_installed(),
            "Redis is not installed: no redis-server in PATH; install the package redis-server"
        );
        *self.server() = Some(spawn_kept("redis", command)?);
        let started = Instant::now();
        while started.elapsed() < START_TIMEOUT {
            if self.command(&["PING"]).is_ok_and(|answer| answer.starts_with("+PONG")) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(10).collect();
        bail!("Redis did not answer within {START_TIMEOUT:?}: {}", tail.join(" | "))
    }

    /// Freezes the server: connections stay open and nothing is answered.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&self) -> Result<()> {
        signal("STOP", self.process()?)
    }

    /// Lets a frozen server go on.
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&self) -> Result<()> {
        signal("CONT", self.process()?)
    }

    /// Sends one command and answers with what came back, as it stands on the wire; at most 64 KiB.
    ///
    /// # Errors
    /// When the server does not run or does not answer.
    pub fn command(&self, words: &[&str]) -> Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).context("reaching Redis")?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request += &format!("${}\r\n{word}\r\n", word.len());
        }
        stream.write_all(request.as_bytes())?;
        let mut answer = vec![0; 64 * 1024];
        let length = stream.read(&mut answer).context("waiting for Redis")?;
        answer.truncate(length);
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    fn process(&self) -> Result<u32> {
        let running = self.server();
        Ok(running.as_ref().context("Redis does not run")?.child.id())
    }

    fn server(&self) -> MutexGuard<'_, Option<Running>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ThrowawayRedis {
    fn drop(&mut self) {
        if let Err(error) = self.kill() {
            eprintln!("ending a throw-away Redis: {error:#}");
        }
    }
}

fn is_installed() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join("redis-server").exists())
}

fn signal(name: &str, process: u32) -> Result<()> {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(process.to_string()).status();
    ensure!(sent.context("running kill")?.success(), "sending {name} to Redis ({process}) failed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_starts_freezes_goes_on_dies_and_comes_back_empty() {
        let name = "a_server_starts_freezes_goes_on_dies_and_comes_back_empty";
        let Some(server) = ThrowawayRedis::start_or_skip(name).expect("allowed to skip") else {
            return;
        };
        assert!(server.command(&["SET", "word", "held"]).expect("set").starts_with("+OK"));
        server.pause().expect("frozen");
        server.resume().expect("goes on");
        assert!(server.command(&["GET", "word"]).expect("get").contains("held"));
        server.kill().expect("killed");
        assert!(server.command(&["PING"]).is_err(), "no server");
        server.restart().expect("restarted");
        assert!(server.command(&["GET", "word"]).expect("get").starts_with("$-1"));
        server.stop().expect("stopped");
        assert!(server.command(&["PING"]).is_err(), "no server");
    }
}
