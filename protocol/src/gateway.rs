//! Contract of GatewayActor: knows the terminals connected to this node and who reads on them.

use crate::push::{Delivery, Frame};
use crate::terminal::TerminalHandle;
use crate::{Address, Reply};
use autoglm_domain::{Fault, ReaderId, Shard};
use serde::Serialize;
use std::time::Duration;
use tokio::sync::mpsc;

/// Messages of GatewayActor.
#[derive(Debug)]
pub enum GatewayMessage {
    /// A terminal connected. Sent by the HTTP interface.
    Connect {
        /// Who reads on it.
        reader: ReaderId,
        /// The last number it has seen.
        after: Option<u64>,
        /// Where its frames go; a full outlet gets one `Reset` instead of what did not fit.
        outlet: mpsc::Sender<Frame>,
        /// Answer.
        reply: Reply<TerminalHandle>,
    },
    /// Items for all terminals of a reader. Sent by CacheShardActors, bounded by their coalescing.
    Deliver(Delivery),
    /// A reader shard has started on this node and knows no watchers yet: renew those of its
    /// readers now. Sent by CacheShardActor.
    ShardStarted(Shard),
    /// Internal: a shard has been told that a reader has no terminal here any more.
    Unwatched(ReaderId),
    /// Internal: tell the shards again that we watch.
    RenewWatches,
    /// Internal: ask terminals to connect again when there are more here than elsewhere.
    Spread,
}

impl ractor::Message for GatewayMessage {}

/// What GatewayActor shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct GatewayStatus {
    /// Connected terminals.
    pub terminals: usize,
    /// Readers with a terminal.
    pub readers: usize,
    /// Items delivered since the start.
    pub items_total: u64,
    /// Terminals asked to connect again since the start, because others had fewer.
    pub asked_to_move_total: u64,
}

/// Typed front of GatewayActor.
#[derive(Debug, Clone)]
pub struct GatewayHandle(pub Address<GatewayMessage>);

impl GatewayHandle {
    /// Connects a terminal. It is disconnected when the receiver of `outlet` is dropped.
    ///
    /// # Errors
    /// `Overloaded` when too many terminals are connected, `Unavailable`, `Timeout`.
    pub async fn connect(
        &self,
        reader: ReaderId,
        after: Option<u64>,
        outlet: mpsc::Sender<Frame>,
    ) -> Result<TerminalHandle, Fault> {
        self.0
            .call(Duration::from_secs(5), |reply| GatewayMessage::Connect {
                reader,
                after,
                outlet,
                reply,
            })
            .await
    }
}
