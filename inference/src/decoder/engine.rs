//! Requests on a network: who is in which slot, what each has written, and one turn at a time.

use super::beginnings::Beginnings;
use super::cache::KvCache;
use super::error::DecoderError;
use super::network::{Network, Writer};
use super::prompt::Prompt;
use super::rotary::Places;
use super::sampling::Sampler;
use super::schedule::{RequestId, Schedule, ScheduleLimits, Turn};
use super::stream::TextStream;
use crate::error::Result;
use crate::generate::{Finish, GenerateRequest, Generated};
use std::collections::BTreeMap;
use std::fmt;

/// The bytes of some tokens.
pub(super) type Decode<'a> = &'a dyn Fn(&[u32]) -> Result<Vec<u8>>;

/// How much an engine does at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct EngineLimits {
    pub(super) slots: usize,
    pub(super) waiting: usize,
    pub(super) part: usize,
    pub(super) beginnings: usize,
}

/// One request.
#[derive(Debug)]
struct Request {
    prompt: Prompt,
    places: Places,
    tokens_max: usize,
    sampler: Sampler,
    written: Vec<u32>,
    text: TextStream,
    ended: Option<Result<Finish>>,
}

/// What is new of a request.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) text: String,
    pub(super) ended: Option<Result<Generated>>,
}

/// The requests on one network.
pub(super) struct Engine {
    network: Network,
    cache: KvCache,
    schedule: Schedule,
    requests: BTreeMap<RequestId, Request>,
    beginnings: Beginnings,
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Engine")
            .field("network", &self.network)
            .field("requests", &self.requests.len())
            .finish_non_exhaustive()
    }
}

impl Engine {
    pub(super) fn new(network: Network, limits: EngineLimits) -> Self {
        let slots = limits.slots.max(1);
        let is_causal = network.config().is_causal();
        // Where a prompt sees itself whole, it is read whole and shares nothing.
        let part = if is_causal { limits.part.max(1) } else { usize::MAX };
        let beginnings = if is_causal { limits.beginnings } else { 0 };
        Self {
            cache: network.cache(slots),
            schedule: Schedule::new(ScheduleLimits { slots, waiting: limits.waiting.max(1), part }),
            requests: BTreeMap::new(),
            beginnings: Beginnings::new(beginnings),
            network,
        }
    }

    /// Whether another request may join.
    pub(super) fn has_room(&self) -> bool {
        self.schedule.has_room()
    }

    /// A request joins.
    ///
    /// # Errors
    /// [`DecoderError::TooLong`] when the prompt leaves no room for an answer,
    /// [`DecoderError::Overloaded`] when as many wait as may.
    pub(super) fn submit(
        &mut self,
        prompt: Prompt,
        request: &GenerateRequest,
    ) -> Result<RequestId> {
        let (tokens, room) = (prompt.ids.len(), self.network.context().saturating_sub(1));
        if tokens > room {
            return Err(DecoderError::TooLong { tokens, room }.into());
        }
        if prompt.ids.is_empty() {
            return Err(DecoderError::Empty.into());
        }
        let id = self
            .schedule
            .join(tokens)
            .map_err(|full| DecoderError::Overloaded { waiting: full.waiting })?;
        let room = self.network.context() - tokens;
        let request = Request {
            places: Places::of(self.network.config(), &prompt.ids),
            prompt,
            tokens_max: request.tokens_max.clamp(1, room),
            sampler: Sampler::new(request.sampling),
            written: Vec::new(),
            text: TextStream::new(&request.stop),
            ended: None,
        };
        self.requests.insert(id, request);
        Ok(id)
    }

    /// One turn. A failure of the device ends every request with it.
    pub(super) fn step(&mut self, decode: Decode<'_>) {
        if let Err(error) = self.try_step(decode) {
            let reason = error.to_string();
            let ids: Vec<RequestId> = self.requests.keys().copied().collect();
            for id in ids {
                let reason = reason.clone();
                self.end(id, Err(DecoderError::Device { reason }.into()));
            }
        }
    }

