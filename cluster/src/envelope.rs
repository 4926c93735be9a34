//! The wrapping of every request to a shard: which version it is, until when it matters, and what
//! makes it the same request when it is sent again.

use autoglm_domain::{Fault, FaultKind};
use std::time::Duration;
use tokio::time::Instant;

/// Version of envelope and requests this program writes, and the newest it reads.
pub const WIRE_VERSION: u16 = 1;

/// Largest encoded envelope between nodes; larger things travel as ids. In one process nothing is
/// encoded and the limits of the requests themselves apply.
pub const ENVELOPE_BYTES_MAX: usize = 256 * 1024;

/// One request on its way to the owner of its shard.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope<R> {
    /// [`WIRE_VERSION`] of the sender.
    pub version: u16,
    /// After this moment nobody waits for the answer. Between nodes the remaining time travels, so
    /// that clocks need not agree.
    pub deadline: Instant,
    /// The same in every attempt of one request; `None` when doing it twice is harmless by itself.
    pub idempotency_key: Option<u128>,
    /// The request.
    pub request: R,
}

impl<R> Envelope<R> {
    /// A request that must be answered within `limit`.
    #[must_use]
    pub fn within(limit: Duration, request: R) -> Self {
        Self {
            version: WIRE_VERSION,
            deadline: Instant::now() + limit,
            idempotency_key: None,
            request,
        }
    }

    /// The same with an idempotency key.
    #[must_use]
    pub fn with_key(mut self, key: u128) -> Self {
        self.idempotency_key = Some(key);
        self
    }

    /// Time left at `now`; `None` when the deadline has passed.
    #[must_use]
    pub fn remaining(&self, now: Instant) -> Option<Duration> {
        self.deadline.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// Refuses what this program cannot read and what nobody waits for any more.
    ///
    /// # Errors
    /// `Invalid` for an unknown version, `Timeout` after the deadline.
    pub fn check(&self, now: Instant) -> Result<(), Fault> {
        if self.version == 0 || self.version > WIRE_VERSION {
            return Err(Fault::invalid(format!(
                "cannot read a request of wire version {}: this node knows 1 to {WIRE_VERSION}; upgrade it",
                self.version
            )));
        }
        if self.remaining(now).is_none() {
            return Err(Fault::new(
                FaultKind::Timeout,
                "the request arrived after its deadline and was not begun",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_request_after_its_deadline_is_not_begun() {
        let envelope = Envelope::within(Duration::from_secs(1), ());
        assert!(envelope.check(Instant::now()).is_ok());
        tokio::time::advance(Duration::from_secs(1)).await;
        let fault = envelope.check(Instant::now()).expect_err("too late");
        assert_eq!(fault.kind, FaultKind::Timeout);
    }

    #[tokio::test]
    async fn a_newer_wire_version_is_refused_with_what_to_do() {
        let mut envelope = Envelope::within(Duration::from_secs(1), ()).with_key(7);
        envelope.version = WIRE_VERSION + 1;
        let fault = envelope.check(Instant::now()).expect_err("too new");
        assert_eq!(fault.kind, FaultKind::Invalid);
        assert!(fault.message.contains("upgrade"), "{}", fault.message);
    }
}
