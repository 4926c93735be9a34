//! A shell that does one thing when the test is over, however the test ends: also by `kill -9`.

use anyhow::{Context, Result};
use std::process::{Child, Command, Stdio};

/// Sends a signal to processes when it is dropped, or when the process that holds it is gone.
///
/// The shell waits for the end of its input, which the system closes with the test's process.
#[derive(Debug)]
pub struct Guardian {
    shell: Child,
}

impl Guardian {
    /// Sends this signal (by name, such as `KILL`) to these processes at the end.
    ///
    /// # Errors
    /// When no shell can be run.
    pub fn at_the_end(signal: &str, processes: &[u32]) -> Result<Self> {
        let targets: Vec<String> = processes.iter().map(u32::to_string).collect();
        let script = format!("cat >/dev/null; kill -{signal} {} 2>/dev/null", targets.join(" "));
        let shell = Command::new("sh")
            .arg("-c")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("running a shell that cleans up")?;
        Ok(Self { shell })
    }

    /// Gives up without sending anything: the processes are gone, and others may have their numbers.
    pub fn dismiss(mut self) {
        // Its shell first, or dropping would still send the signal.
        let _killed = self.shell.kill();
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _reaped = self.shell.wait();
    }
}

/// Sends a signal by its name to processes now; those that are gone already are left out.
///
/// # Errors
/// When `kill` cannot be run.
pub fn signal(name: &str, processes: &[u32]) -> Result<()> {
    let targets = processes.iter().map(u32::to_string);
    Command::new("kill")
        .arg(format!("-{name}"))
        .args(targets)
        .stderr(Stdio::null())
        .status()
        .context("running kill")?;
    Ok(())
}

/// The running children of a process.
#[must_use]
pub fn children_of(parent: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let is_child = |process: &u32| {
        let Ok(text) = std::fs::read_to_string(format!("/proc/{process}/stat")) else {
            return false;
        };
        // The name in brackets may hold anything; state and parent follow it.
        let fields = text.rsplit_once(')').map(|(_, fields)| fields);
        fields.and_then(|fields| fields.split_whitespace().nth(1)) == Some(&parent.to_string())
    };
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(is_child).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep").arg("600").spawn().expect("started")
    }

    #[test]
    fn what_is_guarded_ends_with_its_guardian() {
        let mut sleeper = sleeper();
        let guardian = Guardian::at_the_end("KILL", &[sleeper.id()]).expect("guarded");
        drop(guardian);
        assert!(!sleeper.wait().expect("waited").success());
    }

    #[test]
    fn a_dismissed_guardian_does_nothing() {
        let mut sleeper = sleeper();
        Guardian::at_the_end("KILL", &[sleeper.id()]).expect("guarded").dismiss();
        assert!(sleeper.try_wait().expect("asked").is_none(), "it has ended");
        sleeper.kill().expect("killed");
        sleeper.wait().expect("waited");
    }

    #[test]
    fn a_child_is_found_by_its_parent() {
        let mut sleeper = sleeper();
        assert!(children_of(std::process::id()).contains(&sleeper.id()));
        sleeper.kill().expect("killed");
        sleeper.wait().expect("waited");
    }
}
