//! One question to an engine: asked, read, asked again while that may help.

use crate::stage::jittered;
use autoglm_domain::{FailureCause, Fault, FaultKind};
use autoglm_feeds::{EngineAnswer, EngineClient, FetchError};
use autoglm_inference::estimate_tokens;
use autoglm_inference::remote::{
    CHAT, ChatAnswer, ChatMessage, ChatRequest, ChatRole, ChatStream, EMBEDDINGS, EmbeddingAnswer,
    EmbeddingRequest, Ending, WireError, decode_chat, decode_embeddings, endpoint,
};
use autoglm_protocol::remote_engine::{Answer, Health, Question, Speaker};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// Tries of one question.
const TRIES_MAX: u32 = 3;
/// The first pause between two tries; doubled every time.
const PAUSE: Duration = Duration::from_millis(250);
/// Texts of one embedding request: some engines take no more.
const TEXTS_MAX: usize = 32;

/// The way to an engine.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    pub(crate) client: EngineClient,
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) model: String,
}

/// A try that failed.
#[derive(Debug)]
struct Failed {
    fault: Fault,
    /// Whether the next try may succeed.
    again: bool,
    health: Health,
}

/// What came of a question.
#[derive(Debug)]
pub(crate) struct Outcome<T> {
    pub(crate) answer: Result<T, Fault>,
    /// Tokens it cost.
    pub(crate) spent: u64,
    pub(crate) health: Health,
}

/// The tries of one request.
struct Tries {
    until: Instant,
    done: u32,
}

impl Tries {
    fn until(until: Instant) -> Self {
        Self { until, done: 0 }
    }

    /// What the last try came to; `None`, after a pause, when the next may come to more and there
    /// is time for it.
    async fn after<T>(&mut self, tried: Result<T, Failed>) -> Option<Result<T, Failed>> {
        let Err(failed) = tried else { return Some(tried) };
        self.done += 1;
        let grown = jittered(PAUSE.saturating_mul(1 << self.done.min(8)));
        let pause = grown.max(failed.fault.retry_after.unwrap_or_default());
        if !failed.again || self.done >= TRIES_MAX || Instant::now() + pause >= self.until {
            return Some(Err(failed));
        }
        tokio::time::sleep(pause).await;
        None
    }
}

/// Tokens a question and the longest answer to it may cost.
pub(crate) fn cost_of(question: &Question) -> u64 {
    let asked: usize = question.messages.iter().map(|(_, text)| estimate_tokens(text)).sum();
    asked as u64 + u64::from(question.tokens_max)
}

/// Tokens some texts cost.
pub(crate) fn cost_of_texts(texts: &[String]) -> u64 {
    texts.iter().map(|text| estimate_tokens(text) as u64).sum()
}

impl Engine {
    /// Asks a question; pieces of the answer go on as they come.
    pub(crate) async fn chat(
        &self,
        question: Question,
        pieces: Option<mpsc::Sender<String>>,
        until: Instant,
    ) -> Outcome<Answer> {
        let request = ChatRequest {
            messages: question.messages.iter().map(message).collect(),
            tokens_max: question.tokens_max,
            temperature: question.temperature,
        };
        let body = request.encode(&self.model, pieces.is_some());
        let mut tries = Tries::until(until);
        let tried = loop {
            let attempt = async {
                match &pieces {
                    Some(pieces) => self.stream(&body, pieces).await,
                    None => self.whole(&body).await,
                }
            };
            let tried = timeout_at(until, attempt).await.unwrap_or_else(|_| Err(self.too_slow()));
            match tries.after(tried).await {
                Some(tried) => break tried,
                None => tracing::debug!(engine = self.name, "asked again"),
            }
        };
        let asked = question.messages.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>();
        let estimate =
            |answer: &ChatAnswer| cost_of_texts(&asked) + estimate_tokens(&answer.text) as u64;
        match tried {
            Ok(answer) => {
                let usage = answer.usage.map(|usage| usage.question + usage.answer);
                let tokens = usage.unwrap_or_else(|| estimate(&answer));
                let complete = answer.ending == Ending::Complete;
                let answer = Answer { text: answer.text, complete, tokens };
                Outcome { answer: Ok(answer), spent: tokens, health: Health::Good }
            }
            // What was asked has been paid for when the engine began to answer; assume it did not.
            Err(failed) => Outcome { answer: Err(failed.fault), spent: 0, health: failed.health },
        }
    }

