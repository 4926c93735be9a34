//! Contract of TerminalActor: one connected terminal; coalesces items to at most ten frames a second.

use crate::Address;
use crate::push::Delivery;

/// Messages of TerminalActor.
#[derive(Debug)]
pub enum TerminalMessage {
    /// Items for the reader. Sent by GatewayActor.
    Deliver {
        /// The items.
        delivery: Delivery,
        /// Whether this terminal stands for all of the reader's in the traces of the items.
        traced: bool,
    },
    /// Internal: where the numbering stands, from the reader's shard.
    Watching(Box<crate::reader_request::Watching>),
    /// Internal: the pause between two frames has passed.
    Flush,
    /// End the connection once its client has everything in hand, so that it connects again.
    /// Sent by GatewayActor.
    ConnectAgain,
    /// The connection is gone. Sent by the HTTP interface when the socket closes.
    Close,
}

impl ractor::Message for TerminalMessage {}

/// Typed front of a TerminalActor; closing is what the HTTP interface needs of it, and asking to
/// connect again what its gateway does.
#[derive(Debug, Clone)]
pub struct TerminalHandle(pub Address<TerminalMessage>);

impl TerminalHandle {
    /// Tells the actor that the connection is gone.
    pub fn close(&self) {
        self.0.cast(TerminalMessage::Close).unwrap_or_default();
    }

    /// Has the client connect again, perhaps to another node; `false` when the terminal has ended
    /// or is too busy to hear it.
    #[must_use]
    pub fn connect_again(&self) -> bool {
        self.0.cast(TerminalMessage::ConnectAgain).is_ok()
    }
}
