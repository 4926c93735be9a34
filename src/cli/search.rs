//! `autoglm search`: finds stored articles by words, English or Chinese.

use super::{Client, print_line};
use anyhow::Result;
use clap::Args;
use serde_json::Value;

/// What to search for.
#[derive(Debug, Args)]
pub(super) struct SearchArgs {
    /// Words; an article must contain all of them.
    #[arg(required = true)]
    words: Vec<String>,
    /// How many at most.
    #[arg(long, default_value_t = 20)]
    limit: usize,
}

pub(super) async fn run(client: Client, args: SearchArgs, json: bool) -> Result<()> {
    let query: String =
        url::form_urlencoded::byte_serialize(args.words.join(" ").as_bytes()).collect();
    let page = client.get(&format!("/api/v1/search?q={query}&limit={}", args.limit)).await?;
    if json {
        return print_line(&page.to_string());
    }
    let items = page["items"].as_array().cloned().unwrap_or_default();
    if items.is_empty() {
        return print_line("nothing found");
    }
    items.iter().try_for_each(|article| print_line(&describe_article(article)))
}

/// One article in two lines.
pub(super) fn describe_article(article: &Value) -> String {
    let text = |key: &str| article[key].as_str().unwrap_or_default();
    let when = article["published_at"].as_str().unwrap_or_else(|| text("fetched_at"));
    format!(
        "{}  {}\n    {}  {}",
        when.get(..16).unwrap_or(when),
        text("title"),
        text("source_title"),
        text("url")
    )
}
