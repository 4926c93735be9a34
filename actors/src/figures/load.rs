//! How much this node has to do, for the operator and for whoever starts and stops nodes.

use super::{FiguresState, STORE_WITHIN};
use crate::inference_gateway::load_of;
use crate::readiness::served;
use autoglm_protocol::figures::{LoadReport, NodeLoad, StageFigures};
use autoglm_protocol::stage::REQUEST;
use tokio::time::Instant;

impl FiguresState {
    pub(super) async fn load(&mut self, stages: &[StageFigures]) -> NodeLoad {
        let devices = load_of(&self.args.pool.get());
        let region = self.args.region.get();
        NodeLoad {
            cpu_share: self.processor.share(),
            queue_age_seconds: self.queue_age(stages).await,
            expected_wait_ms: (devices.devices > 0).then_some(devices.expected_wait_ms),
            terminals: self.args.gateway.get().terminals,
            shards: region.reader_shards + region.host_shards + region.singles.len(),
            ready: served(&self.args.membership.get(), &region).is_ok(),
        }
    }

    /// Tells the HTTP interface how busy this node is.
    pub(super) fn report(&mut self, load: &NodeLoad, stages: &[StageFigures]) {
        let passed = std::mem::replace(&mut self.looked_at, Instant::now()).elapsed();
        let requests = stages.iter().find(|stage| stage.name == REQUEST);
        let count = requests.map_or(0, |stage| stage.window.count);
        self.args.report.set(LoadReport {
            utilization: utilization(load, self.args.terminals_max),
            cpu_share: load.cpu_share,
            requests_per_second: count as f64 / passed.as_secs_f64().max(0.001),
        });
    }

    /// The age of the oldest article that waits to be understood. A store that does not say leaves
    /// what waited when it was last counted, by the speed of this node.
    async fn queue_age(&self, stages: &[StageFigures]) -> Option<f64> {
        let asked = tokio::time::timeout(STORE_WITHIN, self.args.store.oldest_not_understood());
        match asked.await {
            Ok(Ok(None)) => Some(0.0),
            Ok(Ok(Some(oldest))) => Some(self.args.clock.now().since(oldest).as_secs_f64()),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the age of the queue is estimated");
                by_speed(stages)
            }
            Err(_elapsed) => by_speed(stages),
        }
    }
}

/// The larger share that is in use: of the cores or of the room for terminals.
fn utilization(load: &NodeLoad, terminals_max: usize) -> f64 {
    let terminals = load.terminals as f64 / terminals_max.max(1) as f64;
    terminals.min(1.0).max(load.cpu_share.unwrap_or_default())
}

fn by_speed(stages: &[StageFigures]) -> Option<f64> {
    let understand = stages.iter().find(|stage| stage.name == "understand")?;
    // Of the last minute.
    let a_second = understand.minute.count as f64 / 60.0;
    (a_second > 0.0).then(|| understand.queue as f64 / a_second)
}

/// Tells the recorder what the figures of this actor mean.
pub(super) fn describe() {
    for (name, meaning) in [
        ("autoglm_node_load_ratio", "share of its cores that the process kept busy, 0 to 1"),
        ("autoglm_node_queue_age_seconds", "how long the oldest article has waited for the models"),
        ("autoglm_node_expected_wait_seconds", "how long a text that comes now waits for a device"),
        ("autoglm_node_terminals", "connected terminals"),
        ("autoglm_stage_p99_seconds", "99th percentile of the last ten seconds, 0 without items"),
        ("autoglm_hot_spot", "1 while the stage takes much longer than usual on this node"),
    ] {
        metrics::describe_gauge!(name, meaning);
    }
}

/// As metrics; what is not known keeps its last value.
pub(super) fn show(load: &NodeLoad) {
    let wait = load.expected_wait_ms.map(|wait| f64::from(wait) / 1e3);
    for (name, value) in [
        ("autoglm_node_load_ratio", load.cpu_share),
        ("autoglm_node_queue_age_seconds", load.queue_age_seconds),
        ("autoglm_node_expected_wait_seconds", wait),
        ("autoglm_node_terminals", Some(load.terminals as f64)),
    ] {
        if let Some(value) = value {
            metrics::gauge!(name).set(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_protocol::figures::Latency;

    #[test]
    fn a_node_is_as_full_as_what_is_scarcest() {
        let load = |cpu_share, terminals| NodeLoad { cpu_share, terminals, ..NodeLoad::default() };
        assert_eq!(utilization(&load(Some(0.25), 150), 200), 0.75);
        assert_eq!(utilization(&load(Some(0.25), 20), 200), 0.25);
        assert_eq!(utilization(&load(None, 500), 200), 1.0);
        assert_eq!(utilization(&load(None, 0), 0), 0.0);
    }

    #[test]
    fn without_the_store_the_wait_is_what_waits_by_the_speed_of_the_node() {
        let minute = Latency { count: 1_200, ..Latency::default() };
        let stage = |minute| StageFigures {
            name: "understand".into(),
            queue: 400,
            minute,
            ..StageFigures::default()
        };
        assert_eq!(by_speed(&[stage(minute)]), Some(20.0));
        assert_eq!(by_speed(&[stage(Latency::default())]), None);
        assert_eq!(by_speed(&[]), None);
    }
}
