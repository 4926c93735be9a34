//! Those who wait for one summary: all get what comes of it, some the words as they come.

use autoglm_domain::Fault;
use autoglm_protocol::writer::Writing;
use autoglm_protocol::{Permit, Reply};
use std::sync::{Mutex, PoisonError};
use tokio::sync::mpsc;

/// Words that came, and who hears them.
#[derive(Debug, Default)]
struct Inner {
    text: String,
    listeners: Vec<mpsc::Sender<String>>,
    waiting: Vec<(Reply<Writing>, Permit)>,
}

/// Shared between the actor, which lets people join, and the task that writes.
#[derive(Debug, Default)]
pub(super) struct Audience(Mutex<Inner>);

impl Audience {
    /// One more; who comes late hears first what was said before.
    pub(super) fn join(
        &self,
        pieces: Option<mpsc::Sender<String>>,
        reply: Reply<Writing>,
        permit: Permit,
    ) {
        let mut inner = self.inner();
        if let Some(listener) = pieces
            && (inner.text.is_empty() || listener.try_send(inner.text.clone()).is_ok())
        {
            inner.listeners.push(listener);
        }
        inner.waiting.push((reply, permit));
    }

    /// Passes words on. Who has gone, or cannot follow, hears no more of them: the whole text comes
    /// with the answer.
    pub(super) fn hear(&self, piece: &str) {
        let mut inner = self.inner();
        inner.text.push_str(piece);
        inner.listeners.retain(|listener| listener.try_send(piece.to_owned()).is_ok());
    }

    /// Whether nobody waits any more.
    pub(super) fn has_gone(&self) -> bool {
        self.inner().waiting.iter().all(|(reply, _)| reply.is_closed())
    }

    /// Tells everybody what came of it.
    pub(super) fn dismiss(&self, outcome: &Result<Writing, Fault>) {
        let mut inner = self.inner();
        inner.listeners.clear();
        for (reply, _permit) in inner.waiting.drain(..) {
            if reply.send(outcome.clone()).is_err() {
                tracing::debug!("nobody waited for a summary any more");
            }
        }
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
