//! A decoder from a folder, as a model that writes.

use super::config::DecoderConfig;
use super::engine::{Engine, EngineLimits};
use super::error::DecoderError;
use super::linear::WeightFormat;
use super::network::Network;
use super::prompt::{Prompt, PromptWriter};
use super::schedule::RequestId;
use super::vocabulary::Vocabulary;
use crate::device::ComputeDevice;
use crate::error::Result;
use crate::generate::{GenerateRequest, Generated};
use crate::model::{Generate, Model, ModelId};
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

/// How a decoder is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecoderSettings {
    /// How many bits its weights take.
    pub format: WeightFormat,
    /// Requests that are worked on at a time.
    pub slots: usize,
    /// Most tokens of prompt and answer together; never more than the model was made for. Each
    /// slot has memory for as many.
    pub context: usize,
    /// Tokens of a prompt read before others write again.
    pub part: usize,
    /// Shared beginnings of prompts that are kept.
    pub beginnings: usize,
}

impl Default for DecoderSettings {
    fn default() -> Self {
        Self { format: WeightFormat::F32, slots: 4, context: 4096, part: 256, beginnings: 4 }
    }
}

/// A decoder of the GLM family. Requests of several callers, each on a thread of its own, are
/// worked on together: whoever comes takes the next turn for all.
#[derive(Debug)]
pub struct GlmDecoder {
    id: ModelId,
    vocabulary: Vocabulary,
    prompts: PromptWriter,
    context: usize,
    engine: Mutex<Engine>,
}

impl GlmDecoder {
    /// Reads configuration, vocabulary and weights of a folder.
    ///
    /// # Errors
    /// When a file is missing, damaged or does not fit the others; it is named.
    pub fn load(
        folder: &Path,
        id: ModelId,
        settings: DecoderSettings,
        device: &ComputeDevice,
    ) -> Result<Self> {
        let config = DecoderConfig::read(folder)?;
        let vocabulary = Vocabulary::load(folder, &config)?;
        let prompts = PromptWriter::load(folder, &config, &vocabulary);
        let context = config.context.min(settings.context).max(2);
        let network = Network::load(folder, config, settings.format, context, device.tensors())?;
        let limits = EngineLimits {
            slots: settings.slots,
            waiting: settings.slots,
            part: settings.part,
            beginnings: settings.beginnings,
        };
        let engine = Mutex::new(Engine::new(network, limits));
        Ok(Self { id, vocabulary, prompts, context, engine })
    }

    /// Why the folder's own chat template is not used, if it has one that is not.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.prompts.warning()
    }

    /// Most tokens of prompt and answer together.
    #[must_use]
    pub fn context(&self) -> usize {
        self.context
    }
}

impl Model for GlmDecoder {
    fn id(&self) -> ModelId {
        self.id.clone()
    }
}

impl Generate for GlmDecoder {
    fn generate(
        &self,
        requests: &[GenerateRequest],
        on_text: &mut dyn FnMut(usize, &str) -> ControlFlow<()>,
    ) -> Vec<Result<Generated>> {
        let mut call = Call::new(self, requests);
        while call.is_open() {
            let parts = call.turn();
            for (position, text) in parts {
                if !text.is_empty() && on_text(position, &text).is_break() {
                    call.cancel(position);
                }
            }
        }
        call.answers()
    }
}

/// One caller's requests. Dropped, even by a panic of the caller's, it leaves nothing behind.
struct Call<'a> {
    decoder: &'a GlmDecoder,
    requests: &'a [GenerateRequest],
    /// Positions and prompts of requests that have not joined.
    waiting: VecDeque<(usize, Prompt)>,
    /// Positions of those that have.
    open: Vec<(usize, RequestId)>,
    answers: Vec<Option<Result<Generated>>>,
}

