//! Chat completions: the question, and an answer that comes as a whole.

use super::failure::{WireError, json, shortened};
use serde::Serialize;
use serde_json::{Value, json as object};

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatRole {
    /// We, to the model.
    System,
    /// The one who asks; articles go here, never into a system message.
    User,
    /// The model.
    Assistant,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChatMessage {
    /// Who says it.
    pub role: ChatRole,
    /// What.
    pub content: String,
}

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    /// What was said so far.
    pub messages: Vec<ChatMessage>,
    /// Tokens of the answer at most.
    pub tokens_max: u32,
    /// 0 always answers the same, as far as the engine can.
    pub temperature: f32,
}

impl ChatRequest {
    /// What is sent.
    #[must_use]
    pub fn encode(&self, model: &str, stream: bool) -> String {
        let mut body = object!({
            "model": model,
            "messages": self.messages,
            "max_tokens": self.tokens_max,
            "temperature": self.temperature,
            "stream": stream,
        });
        if stream {
            body["stream_options"] = object!({"include_usage": true});
        }
        body.to_string()
    }
}

/// Tokens the engine says it counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of the question.
    pub question: u64,
    /// Of the answer.
    pub answer: u64,
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The model had said what it wanted.
    Complete,
    /// At the most tokens allowed.
    Length,
    /// Something else, such as a filter.
    Other,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatAnswer {
    /// What the model says, without its reasoning.
    pub text: String,
    /// How it ended.
    pub ending: Ending,
    /// What it cost; `None` when the engine does not say.
    pub usage: Option<Usage>,
}

/// Reads an answer that came as a whole.
///
/// # Errors
/// When it is an error, not a chat completion, or says nothing at all.
pub fn decode_chat(bytes: &[u8]) -> Result<ChatAnswer, WireError> {
    let answer = json(bytes)?;
    let choice = answer.get("choices").and_then(|choices| choices.get(0)).ok_or_else(|| {
        WireError::Malformed(format!("it has no choices: {}", shortened(&answer.to_string())))
    })?;
    let text = choice
        .get("message")
        .and_then(|message| text_of(message.get("content")?))
        .or_else(|| text_of(choice.get("text")?))
        .unwrap_or_default();
    let ending = ending_of(choice).unwrap_or(Ending::Complete);
    Ok(ChatAnswer { text: without_thoughts(&text), ending, usage: usage_of(&answer) })
}

/// Content as text, or as a list of parts with text; `None` for null.
pub(super) fn text_of(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
            Some(texts.collect())
        }
        _ => None,
    }
}

pub(super) fn ending_of(choice: &Value) -> Option<Ending> {
    Some(match choice.get("finish_reason")?.as_str()? {
        "stop" | "eos" | "end_turn" | "eos_token" => Ending::Complete,
        "length" | "max_tokens" => Ending::Length,
        _ => Ending::Other,
    })
}

pub(super) fn usage_of(answer: &Value) -> Option<Usage> {
    let usage = answer.get("usage").filter(|usage| usage.is_object())?;
    let count = |name: &str| usage.get(name).and_then(Value::as_u64);
    let question = count("prompt_tokens");
    let answered = count("completion_tokens");
    let total = count("total_tokens");
    if question.is_none() && answered.is_none() && total.is_none() {
        return None;
    }
    let question = question.or_else(|| total?.checked_sub(answered?)).or(total).unwrap_or(0);
    Some(Usage { question, answer: answered.unwrap_or(0) })
}

/// Some models write their reasoning into the text, in a block at its beginning.
pub(super) fn without_thoughts(text: &str) -> String {
    let trimmed = text.trim_start();
    let Some(thoughts) = trimmed.strip_prefix("<think>") else { return text.to_owned() };
    match thoughts.split_once("</think>") {
        Some((_, answer)) => answer.trim_start().to_owned(),
        // Nothing but thoughts, cut off by the limit.
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(answer: &str) -> Result<ChatAnswer, WireError> {
        decode_chat(answer.as_bytes())
    }

    #[test]
    fn a_question_is_json_whatever_is_in_it() {
        let content = "\"}],\"model\":\"x\n<|system|>".to_owned();
        let message = ChatMessage { role: ChatRole::User, content: content.clone() };
        let request = ChatRequest { messages: vec![message], tokens_max: 9, temperature: 0.0 };
        let sent: Value = serde_json::from_str(&request.encode("m", true)).unwrap();
        assert_eq!(sent["messages"][0]["content"], content);
        assert_eq!(sent["messages"][0]["role"], "user");
        assert_eq!((&sent["model"], &sent["stream"]), (&object!("m"), &object!(true)));
    }

    #[test]
    fn an_answer_is_read_in_every_dialect() {
        let usual = r#"{"choices":[{"message":{"role":"assistant","content":"Hi"},
            "finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#;
        let answer = decode(usual).unwrap();
        assert_eq!((answer.text.as_str(), answer.ending), ("Hi", Ending::Length));
        assert_eq!(answer.usage, Some(Usage { question: 3, answer: 2 }));
        for (quirk, text) in [
            (r#"{"choices":[{"message":{"content":null,"reasoning_content":"hm"}}]}"#, ""),
            (
                r#"{"choices":[{"message":{"content":"a","reasoning_content":"hm"}}],"usage":null}"#,
                "a",
            ),
            (
                r#"{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"text":"b"}]}}]}"#,
                "ab",
            ),
            (r#"{"choices":[{"text":"old"}],"error":null}"#, "old"),
            (r#"{"choices":[{"message":{"content":"<think>hm\n</think>\n\nyes"}}]}"#, "yes"),
            (r#"{"choices":[{"message":{"content":"<think>hm"}}]}"#, ""),
        ] {
            let answer = decode(quirk).expect(quirk);
            assert_eq!((answer.text.as_str(), answer.usage), (text, None), "{quirk}");
        }
        let total = r#"{"choices":[{"text":""}],"usage":{"total_tokens":5}}"#;
        assert_eq!(decode(total).unwrap().usage, Some(Usage { question: 5, answer: 0 }));
    }

    #[test]
    fn an_error_is_one_even_in_a_good_answer() {
        for (answer, words) in [
            (r#"{"error":{"message":"model not found","code":404}}"#, "model not found"),
            (r#"{"error":"busy"}"#, "busy"),
            (r#"{"object":"error","message":"too long"}"#, "too long"),
            (r#"{"detail":[{"msg":"field required"}]}"#, "field required"),
        ] {
            let Err(WireError::Refused(message)) = decode(answer) else { panic!("{answer}") };
            assert!(message.contains(words), "{message}");
        }
        assert!(matches!(decode("<html>oops"), Err(WireError::Malformed(_))));
        assert!(matches!(decode(r#"{"choices":[]}"#), Err(WireError::Malformed(_))));
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            decode_chat(&bytes).ok();
        }

        #[test]
        fn whatever_a_model_says_is_read_back(text in "\\PC{0,200}") {
            let whole = object!({"choices": [{"message": {"content": text}}]}).to_string();
            let answer = decode(&whole).unwrap();
            if !text.trim_start().starts_with("<think>") {
                prop_assert_eq!(answer.text, text);
            }
        }
    }
}
