//! `autoglm source`: add, list, remove, import and export sources of the local reader.

use super::{Client, print_line};
use anyhow::{Context, Result, bail};
use autoglm_feeds::opml;
use clap::{Args, Subcommand};
use comfy_table::Table;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What to do with sources.
#[derive(Debug, Subcommand)]
pub(super) enum SourceVerb {
    /// Subscribe to a feed.
    Add(AddArgs),
    /// List the sources with their health.
    List,
    /// End a subscription.
    Remove {
        /// Id, as `list` shows it.
        id: i64,
    },
    /// Fetch a source now.
    Refresh {
        /// Id, as `list` shows it.
        id: i64,
    },
    /// Subscribe to every feed of an OPML file.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// Write the subscriptions as OPML.
    Export {
        /// The file; standard output when not given.
        file: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// Address of the feed.
    url: String,
    /// Your own title.
    #[arg(long)]
    title: Option<String>,
    /// Folder to put it in.
    #[arg(long)]
    folder: Option<String>,
}

pub(super) async fn run(client: Client, verb: SourceVerb, json: bool) -> Result<()> {
    match verb {
        SourceVerb::Add(args) => add(&client, args, json).await,
        SourceVerb::List => list(&client, json).await,
        SourceVerb::Remove { id } => {
            client.delete(&format!("/api/v1/sources/{id}")).await?;
            print_line(&format!("removed source {id}"))
        }
        SourceVerb::Refresh { id } => {
            let answer = client.post(&format!("/api/v1/sources/{id}/refresh"), &json!({})).await?;
            print_line(&format!("{} new articles", answer["new_articles"]))
        }
        SourceVerb::Import { file } => import(&client, file).await,
        SourceVerb::Export { file } => export(&client, file).await,
    }
}

async fn add(client: &Client, args: AddArgs, json: bool) -> Result<()> {
    let body = json!({ "url": args.url, "title": args.title, "folder": args.folder });
    let source = client.post("/api/v1/sources", &without_nulls(body)).await?;
    if json {
        return print_line(&source.to_string());
    }
    print_line(&format!("source {}: {}", source["id"], text(&source["url"])))
}

async fn all(client: &Client) -> Result<Vec<Value>> {
    let mut items = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let path = match &cursor {
            Some(cursor) => format!("/api/v1/sources?cursor={cursor}"),
            None => "/api/v1/sources".to_owned(),
        };
        let page = client.get(&path).await?;
        items.extend(page["items"].as_array().cloned().unwrap_or_default());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return Ok(items),
        }
    }
}

async fn list(client: &Client, json: bool) -> Result<()> {
    let sources = all(client).await?;
    if json {
        return print_line(&serde_json::to_string(&sources)?);
    }
    let mut table = Table::new();
    table.set_header(["id", "title", "folder", "unread", "health", "problem"]);
    for source in &sources {
        table.add_row([
            source["id"].to_string(),
            text(&source["title"]),
            text(&source["folder"]),
            source["unread"].to_string(),
            text(&source["health"]["class"]),
            text(&source["problem"]),
        ]);
    }
    print_line(&table.to_string())
}

async fn import(client: &Client, file: PathBuf) -> Result<()> {
    let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let document = opml::read(&bytes).with_context(|| format!("cannot read {}", file.display()))?;
    let progress = ProgressBar::new(document.outlines.len() as u64);
    let (mut added, mut failed) = (0_usize, Vec::new());
    for feed in &document.outlines {
        let body = json!({ "url": feed.url, "title": feed.title, "folder": feed.folder });
        match client.post("/api/v1/sources", &without_nulls(body)).await {
            Ok(_) => added += 1,
            Err(error) if error.is::<super::NoNode>() => return Err(error),
            Err(error) => failed.push(format!("{}: {error:#}", feed.url)),
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    for line in document.problems.iter().chain(&failed) {
        print_line(&format!("not imported: {line}"))?;
    }
    print_line(&format!("imported {added} of {} sources", document.outlines.len()))?;
    if added == 0 && !document.outlines.is_empty() {
        bail!("nothing was imported from {}", file.display());
    }
    Ok(())
}

async fn export(client: &Client, file: Option<PathBuf>) -> Result<()> {
    let sources = all(client).await?;
    let feeds: Vec<opml::OpmlFeed> = sources
        .iter()
        .filter(|source| source["kind"] == "feed")
        .map(|source| opml::OpmlFeed {
            url: text(&source["url"]),
            title: text(&source["title"]),
            site_url: some_text(&source["site_url"]),
            folder: some_text(&source["folder"]),
        })
        .collect();
    let document = opml::write("Open-AutoGLM", &feeds);
    match file {
        Some(file) => {
            std::fs::write(&file, document)
                .with_context(|| format!("cannot write {}", file.display()))?;
            print_line(&format!("exported {} sources to {}", feeds.len(), file.display()))
        }
        None => print_line(&document),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn some_text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            Value::Object(map.into_iter().filter(|(_, value)| !value.is_null()).collect())
        }
        other => other,
    }
}
