//! Work goes to devices and answers come back.

use super::InferencePoolState;
use super::device::{Phase, Running};
use super::requests::Requests;
use super::works::Works;
use autoglm_domain::{Fault, FaultKind};
use autoglm_inference::{Batch, IdleDevice, Moment, Next, Rival, Shape};
use autoglm_protocol::inference::InferenceMessage;
use autoglm_protocol::inference_pool::{InferencePoolMessage, Text, Understandings};
use ractor::ActorRef;
use tokio::time::Instant;

/// A text as long as most: devices are compared by it.
const USUAL_TOKENS: usize = 64;

impl InferencePoolState {
    pub(super) fn device_idle(&mut self, device: &str) {
        let now = self.now();
        if let Some(slot) = self.slot(device) {
            slot.idle(now);
        }
    }

    /// Gives every idle device what waits, the quickest first; what arrives while they run forms
    /// the next batches.
    pub(super) fn dispatch(&mut self, myself: &ActorRef<InferencePoolMessage>) {
        let idle = |slot: &super::DeviceSlot| matches!(slot.phase, Phase::Idle);
        let mut order: Vec<usize> =
            (0..self.devices.len()).filter(|index| idle(&self.devices[*index])).collect();
        order.sort_by_key(|index| self.devices[*index].pace.predict(Shape::of(USUAL_TOKENS)));
        for index in order {
            match self.next(index) {
                Next::Run(batch) => self.run(myself, index, batch),
                Next::Wait(until) => self.look_later(myself, until),
                Next::Nothing => {}
            }
            for entry in self.former.take_dropped() {
                self.unserved(entry.payload);
            }
        }
    }

    fn next(&mut self, index: usize) -> Next<u64> {
        let now = self.now();
        let (works, requests) = (&self.works, &self.requests);
        while let Some(mut entries) = self.again.pop_front() {
            entries.retain(|entry| is_wanted(entry.payload, works, requests));
            if !entries.is_empty() {
                return Next::Run(Batch::again(entries, now, &self.devices[index].pace));
            }
        }
        let others = self.devices.iter().enumerate().filter(|(other, _)| *other != index);
        let rivals: Vec<Rival<'_>> = others.filter_map(|(_, slot)| slot.rival()).collect();
        let slot = &self.devices[index];
        let device = IdleDevice { pace: &slot.pace, idle_since: slot.idle_since, rivals: &rivals };
        self.former.next(now, &device, |id| !is_wanted(*id, works, requests))
    }

    fn run(&mut self, myself: &ActorRef<InferencePoolMessage>, index: usize, batch: Batch<u64>) {
        self.batches_total += 1;
        let number = self.batches_total;
        let works = batch.entries.iter().filter_map(|entry| self.works.get(entry.payload));
        let texts: Vec<Text> = works.map(|work| work.text.clone()).collect();
        let timeout = self.args.config.batch_timeout;
        let slot = &mut self.devices[index];
        count(&batch, slot.pace.padding, batch.ticket.began);
        let began = Instant::now();
        slot.phase = Phase::Busy(Running { number, batch, began, survived: false });
        let (address, device, pool) =
            (slot.address.clone(), slot.spec.name.clone(), myself.clone());
        // One bounded task a device, whose end returns as a message: the pool itself must hear the
        // next request meanwhile.
        self.calls.spawn(async move {
            let run = |reply| InferenceMessage::Run { texts, reply };
            let outcome = address.call(timeout, run).await;
            let done = InferencePoolMessage::BatchDone { device, batch: number, outcome };
            pool.cast(done).unwrap_or_default();
        });
    }

    /// Asks to be woken, unless it will be soon enough.
    fn look_later(&mut self, myself: &ActorRef<InferencePoolMessage>, until: Moment) {
        if self.look_at.is_some_and(|planned| planned <= until) {
            return;
        }
        self.look_at = Some(until);
        myself.send_after(until.since(self.now()), || InferencePoolMessage::Look);
    }

    pub(super) fn batch_done(
        &mut self,
        device: &str,
        batch: u64,
        outcome: Result<Understandings, Fault>,
    ) {
        // Its end was seen, so this does not wait; it keeps the set as small as the devices.
        while self.calls.try_join_next().is_some() {}
        let now = self.now();
        let Some(slot) = self.slot(device) else { return };
        let Some(running) = slot.finish(batch, now) else { return };
        match outcome {
            Ok(answers) => {
                slot.succeeded(&running, now);
                self.answered(&running, answers);
            }
            Err(fault) => {
                // Not idle before its actor says so: after a panic it never will.
                if !running.survived {
                    slot.phase = Phase::Starting;
                }
                if let (FaultKind::Timeout, Some(cell)) = (fault.kind, &slot.cell) {
                    cell.kill();
                }
                if crate::inference::is_out_of_memory(&fault) {
                    slot.pace.too_large(&running.batch.ticket);
                    self.halve(running, &fault);
                } else {
                    self.queue_again(running, &fault);
                }
            }
        }
    }

    fn answered(&mut self, running: &Running, answers: Understandings) {
        let version = answers.model_version;
        // The device's thread has counted them: one answer for each work.
        for (entry, item) in running.batch.entries.iter().zip(answers.items) {
            let Some(work) = self.works.close(entry.payload) else { continue };
            self.answers.put(&version, work.key, &item);
            for part in &work.parts {
                self.requests.understood(part, item.clone(), &version);
            }
        }
    }
}

/// Whether anybody still waits for a work.
fn is_wanted(id: u64, works: &Works, requests: &Requests) -> bool {
    works.get(id).is_some_and(|work| work.parts.iter().any(|part| !requests.is_gone(part)))
}

fn count(batch: &Batch<u64>, padding: autoglm_inference::Padding, now: Moment) {
    let shape = batch.ticket.shape;
    metrics::histogram!("autoglm_inference_batch_texts").record(shape.entries as f64);
    let wasted = shape.padded_tokens(padding).saturating_sub(shape.tokens);
    metrics::counter!("autoglm_inference_tokens_total", "kind" => "text")
        .increment(shape.tokens as u64);
    metrics::counter!("autoglm_inference_tokens_total", "kind" => "padding")
        .increment(wasted as u64);
    for entry in &batch.entries {
        metrics::histogram!("autoglm_inference_queue_seconds")
            .record(now.since(entry.arrived_at).as_secs_f64());
    }
}
