//! Contract of RemoteEngineActor: questions to one OpenAI-compatible engine, within its budget.

use crate::{Address, Permit, Reply};
use autoglm_domain::{Fault, ReaderId};
use serde::Serialize;
use std::time::Duration;
use tokio::sync::mpsc;

/// Who says something in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// We, to the model.
    System,
    /// The one who asks. What comes from outside, articles above all, is said by them.
    User,
    /// The model.
    Assistant,
}

/// A question with what was said before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Who said what, in order.
    pub messages: Vec<(Speaker, String)>,
    /// Tokens of the answer at most.
    pub tokens_max: u32,
    /// 0 always answers the same, as far as the engine can.
    pub temperature: f32,
}

/// What a model answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its text, without its reasoning.
    pub text: String,
    /// Whether it had said all it wanted; false when it was cut at `tokens_max` or filtered.
    pub complete: bool,
    /// Tokens it cost, counted by the engine or estimated.
    pub tokens: u64,
}

/// For whom something is asked, and for how long the answer is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Asking {
    /// Whose budget it comes from; `None` for the node's own work.
    pub reader: Option<ReaderId>,
    /// Not worth answering after this long; retries included.
    pub within: Duration,
}

/// Messages of RemoteEngineActor.
#[derive(Debug)]
pub enum RemoteEngineMessage {
    /// Answer a question. Sent by whoever needs words.
    Chat {
        /// The question.
        question: Question,
        /// For whom.
        asking: Asking,
        /// Where the answer's pieces go as they come; closing it ends the answer.
        pieces: Option<mpsc::Sender<String>>,
        /// The whole answer.
        reply: Reply<Answer>,
        /// Given back when answered.
        permit: Permit,
    },
    /// Turn texts into vectors of the engine's width. Sent by the engine's device.
    Embed {
        /// The texts.
        texts: Vec<String>,
        /// For whom.
        asking: Asking,
        /// One vector for each text, in order.
        reply: Reply<Vec<Vec<f32>>>,
        /// Given back when answered.
        permit: Permit,
    },
    /// Internal: a question has come to its end.
    Done {
        /// Whose budget it came from.
        reader: Option<ReaderId>,
        /// Tokens set aside for it.
        reserved: u64,
        /// Tokens it cost.
        spent: u64,
        /// How the engine behaved.
        health: Health,
    },
}

impl ractor::Message for RemoteEngineMessage {}

/// How an engine behaved in one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It answered, be it with a refusal of this question.
    Good,
    /// It did not answer as it should; it may want to be left alone for this long.
    Bad(Option<Duration>),
    /// Nothing can be said: the question was given up.
    Unknown,
}

/// What RemoteEngineActor shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RemoteEngineStatus {
    /// The engine's name.
    pub name: String,
    /// The model asked.
    pub model: String,
    /// `closed` while it is asked, `open` while it is left alone, `probing` at the first try after.
    pub breaker: String,
    /// Questions being asked.
    pub in_flight: usize,
    /// Questions since the start.
    pub asked_total: u64,
    /// Questions that failed for good since the start.
    pub failed_total: u64,
    /// Questions refused since the start: budget, or breaker open.
    pub refused_total: u64,
    /// Tokens used since midnight, UTC.
    pub tokens_today: u64,
}

/// Typed front of RemoteEngineActor.
#[derive(Debug, Clone)]
pub struct RemoteEngineHandle(pub Address<RemoteEngineMessage>);

impl RemoteEngineHandle {
    /// Asks a question.
    ///
    /// # Errors
    /// `Overloaded` when too much is asked or the budget is used up, `Unavailable` while the engine
    /// is, `Timeout` after `within`, `Invalid` when the engine refuses the question.
    pub async fn chat(&self, question: Question, asking: Asking) -> Result<Answer, Fault> {
        self.chat_in_pieces(question, asking, None).await
    }

    /// Asks a question and passes the answer on as it comes.
    ///
    /// # Errors
    /// As [`Self::chat`]; pieces may have come before.
    pub async fn chat_in_pieces(
        &self,
        question: Question,
        asking: Asking,
        pieces: Option<mpsc::Sender<String>>,
    ) -> Result<Answer, Fault> {
        let permit = self.0.permit()?;
        let message = |reply| RemoteEngineMessage::Chat { question, asking, pieces, reply, permit };
        self.0.call_with(asking.within, message).await
    }

    /// Turns texts into vectors of the engine's width.
    ///
    /// # Errors
    /// As [`Self::chat`].
    pub async fn embed(&self, texts: Vec<String>, asking: Asking) -> Result<Vec<Vec<f32>>, Fault> {
        let permit = self.0.permit()?;
        let message = |reply| RemoteEngineMessage::Embed { texts, asking, reply, permit };
        self.0.call_with(asking.within, message).await
    }
}
