//! The nodes of these tests as their parent sees them.

use super::node::{FAULTS, INCARNATION, SECRET};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for anything.
const LIMIT: Duration = Duration::from_secs(40);

/// A node in a process of its own; killed when dropped.
pub(crate) struct Linked {
    incarnation: i64,
    address: String,
    faults: PathBuf,
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Linked {
    pub(crate) fn start(incarnation: i64) -> Self {
        Self::start_with(incarnation, "the secret of this cluster")
    }

    pub(crate) fn start_with(incarnation: i64, secret: &str) -> Self {
        let file = format!(
            "autoglm-links-{}-{:?}-{incarnation}",
            std::process::id(),
            std::thread::current().id()
        );
        let faults = std::env::temp_dir().join(file);
        std::fs::write(&faults, "").unwrap();
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "node_process", "--nocapture", "--test-threads=1"])
            .env(INCARNATION, incarnation.to_string())
            .env(SECRET, secret)
            .env(FAULTS, &faults)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let address = String::new();
        let mut node = Self { incarnation, address, faults, process, input, output };
        node.address = node.command("address");
        node
    }

    /// Two nodes that know each other.
    pub(crate) fn pair() -> (Self, Self) {
        let (mut one, mut two) = (Self::start(1), Self::start(2));
        Self::introduce(&mut [&mut one, &mut two]);
        (one, two)
    }

    /// Makes nodes members of one view.
    pub(crate) fn introduce(nodes: &mut [&mut Self]) {
        let member = |node: &&mut Self| format!("{}@{}", node.incarnation, node.address);
        let members = nodes.iter().map(member).collect::<Vec<_>>().join(" ");
        for node in nodes {
            node.command(&format!("members {members}"));
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Has the node do something, and answers with its answer.
    pub(crate) fn command(&mut self, line: &str) -> String {
        if let Some(incarnation) = line.strip_prefix("restart ") {
            self.incarnation = incarnation.parse().unwrap();
        }
        writeln!(self.input, "{line}").unwrap();
        loop {
            let mut answer = String::new();
            assert!(self.output.read_line(&mut answer).unwrap() > 0, "the node has ended");
            // The test program writes the test's name without an end of line first.
            if let Some((_, answer)) = answer.split_once("@@ ") {
                return answer.trim_end().to_owned();
            }
        }
    }

    pub(crate) fn until_ready(&mut self, peer: i64) {
        let ready = format!("{peer}:ready");
        eventually("the link is ready", || self.command("links").contains(&ready));
    }

    /// Cuts the links to these nodes, and no others.
    pub(crate) fn cut(&self, names: &[&str]) {
        let lines: String = names.iter().map(|name| format!("cut {name}\n")).collect();
        std::fs::write(&self.faults, lines).unwrap();
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.process.id().to_string();
        let sent = Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Linked {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _ended = self.process.wait();
        let _removed = std::fs::remove_file(&self.faults);
    }
}

/// Waits until something is so.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < end, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
