//! Terminals behind a balancer that all came to one node: they are spread over the nodes, and each
//! gets everything once.

use crate::cluster::{Bench, check_shares};
use crate::support::{Newsroom, SOON, options, text, wait_for_titles};
use anyhow::{Context as _, Result, bail, ensure};
use autoglm_harness::checker::client::Participant;
use autoglm_harness::{ClusterOptions, wait_until};
use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

const READERS: usize = 12;
const TERMINALS: usize = 96;
/// A quarter of the mean is less than 16.
const WITHIN_BAND: usize = TERMINALS / 2 + 16;
/// Time between two looks; a terminal stays for 60.
const PERIOD: Duration = Duration::from_millis(100);
/// How long it may take until they are spread.
const SPREAD_WITHIN: Duration = Duration::from_secs(30);

/// Gives connections to the nodes in turn, as a balancer does that knows nothing of them.
#[derive(Debug)]
struct Balancer {
    addresses: Vec<String>,
    turn: AtomicUsize,
}

impl Balancer {
    fn next(&self) -> usize {
        self.turn.fetch_add(1, Ordering::SeqCst) % self.addresses.len()
    }
}

/// What one terminal has seen.
#[derive(Debug, Default)]
struct Seen {
    /// The node it is connected to; `None` while it is not.
    at: Option<usize>,
    /// The last number.
    after: Option<u64>,
    /// Titles with how often each came.
    titles: BTreeMap<String, usize>,
    /// How long it had stayed each time it was sent away.
    stays: Vec<Duration>,
    was_reset: bool,
}

impl Seen {
    fn take(&mut self, frame: &Value) -> Result<()> {
        let seq = frame["seq"].as_u64().with_context(|| format!("no number: {frame}"))?;
        ensure!(self.after.is_none_or(|after| after <= seq), "the numbering goes back: {frame}");
        (self.after, self.was_reset) = (Some(seq), self.was_reset || frame["type"] == "reset");
        for item in frame["items"].as_array().into_iter().flatten() {
            if item["type"] == "article" {
                *self.titles.entry(text(&item["article"], "title").to_owned()).or_default() += 1;
            }
        }
        Ok(())
    }
}

/// One terminal, which connects again whenever a node has it do so.
#[derive(Debug, Clone)]
struct Wanderer {
    token: String,
    balancer: Arc<Balancer>,
    seen: Arc<Mutex<Seen>>,
}

impl Wanderer {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects to the first node and then wherever it is brought; ends only by an error.
    async fn wander(self, by_socket: bool) -> Result<()> {
        let mut node = 0;
        loop {
            let began = Instant::now();
            match by_socket {
                true => self.over_socket(node).await?,
                false => self.over_stream(node).await?,
            }
            let mut seen = self.seen();
            seen.at = None;
            seen.stays.push(began.elapsed());
            node = self.balancer.next();
        }
    }

    fn address(&self, node: usize, scheme: &str, path: &str) -> String {
        let after = self.seen().after.map_or_else(String::new, |after| format!("?after={after}"));
        format!("{scheme}://{}{path}{after}", self.balancer.addresses[node])
    }

    fn take(&self, node: usize, frame: &str) -> Result<()> {
        let mut seen = self.seen();
        seen.at = Some(node);
        seen.take(&serde_json::from_str(frame)?)
    }

    /// Until the node says that it should connect again.
    async fn over_socket(&self, node: usize) -> Result<()> {
        let mut request = self.address(node, "ws", "/ws").into_client_request()?;
        let token = format!("Bearer {}", self.token).parse()?;
        request.headers_mut().insert("authorization", token);
        let (mut socket, _) = connect_async(request).await?;
        while let Some(message) = socket.next().await {
            match message? {
                Message::Text(frame) => self.take(node, &frame)?,
                Message::Close(frame) => {
                    let code = frame.map(|frame| u16::from(frame.code));
                    ensure!(code == Some(1012), "closed with {code:?}");
                    return Ok(());
                }
                _ => {}
            }
        }
        bail!("the socket broke without a word")
    }

