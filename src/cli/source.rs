//! `autoglm source`: add, list, remove, import and export sources of the local reader.

mod change;

use super::source_request::RequestArgs;
use super::{Client, print_line};
use anyhow::{Context, Result, bail};
use change::{ChangeArgs, change};
use clap::{Args, Subcommand};
use comfy_table::Table;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What to do with sources.
#[derive(Debug, Subcommand)]
pub(super) enum SourceVerb {
    /// Show what following an address would bring: a site, feed, channel, search page, JSON API or
    /// sitemap.
    Preview(Box<PlaceArgs>),
    /// Subscribe to what the preview finds.
    Add(Box<AddArgs>),
    /// List the sources with their health.
    List,
    /// Change a source: what is not named stays.
    Change(Box<ChangeArgs>),
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
    /// Subscribe to everything an OPML file lists, with the settings that FreshRSS and Miniflux write.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// Write the subscriptions as OPML, with every setting but secrets.
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
    #[command(flatten)]
    request: RequestArgs,
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
        SourceVerb::Add(args) => add(&client, *args, json).await,
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
        let (url, kind, request) = (&self.url, &self.kind, self.request.wish()?);
        let wish = json!({ "url": url, "kind": kind, "settings": settings, "request": request });
        Ok(without_nulls(wish))
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
    table.set_header(["id", "title", "folder", "unread", "health", "own", "problem"]);
    for source in &sources {
        table.add_row([
            source["id"].to_string(),
            text(&source["title"]),
            text(&source["folder"]),
            source["unread"].to_string(),
            text(&source["health"]["class"]),
            if source["private"] == true { "private".to_owned() } else { String::new() },
            text(&source["problem"]),
        ]);
    }
    print_line(&table.to_string())
}

async fn import(client: &Client, file: PathBuf) -> Result<()> {
    let shown = file.display();
    let document = std::fs::read(&file).with_context(|| format!("cannot read {shown}"))?;
    let answer = client.post_document("/api/v1/opml", "text/x-opml", document).await;
    let report = answer.with_context(|| format!("cannot import {shown}"))?;
    for problem in report["problems"].as_array().into_iter().flatten() {
        let how = if problem["imported"] == true { "imported, but" } else { "not imported:" };
        let place = [text(&problem["title"]), text(&problem["url"])].join(" ");
        print_line(&format!("{how} {} {}", place.trim(), text(&problem["problem"])))?;
    }
    if let Some(more) = report["problems_left_out"].as_u64().filter(|more| *more > 0) {
        print_line(&format!("and {more} more problems"))?;
    }
    let count = |name: &str| report[name].as_u64().unwrap_or(0);
    let (total, added, known) = (count("total"), count("added"), count("known"));
    print_line(&format!("imported {} of {total} sources, {known} known before", added + known))?;
    if added + known == 0 && total > 0 {
        bail!("nothing was imported from {shown}");
    }
    Ok(())
}

async fn export(client: &Client, file: Option<PathBuf>) -> Result<()> {
    let document = client.get_document("/api/v1/opml").await?;
    match file {
        Some(file) => {
            std::fs::write(&file, &document)
                .with_context(|| format!("cannot write {}", file.display()))?;
            let count = document.matches(" xmlUrl=").count();
            print_line(&format!("exported {count} sources to {}", file.display()))
        }
        None => print_line(&document),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            Value::Object(map.into_iter().filter(|(_, value)| !value.is_null()).collect())
        }
        other => other,
    }
}
