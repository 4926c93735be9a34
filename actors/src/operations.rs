//! NodeOperations: what the operator may see and do on this node.
//!
//! **Receives** calls of the port `Operations`. **Sends** restarts to supervisors by name, the drain to the root.
//! **Limits** everything shown is a snapshot; only the list of sources asks the store. **On restart** it keeps nothing.

use crate::library::in_time;
use crate::meter::PipelineMeter;
use async_trait::async_trait;
use autoglm_domain::{Fault, Incarnation};
use autoglm_models::Store;
use autoglm_protocol::device_gauges::DeviceGaugesStatus;
use autoglm_protocol::inference_pool::{DeviceStatus, InferencePoolStatus};
use autoglm_protocol::port::{Operations, OperatorSource, PipelineReport};
use autoglm_protocol::status::{ActorReport, StatusBoard, StatusCell};
use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

/// An answer that takes time.
pub type BoxAnswer<T> = Pin<Box<dyn Future<Output = T> + Send>>;
/// Restarts the actor of this name; given to [`RestartTable`] by whoever supervises it.
pub type RestartChild = Arc<dyn Fn(String) -> BoxAnswer<Result<(), Fault>> + Send + Sync>;
/// Begins an orderly shutdown of the node; calling it again does nothing more.
pub type BeginDrain = Arc<dyn Fn() + Send + Sync>;
/// Whether the node may be sent requests; the text says why not.
pub type IsReady = Arc<dyn Fn() -> BoxAnswer<Result<(), String>> + Send + Sync>;

/// Who restarts which actor. Clones share it. An entry is an actor's name, or the beginning of
/// such names with a `*` at its end (`source-*`); the longest match counts.
#[derive(Clone, Default)]
pub struct RestartTable(Arc<RwLock<BTreeMap<String, RestartChild>>>);

impl fmt::Debug for RestartTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        formatter.debug_set().entries(table.keys()).finish()
    }
}

impl RestartTable {
    /// Adds or replaces an entry.
    pub fn insert(&self, pattern: impl Into<String>, restart: RestartChild) {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        table.insert(pattern.into(), restart);
    }

    fn find(&self, name: &str) -> Option<RestartChild> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(exact) = table.get(name) {
            return Some(Arc::clone(exact));
        }
        let matching = table.iter().filter(|(pattern, _)| {
            pattern.strip_suffix('*').is_some_and(|start| name.starts_with(start))
        });
        let longest = matching.max_by_key(|(pattern, _)| pattern.len());
        longest.map(|(_, restart)| Arc::clone(restart))
    }
}

/// What the operator's view is made of.
#[derive(Clone)]
pub struct NodeOperationsArgs {
    /// This node's name.
    pub node: String,
    /// This start of it.
    pub incarnation: Incarnation,
    /// Every actor.
    pub board: StatusBoard,
    /// The way of an article in figures.
    pub meter: PipelineMeter,
    /// The inference pool and its devices.
    pub pool: StatusCell<InferencePoolStatus>,
    /// What drivers say about the devices.
    pub gauges: StatusCell<DeviceGaugesStatus>,
    /// The store.
    pub store: Store,
    /// Who restarts which actor.
    pub restarts: RestartTable,
    /// Begins an orderly shutdown.
    pub drain: BeginDrain,
    /// Whether the node is ready.
    pub ready: IsReady,
}

impl fmt::Debug for NodeOperationsArgs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NodeOperationsArgs")
            .field("node", &self.node)
            .field("incarnation", &self.incarnation)
            .field("restarts", &self.restarts)
            .finish_non_exhaustive()
    }
}

/// The port. Clones share everything.
#[derive(Clone, Debug)]
pub struct NodeOperations(Arc<NodeOperationsArgs>);

impl NodeOperations {
    /// Over the parts of a running node.
    #[must_use]
    pub fn new(args: NodeOperationsArgs) -> Self {
        Self(Arc::new(args))
    }
}

#[async_trait]
impl Operations for NodeOperations {
    fn actors(&self) -> Vec<ActorReport> {
        self.0.board.reports()
    }

    async fn restart(&self, name: &str) -> Result<(), Fault> {
        let restart = self.0.restarts.find(name).ok_or_else(|| {
            Fault::not_found(format!("no actor called {name:.100} can be restarted on this node"))
        })?;
        tracing::info!(actor = name, "the operator restarts an actor");
        restart(name.to_owned()).await
    }

    fn devices(&self) -> Vec<DeviceStatus> {
        let gauges = self.0.gauges.get();
        let with_gauges = |device: &DeviceStatus| {
            let gauges = gauges.devices.get(&device.name).copied();
            DeviceStatus { gauges, ..device.clone() }
        };
        self.0.pool.get().devices.iter().map(with_gauges).collect()
    }

    fn pipeline(&self) -> PipelineReport {
        self.0.meter.report()
    }

    async fn sources(&self) -> Result<Vec<OperatorSource>, Fault> {
        let rows = in_time(self.0.store.active_sources()).await?;
        Ok(rows.into_iter().map(|(source, health)| OperatorSource { source, health }).collect())
    }

    fn drain(&self) {
        tracing::info!("the operator asked this node to drain");
        (self.0.drain)();
    }

    async fn ready(&self) -> Result<(), String> {
        (self.0.ready)().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answering(name: &'static str) -> RestartChild {
        Arc::new(move |asked| {
            Box::pin(async move { Err(Fault::conflict(format!("{name} got {asked}"))) })
        })
    }

    #[tokio::test]
    async fn a_restart_finds_the_supervisor_of_the_name() {
        let table = RestartTable::default();
        table.insert("index", answering("node"));
        table.insert("source-*", answering("sources"));
        table.insert("source-sup*", answering("long"));
        for (asked, expected) in [
            ("index", Some("node got index")),
            ("source-7", Some("sources got source-7")),
            ("source-supervisor", Some("long got source-supervisor")),
            ("indexes", None),
        ] {
            let answer = match table.find(asked) {
                Some(restart) => restart(asked.to_owned()).await.err().map(|fault| fault.message),
                None => None,
            };
            assert_eq!(answer.as_deref(), expected);
        }
    }
}
