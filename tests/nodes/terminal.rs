//! Connected terminals: what is pushed, and what a dropped connection or a killed node costs.

use crate::support::{
    Newsroom, SOON, articles, event, is_ours, options, send, start, text, wait_for_titles,
};
use anyhow::{Context as _, Result, bail, ensure};
use autoglm_harness::TestNode;
use futures_util::StreamExt as _;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A terminal that remembers what it was sent.
pub(crate) struct Terminal {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The last number.
    pub(crate) seq: u64,
    /// Titles with how often each came.
    pub(crate) titles: BTreeMap<String, usize>,
    /// Articles whose marks changed.
    pub(crate) marked: Vec<Value>,
    /// Whether the node ever said that it does not know what was missed.
    pub(crate) was_reset: bool,
}

impl Terminal {
    /// Connects and reads the first frame.
    pub(crate) async fn connect(node: &TestNode, after: Option<u64>) -> Result<Self> {
        let query = after.map_or_else(String::new, |seq| format!("?after={seq}"));
        let (socket, _) = connect_async(format!("ws://{}/ws{query}", node.address())).await?;
        let (titles, marked) = (BTreeMap::new(), Vec::new());
        let mut terminal = Self { socket, seq: 0, titles, marked, was_reset: false };
        terminal.take_frame().await?;
        Ok(terminal)
    }

    async fn take_frame(&mut self) -> Result<()> {
        loop {
            let message = tokio::time::timeout(SOON, self.socket.next())
                .await
                .with_context(|| format!("no frame came; so far {:?}", self.titles))?
                .context("the node closed the connection")??;
            match message {
                Message::Text(frame) => return self.take(&serde_json::from_str(&frame)?),
                Message::Close(reason) => bail!("the node closed the connection: {reason:?}"),
                _ => {}
            }
        }
    }

    fn take(&mut self, frame: &Value) -> Result<()> {
        let seq = frame["seq"].as_u64().with_context(|| format!("no number: {frame}"))?;
        if frame["type"] == "reset" {
            (self.was_reset, self.seq) = (true, seq);
            return Ok(());
        }
        ensure!(seq >= self.seq, "the numbering goes back from {}: {frame}", self.seq);
        self.seq = seq;
        for item in frame["items"].as_array().with_context(|| format!("no items: {frame}"))? {
            match text(item, "type") {
                "article" if is_ours(&item["article"]) => {
                    let title = text(&item["article"], "title").to_owned();
                    *self.titles.entry(title).or_default() += 1;
                }
                "mark" => self.marked.push(item.clone()),
                "article" | "story" => {}
                _ => bail!("a strange item: {item}"),
            }
        }
        Ok(())
    }

    /// Reads until all of `titles` have come.
    pub(crate) async fn until(&mut self, titles: &BTreeSet<String>) -> Result<()> {
        while !titles.iter().all(|title| self.titles.contains_key(title)) {
            self.take_frame().await?;
        }
        Ok(())
    }

    /// Checks that nothing came twice and nothing came that is not in `titles`.
    fn check_once(&self, titles: &BTreeSet<String>) -> Result<()> {
        let twice: Vec<_> = self.titles.iter().filter(|(_, count)| **count > 1).collect();
        ensure!(twice.is_empty(), "came twice: {twice:?}");
        let strange: Vec<_> = self.titles.keys().filter(|title| !titles.contains(*title)).collect();
        ensure!(strange.is_empty(), "came although known: {strange:?}");
        Ok(())
    }