    /// Turns texts into vectors.
    pub(crate) async fn embed(&self, texts: &[String], until: Instant) -> Outcome<Vec<Vec<f32>>> {
        let (mut vectors, mut spent) = (Vec::with_capacity(texts.len()), 0);
        for some in texts.chunks(TEXTS_MAX) {
            let body = EmbeddingRequest { texts: some, base64: false }.encode(&self.model);
            let mut tries = Tries::until(until);
            let tried = loop {
                let tried = timeout_at(until, self.vectors(&body, some.len())).await;
                let tried = tried.unwrap_or_else(|_elapsed| Err(self.too_slow()));
                match tries.after(tried).await {
                    Some(tried) => break tried,
                    None => tracing::debug!(engine = self.name, "asked again"),
                }
            };
            match tried {
                Ok(answer) => {
                    let usage = answer.usage.map(|usage| usage.question + usage.answer);
                    spent += usage.unwrap_or_else(|| cost_of_texts(some));
                    vectors.extend(answer.vectors);
                }
                Err(Failed { fault, health, .. }) => {
                    return Outcome { answer: Err(fault), spent, health };
                }
            }
        }
        Outcome { answer: Ok(vectors), spent, health: Health::Good }
    }

    async fn vectors(&self, body: &str, asked: usize) -> Result<EmbeddingAnswer, Failed> {
        let answer = self.post(EMBEDDINGS, body).await?;
        let bytes = answer.whole().await.map_err(|error| self.unreachable(&error))?;
        decode_embeddings(&bytes, asked).map_err(|error| self.unreadable(&error))
    }

    async fn whole(&self, body: &str) -> Result<ChatAnswer, Failed> {
        let answer = self.post(CHAT, body).await?;
        let bytes = answer.whole().await.map_err(|error| self.unreachable(&error))?;
        decode_chat(&bytes).map_err(|error| self.unreadable(&error))
    }

    async fn stream(
        &self,
        body: &str,
        pieces: &mpsc::Sender<String>,
    ) -> Result<ChatAnswer, Failed> {
        let mut answer = self.post(CHAT, body).await?;
        let (mut stream, mut told) = (ChatStream::new(), false);
        // What has been passed on cannot be taken back.
        let final_if =
            |told: bool, failed: Failed| Failed { again: failed.again && !told, ..failed };
        while !stream.is_done() {
            let chunk = answer.chunk().await;
            let chunk = chunk.map_err(|error| final_if(told, self.unreachable(&error)))?;
            let Some(chunk) = chunk else { break };
            let piece = stream.push(&chunk);
            let piece = piece.map_err(|error| final_if(told, self.unreadable(&error)))?;
            if piece.is_empty() {
                continue;
            }
            told = true;
            if pieces.send(piece).await.is_err() {
                let fault = Fault::new(FaultKind::Timeout, "nobody waits for the answer any more");
                return Err(Failed { fault, again: false, health: Health::Unknown });
            }
        }
        stream.finish().map_err(|error| final_if(told, self.unreadable(&error)))
    }

    async fn post(&self, operation: &str, body: &str) -> Result<EngineAnswer, Failed> {
        let address = endpoint(&self.address, operation);
        let answer = self.client.post_json(&address, body.to_owned()).await;
        answer.map_err(|error| self.unreachable(&error))
    }

    fn too_slow(&self) -> Failed {
        let message = format!("engine {} did not answer in time", self.name);
        let fault = Fault::new(FaultKind::Timeout, message);
        Failed { fault, again: false, health: Health::Bad(None) }
    }

    /// A failure of the connection, or a status that is none of success.
    fn unreachable(&self, error: &FetchError) -> Failed {
        let message = format!("asking engine {} failed: {error}", self.name);
        let wait = error.retry_after();
        let refused = |kind| Failed {
            fault: Fault::new(kind, message.clone()),
            again: false,
            health: Health::Good,
        };
        match (error.status(), error.cause()) {
            (Some(429), _) => Failed {
                fault: Fault::overloaded(message, wait.unwrap_or(PAUSE)),
                again: true,
                health: Health::Bad(wait),
            },
            (Some(400 | 413 | 414 | 422), _) => refused(FaultKind::Invalid),
            (Some(status), _) if status < 500 && status != 408 => Failed {
                fault: Fault::unavailable(message, Duration::from_secs(60)),
                again: false,
                health: Health::Bad(wait),
            },
            (None, FailureCause::Forbidden | FailureCause::TooLarge) => {
                refused(FaultKind::Internal)
            }
            _ => Failed {
                fault: Fault::unavailable(message, wait.unwrap_or(PAUSE)),
                again: true,
                health: Health::Bad(wait),
            },
        }
    }

    fn unreadable(&self, error: &WireError) -> Failed {
        let words = self.client.without_key(&error.to_string());
        let message = format!("asking engine {} failed: {words}", self.name);
        let again = error.may_pass();
        let fault =
            if again { Fault::unavailable(message, PAUSE) } else { Fault::internal(message) };
        let health = if again { Health::Bad(None) } else { Health::Good };
        Failed { fault, again, health }
    }
}

fn message((speaker, text): &(Speaker, String)) -> ChatMessage {
    let role = match speaker {
        Speaker::System => ChatRole::System,
        Speaker::User => ChatRole::User,
        Speaker::Assistant => ChatRole::Assistant,
    };
    ChatMessage { role, content: text.clone() }
}