impl<'a> Call<'a> {
    /// Writes the prompts before anybody has to wait for it.
    fn new(decoder: &'a GlmDecoder, requests: &'a [GenerateRequest]) -> Self {
        let mut call = Self {
            decoder,
            requests,
            waiting: VecDeque::new(),
            open: Vec::new(),
            answers: requests.iter().map(|_| None).collect(),
        };
        for (position, request) in requests.iter().enumerate() {
            let vocabulary = &decoder.vocabulary;
            match decoder.prompts.write(&request.messages, vocabulary, decoder.context) {
                Ok(prompt) => call.waiting.push_back((position, prompt)),
                Err(error) => call.answer(position, Err(error)),
            }
        }
        call
    }

    fn is_open(&self) -> bool {
        !self.waiting.is_empty() || !self.open.is_empty()
    }

    /// Hands in what can join, takes what is new, and works if nothing is.
    fn turn(&mut self) -> Vec<(usize, String)> {
        let decoder = self.decoder;
        let mut engine = match lock(&decoder.engine) {
            Ok(engine) => engine,
            Err(error) => {
                self.fail(&error);
                return Vec::new();
            }
        };
        self.join(&mut engine);
        let parts = self.collect(&mut engine);
        if parts.is_empty() && !self.open.is_empty() {
            engine.step(&|ids| decoder.vocabulary.decode(ids));
            return self.collect(&mut engine);
        }
        if self.open.is_empty() && !self.waiting.is_empty() {
            // Others fill the queue: help them on.
            engine.step(&|ids| decoder.vocabulary.decode(ids));
        }
        parts
    }

    fn join(&mut self, engine: &mut Engine) {
        while engine.has_room()
            && let Some((position, prompt)) = self.waiting.pop_front()
        {
            let Some(request) = self.requests.get(position) else { continue };
            match engine.submit(prompt, request) {
                Ok(id) => self.open.push((position, id)),
                Err(error) => self.answer(position, Err(error)),
            }
        }
    }

    fn collect(&mut self, engine: &mut Engine) -> Vec<(usize, String)> {
        let mut parts = Vec::new();
        for (position, id) in std::mem::take(&mut self.open) {
            let Some(progress) = engine.progress(id) else { continue };
            if !progress.text.is_empty() {
                parts.push((position, progress.text));
            }
            match progress.ended {
                Some(answer) => self.answer(position, answer),
                None => self.open.push((position, id)),
            }
        }
        parts
    }

    fn cancel(&mut self, position: usize) {
        let Some(at) = self.open.iter().position(|(open, _)| *open == position) else { return };
        let (_, id) = self.open.swap_remove(at);
        match lock(&self.decoder.engine) {
            Ok(mut engine) => {
                if let Some(generated) = engine.cancel(id) {
                    self.answer(position, Ok(generated));
                }
            }
            Err(error) => self.answer(position, Err(error.into())),
        }
    }

    fn fail(&mut self, error: &DecoderError) {
        let positions = self.open.drain(..).map(|(position, _)| position);
        let waiting = self.waiting.drain(..).map(|(position, _)| position);
        let positions: Vec<usize> = positions.chain(waiting).collect();
        for position in positions {
            let reason = error.to_string();
            self.answer(position, Err(DecoderError::Device { reason }.into()));
        }
    }

    fn answer(&mut self, position: usize, answer: Result<Generated>) {
        if let Some(place) = self.answers.get_mut(position) {
            *place = Some(answer);
        }
    }

    fn answers(mut self) -> Vec<Result<Generated>> {
        let lost =
            || Err(DecoderError::Device { reason: "the request was lost".to_owned() }.into());
        std::mem::take(&mut self.answers)
            .into_iter()
            .map(|answer| answer.unwrap_or_else(lost))
            .collect()
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if let Ok(mut engine) = lock(&self.decoder.engine) {
            for (_, id) in self.open.drain(..) {
                engine.cancel(id);
            }
        }
    }
}

/// After a panic within a turn nobody knows what is in which slot.
fn lock(engine: &Mutex<Engine>) -> Result<MutexGuard<'_, Engine>, DecoderError> {
    engine.lock().map_err(|_| DecoderError::Device {
        reason: "it failed in the middle of an earlier turn; load the model again".to_owned(),
    })
}

#[cfg(test)]
mod tests;
