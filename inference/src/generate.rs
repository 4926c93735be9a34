//! What a model that writes is asked, and what it answers.

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Instructions from us.
    System,
    /// The question, and any text from outside.
    User,
    /// What the model answered before.
    Assistant,
}

impl Role {
    /// As chat templates call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// One message of a conversation. Its text is only ever text: whatever it imitates, it cannot
/// change who speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub text: String,
}

impl Message {
    /// A message.
    #[must_use]
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, text: text.into() }
    }
}

/// How the next token is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// Flatter above 1, steeper below; 0 takes the best token always.
    pub temperature: f32,
    /// Only so many of the best take part; 0 is no limit.
    pub top_k: usize,
    /// Only the best that together have this probability take part; 1 is no limit.
    pub top_p: f32,
    /// What the score of a token that was written before is divided by; 1 changes nothing.
    pub repetition_penalty: f32,
    /// Where chance begins: the same seed, the same text.
    pub seed: u64,
}

impl Default for Sampling {
    fn default() -> Self {
        Self::greedy()
    }
}

impl Sampling {
    /// The best token always.
    #[must_use]
    pub fn greedy() -> Self {
        Self { temperature: 0.0, top_k: 0, top_p: 1.0, repetition_penalty: 1.0, seed: 0 }
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct GenerateRequest {
    /// The conversation so far; its beginning, up to the first message from outside, is kept
    /// between requests that have it in common.
    pub messages: Vec<Message>,
    /// Most tokens of the answer.
    pub tokens_max: usize,
    /// How they are chosen.
    pub sampling: Sampling,
    /// Texts that end the answer and do not belong to it.
    pub stop: Vec<String>,
}

impl GenerateRequest {
    /// The most probable answer of at most so many tokens.
    #[must_use]
    pub fn greedy(messages: Vec<Message>, tokens_max: usize) -> Self {
        Self { messages, tokens_max, sampling: Sampling::greedy(), stop: Vec::new() }
    }
}

/// Why an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The model said so, or one of the stop texts came.
    Ended,
    /// It was as long as it may be.
    Length,
    /// Nobody wanted more.
    Cancelled,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// What was written.
    pub text: String,
    /// Why it ends.
    pub finish: Finish,
    /// Tokens that were read.
    pub prompt_tokens: usize,
    /// Tokens that were written.
    pub tokens: usize,
}
