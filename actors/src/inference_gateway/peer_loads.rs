//! How much the devices of this node have to do, and what other nodes say of theirs.

use autoglm_domain::Incarnation;
use autoglm_protocol::agent::LoadReport;
use autoglm_protocol::inference_pool::{DeviceStatus, InferencePoolStatus};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Older reports say nothing: they come twice a second.
const FRESH: Duration = Duration::from_secs(2);
/// How long a node is left alone that did not answer.
const DISTRUST: Duration = Duration::from_secs(5);
/// Assumed of a request while no device has been measured.
const UNMEASURED_MS: u32 = 50;

#[derive(Debug)]
struct Heard {
    report: LoadReport,
    at: Instant,
}

#[derive(Debug, Default)]
struct Known {
    reports: BTreeMap<Incarnation, Heard>,
    distrusted_until: BTreeMap<Incarnation, Instant>,
}

/// The reports of other nodes. Clones share them; at most one a node.
#[derive(Debug, Clone, Default)]
pub struct PeerLoads(Arc<Mutex<Known>>);

impl PeerLoads {
    fn with<T>(&self, work: impl FnOnce(&mut Known) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A report has come.
    pub fn heard(&self, from: Incarnation, report: LoadReport) {
        let at = Instant::now();
        self.with(|known| known.reports.insert(from, Heard { report, at }));
    }

    #[cfg(test)]
    pub(crate) fn knows(&self, node: Incarnation) -> bool {
        self.with(|known| known.reports.contains_key(&node))
    }

    /// Forgets the nodes that are not among these.
    pub fn keep(&self, nodes: &BTreeSet<Incarnation>) {
        let now = Instant::now();
        self.with(|known| {
            known.reports.retain(|node, _| nodes.contains(node));
            known.distrusted_until.retain(|_, until| *until > now);
        });
    }

    /// A node did not answer: others are asked for a while.
    pub(super) fn distrust(&self, node: Incarnation) {
        let until = Instant::now() + DISTRUST;
        self.with(|known| known.distrusted_until.insert(node, until));
    }

    /// So many tokens are on their way to a node, which its next report counts.
    pub(super) fn sent(&self, node: Incarnation, tokens: usize) {
        self.with(|known| {
            if let Some(Heard { report, .. }) = known.reports.get_mut(&node) {
                let added = wait_ms(tokens, 1, report.tokens_per_second);
                report.expected_wait_ms = report.expected_wait_ms.saturating_add(added);
            }
        });
    }

    /// The reports that say how it is now.
    pub(super) fn fresh(&self) -> Vec<(Incarnation, LoadReport)> {
        let now = Instant::now();
        self.with(|known| {
            let is_trusted =
                |node: &Incarnation| known.distrusted_until.get(node).is_none_or(|at| *at <= now);
            known
                .reports
                .iter()
                .filter(|(node, heard)| now.duration_since(heard.at) < FRESH && is_trusted(node))
                .map(|(node, heard)| (*node, heard.report.clone()))
                .collect()
        })
    }
}

/// What a pool's status says about the wait of a text that comes now.
#[must_use]
pub fn load_of(pool: &InferencePoolStatus) -> LoadReport {
    let working: Vec<&DeviceStatus> =
        pool.devices.iter().filter(|device| is_working(device)).collect();
    let Some(first) = working.first() else { return LoadReport::default() };
    let is_same = working.iter().all(|device| device.model == first.model);
    let tokens_per_second = working.iter().map(|device| device.tokens_per_second as f32).sum();
    let queue = pool.waiting.iter().sum::<usize>();
    // A batch that runs is on average half done; an idle device takes the text at once.
    let is_busy = working.iter().all(|device| device.state == "busy");
    let running =
        working.iter().map(|device| device.batch_tokens_max).min().unwrap_or_default() / 2;
    let tokens = pool.waiting_tokens + if is_busy && queue > 0 { running } else { 0 };
    LoadReport {
        devices: u32::try_from(working.len()).unwrap_or(u32::MAX),
        models: if is_same { first.model.clone() } else { String::new() },
        expected_wait_ms: wait_ms(tokens, queue, tokens_per_second),
        queue: u32::try_from(queue).unwrap_or(u32::MAX),
        tokens_per_second,
    }
}

/// One that has its models, and is not being started again.
fn is_working(device: &DeviceStatus) -> bool {
    device.state != "failed" && !device.model.is_empty()
}

fn wait_ms(tokens: usize, requests: usize, tokens_per_second: f32) -> u32 {
    if tokens_per_second <= 0.0 {
        return u32::try_from(requests).unwrap_or(u32::MAX).saturating_mul(UNMEASURED_MS);
    }
    // Saturates; a wait is not worth more than milliseconds.
    (tokens as f64 / f64::from(tokens_per_second) * 1e3) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(state: &str, model: &str, tokens_per_second: f64) -> DeviceStatus {
        let (state, model) = (state.to_owned(), model.to_owned());
        DeviceStatus { state, model, tokens_per_second, ..DeviceStatus::default() }
    }

    fn pool(devices: Vec<DeviceStatus>, waiting_tokens: usize) -> InferencePoolStatus {
        InferencePoolStatus {
            waiting: [0, 3, 0],
            waiting_tokens,
            devices,
            ..InferencePoolStatus::default()
        }
    }

    #[test]
    fn the_wait_is_what_waits_by_the_speed_of_all_devices() {
        let both = vec![device("busy", "m", 1_000.0), device("idle", "m", 3_000.0)];
        let report = load_of(&pool(both, 8_000));
        assert_eq!((report.devices, report.expected_wait_ms, report.queue), (2, 2_000, 3));
        assert_eq!(report.models, "m");
    }

    #[test]
    fn devices_that_differ_or_fail_are_not_offered() {
        let differ = vec![device("idle", "m", 1.0), device("idle", "n", 1.0)];
        assert_eq!(load_of(&pool(differ, 0)).models, "");
        let none = vec![device("failed", "m", 1.0), device("busy", "", 0.0)];
        assert_eq!(load_of(&pool(none, 0)), LoadReport::default());
    }

    #[tokio::test(start_paused = true)]
    async fn old_reports_and_nodes_that_failed_count_for_nothing() {
        let (loads, one) = (PeerLoads::default(), Incarnation(1));
        let report = LoadReport { devices: 1, tokens_per_second: 100.0, ..LoadReport::default() };
        loads.heard(one, report.clone());
        assert_eq!(loads.fresh().len(), 1);
        loads.sent(one, 50);
        assert_eq!(loads.fresh()[0].1.expected_wait_ms, 500, "before its next report says so");
        loads.distrust(one);
        assert_eq!(loads.fresh(), []);
        tokio::time::advance(DISTRUST).await;
        assert_eq!(loads.fresh(), [], "too old");
        loads.heard(one, report);
        assert_eq!(loads.fresh().len(), 1);
        loads.keep(&BTreeSet::new());
        assert_eq!(loads.fresh(), []);
    }
}
