//! This program again as a process of its own, which does one thing for it and talks in lines.

use anyhow::{Context, Result, ensure};
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A process of this program; killed when dropped, and its input ends when we do.
#[derive(Debug)]
pub(crate) struct Helper {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Helper {
    /// Starts this program with a verb and what belongs to it.
    pub(crate) fn start(arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start this program as a helper")?;
        let input = child.stdin.take().context("a helper has no input")?;
        let output = child.stdout.take().context("a helper has no output")?;
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    /// The next line it prints; waits for it.
    pub(crate) fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line)?;
        ensure!(read > 0, "a helper ended too early; it may have said why above");
        Ok(line.trim_end().to_owned())
    }

    /// Tells it something, and waits for its answer.
    pub(crate) fn ask(&mut self, line: &str) -> Result<String> {
        writeln!(self.input, "{line}").context("a helper does not listen any more")?;
        self.line()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // It is only there for us; if it is gone already, so much the better.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
