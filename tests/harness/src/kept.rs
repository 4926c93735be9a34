//! Servers that do not outlive the test process that started them.

use anyhow::{Context, Result};
use std::net::TcpListener;
use std::process::{Child, Command};
use std::sync::mpsc;

/// When set to 1, a missing server is a failure instead of a skip.
pub(crate) const NO_SKIP: &str = "AUTOGLM_NO_SKIP";

/// The server's process, and the thread that started it: the system kills the server when that
/// thread ends (`setpriv --pdeathsig`), so a test process that is killed leaves no server behind.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) child: Child,
    /// Dropping it ends the thread.
    _keeper: mpsc::Sender<()>,
}

/// Starts the command from a thread that lives as long as the process is wanted.
pub(crate) fn spawn_kept(what: &'static str, mut command: Command) -> Result<Running> {
    let (keeper, wanted) = mpsc::channel::<()>();
    let (report, spawned) = mpsc::channel();
    std::thread::Builder::new().name(format!("throw-away {what}")).spawn(move || {
        if report.send(command.spawn()).is_ok() {
            // Ends with an error when the other side is dropped: that is the signal.
            let _ended = wanted.recv();
        }
    })?;
    let starting = || format!("starting {what}");
    let child = spawned.recv().with_context(starting)?.with_context(starting)?;
    Ok(Running { child, _keeper: keeper })
}

/// What a test gets whose server could not be started: nothing and a loud line, or the error when
/// skipping is forbidden.
pub(crate) fn started_or_skipped<T>(
    test: &str,
    what: &str,
    started: Result<T>,
) -> Result<Option<T>> {
    match started {
        Ok(server) => Ok(Some(server)),
        Err(error) if std::env::var(NO_SKIP).is_ok_and(|value| value == "1") => {
            Err(error.context(format!("{test} needs {what} and {NO_SKIP}=1 forbids to skip it")))
        }
        Err(error) => {
            crate::skip::skip(test, &format!("{error:#}"));
            Ok(None)
        }
    }
}

/// A port nobody listens on now; another process could take it before the server does, which the
/// server's log would tell.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).context("looking for a free port")?.local_addr()?.port())
}
