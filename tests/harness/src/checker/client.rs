//! The readers of a run: each appends events and reads, one thing after the other, and tries again
//! on another node when one fails.

use super::history::{Attempt, Histories, Micros, Operation, Outcome};
use crate::dice::Dice;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Now.
#[must_use]
pub fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros::try_from(since.as_micros()).unwrap_or(Micros::MAX)
}

/// One reader who takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// Number in the database.
    pub id: i64,
    /// What the node knows them by.
    pub token: String,
}

/// How clients behave.
#[derive(Debug, Clone)]
pub struct Manner {
    /// Mean pause of a reader between two operations.
    pub pause: Duration,
    /// How long a try may take.
    pub attempt_limit: Duration,
    /// How long an operation is tried before the client goes on without knowing its outcome.
    pub give_up: Duration,
    /// Longest wait before the next try after a refusal, whatever the node asks for.
    pub patience: Duration,
    /// One of so many operations is a read; 0 for none.
    pub reads: usize,
    /// Articles to do something with.
    pub articles: Vec<i64>,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            pause: Duration::from_millis(100),
            attempt_limit: Duration::from_secs(3),
            give_up: Duration::from_secs(20),
            patience: Duration::from_millis(200),
            reads: 4,
            articles: vec![1],
        }
    }
}

/// Running clients.
#[derive(Debug)]
pub struct Clients {
    stop: watch::Sender<bool>,
    tasks: JoinSet<Result<(i64, Vec<Operation>)>>,
}

impl Clients {
    /// Starts one client for each participant; `addresses` are those of the nodes, `host:port`.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn start(
        participants: &[Participant],
        addresses: &[String],
        manner: &Manner,
        dice: &mut Dice,
    ) -> Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(manner.attempt_limit)
            .build()
            .context("cannot build an HTTP client")?;
        let (addresses, manner) = (Arc::new(addresses.to_vec()), Arc::new(manner.clone()));
        let mut tasks = JoinSet::new();
        for participant in participants {
            let client = Client {
                participant: participant.clone(),
                addresses: Arc::clone(&addresses),
                manner: Arc::clone(&manner),
                http: http.clone(),
                dice: Dice::new(dice.bits()),
            };
            tasks.spawn(client.run(stopped.clone()));
        }
        Ok(Self { stop, tasks })
    }

    /// Lets everybody finish what they are at; what they did and were told.
    ///
    /// # Errors
    /// When a client got an answer that no fault explains, such as 400.
    pub async fn finish(mut self) -> Result<Histories> {
        self.stop.send_replace(true);
        let mut histories = Histories::new();
        while let Some(ended) = self.tasks.join_next().await {
            let (reader, operations) = ended.context("a client panicked")??;
            histories.insert(reader, operations);
        }
        Ok(histories)
    }
}

struct Client {
    participant: Participant,
    addresses: Arc<Vec<String>>,
    manner: Arc<Manner>,
    http: reqwest::Client,
    dice: Dice,
}

impl Client {
    async fn run(mut self, mut stopped: watch::Receiver<bool>) -> Result<(i64, Vec<Operation>)> {
        let mut operations = Vec::new();
        loop {
            let mean = u64::try_from(self.manner.pause.as_millis())?;
            let pause = Duration::from_millis(self.dice.between(mean / 2, mean * 3 / 2));
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => break,
                () = tokio::time::sleep(pause) => {}
            }
            operations.push(self.operate().await?);
        }
        Ok((self.participant.id, operations))
    }

    /// One operation with all its tries.
    async fn operate(&mut self) -> Result<Operation> {
        let reads = self.manner.reads > 0 && self.dice.below(self.manner.reads) == 0;
        let count = if reads { 0 } else { [1, 1, 1, 2, 3][self.dice.below(5)] };
        let events: Vec<_> = (0..count).map(|_| self.dice.uuid()).collect();
        let body = (!reads).then(|| self.body(&events));
        let began = tokio::time::Instant::now();
        let mut attempts: Vec<Attempt> = Vec::new();
        let mut node = self.dice.below(self.addresses.len());
        loop {
            let started = now();
            let (outcome, wait) = self.attempt(node, body.as_ref()).await?;
            attempts.push(Attempt { started, ended: now(), node, outcome });
            if outcome == Outcome::Acknowledged || began.elapsed() > self.manner.give_up {
                break;
            }
            node = self.next_node(node, attempts.len());
            self.wait(wait).await;
        }
        Ok(Operation { events, attempts })
    }

    fn body(&mut self, events: &[uuid::Uuid]) -> Value {
        let kinds = ["open", "save", "unsave", "read", "unread", "impression"];
        let mut list = Vec::with_capacity(events.len());
        for id in events {
            let kind = kinds[self.dice.below(kinds.len())];
            let article = self.dice.one_of(&self.manner.articles).copied().unwrap_or(1);
            list.push(json!({
                "id": id, "kind": kind, "article_id": article, "at": "2026-01-01T00:00:00Z",
            }));
        }
        json!({ "events": list })
    }

    /// Another one than the last.
    fn next_node(&mut self, last: usize, tries: usize) -> usize {
        let count = self.addresses.len();
        if count < 2 {
            return last;
        }
        let step = if tries > 1 { 1 + self.dice.below(count - 1) } else { 1 };
        (last + step) % count
    }

    /// After a refusal as long as the node asks, within limits.
    async fn wait(&self, asked: Duration) {
        tokio::time::sleep(asked.min(self.manner.patience)).await;
    }

    /// One try, and how long the node asks to wait.
    async fn attempt(&self, node: usize, body: Option<&Value>) -> Result<(Outcome, Duration)> {
        let address = &self.addresses[node];
        let request = match body {
            Some(body) => self.http.post(format!("http://{address}/api/v1/events")).json(body),
            None => self.http.get(format!("http://{address}/api/v1/recommendations?limit=1")),
        };
        let sent = request.bearer_auth(&self.participant.token).send().await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) if error.is_timeout() => return Ok((Outcome::TimedOut, Duration::ZERO)),
            Err(_) => return Ok((Outcome::Unreachable, Duration::from_millis(20))),
        };
        let status = answer.status();
        let asked = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let asked =
            asked.and_then(|text| text.parse().ok()).map_or(Duration::ZERO, Duration::from_secs);
        let text = match answer.text().await {
            Ok(text) => text,
            Err(error) if error.is_timeout() => return Ok((Outcome::TimedOut, Duration::ZERO)),
            Err(_) => return Ok((Outcome::Unreachable, Duration::ZERO)),
        };
        match status.as_u16() {
            200 => Ok((Outcome::Acknowledged, Duration::ZERO)),
            429 | 500.. => Ok((Outcome::Refused(status.as_u16()), asked)),
            other => bail!("reader {} was answered {other}: {text}", self.participant.id),
        }
    }
}
