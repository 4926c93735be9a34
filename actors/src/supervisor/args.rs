//! What a supervisor is given: its children, its strategy and its limits.

use super::SupervisorActor;
use super::child::ChildSpec;
use super::policy::{Restart, RestartConfig};
use autoglm_protocol::Address;
use autoglm_protocol::status::{StatusBoard, StatusCell};
use autoglm_protocol::supervisor::{SupervisorMessage, SupervisorStatus};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Who is restarted together with a child that has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// Nobody.
    OneForOne,
    /// Everybody.
    OneForAll,
    /// Those started after it.
    RestForOne,
}

/// What it needs.
#[derive(Debug, Clone)]
pub struct SupervisorArgs {
    /// Its name in the tree.
    pub name: String,
    /// Who restarts with whom.
    pub strategy: Strategy,
    /// How often and how soon.
    pub restart: RestartConfig,
    /// In order of their start.
    pub children: Vec<ChildSpec>,
    /// Longest start of one child.
    pub start_limit: Duration,
    /// Longest stop of one child; killed after it.
    pub stop_limit: Duration,
    /// Where the tree is shown.
    pub board: StatusBoard,
    /// Where others find it.
    pub address: Address<SupervisorMessage>,
    /// What it shows.
    pub status: StatusCell<SupervisorStatus>,
    /// Why it has ended, written once. Needed of the root only.
    pub outcome: Arc<OnceLock<Result<(), String>>>,
}

impl SupervisorArgs {
    /// A supervisor with default limits: one for one, 10 s to start and 10 s to stop a child.
    #[must_use]
    pub fn new(name: impl Into<String>, children: Vec<ChildSpec>, board: StatusBoard) -> Self {
        let name = name.into();
        Self {
            address: Address::new(name.clone(), 16),
            name,
            strategy: Strategy::OneForOne,
            restart: RestartConfig::default(),
            children,
            start_limit: Duration::from_secs(10),
            stop_limit: Duration::from_secs(10),
            board,
            status: StatusCell::default(),
            outcome: Arc::default(),
        }
    }

    /// This supervisor as a child of another one.
    #[must_use]
    pub fn into_child(self, restart: Restart) -> ChildSpec {
        let (name, status) = (self.name.clone(), self.status.clone());
        ChildSpec::new(name, restart, &status, move |supervisor| {
            let args = self.clone();
            Box::pin(SupervisorActor::spawn(args, supervisor))
        })
    }
}
