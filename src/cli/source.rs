//! `autoglm source`: add, list, remove, import and export sources of the local reader.

mod change;

use super::{Client, print_line};
use anyhow::{Context, Result, bail};
use autoglm_feeds::opml;
use change::{ChangeArgs, change};
use clap::{Args, Subcommand};
use comfy_table::Table;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What to do with sources.
#[derive(Debug, Subcommand)]
pub(super) enum SourceVerb {
    /// Show what following an address would bring: a site, feed, channel, search page, JSON API or
    /// sitemap.
    Preview(PlaceArgs),
    /// Subscribe to what the preview finds.
    Add(AddArgs),
    /// List the sources with their health.
    List,
    /// Change a source: what is not named stays.
    Change(ChangeArgs),
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
pub(super) struct PlaceArgs {
    /// Any address, or a handle such as @name@server.
    url: String,
    /// feed, json_api, page or sitemap; found out when not given.
    #[arg(long)]
    kind: Option<String>,
    /// How to read it, as JSON, such as '{"selectors": {"item": "article h2 > a"}}'.
    #[arg(long)]
    settings: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct AddArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Your own title.
    #[arg(long)]
    title: Option<String>,
    /// Folder to put it in.
    #[arg(long)]
    folder: Option<String>,
    /// Take the whole text of new articles from their pages.
    #[arg(long)]
    full_text: bool,
    /// Add the address as it is, without looking first.
    #[arg(long)]
    direct: bool,
}

pub(super) async fn run(client: Client, verb: SourceVerb, json: bool) -> Result<()> {
    match verb {
        SourceVerb::Preview(place) => preview(&client, &place, json).await,
        SourceVerb::Add(args) => add(&client, args, json).await,
        SourceVerb::List => list(&client, json).await,
        SourceVerb::Change(args) => change(&client, &args, json).await,
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

impl PlaceArgs {
    /// As the interface takes it.
    fn wish(&self) -> Result<Value> {
        let settings = match &self.settings {
            Some(text) => Some(serde_json::from_str::<Value>(text).with_context(|| {
                format!("cannot read --settings {text}: it is no JSON; quote it for the shell")
            })?),
            None => None,
        };
        Ok(without_nulls(json!({ "url": self.url, "kind": self.kind, "settings": settings })))
    }
}

async fn preview(client: &Client, place: &PlaceArgs, json: bool) -> Result<()> {
    let preview = client.post("/api/v1/sources/preview", &place.wish()?).await?;
    if json {
        return print_line(&preview.to_string());
    }
    print_line(&format!(
        "{} ({}) {}",
        text(&preview["title"]),
        text(&preview["kind"]),
        text(&preview["url"])
    ))?;
    print_line(&format!("settings {}", preview["settings"]))?;
    let mut table = Table::new();
    table.set_header(["published", "title", "address"]);
    for article in preview["articles"].as_array().into_iter().flatten() {
        let cells = ["published_at", "title", "url"].map(|name| text(&article[name]));
        table.add_row(cells);
    }
    print_line(&table.to_string())?;
    print_line(&format!("{} articles now", preview["article_count"]))?;
    for feed in preview["feeds"].as_array().into_iter().flatten() {
        print_line(&format!("feed of the page: {} {}", text(&feed["url"]), text(&feed["title"])))?;
    }
    let problems = preview["problems"].as_array().into_iter().flatten();
    problems.map(text).try_for_each(|problem| print_line(&format!("problem: {problem}")))
}

async fn add(client: &Client, args: AddArgs, json: bool) -> Result<()> {
    let mut wish = args.place.wish()?;
    if !args.direct {
        let preview = client.post("/api/v1/sources/preview", &wish).await;
        let preview = preview.context("nothing was added; --direct adds an address unseen")?;
        for name in ["url", "kind", "settings"] {
            wish[name] = preview[name].clone();
        }
    }
    if args.full_text {
        wish["settings"]["full_text"] = Value::Bool(true);
    }
    wish["title"] = json!(args.title);
    wish["folder"] = json!(args.folder);
    let source = client.post("/api/v1/sources", &without_nulls(wish)).await?;
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