    /// Until the stream ends, which must come with how long to wait.
    async fn over_stream(&self, node: usize) -> Result<()> {
        let request = reqwest::Client::builder().no_proxy().build()?;
        let request = request.get(self.address(node, "http", "/events")).bearer_auth(&self.token);
        let mut answer = request.send().await?.error_for_status()?;
        let (mut text, mut wait) = (String::new(), None);
        while let Some(chunk) = answer.chunk().await? {
            text.push_str(std::str::from_utf8(&chunk)?);
            while let Some((line, rest)) = text.split_once('\n') {
                if let Some(frame) = line.strip_prefix("data: ") {
                    self.take(node, frame)?;
                } else if let Some(retry) = line.strip_prefix("retry: ") {
                    wait = Some(Duration::from_millis(retry.parse()?));
                }
                text = rest.to_owned();
            }
        }
        let wait = wait.context("nothing says how long to wait")?;
        ensure!(wait < Duration::from_secs(1), "it would be away for {wait:?}");
        // As a browser does.
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

/// All terminals.
struct Audience {
    terminals: Vec<Wanderer>,
    tasks: JoinSet<Result<()>>,
}

impl Audience {
    fn connect(readers: &[Participant], addresses: Vec<String>) -> Self {
        let balancer = Arc::new(Balancer { addresses, turn: AtomicUsize::new(0) });
        let (mut terminals, mut tasks) = (Vec::new(), JoinSet::new());
        for (number, reader) in readers.iter().cycle().take(TERMINALS).enumerate() {
            let token = reader.token.clone();
            let seen = Arc::default();
            let terminal = Wanderer { token, balancer: Arc::clone(&balancer), seen };
            // Every fourth is behind a proxy without sockets.
            tasks.spawn(terminal.clone().wander(number % 4 != 0));
            terminals.push(terminal);
        }
        Self { terminals, tasks }
    }

    /// How many are connected to each node.
    fn counts(&self) -> [usize; 2] {
        let at = |node| self.terminals.iter().filter(|it| it.seen().at == Some(node)).count();
        [at(0), at(1)]
    }

    fn moves(&self) -> usize {
        self.terminals.iter().map(|it| it.seen().stays.len()).sum()
    }

    /// Waits until every terminal has this title; ends with the error of a terminal.
    async fn until(&mut self, title: &str) -> Result<()> {
        let terminals = &self.terminals;
        let arrived = wait_until("an article at every terminal", SOON, async || {
            let missing =
                terminals.iter().filter(|it| !it.seen().titles.contains_key(title)).count();
            ensure!(missing == 0, "{title:?} is missing at {missing} terminals");
            Ok(Some(()))
        });
        tokio::select! {
            arrived = arrived => arrived,
            Some(ended) = self.tasks.join_next() => ended?.context("a terminal ended"),
        }
    }

    /// Checks that each terminal has had each of these once. What was there before it connected
    /// may come too, once: the window of the reader's owner may see it a moment later.
    fn check_once(&self, fresh: &BTreeSet<String>, all: &BTreeSet<String>) -> Result<()> {
        for terminal in &self.terminals {
            let seen = terminal.seen();
            ensure!(!seen.was_reset, "a terminal had to fetch everything again: {seen:?}");
            let twice: Vec<_> = seen.titles.iter().filter(|(_, count)| **count != 1).collect();
            ensure!(twice.is_empty(), "came twice: {twice:?}");
            let missing: Vec<_> =
                fresh.iter().filter(|it| !seen.titles.contains_key(*it)).collect();
            ensure!(missing.is_empty(), "never came: {missing:?}");
            let strange: Vec<_> = seen.titles.keys().filter(|it| !all.contains(*it)).collect();
            ensure!(strange.is_empty(), "nobody published {strange:?}");
            let short = seen.stays.iter().find(|stay| **stay < PERIOD * 60);
            ensure!(short.is_none(), "sent away again after {short:?}");
        }
        Ok(())
    }
}

/// What a node says of how many it asked.
async fn asked(bench: &Bench, node: usize) -> Result<usize> {
    let node = bench.cluster.node(node).await;
    let metrics = node.request(Method::GET, "/metrics").send().await?.text().await?;
    let name = "autoglm_terminals_asked_to_move_total ";
    let line = metrics.lines().find_map(|line| line.strip_prefix(name));
    Ok(line.map_or(Ok(0), str::parse)?)
}

/// A cluster whose readers follow the feed `wire`.
async fn start(test: &str, newsroom: &Newsroom) -> Result<Option<Bench>> {
    let node = options(&newsroom.addresses())
        .set("telemetry.log", "info")
        .set("testing.figures_period_ms", PERIOD.as_millis());
    let options = ClusterOptions { nodes: 2, node, ..ClusterOptions::default() };
    let Some(bench) = Bench::start_as(test, options, READERS).await? else { return Ok(None) };
    bench.cluster.query(&format!(
        "INSERT INTO subscription (reader_id, source_id, read_count, created_at) \
         SELECT reader.id, source.id, 0, 0 FROM reader, source \
         WHERE reader.name LIKE 'checker %' AND source.url = '{}' ON CONFLICT DO NOTHING",
        newsroom.address("wire")
    ))?;
    // Numberings of shards that move begin again, which is not looked for here.
    check_shares(&bench, test, 2).await?;
    let node = bench.cluster.node(0).await;
    wait_for_titles(&node, &newsroom.titles()).await?;
    drop(node);
    Ok(Some(bench))
}

#[tokio::test(flavor = "multi_thread")]
async fn terminals_that_all_came_to_one_node_are_spread_and_get_everything_once() -> Result<()> {
    let test = "terminals_that_all_came_to_one_node_are_spread_and_get_everything_once";
    let mut newsroom = Newsroom::open(&["wire"]).await?;
    newsroom.publish_bulletins("wire", 0..2);
    let Some(bench) = start(test, &newsroom).await? else { return Ok(()) };
    let known = newsroom.titles();
    let mut audience = Audience::connect(&bench.readers, bench.cluster.addresses());
    wait_until("all at the first node", SOON, async || {
        Ok((audience.counts() == [TERMINALS, 0]).then_some(()))
    })
    .await?;
    let (began, mut number) = (Instant::now(), 2);
    // News goes on while they move.
    let mut publish = async |audience: &mut Audience, newsroom: &mut Newsroom| {
        newsroom.publish_bulletins("wire", number..number + 1);
        let title = crate::support::bulletin("wire", number).title;
        number += 1;
        audience.until(&title).await
    };
    while audience.counts()[0] > WITHIN_BAND {
        publish(&mut audience, &mut newsroom).await?;
        let counts = audience.counts();
        ensure!(began.elapsed() < SPREAD_WITHIN, "not spread: {counts:?}");
    }
    let took = began.elapsed();
    let moves = wait_until("whoever was asked to be back", SOON, async || {
        let (asked, moves) = (asked(&bench, 0).await?, audience.moves());
        let are_back = asked == moves && audience.counts().iter().sum::<usize>() == TERMINALS;
        Ok(are_back.then_some(moves))
    })
    .await?;
    eprintln!("{test}: {:?} after {took:?}, {moves} moves", audience.counts());
    // Now they are left alone, for many periods.
    for _ in 0..2 {
        publish(&mut audience, &mut newsroom).await?;
    }
    ensure!(audience.moves() == moves, "{moves} moves became {}", audience.moves());
    let fresh: BTreeSet<String> = newsroom.titles().difference(&known).cloned().collect();
    audience.check_once(&fresh, &newsroom.titles())?;
    let asked = [asked(&bench, 0).await?, asked(&bench, 1).await?];
    ensure!(asked == [moves, 0], "asked {asked:?}, moved {moves}");
    Ok(())
}
