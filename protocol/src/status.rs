//! How every actor shows what it is doing: a value it publishes and anybody may read, so that a
//! busy or stuck actor can still be observed.

use arc_swap::ArcSwap;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// Whether an actor runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorState {
    /// Handling messages.
    Running,
    /// Waiting out its back-off after a failure.
    Restarting,
    /// Failed too often; only a person starts it again.
    Parked,
    /// Stopped on purpose.
    Stopped,
}

/// One line of the actor tree.
#[derive(Debug, Clone, Serialize)]
pub struct ActorReport {
    /// Unique within the node.
    pub name: String,
    /// The supervisor's name; `None` for the root.
    pub parent: Option<String>,
    /// Whether it runs.
    pub state: ActorState,
    /// Restarts since the node started.
    pub restarts: u64,
    /// Why it last failed.
    pub reason: Option<String>,
    /// The actor's own status.
    pub status: serde_json::Value,
}

/// A status of type `S` that its actor replaces and others read without asking.
pub struct StatusCell<S>(Arc<ArcSwap<S>>);

impl<S> Clone for StatusCell<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: fmt::Debug> fmt::Debug for StatusCell<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("StatusCell").field(&self.0.load()).finish()
    }
}

impl<S: Default> Default for StatusCell<S> {
    fn default() -> Self {
        Self(Arc::new(ArcSwap::from_pointee(S::default())))
    }
}

impl<S> StatusCell<S> {
    /// Replaces the status.
    pub fn set(&self, status: S) {
        self.0.store(Arc::new(status));
    }

    /// The latest status.
    #[must_use]
    pub fn get(&self) -> Arc<S> {
        self.0.load_full()
    }
}

type Read = Arc<dyn Fn() -> serde_json::Value + Send + Sync>;

#[derive(Clone)]
struct Entry {
    parent: Option<String>,
    state: ActorState,
    restarts: u64,
    reason: Option<String>,
    status: Read,
}

/// All actors of this node with their status; written by supervisors, read by the operator's page.
#[derive(Clone, Default)]
pub struct StatusBoard(Arc<RwLock<BTreeMap<String, Entry>>>);

impl fmt::Debug for StatusBoard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StatusBoard")
    }
}

impl StatusBoard {
    /// Adds an actor (or takes it up again after a restart, keeping its count).
    pub fn register<S: Serialize + Send + Sync + 'static>(
        &self,
        name: &str,
        parent: Option<&str>,
        cell: &StatusCell<S>,
    ) {
        let cell = cell.clone();
        let status: Read = Arc::new(move || serde_json::to_value(&*cell.get()).unwrap_or_default());
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.entry(name.to_owned()).or_insert_with(|| Entry {
            parent: parent.map(str::to_owned),
            state: ActorState::Running,
            restarts: 0,
            reason: None,
            status: Arc::clone(&status),
        });
        entry.status = status;
        entry.state = ActorState::Running;
    }

    /// Notes a change of state.
    pub fn set_state(&self, name: &str, state: ActorState, reason: Option<String>) {
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get_mut(name) {
            if state == ActorState::Restarting {
                entry.restarts += 1;
            }
            entry.state = state;
            if reason.is_some() {
                entry.reason = reason;
            }
        }
    }

    /// Forgets an actor that is gone for good, such as that of a removed source.
    pub fn remove(&self, name: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Every actor, by name.
    #[must_use]
    pub fn reports(&self) -> Vec<ActorReport> {
        let entries = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        entries
            .into_iter()
            .map(|(name, entry)| ActorReport {
                name,
                parent: entry.parent,
                state: entry.state,
                restarts: entry.restarts,
                reason: entry.reason,
                status: (entry.status)(),
            })
            .collect()
    }
}
