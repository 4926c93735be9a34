//! `autoglm source change`: title, folder, interval, pause, address and rules of a source.

use super::{Client, print_line, text, without_nulls};
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(in crate::cli) struct ChangeArgs {
    /// Id, as `list` shows it.
    id: i64,
    /// Your own title; empty for the source's.
    #[arg(long)]
    title: Option<String>,
    /// Folder to put it in; empty for none.
    #[arg(long)]
    folder: Option<String>,
    /// Seconds between fetches.
    #[arg(long)]
    interval: Option<u64>,
    /// Stop fetching.
    #[arg(long, conflicts_with = "resume")]
    pause: bool,
    /// Go on fetching.
    #[arg(long)]
    resume: bool,
    /// Whether new articles get the text of their pages.
    #[arg(long)]
    full_text: Option<bool>,
    /// Another address, such as the one the list offers for a source that fails.
    #[arg(long)]
    url: Option<String>,
    /// How to read it, as JSON and as a whole.
    #[arg(long)]
    settings: Option<String>,
}

impl ChangeArgs {
    /// As the interface takes it.
    fn wish(&self) -> Result<Value> {
        let settings = self.settings.as_ref().map(|text| {
            serde_json::from_str::<Value>(text).with_context(|| {
                format!("cannot read --settings {text}: it is no JSON; quote it for the shell")
            })
        });
        let wish = without_nulls(json!({
            "title": self.title,
            "folder": self.folder,
            "interval": self.interval,
            "paused": (self.pause || self.resume).then_some(self.pause),
            "full_text": self.full_text,
            "url": self.url,
            "settings": settings.transpose()?,
        }));
        let is_empty = wish.as_object().is_none_or(serde_json::Map::is_empty);
        ensure!(
            !is_empty,
            "nothing to change; name at least one of --title, --folder, --interval, --pause, --resume, --full-text, --url, --settings"
        );
        Ok(wish)
    }
}

pub(super) async fn change(client: &Client, args: &ChangeArgs, json: bool) -> Result<()> {
    let path = format!("/api/v1/sources/{}", args.id);
    let source = client.patch(&path, &args.wish()?).await?;
    if json {
        return print_line(&source.to_string());
    }
    print_line(&format!(
        "changed source {}: {} {}",
        args.id,
        text(&source["title"]),
        text(&source["url"])
    ))
}
