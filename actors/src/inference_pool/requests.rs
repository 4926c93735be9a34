//! The requests the pool has not answered yet: their texts may be spread over several batches.

use autoglm_domain::{Fault, FaultKind, Priority};
use autoglm_inference::Moment;
use autoglm_protocol::inference_pool::{Understandings, Understood};
use autoglm_protocol::{Permit, Reply};
use std::collections::HashMap;
use std::time::Duration;

/// Where the answer to a text belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// The request it belongs to.
    pub(super) request: u64,
    /// Its place in the request.
    pub(super) index: usize,
    /// After this moment its answer is worth nothing.
    pub(super) deadline: Moment,
}

#[derive(Debug)]
struct Request {
    priority: Priority,
    answers: Vec<Option<Understood>>,
    missing: usize,
    model_version: String,
    reply: Reply<Understandings>,
    _permit: Option<Permit>,
}

/// All open requests.
#[derive(Debug, Default)]
pub(super) struct Requests {
    open: HashMap<u64, Request>,
    next: u64,
    waiting: [usize; 3],
    dropped_total: u64,
}

impl Requests {
    /// Takes up a request with so many texts; its number.
    pub(super) fn open(
        &mut self,
        texts: usize,
        priority: Priority,
        reply: Reply<Understandings>,
        permit: Option<Permit>,
    ) -> u64 {
        let id = self.next;
        self.next += 1;
        self.waiting[place(priority)] += 1;
        let request = Request {
            priority,
            answers: vec![None; texts],
            missing: texts,
            model_version: String::new(),
            reply,
            _permit: permit,
        };
        self.open.insert(id, request);
        id
    }

    /// Whether nobody waits for this part any more.
    pub(super) fn is_gone(&self, part: &Part) -> bool {
        self.open.get(&part.request).is_none_or(|request| request.reply.is_closed())
    }

    /// Notes a part's answer; answers its request with the last one.
    pub(super) fn understood(&mut self, part: &Part, answer: Understood, model_version: &str) {
        let Some(request) = self.open.get_mut(&part.request) else { return };
        if request.model_version.is_empty() {
            request.model_version = model_version.to_owned();
        }
        if request.model_version != model_version {
            let message = format!(
                "the model changed from {} to {model_version} within one request; ask again",
                request.model_version
            );
            return self.fail(part.request, Fault::unavailable(message, Duration::ZERO));
        }
        if let Some(slot) = request.answers.get_mut(part.index)
            && slot.replace(answer).is_none()
        {
            request.missing -= 1;
        }
        if request.missing == 0
            && let Some(request) = self.close(part.request)
        {
            let items = request.answers.into_iter().flatten().collect();
            let answer = Understandings { model_version: request.model_version, items };
            send(request.reply, Ok(answer));
        }
    }

    /// Answers a request with a fault; its other parts are then gone.
    pub(super) fn fail(&mut self, request: u64, fault: Fault) {
        if let Some(request) = self.close(request) {
            if fault.kind == FaultKind::Timeout {
                self.dropped_total += 1;
            }
            send(request.reply, Err(fault));
        }
    }

    /// Forgets the requests whose caller has gone.
    pub(super) fn forget_gone(&mut self) {
        let gone: Vec<u64> = self
            .open
            .iter()
            .filter(|(_, request)| request.reply.is_closed())
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            self.close(id);
            self.dropped_total += 1;
        }
    }

    /// Open requests by priority: interactive, ingest, backfill.
    pub(super) fn waiting(&self) -> [usize; 3] {
        self.waiting
    }

    /// Requests that were dropped: too late, or nobody waited.
    pub(super) fn dropped_total(&self) -> u64 {
        self.dropped_total
    }

    fn close(&mut self, id: u64) -> Option<Request> {
        let request = self.open.remove(&id)?;
        self.waiting[place(request.priority)] -= 1;
        Some(request)
    }
}

fn send(reply: Reply<Understandings>, outcome: Result<Understandings, Fault>) {
    // The caller may have stopped waiting a moment ago.
    if reply.send(outcome).is_err() {
        tracing::debug!("nobody waited for an understanding any more");
    }
}

fn place(priority: Priority) -> usize {
    match priority {
        Priority::Interactive => 0,
        Priority::Ingest => 1,
        Priority::Backfill => 2,
    }
}
