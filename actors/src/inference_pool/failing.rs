//! Devices that fail and batches that failed: nothing is lost, and whoever has a poisonous text
//! fails alone.

use super::InferencePoolState;
use super::device::{Phase, Running};
use crate::inference::{InferenceActor, InferenceArgs};
use autoglm_domain::{Fault, FaultKind};
use autoglm_inference::Entry;
use autoglm_protocol::inference_pool::InferencePoolMessage;
use autoglm_protocol::status::ActorState;
use ractor::ActorRef;
use std::collections::BTreeMap;

impl InferencePoolState {
    pub(super) async fn start_device(
        &mut self,
        myself: &ActorRef<InferencePoolMessage>,
        device: &str,
    ) {
        let board = self.args.board.clone();
        let Some(slot) = self.slot(device) else { return };
        if !matches!(slot.phase, Phase::Failed) {
            return;
        }
        let args = InferenceArgs {
            device: slot.spec.clone(),
            pool: myself.clone(),
            address: slot.address.clone(),
            model: slot.model.clone(),
            stages: slot.stages.clone(),
        };
        slot.starts += 1;
        match InferenceActor::spawn(args, myself.get_cell()).await {
            Ok(cell) => {
                slot.cell = Some(cell);
                slot.phase = Phase::Starting;
                board.set_state(slot.address.name(), ActorState::Running, None);
            }
            Err(error) => self.device_failed(myself, device, &error.to_string()),
        }
    }

    /// Queues the device's batch again and starts its actor again after a pause.
    pub(super) fn device_failed(
        &mut self,
        myself: &ActorRef<InferencePoolMessage>,
        device: &str,
        reason: &str,
    ) {
        let Some(slot) = self.slot(device) else { return };
        slot.address.withdraw();
        slot.cell = None;
        let running = slot.interrupt(Phase::Failed);
        let pause = slot.next_pause();
        let name = slot.address.name().to_owned();
        tracing::warn!(device, ?pause, "a device failed and is started again: {reason}");
        self.args.board.set_state(&name, ActorState::Restarting, Some(reason.to_owned()));
        if let Some(running) = running {
            self.queue_again(running, &Fault::internal(reason));
        }
        let device = device.to_owned();
        myself.send_after(pause, move || InferencePoolMessage::StartDevice { device });
    }

    /// Splits a failed batch by request, so that whoever has a poisonous text fails alone; gives
    /// up a work that has failed too often.
    pub(super) fn queue_again(&mut self, running: Running, fault: &Fault) {
        let mut by_request: BTreeMap<u64, Vec<Entry<u64>>> = BTreeMap::new();
        for entry in running.batch.entries {
            let Some(work) = self.works.get_mut(entry.payload) else { continue };
            work.failures += 1;
            let request = work.parts.first().map_or(0, |part| part.request);
            by_request.entry(request).or_default().push(entry);
        }
        for entries in by_request.into_values() {
            let failures = entries.iter().filter_map(|entry| self.works.get(entry.payload));
            let failures = failures.map(|work| work.failures).max().unwrap_or(0);
            if failures < self.args.config.failures_max {
                self.again.push_back(entries);
                continue;
            }
            let message = format!("understanding failed {failures} times: {}", fault.message);
            let away = matches!(fault.kind, FaultKind::Unavailable | FaultKind::Overloaded);
            let kind = if away { FaultKind::Unavailable } else { FaultKind::Internal };
            self.give_up(&entries, &Fault::new(kind, message));
        }
    }

    /// A batch that did not fit into the device's memory is tried in halves; a text that does not
    /// fit alone fails alone.
    pub(super) fn halve(&mut self, running: Running, fault: &Fault) {
        let mut first = running.batch.entries;
        if first.len() <= 1 {
            return self.give_up(&first, &Fault::internal(fault.message.clone()));
        }
        let second = first.split_off(first.len() / 2);
        self.again.push_front(second);
        self.again.push_front(first);
    }

    fn give_up(&mut self, entries: &[Entry<u64>], fault: &Fault) {
        for entry in entries {
            let Some(work) = self.works.close(entry.payload) else { continue };
            for part in work.parts {
                self.requests.fail(part.request, fault.clone());
            }
        }
    }
}
