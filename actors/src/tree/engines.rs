//! The remote engines of a node: an actor each, and those that make vectors as devices of the pool.

use super::TreeArgs;
use crate::inference::{DeviceSpec, LoadModel};
use crate::remote_engine::{
    EmbeddingDevice, EngineKind, EngineSpec, QUESTIONS_MAX, RemoteEngineActor, RemoteEngineArgs,
};
use crate::supervisor::{ChildSpec, Restart};
use crate::writer::EnginePen;
use autoglm_inference::{Classify as _, ModelRegistry, Understander};
use autoglm_protocol::remote_engine::RemoteEngineHandle;
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::{Address, name};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Every configured engine.
#[derive(Debug, Clone)]
pub(super) struct Engines(Vec<Engine>);

#[derive(Debug, Clone)]
struct Engine {
    spec: EngineSpec,
    args: RemoteEngineArgs,
    handle: RemoteEngineHandle,
}

impl Engines {
    pub(super) fn new(args: &TreeArgs) -> Self {
        let engine = |spec: &EngineSpec| {
            let address = Address::new(name::engine(&spec.name), QUESTIONS_MAX);
            let handle = RemoteEngineHandle(address.clone());
            let (clock, status) = (Arc::clone(&args.clock), StatusCell::default());
            let args = RemoteEngineArgs::new(spec.clone(), clock, address, status);
            Engine { spec: spec.clone(), args, handle }
        };
        Self(args.config.engines.iter().map(engine).collect())
    }

    /// Their actors.
    pub(super) fn children(&self) -> Vec<ChildSpec> {
        let child = |engine: &Engine| {
            let (name, args) = (name::engine(&engine.spec.name), engine.args.clone());
            let status = args.status().clone();
            ChildSpec::new(name, Restart::Permanent, &status, move |supervisor| {
                Box::pin(RemoteEngineActor::spawn(args.clone(), supervisor))
            })
        };
        self.0.iter().map(child).collect()
    }

    /// Whether vectors come from an engine.
    pub(super) fn make_vectors(&self) -> bool {
        self.0.iter().any(|engine| engine.spec.kind == EngineKind::Embeddings)
    }

    /// Those that make vectors, beside the node's own topics and summaries.
    pub(super) fn devices(&self, args: &TreeArgs) -> Vec<DeviceSpec> {
        let (topics, store) = (&args.topics, &args.store);
        let local = ModelRegistry::built_in().and_then(|all| Understander::from_defaults(&all));
        let local = match local {
            Ok(local) => local.sorted_by(Arc::new(topics.clone())),
            Err(error) => {
                tracing::error!(%error, "no model can be loaded; articles are stored, not understood");
                return Vec::new();
            }
        };
        let choice = args.models.first_choice();
        let (encoder, version) = (choice.encoder.clone(), choice.version());
        let label = || {
            let (version, topics) = (version.clone(), topics.clone());
            move || Some(crate::topic_list::label(&version, topics.topic_list()))
        };
        let device = |engine: &Engine| {
            let device = EmbeddingDevice {
                engine: engine.handle.clone(),
                model: engine.spec.model.clone(),
                encoder: encoder.clone(),
                store: store.clone(),
                space: OnceCell::new(),
                local: local.clone(),
                version: version.clone(),
            };
            DeviceSpec {
                name: engine.spec.name.clone(),
                kind: "engine".to_owned(),
                load: LoadModel::remote(Arc::new(device)).labelled(label()),
            }
        };
        let makes_vectors = |engine: &&Engine| engine.spec.kind == EngineKind::Embeddings;
        self.0.iter().filter(makes_vectors).map(device).collect()
    }

    /// The one of this name that can be asked for words, as a pen.
    pub(super) fn pen(&self, name: &str) -> Option<EnginePen> {
        let found = self.0.iter().find(|engine| engine.spec.name == name)?;
        let talks = found.spec.kind == EngineKind::Chat;
        talks.then(|| EnginePen {
            engine: found.handle.clone(),
            version: format!("{}@{name}", found.spec.model),
        })
    }
}
