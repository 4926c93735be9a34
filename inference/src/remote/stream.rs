//! Chat completions that come piece by piece, as server-sent events or nearly so.

use super::chat::{ChatAnswer, Ending, Usage, ending_of, text_of, usage_of, without_thoughts};
use super::failure::{WireError, carried_error, shortened};
use serde_json::Value;

/// Longest line that is read.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;
/// Longest answer that is kept.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// Reads a stream as its bytes come, cut anywhere.
#[derive(Debug, Default)]
pub struct ChatStream {
    line: Vec<u8>,
    text: String,
    ending: Option<Ending>,
    usage: Option<Usage>,
    done: bool,
    /// Lines that were events of ours.
    events: usize,
}

impl ChatStream {
    /// A stream of which nothing has come.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes; answers the text they bring, reasoning left out.
    ///
    /// # Errors
    /// When an event is an error, not JSON, or more comes than is ever needed.
    pub fn push(&mut self, bytes: &[u8]) -> Result<String, WireError> {
        let before = self.text.len();
        for piece in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            self.line.extend_from_slice(piece);
            if self.line.len() > LINE_BYTES_MAX {
                return Err(WireError::TooLarge(LINE_BYTES_MAX));
            }
            if piece.ends_with(b"\n") || piece.ends_with(b"\r") {
                self.end_line()?;
            }
        }
        Ok(self.text.get(before..).unwrap_or_default().to_owned())
    }

    /// Whether the engine has said that nothing more comes.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// The whole answer, once the connection has ended.
    ///
    /// # Errors
    /// [`WireError::Cut`] when it ended before the answer did.
    pub fn finish(mut self) -> Result<ChatAnswer, WireError> {
        if !self.done {
            self.end_line()?;
        }
        if !self.done && self.ending.is_none() {
            return Err(match self.events {
                0 => WireError::Malformed("no event came".to_owned()),
                _ => WireError::Cut(self.text.chars().count()),
            });
        }
        let ending = self.ending.unwrap_or(Ending::Complete);
        Ok(ChatAnswer { text: without_thoughts(&self.text), ending, usage: self.usage })
    }

    fn end_line(&mut self) -> Result<(), WireError> {
        let line = std::mem::take(&mut self.line);
        if self.done {
            return Ok(());
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        // `data:` with or without a space; some engines send bare JSON lines.
        let data = match line.strip_prefix("data:") {
            Some(data) => data.trim(),
            None if line.starts_with('{') => line,
            None => return Ok(()),
        };
        if data.is_empty() {
            return Ok(());
        }
        if data == "[DONE]" {
            self.done = true;
            return Ok(());
        }
        let event: Value = serde_json::from_str(data)
            .map_err(|error| WireError::Malformed(format!("{error}: {}", shortened(data))))?;
        if let Some(error) = carried_error(&event) {
            return Err(error);
        }
        self.take_event(&event)
    }

    fn take_event(&mut self, event: &Value) -> Result<(), WireError> {
        self.events += 1;
        self.usage = usage_of(event).or(self.usage);
        let Some(choice) = event.get("choices").and_then(|choices| choices.get(0)) else {
            return Ok(());
        };
        self.ending = ending_of(choice).or(self.ending);
        // A server that ignores `stream` sends the whole message as one.
        let piece = ["delta", "message"]
            .into_iter()
            .find_map(|name| text_of(choice.get(name)?.get("content")?))
            .or_else(|| text_of(choice.get("text")?))
            .unwrap_or_default();
        if self.text.len() + piece.len() > TEXT_BYTES_MAX {
            return Err(WireError::TooLarge(TEXT_BYTES_MAX));
        }
        self.text.push_str(&piece);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STREAM: &str = concat!(
        ": keep-alive\n\n",
        "event: message\n",
        "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\n\n",
        "data:{\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\r\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"你好\"}}]}\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\" world\"},\"finish_reason\":null}]}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}\n\n",
        "data: [DONE]\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"too late\"}}]}\n\n",
    );

    fn read(text: &str) -> Result<ChatAnswer, WireError> {
        let mut stream = ChatStream::new();
        stream.push(text.as_bytes())?;
        stream.finish()
    }

    #[test]
    fn a_stream_with_every_quirk_is_read() {
        let answer = read(STREAM).unwrap();
        assert_eq!((answer.text.as_str(), answer.ending), ("你好 world", Ending::Complete));
        assert_eq!(answer.usage, Some(Usage { question: 4, answer: 2 }));
    }

    #[test]
    fn without_done_the_reason_of_the_end_counts_and_without_both_it_is_cut() {
        let ended =
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"length\"}]}";
        assert_eq!(read(ended).map(|answer| answer.ending), Ok(Ending::Length));
        let cut = "data: {\"choices\":[{\"delta\":{\"content\":\"ab\"}}]}\n\n";
        assert_eq!(read(cut), Err(WireError::Cut(2)));
        assert!(matches!(read(""), Err(WireError::Malformed(_))));
        assert!(matches!(read("data: {\"choi"), Err(WireError::Malformed(_))));
    }

    #[test]
    fn an_error_in_the_middle_is_one() {
        let error = "data: {\"error\":{\"message\":\"out of memory\"}}\n\n";
        assert_eq!(read(error), Err(WireError::Refused("out of memory".to_owned())));
        assert_eq!(
            read("{\"error\":\"no such model\"}"),
            Err(WireError::Refused("no such model".to_owned()))
        );
    }

    #[test]
    fn a_server_that_does_not_stream_is_understood() {
        let whole = r#"{"choices":[{"message":{"content":"all"},"finish_reason":"stop"}]}"#;
        assert_eq!(read(whole).map(|answer| answer.text), Ok("all".to_owned()));
    }

    #[test]
    fn a_stream_that_never_ends_a_line_is_given_up() {
        let mut stream = ChatStream::new();
        let line = vec![b'x'; LINE_BYTES_MAX];
        stream.push(&line).unwrap();
        assert_eq!(stream.push(b"x"), Err(WireError::TooLarge(LINE_BYTES_MAX)));
    }

    proptest! {
        #[test]
        fn where_the_bytes_are_cut_does_not_matter(cuts in prop::collection::vec(0..STREAM.len(), 0..20)) {
            let mut cuts = cuts;
            cuts.extend([0, STREAM.len()]);
            cuts.sort_unstable();
            let (mut stream, mut text) = (ChatStream::new(), String::new());
            for pair in cuts.windows(2) {
                text += &stream.push(&STREAM.as_bytes()[pair[0]..pair[1]]).unwrap();
            }
            prop_assert!(stream.is_done());
            let answer = stream.finish().unwrap();
            prop_assert_eq!(&answer.text, &text);
            prop_assert_eq!(Ok(answer), read(STREAM));
        }

        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut stream = ChatStream::new();
            stream.push(&bytes).ok();
            stream.finish().ok();
        }
    }
}
