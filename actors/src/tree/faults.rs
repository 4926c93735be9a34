//! Faults on purpose, for tests of the whole node: a part that an actor was given fails inside it.
//! Nothing here runs unless the configuration's `testing` section asks for it.

use super::children::FIRST_MODELS_WITHIN;
use crate::inference::{LoadModel, Run};
use crate::live_models::{LiveModels, LiveRun};
use crate::stage::Hint;
use autoglm_domain::{Clock, Fault, Timestamp};
use autoglm_protocol::inference_pool::{Text, Understood};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Which call fails; the ones before it and after it work.
const FAILING_CALL: u32 = 10;

/// Counts calls over all restarts and fails one of them.
#[derive(Debug, Default)]
struct FailOnce(AtomicU32);

impl FailOnce {
    fn call(&self, what: &str) {
        let call = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        assert!(call != FAILING_CALL, "testing.panic_once: {what} fails on purpose");
    }
}

/// A hint that fails once in the actor that gives it.
pub(super) fn failing_hint(hint: Hint) -> Hint {
    let once = FailOnce::default();
    Hint::new(move || {
        once.call("ingest");
        hint.give();
    })
}

/// A model that fails once on its device's thread.
pub(super) fn failing_model(live: LiveModels, device: String) -> LoadModel {
    let once = Arc::new(FailOnce::default());
    LoadModel::new(move || {
        let inner = live.wait(&device, FIRST_MODELS_WITHIN)?;
        Ok(Box::new(FailingModel { inner, once: Arc::clone(&once) }))
    })
}

struct FailingModel {
    inner: LiveRun,
    once: Arc<FailOnce>,
}

impl Run for FailingModel {
    fn version(&self) -> String {
        self.inner.version()
    }

    fn run(&mut self, texts: Vec<Text>) -> Result<Vec<Understood>, Fault> {
        self.once.call("inference");
        self.inner.run(texts)
    }
}

/// A clock that fails once in the actor that looks at it.
#[derive(Debug)]
pub(super) struct FailingClock {
    inner: Arc<dyn Clock>,
    once: FailOnce,
}

impl FailingClock {
    pub(super) fn new(inner: Arc<dyn Clock>) -> Self {
        Self { inner, once: FailOnce::default() }
    }
}

impl Clock for FailingClock {
    fn now(&self) -> Timestamp {
        self.once.call("shard");
        self.inner.now()
    }
}
