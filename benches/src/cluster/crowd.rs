//! Thousands of callers who hold a connection each and ask for the same thing at the same moment.
//! An HTTP client of a few lines: a real one for each would measure itself.

use anyhow::{Context, Result, ensure};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Longest wait for all answers.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

/// Open connections to several nodes, the same number to each.
pub(super) struct Crowd {
    callers: Vec<Caller>,
}

/// What one question of all of them was like.
pub(super) struct Asked {
    /// Requests that were sent before anybody had an answer.
    pub(super) at_once: usize,
    /// From the first request to the last answer.
    pub(super) took: Duration,
}

struct Caller {
    stream: TcpStream,
    address: String,
}

impl Crowd {
    /// Connects `count` callers to these nodes, in turns.
    pub(super) async fn gather(count: usize, addresses: &[String]) -> Result<Self> {
        let mut callers = Vec::with_capacity(count);
        for address in addresses.iter().cycle().take(count) {
            let stream = TcpStream::connect(address).await.context("a caller cannot connect")?;
            stream.set_nodelay(true)?;
            callers.push(Caller { stream, address: address.clone() });
        }
        Ok(Self { callers })
    }

    /// Everybody sends the same request and reads the answer, which must be a good one. `release` is
    /// begun when all have sent theirs; nodes that are frozen until then have all of them before
    /// they answer the first.
    pub(super) async fn ask(
        &mut self,
        path: &str,
        token: &str,
        release: impl Future<Output = Result<()>>,
    ) -> Result<Asked> {
        let callers = u32::try_from(self.callers.len())?;
        let counts = Arc::new(Counts::new());
        let mut tasks = JoinSet::new();
        let began = Instant::now();
        for caller in self.callers.drain(..) {
            let request = caller.request(path, token);
            tasks.spawn(caller.ask(request, Arc::clone(&counts)));
        }
        let _all_sent = counts.all_sent.acquire_many(callers).await?;
        release.await?;
        while let Some(ended) = tokio::time::timeout(ANSWERED_WITHIN, tasks.join_next())
            .await
            .context("some callers had no answer")?
        {
            self.callers.push(ended??);
        }
        Ok(Asked { at_once: counts.at_once.load(Ordering::SeqCst), took: began.elapsed() })
    }
}

struct Counts {
    sent: AtomicUsize,
    /// How many had been sent when the first answer came.
    at_once: AtomicUsize,
    /// A permit for each request that was sent.
    all_sent: Semaphore,
}

impl Counts {
    fn new() -> Self {
        let (sent, at_once) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { sent, at_once, all_sent: Semaphore::new(0) }
    }

    fn sent(&self) {
        self.sent.fetch_add(1, Ordering::SeqCst);
        self.all_sent.add_permits(1);
    }

    fn answered(&self) {
        let sent = self.sent.load(Ordering::SeqCst);
        let first = self.at_once.compare_exchange(0, sent, Ordering::SeqCst, Ordering::SeqCst);
        // Only the first answer counts.
        first.unwrap_or_default();
    }
}

impl Caller {
    fn request(&self, path: &str, token: &str) -> String {
        let host = &self.address;
        format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\r\n")
    }

    async fn ask(mut self, request: String, counts: Arc<Counts>) -> Result<Self> {
        let written = self.stream.write_all(request.as_bytes()).await;
        // Also when it failed, or nobody would go on.
        counts.sent();
        written.context("a request could not be sent")?;
        self.read_answer(&counts).await?;
        Ok(self)
    }

    async fn read_answer(&mut self, counts: &Counts) -> Result<()> {
        let mut answer = Vec::with_capacity(1_024);
        loop {
            let read = self.stream.read_buf(&mut answer).await?;
            counts.answered();
            ensure!(read > 0, "a node closed the connection without an answer");
            if is_whole(&answer)? {
                return Ok(());
            }
        }
    }
}

/// Whether an answer is there to its last byte.
///
/// # Errors
/// When it is not a good one, or does not say how long it is.
fn is_whole(answer: &[u8]) -> Result<bool> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(false);
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    ensure!(head.starts_with("http/1.1 200"), "a node answered {head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.context("an answer has no length")?.trim().parse()?;
    Ok(answer.len() >= end + 4 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_with_its_last_byte_and_only_a_good_one_counts() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        assert!(is_whole(answer).expect("a good one"));
        for end in 0..answer.len() {
            assert!(!is_whole(&answer[..end]).expect("the beginning of one"), "{end}");
        }
        assert!(is_whole(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n").is_err());
        assert!(is_whole(b"HTTP/1.1 200 OK\r\n\r\n").is_err(), "of unknown length");
    }
}
