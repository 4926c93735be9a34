//! One node of a cluster: its process, its name, and the shell that kills it when the test is gone.

use super::gate::StoreGate;
use crate::guardian::Guardian;
use crate::node::TestNode;
use anyhow::{Context, Result, bail};
use std::ops::{Deref, DerefMut};
use std::time::Duration;
use tokio::sync::watch;

/// How long a node may take to become ready: several start at once on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(120);

/// One node of a cluster.
#[derive(Debug)]
pub struct Member {
    node: TestNode,
    name: String,
    /// Kills the process when the test is gone.
    guardian: Option<Guardian>,
    starts: usize,
    ready: Option<watch::Receiver<Option<String>>>,
    /// Its way to PostgreSQL, where it can be cut.
    gate: Option<StoreGate>,
}

impl Deref for Member {
    type Target = TestNode;

    fn deref(&self) -> &TestNode {
        &self.node
    }
}

impl DerefMut for Member {
    fn deref_mut(&mut self) -> &mut TestNode {
        &mut self.node
    }
}

impl Member {
    pub(super) fn new(name: String, node: TestNode, gate: Option<StoreGate>) -> Self {
        Self { node, name, guardian: None, starts: 0, ready: None, gate }
    }

    pub(super) fn cut_off_store(&self, cut: bool) -> Result<()> {
        let gate = self.gate.as_ref().context("the cluster was started without gates")?;
        gate.set_shut(cut);
        Ok(())
    }

    /// Its configured name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Kills it without a warning.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill_now(&mut self) -> Result<()> {
        self.dismiss();
        self.node.kill().await
    }

    /// Asks it to end and waits; the exit code.
    ///
    /// # Errors
    /// When it does not end within 30 s.
    pub async fn stop_well(&mut self) -> Result<Option<i32>> {
        let code = self.node.terminate().await;
        self.dismiss();
        code
    }

    fn dismiss(&mut self) {
        if let Some(guardian) = self.guardian.take() {
            guardian.dismiss();
        }
    }

    /// Starts it without waiting.
    ///
    /// # Errors
    /// When the program cannot be run.
    pub fn begin_again(&mut self, database: &str) -> Result<()> {
        self.starts += 1;
        let writer = format!("{}.{}", self.name, self.starts);
        let database = match &self.gate {
            Some(gate) => gate.database(database)?,
            None => database.to_owned(),
        };
        self.node.set("database.url", format!("{database}?application_name={writer}"));
        self.ready = Some(self.node.begin()?);
        let process = self.node.process_id().context("the node has ended already")?;
        self.guardian = Some(Guardian::at_the_end("KILL", &[process])?);
        Ok(())
    }

    /// Waits until it says that it is ready.
    ///
    /// # Errors
    /// When it ends before, or takes too long; the message holds its log.
    pub async fn wait_until_ready(&mut self) -> Result<()> {
        let Some(mut ready) = self.ready.take() else { return Ok(()) };
        let waited = tokio::time::timeout(START_LIMIT, ready.wait_for(Option::is_some)).await;
        match waited.map(|ready| ready.map(|address| address.clone().unwrap_or_default())) {
            Ok(Ok(address)) => {
                self.node.set_address(address);
                Ok(())
            }
            Ok(Err(_)) => bail!("{} ended before it was ready:\n{}", self.name, self.log()),
            Err(_) => bail!("{} was not ready in time:\n{}", self.name, self.log()),
        }
    }
}
