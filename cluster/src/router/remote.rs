//! The way of a request to a shard of another node, and the wait while nobody is known to own it.

use super::Router;
use super::wire::{RegionAnswer, write_request};
use crate::envelope::Envelope;
use crate::host::ShardHost;
use crate::peers::{Door, PeerRequest};
use autoglm_domain::{Fault, FaultKind, Incarnation, Shard};
use autoglm_protocol::agent::Owners as _;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// What a caller is asked to wait when a shard has no reachable owner.
const RETRY_UNOWNED: Duration = Duration::from_secs(1);
/// How long it waits for an owner that lives but cannot be reached: a link is made again in less.
const WAIT_UNREACHABLE: Duration = Duration::from_secs(1);
/// Nobody may say that something has changed; so a request that waits looks again so often.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What a request has been through, and what it may still try.
#[derive(Debug)]
struct Tries {
    /// It may be repeated after an outcome that is unknown.
    again: bool,
    redirected: bool,
    guessed: bool,
    /// Since when a known owner has been without a link.
    unreachable_since: Option<Instant>,
    /// Once an outcome was unknown, nothing else may be said in the end.
    unknown: Option<Fault>,
}

impl Tries {
    fn new(again: bool) -> Self {
        Self { again, redirected: false, guessed: false, unreachable_since: None, unknown: None }
    }

    /// Until when it waits for an owner; at most until `ends`.
    fn patience(&self, ends: Instant) -> Instant {
        self.unreachable_since.map_or(ends, |since| ends.min(since + WAIT_UNREACHABLE))
    }
}

enum Next {
    Done(Result<Vec<u8>, Fault>),
    Redirected,
    Wait,
}

impl<H: ShardHost> Router<H> {
    /// The shard is not ours: asks who owns it, and waits while nobody does.
    pub(super) async fn ask_others(
        &self,
        shard: Shard,
        envelope: Envelope<H::Request>,
    ) -> Result<H::Answer, Fault> {
        let ends = Instant::now() + H::patience(&envelope.request);
        let body = write_request(H::encode_request(&envelope.request)?);
        let mut tries = Tries::new(H::is_repeatable(&envelope.request));
        // Seen before the first look, so that no change in between is missed.
        let mut changes = self.inner.directory.watch();
        loop {
            changes.mark_unchanged();
            if let Some(fence) = self.fence_of(shard) {
                let request = envelope.request.clone();
                let answer = self.deliver(fence, request, envelope.deadline).await;
                if !self.has_left(fence, &answer) {
                    return answer;
                }
            } else if let Some(owner) = self.owner_to_ask(shard, &mut tries) {
                let request = PeerRequest {
                    deadline: envelope.deadline,
                    idempotency_key: envelope.idempotency_key,
                    body: body.clone(),
                };
                match self.ask_owner(owner, request, &mut tries).await {
                    Next::Done(answer) => return answer.and_then(|bytes| H::decode_answer(&bytes)),
                    Next::Redirected => continue,
                    Next::Wait => {}
                }
            }
            let until = tries.patience(ends).min(envelope.deadline);
            let size = u32::try_from(body.len()).unwrap_or(u32::MAX);
            let room =
                (self.inner.waiting.try_acquire(), self.inner.waiting_bytes.try_acquire_many(size));
            let (Ok(_waits), Ok(_bytes)) = room else {
                return Err(self.unowned(shard, tries.unknown));
            };
            if Instant::now() >= until {
                return Err(self.unowned(shard, tries.unknown));
            }
            self.doubt();
            // Whatever ends the wait, the next look decides.
            let look = until.min(Instant::now() + LOOK_EVERY);
            let _changed_or_not = timeout_at(look, changes.changed()).await;
        }
    }

    /// Whom to ask: the known owner, else once whoever should own the shard.
    fn owner_to_ask(&self, shard: Shard, tries: &mut Tries) -> Option<Incarnation> {
        let is_other = |owner: &Incarnation| *owner != self.inner.me;
        let known = self.inner.directory.owner_of(shard).filter(is_other);
        if known.is_none() {
            tries.unreachable_since = None;
        }
        known.or_else(|| {
            let may_guess = !std::mem::replace(&mut tries.guessed, true);
            may_guess.then(|| self.placed(shard).filter(is_other)).flatten()
        })
    }

    async fn ask_owner(&self, owner: Incarnation, request: PeerRequest, tries: &mut Tries) -> Next {
        let (without_link, deadline) = (tries.unreachable_since, request.deadline);
        self.inner.remote.fetch_add(1, Ordering::Relaxed);
        let answer = self.inner.peers.ask(owner, Door::Region, request).await;
        tries.unreachable_since = None;
        match answer.and_then(RegionAnswer::read) {
            Ok(RegionAnswer::Answer(bytes)) => Next::Done(Ok(bytes)),
            Ok(RegionAnswer::NotOwner(hint)) => {
                self.inner.redirected.fetch_add(1, Ordering::Relaxed);
                let is_news = self.inner.directory.learn(hint.as_slice());
                let goes_on = is_news && !tries.redirected;
                tries.redirected |= is_news;
                if goes_on { Next::Redirected } else { Next::Wait }
            }
            Err(fault) if fault.kind == FaultKind::Unavailable => {
                if self.inner.peers.reachable().contains(&owner) {
                    // The shard itself says so.
                    return Next::Done(Err(fault));
                }
                tries.unreachable_since = without_link.or_else(|| Some(Instant::now()));
                Next::Wait
            }
            Err(fault) if fault.kind == FaultKind::Timeout && Instant::now() < deadline => {
                // The link broke and the outcome is unknown.
                if !std::mem::take(&mut tries.again) {
                    return Next::Done(Err(fault));
                }
                tries.unknown = Some(fault);
                Next::Wait
            }
            Err(fault) => Next::Done(Err(fault)),
        }
    }

    fn unowned(&self, shard: Shard, unknown: Option<Fault>) -> Fault {
        self.inner.unowned.fetch_add(1, Ordering::Relaxed);
        unknown.unwrap_or_else(|| {
            Fault::unavailable(
                format!("shard {shard} has no owner this node can reach; try again shortly"),
                RETRY_UNOWNED,
            )
        })
    }
}
