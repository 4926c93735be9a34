//! `autoglm tail`: a terminal that prints articles as the node pushes them.

use super::search::describe_article;
use super::{Client, NoNode, print_line};
use anyhow::{Context, Result};
use clap::Args;
use futures_util::StreamExt as _;
use serde_json::Value;
use std::time::Duration;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Message, http};

/// How long to listen.
#[derive(Debug, Args)]
pub(super) struct TailArgs {
    /// Stop after so many articles.
    #[arg(long)]
    count: Option<usize>,
}

pub(super) async fn run(client: Client, args: TailArgs, json: bool) -> Result<()> {
    let mut after: Option<u64> = None;
    let mut left = args.count.unwrap_or(usize::MAX);
    // The first connection must succeed; a lost one is resumed.
    let mut connected_once = false;
    while left > 0 {
        match listen(&client, &mut after, &mut left, json).await {
            Ok(()) => connected_once = true,
            Err(error) if !connected_once && error.is::<NoNode>() => return Err(error),
            Err(error) => {
                connected_once = true;
                tracing::debug!(%error, "connection lost, connecting again");
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
    }
    Ok(())
}

async fn listen(
    client: &Client,
    after: &mut Option<u64>,
    left: &mut usize,
    json: bool,
) -> Result<()> {
    let query = after.map_or_else(String::new, |seq| format!("?after={seq}"));
    let address = format!("ws://{}/ws{query}", client.address());
    let mut request = address.into_client_request().context("cannot form the address")?;
    if let Some(token) = client.token() {
        let value = http::HeaderValue::from_str(&format!("Bearer {token}"))
            .context("the token cannot be sent in a header")?;
        request.headers_mut().insert(http::header::AUTHORIZATION, value);
    }
    let (mut socket, _answer) =
        tokio_tungstenite::connect_async(request).await.map_err(|error| match error {
            tokio_tungstenite::tungstenite::Error::Io(_) => {
                anyhow::Error::new(NoNode::at(client.address()))
            }
            other => anyhow::Error::new(other).context("the node refuses the connection"),
        })?;
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message.context("the connection broke")? else { continue };
        let frame: Value = serde_json::from_str(&text).context("the node sent something else")?;
        *after = frame["seq"].as_u64().or(*after);
        for item in frame["items"].as_array().into_iter().flatten() {
            if item["type"] != "article" || *left == 0 {
                continue;
            }
            *left -= 1;
            let article = &item["article"];
            print_line(&if json { article.to_string() } else { describe_article(article) })?;
        }
        if *left == 0 {
            return Ok(());
        }
    }
    anyhow::bail!("the node closed the connection")
}