    /// What is new of a request; after its end it is forgotten.
    pub(super) fn progress(&mut self, id: RequestId) -> Option<Progress> {
        let request = self.requests.get_mut(&id)?;
        let Some(ended) = request.ended.take() else {
            return Some(Progress { text: request.text.take(), ended: None });
        };
        let text = request.text.finish();
        let request = self.requests.remove(&id)?;
        let generated = ended.map(|finish| Generated {
            text: request.text.text().to_owned(),
            finish,
            prompt_tokens: request.prompt.ids.len(),
            tokens: request.written.len(),
        });
        Some(Progress { text, ended: Some(generated) })
    }

    /// Nobody wants more of a request; what it wrote so far.
    pub(super) fn cancel(&mut self, id: RequestId) -> Option<Generated> {
        if self.requests.get(&id)?.ended.is_none() {
            self.end(id, Ok(Finish::Cancelled));
        }
        self.progress(id)?.ended?.ok()
    }

    fn try_step(&mut self, decode: Decode<'_>) -> Result<()> {
        while let Some((slot, id)) = self.schedule.seat() {
            self.begin(slot, id);
        }
        match self.schedule.turn() {
            Turn::Idle => Ok(()),
            Turn::Read { slot, id, from, count } => self.read(slot, id, from..from + count, decode),
            Turn::Write { writers } => self.write(&writers, decode),
        }
    }

    /// A request takes a slot; what is known of its prompt is put there.
    fn begin(&mut self, slot: usize, id: RequestId) {
        let Some(request) = self.requests.get(&id) else { return };
        if let Some((tokens, beginning)) = self.beginnings.of(&request.prompt.ids) {
            self.cache.begin(slot, beginning);
            self.schedule.skip(id, tokens);
        }
    }

    fn read(
        &mut self,
        slot: usize,
        id: RequestId,
        range: std::ops::Range<usize>,
        decode: Decode<'_>,
    ) -> Result<()> {
        let Some(request) = self.requests.get(&id) else {
            self.schedule.leave(id);
            return Ok(());
        };
        let prompt = &request.prompt;
        let part = prompt.ids.get(range.clone()).unwrap_or_default();
        let scores = self.network.read(&mut self.cache, slot, part, range.start, request.places)?;
        self.schedule.was_read(id, part.len());
        let shared = prompt.ids.get(..prompt.shared).unwrap_or_default();
        if range.end >= shared.len() && self.beginnings.wants(shared) {
            self.beginnings.keep(shared, self.cache.beginning(slot, shared.len()));
        }
        if range.end == prompt.ids.len() {
            self.accept(id, &scores, decode)?;
        }
        Ok(())
    }

    fn write(&mut self, writers: &[(usize, RequestId)], decode: Decode<'_>) -> Result<()> {
        let next = |(slot, id): &(usize, RequestId)| {
            let request = self.requests.get(id)?;
            let index = request.prompt.ids.len() + request.written.len() - 1;
            let token = *request.written.last()?;
            Some(Writer { slot: *slot, token, index, places: request.places })
        };
        let rows: Vec<Writer> = writers.iter().filter_map(next).collect();
        let scores = self.network.write(&mut self.cache, &rows)?;
        self.schedule.was_written();
        for ((_, id), scores) in writers.iter().zip(scores) {
            self.accept(*id, &scores, decode)?;
        }
        Ok(())
    }

    /// Chooses a request's next token.
    fn accept(&mut self, id: RequestId, scores: &[f32], decode: Decode<'_>) -> Result<()> {
        let Some(request) = self.requests.get_mut(&id) else { return Ok(()) };
        let Some(token) = request.sampler.choose(scores, &request.written) else {
            let reason = "none of the scores is a number".to_owned();
            self.end(id, Err(DecoderError::Device { reason }.into()));
            return Ok(());
        };
        if self.network.config().ends.contains(&token) {
            self.end(id, Ok(Finish::Ended));
            return Ok(());
        }
        request.written.push(token);
        let pushed = request.text.push(token, decode);
        let is_full = request.written.len() >= request.tokens_max;
        if pushed.is_err() {
            // The table of tokens is larger than the vocabulary: no text, but no end either.
            request.text.skip();
        }
        if request.text.is_stopped() {
            self.end(id, Ok(Finish::Ended));
        } else if is_full {
            self.end(id, Ok(Finish::Length));
        }
        Ok(())
    }

    fn end(&mut self, id: RequestId, how: Result<Finish>) {
        self.schedule.leave(id);
        if let Some(request) = self.requests.get_mut(&id) {
            request.ended.get_or_insert(how);
        }
    }
}

#[cfg(test)]
mod tests;
