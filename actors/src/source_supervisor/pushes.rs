//! What hubs send, on its way to the sources of this node.

use super::SourceSupervisorState;
use autoglm_domain::{Fault, SourceId};
use autoglm_protocol::Reply;
use autoglm_protocol::source::SourceMessage;
use autoglm_protocol::websub::PushedDocument;

impl SourceSupervisorState {
    /// Hands a document to its source. The room the document holds bounds how many wait there; a
    /// source that restarts drops the reply, which the caller sees at once.
    pub(super) fn pushed(&self, id: SourceId, document: Box<PushedDocument>, reply: Reply<usize>) {
        match self.children.get(&id) {
            Some(child) => {
                let message = SourceMessage::Pushed { document, reply };
                child.address.cast(message).unwrap_or_default();
            }
            None => {
                let fault = Fault::not_found(format!(
                    "source {id} is not fetched by this node: it is paused, removed, or another \
                     node's"
                ));
                // Whoever asked may have stopped waiting.
                reply.send(Err(fault)).unwrap_or_default();
            }
        }
    }

    /// A source that restarts starts without relying on a hub anyway.
    pub(super) fn push_lost(&self, id: SourceId) {
        if let Some(child) = self.children.get(&id) {
            child.address.cast(SourceMessage::PushLost).unwrap_or_default();
        }
    }
}
