//! What tests of several nodes share: owners that are set, an agent whose actors do not run, and a
//! mailbox that answers.

use super::NodeAgentArgs;
use crate::figures::FigureBoard;
use crate::inference_gateway::PeerLoads;
use crate::source_supervisor::OwnedHosts;
use crate::websub::callbacks::PushRoom;
use autoglm_domain::{Incarnation, Shard};
use autoglm_protocol::Address;
use autoglm_protocol::agent::Owners;
use autoglm_protocol::article_window::ArticleWindowHandle;
use autoglm_protocol::gateway::GatewayHandle;
use autoglm_protocol::index::IndexHandle;
use autoglm_protocol::popularity::PopularityHandle;
use autoglm_protocol::rollout::RolloutHandle;
use autoglm_protocol::source_supervisor::SourceSupervisorHandle;
use autoglm_protocol::story::StoryHandle;
use autoglm_protocol::understand::UnderstandHandle;
use ractor::{Actor, ActorProcessingErr, ActorRef, Message};
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// Everything has the same owner; 0 for none.
#[derive(Debug, Clone, Default)]
pub(crate) struct OneOwner(Arc<AtomicI64>);

impl OneOwner {
    pub(crate) fn is(node: Incarnation) -> Self {
        Self(Arc::new(AtomicI64::new(node.0)))
    }

    pub(crate) fn becomes(&self, node: Incarnation) {
        self.0.store(node.0, Ordering::SeqCst);
    }
}

impl Owners for OneOwner {
    fn owner_of(&self, _: Shard) -> Option<Incarnation> {
        Some(Incarnation(self.0.load(Ordering::SeqCst))).filter(|owner| owner.0 != 0)
    }
}

/// Addresses at which nobody answers.
pub(crate) fn nobody() -> NodeAgentArgs {
    NodeAgentArgs {
        gateway: GatewayHandle(Address::new("gateway", 8)),
        window: ArticleWindowHandle(Address::new("article-window", 8)),
        index: IndexHandle(Address::new("index", 8)),
        understand: UnderstandHandle(Address::new("understand", 8)),
        story: StoryHandle(Address::new("story", 8)),
        popularity: PopularityHandle(Address::new("popularity", 8)),
        sources: SourceSupervisorHandle(Address::new("sources", 8)),
        owned: OwnedHosts::default(),
        rollout: RolloutHandle(Address::new("rollout", 8)),
        room: PushRoom::default(),
        loads: PeerLoads::default(),
        figures: FigureBoard::default(),
    }
}

struct Mailbox<M>(Arc<Mutex<dyn FnMut(M) + Send>>);

impl<M: Message> Actor for Mailbox<M> {
    type Msg = M;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<M>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(
        &self,
        _: ActorRef<M>,
        message: M,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        (self.0.lock().expect("no panic"))(message);
        Ok(())
    }
}

/// Has an address answered by this function.
pub(crate) async fn answered<M: Message>(
    address: &Address<M>,
    answer: impl FnMut(M) + Send + 'static,
) {
    let mailbox = Mailbox(Arc::new(Mutex::new(answer)));
    let (actor, _) = Actor::spawn(None, mailbox, ()).await.expect("a mailbox");
    address.publish(actor);
}

/// Notes every message, as it is printed.
pub(crate) async fn noted<M: Message + fmt::Debug>(
    address: &Address<M>,
) -> Arc<Mutex<Vec<String>>> {
    let notes = Arc::<Mutex<Vec<String>>>::default();
    let written = Arc::clone(&notes);
    let note = move |message: M| written.lock().expect("no panic").push(format!("{message:?}"));
    answered(address, note).await;
    notes
}
