//! The way to other nodes with a clock beside it: how long requests to their shards take.

use super::PipelineMeter;
use async_trait::async_trait;
use autoglm_cluster::peers::{PeerRequest, PeerService};
use autoglm_cluster::{Door, Peers};
use autoglm_domain::{Fault, FaultKind, Incarnation};
use autoglm_protocol::stage::ROUTE;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::time::Instant;

/// Peers whose answers are timed as [`ROUTE`].
#[derive(Debug)]
pub struct TimedPeers {
    peers: Arc<dyn Peers>,
    meter: PipelineMeter,
}

impl TimedPeers {
    /// These peers, timed by this meter.
    #[must_use]
    pub fn new(peers: Arc<dyn Peers>, meter: PipelineMeter) -> Self {
        Self { peers, meter }
    }
}

#[async_trait]
impl Peers for TimedPeers {
    async fn ask(
        &self,
        to: Incarnation,
        door: Door,
        request: PeerRequest,
    ) -> Result<Vec<u8>, Fault> {
        let started = Instant::now();
        let answer = self.peers.ask(to, door, request).await;
        // What was refused took no time and would hide what did.
        let was_sent = match &answer {
            Ok(_) => true,
            Err(fault) => fault.kind == FaultKind::Timeout,
        };
        if was_sent && door == Door::Region {
            self.meter.time(ROUTE, 1, started.elapsed());
        }
        answer
    }

    fn tell(&self, to: Incarnation, door: Door, body: Vec<u8>) -> bool {
        self.peers.tell(to, door, body)
    }

    fn reachable(&self) -> BTreeSet<Incarnation> {
        self.peers.reachable()
    }

    fn open(&self, door: Door, service: Arc<dyn PeerService>) {
        self.peers.open(door, service);
    }

    fn close(&self) {
        self.peers.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_cluster::MemoryNetwork;
    use autoglm_domain::SystemClock;
    use std::time::Duration;

    struct Slow;

    #[async_trait]
    impl PeerService for Slow {
        async fn answer(&self, _: Incarnation, request: PeerRequest) -> Result<Vec<u8>, Fault> {
            tokio::time::sleep(Duration::from_millis(200)).await;
            Ok(request.body)
        }

        fn told(&self, _: Incarnation, _: Vec<u8>) {}
    }

    #[tokio::test(start_paused = true)]
    async fn answers_and_waits_in_vain_are_timed_but_not_who_cannot_be_reached() {
        let network = MemoryNetwork::default();
        network.join(Incarnation(2)).open(Door::Region, Arc::new(Slow));
        let meter = PipelineMeter::new(Arc::new(SystemClock));
        let peers = TimedPeers::new(Arc::new(network.join(Incarnation(1))), meter.clone());
        let ask = async |to, limit| {
            let request = PeerRequest::within(Duration::from_millis(limit), Vec::new());
            peers.ask(Incarnation(to), Door::Region, request).await
        };
        ask(2, 1_000).await.expect("answered");
        ask(2, 100).await.expect_err("too late");
        ask(3, 1_000).await.expect_err("nobody");
        let taken = meter.take_latency(ROUTE).window;
        assert_eq!(taken.count, 2);
        assert!(taken.p50_ms > 90.0 && taken.p99_ms > 180.0, "{taken:?}");
    }
}
