//! Who writes summaries on this node: one actor with an engine or a decoder, where one is named.

use super::{TreeArgs, WriterWish};
use crate::supervisor::{ChildSpec, Restart};
use crate::tree::engines::Engines;
use crate::writer::{DecoderPen, ORDERS_MAX, Pen, WriterActor, WriterArgs};
use autoglm_domain::Incarnation;
use autoglm_protocol::writer::{WriterHandle, WriterView};
use autoglm_protocol::{Address, name};
use std::sync::Arc;

/// The writer of a node.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    args: WriterArgs,
    pub(super) handle: WriterHandle,
    pub(super) view: WriterView,
}

impl Writer {
    /// `None` where none is wished. A decoder begins to load at once.
    pub(super) fn new(args: &TreeArgs, claimant: Incarnation, engines: &Engines) -> Option<Self> {
        let WriterWish { name: wished, config } = args.config.writer.clone()?;
        let pen: Arc<dyn Pen> = match engines.pen(&wished) {
            Some(engine) => Arc::new(engine),
            None => Arc::new(DecoderPen::start(&wished, Arc::clone(&args.decoders))),
        };
        let view = WriterView { name: pen.version() };
        let address = Address::new(name::WRITER, ORDERS_MAX);
        let handle = WriterHandle(address.clone());
        let (store, clock) = (args.store.clone(), Arc::clone(&args.clock));
        let args = WriterArgs::new(store, claimant, pen, config, clock, address);
        Some(Self { args, handle, view })
    }

    /// Its actor.
    pub(super) fn child(&self) -> ChildSpec {
        let args = self.args.clone();
        let status = args.status().clone();
        ChildSpec::new(name::WRITER, Restart::Permanent, &status, move |supervisor| {
            Box::pin(WriterActor::spawn(args.clone(), supervisor))
        })
    }
}
