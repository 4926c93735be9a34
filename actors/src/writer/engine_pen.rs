//! A remote engine as a pen.

use super::pen::{Draft, Pen, PenState};
use autoglm_domain::Fault;
use autoglm_inference::{GenerateRequest, Role};
use autoglm_protocol::remote_engine::{Asking, Question, RemoteEngineHandle, Speaker};
use tokio::sync::mpsc;

/// Texts that one engine writes at a time: most have a few slots and let the rest wait.
const PARALLEL: usize = 4;

/// A remote engine. Its budget and its breaker are the engine's own.
#[derive(Debug, Clone)]
pub struct EnginePen {
    /// The engine.
    pub engine: RemoteEngineHandle,
    /// Its model and its name, as shown: `glm4@local`.
    pub version: String,
}

#[async_trait::async_trait]
impl Pen for EnginePen {
    fn version(&self) -> String {
        self.version.clone()
    }

    fn state(&self) -> PenState {
        PenState::Ready
    }

    fn parallel(&self) -> usize {
        PARALLEL
    }

    async fn write(
        &self,
        request: GenerateRequest,
        asking: Asking,
        pieces: Option<mpsc::Sender<String>>,
    ) -> Result<Draft, Fault> {
        let question = question_of(request);
        let answer = self.engine.chat_in_pieces(question, asking, pieces).await?;
        Ok(Draft { text: answer.text, is_cut: !answer.complete })
    }
}

fn question_of(request: GenerateRequest) -> Question {
    let speaker = |role| match role {
        Role::System => Speaker::System,
        Role::User => Speaker::User,
        Role::Assistant => Speaker::Assistant,
    };
    let messages = request.messages.into_iter();
    Question {
        messages: messages.map(|message| (speaker(message.role), message.text)).collect(),
        tokens_max: u32::try_from(request.tokens_max).unwrap_or(u32::MAX),
        temperature: request.sampling.temperature,
    }
}