    /// Reads until the node closes the connection; the code it gives.
    pub(crate) async fn until_closed(&mut self) -> Result<Option<u16>> {
        loop {
            match tokio::time::timeout(SOON, self.socket.next()).await? {
                Some(Ok(Message::Close(frame))) => {
                    return Ok(frame.map(|frame| u16::from(frame.code)));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Ok(None),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_gets_new_articles_and_resumes_after_a_dropped_connection_without_gap_or_double()
-> Result<()> {
    let mut newsroom = Newsroom::open(&["wire"]).await?;
    newsroom.publish_bulletins("wire", 0..3);
    let mut node = start(options(&newsroom.addresses())).await?;
    let stored = wait_for_titles(&node, &newsroom.titles()).await?;
    let known = newsroom.titles();

    let mut first = Terminal::connect(&node, None).await?;
    newsroom.publish_bulletins("wire", 3..8);
    let fresh: BTreeSet<String> = newsroom.titles().difference(&known).cloned().collect();
    first.until(&fresh).await?;
    first.check_once(&fresh)?;
    send(&node, &[event("save", &stored[0])]).await?;
    while first.marked.is_empty() {
        first.take_frame().await?;
    }
    ensure!(first.marked[0]["article_id"] == stored[0]["id"], "{:?}", first.marked);
    ensure!(first.marked[0]["marks"]["saved"] == true, "{:?}", first.marked);

    // The connection drops without a word, and news goes on.
    let after = first.seq;
    drop(first);
    let known = newsroom.titles();
    newsroom.publish_bulletins("wire", 8..20);
    wait_for_titles(&node, &newsroom.titles()).await?;
    let mut second = Terminal::connect(&node, Some(after)).await?;
    newsroom.publish_bulletins("wire", 20..22);
    let missed: BTreeSet<String> = newsroom.titles().difference(&known).cloned().collect();
    second.until(&missed).await?;
    ensure!(!second.was_reset, "12 missed articles are not too many to remember");
    second.check_once(&missed)?;

    survive_a_kill(&mut node, &mut newsroom, second).await
}

/// After `kill -9` the node either says that the terminal must fetch everything, or sends
/// everything; then it goes on.
async fn survive_a_kill(
    node: &mut TestNode,
    newsroom: &mut Newsroom,
    terminal: Terminal,
) -> Result<()> {
    let after = terminal.seq;
    let known = newsroom.titles();
    node.kill().await?;
    newsroom.publish_bulletins("wire", 22..26);
    node.start_again().await?;
    let mut third = Terminal::connect(node, Some(after)).await?;
    wait_for_titles(node, &newsroom.titles()).await?;
    newsroom.publish_bulletins("wire", 26..27);
    let last: BTreeSet<String> = [crate::support::bulletin("wire", 26).title].into();
    third.until(&last).await?;
    let missed: BTreeSet<String> = newsroom.titles().difference(&known).cloned().collect();
    if third.was_reset {
        let listed = articles(node).await?;
        ensure!(listed.len() == newsroom.titles().len(), "{} are listed", listed.len());
    } else {
        third.until(&missed).await?;
    }
    third.check_once(&missed)
}

#[tokio::test(flavor = "multi_thread")]
async fn server_sent_events_carry_the_same_frames_and_resume_by_last_event_id() -> Result<()> {
    let mut newsroom = Newsroom::open(&["wire"]).await?;
    newsroom.publish_bulletins("wire", 0..2);
    let node = start(options(&newsroom.addresses())).await?;
    wait_for_titles(&node, &newsroom.titles()).await?;
    let known = newsroom.titles();
    let terminal = Terminal::connect(&node, None).await?;
    let after = terminal.seq.to_string();
    newsroom.publish_bulletins("wire", 2..5);
    wait_for_titles(&node, &newsroom.titles()).await?;
    let missed: BTreeSet<String> = newsroom.titles().difference(&known).cloned().collect();
    let request = node.request(reqwest::Method::GET, "/events").header("last-event-id", after);
    let mut answer = request.send().await?;
    ensure!(answer.status() == 200, "status {}", answer.status());
    let media = answer.headers().get("content-type").and_then(|value| value.to_str().ok());
    ensure!(media.is_some_and(|media| media.starts_with("text/event-stream")), "{media:?}");
    let mut stream = String::new();
    while !missed.iter().all(|title| stream.contains(title)) {
        let chunk = tokio::time::timeout(SOON, answer.chunk()).await?;
        let chunk = chunk?.with_context(|| format!("the stream ended: {stream}"))?;
        stream.push_str(&String::from_utf8_lossy(&chunk));
    }
    ensure!(stream.lines().any(|line| line.starts_with("id:")), "no number: {stream}");
    for title in &missed {
        ensure!(stream.matches(title.as_str()).count() == 1, "{title} twice: {stream}");
    }
    Ok(())
}
