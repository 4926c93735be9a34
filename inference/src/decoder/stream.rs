//! What a request has written, as text that can be shown while it grows: no half characters, no
//! part of what might become a stop text.

/// Tokens decoded together with a new one, so that blanks between them come out right.
const WINDOW: usize = 6;
/// Tokens that may go by without a whole character before the pieces are shown as they are.
const PENDING_MAX: usize = 8;

/// The text of one request.
#[derive(Debug, Default)]
pub(super) struct TextStream {
    stops: Vec<String>,
    text: String,
    /// Bytes of `text` that have been handed out.
    sent: usize,
    /// The last tokens; the text of the first `known` is in `text`.
    window: Vec<u32>,
    known: usize,
    stopped: bool,
}

impl TextStream {
    pub(super) fn new(stops: &[String]) -> Self {
        let stops = stops.iter().filter(|stop| !stop.is_empty()).cloned().collect();
        Self { stops, ..Self::default() }
    }

    /// A token was written; `decode` gives the bytes of tokens.
    pub(super) fn push<E>(
        &mut self,
        token: u32,
        decode: impl Fn(&[u32]) -> Result<Vec<u8>, E>,
    ) -> Result<(), E> {
        self.window.push(token);
        let before = decode(self.window.get(..self.known).unwrap_or_default())?;
        let now = decode(&self.window)?;
        let added = now.get(before.len().min(now.len())..).unwrap_or_default();
        match std::str::from_utf8(added) {
            Ok(added) => self.append(added),
            Err(_) if self.window.len() - self.known < PENDING_MAX => {}
            Err(_) => self.append(&String::from_utf8_lossy(added)),
        }
        Ok(())
    }

    /// The last token has no text.
    pub(super) fn skip(&mut self) {
        self.window.pop();
    }

    /// Whether a stop text came.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// What can be handed out now and was not before.
    pub(super) fn take(&mut self) -> String {
        let held = if self.stopped { 0 } else { self.held() };
        self.hand_out(self.text.len() - held)
    }

    /// What is left when nothing more comes.
    pub(super) fn finish(&mut self) -> String {
        self.hand_out(self.text.len())
    }

    /// Everything written.
    pub(super) fn text(&self) -> &str {
        self.text.trim_end()
    }

    fn append(&mut self, added: &str) {
        self.known = self.window.len();
        if self.known > WINDOW {
            self.window.drain(..self.known - WINDOW);
            self.known = WINDOW;
        }
        // Models begin with the blank or line break after their marker.
        let added = if self.text.is_empty() { added.trim_start() } else { added };
        let from = self.text.len();
        self.text.push_str(added);
        let longest = self.stops.iter().map(String::len).max().unwrap_or(0);
        let from = self.text.floor_char_boundary(from.saturating_sub(longest));
        let tail = self.text.get(from..).unwrap_or_default();
        let stop = self.stops.iter().filter_map(|stop| tail.find(stop.as_str())).min();
        if let Some(at) = stop {
            self.text.truncate(from + at);
            self.stopped = true;
        }
    }

    /// Bytes at the end that may be the beginning of a stop text.
    fn held(&self) -> usize {
        let begun = |stop: &String| {
            (1..stop.len())
                .rev()
                .filter(|length| stop.is_char_boundary(*length))
                .find(|length| self.text.ends_with(stop.get(..*length).unwrap_or_default()))
        };
        self.stops.iter().filter_map(begun).max().unwrap_or(0)
    }

    fn hand_out(&mut self, end: usize) -> String {
        let start = self.sent.min(end);
        self.sent = end.max(self.sent).min(self.text.len());
        self.text.get(start..end).unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests;
