//! `autoglm topics`: the list of topics by which the running node sorts articles.

use super::{Client, print_line};
use crate::config::Config;
use crate::topics_file;
use anyhow::{Context as _, Result};
use clap::Subcommand;
use comfy_table::Table;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What to do with topics.
#[derive(Debug, Subcommand)]
pub(super) enum TopicsVerb {
    /// Show the list in force, and how many articles are still to be sorted by it.
    List,
    /// Write the list in force, to a file or to standard output, to be edited and imported.
    Export {
        /// Where to; standard output when not given.
        file: Option<PathBuf>,
    },
    /// Put the list of a file (JSON or YAML) in force, in place of the configuration's.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// Forget the imported or edited list: the configuration's is in force again, or the built-in one.
    Reset,
}

pub(super) async fn run(config: Config, verb: TopicsVerb, json: bool) -> Result<()> {
    let client = Client::new(&config)?;
    let list = match verb {
        TopicsVerb::List => client.get_as_operator("/admin/topics").await?,
        TopicsVerb::Export { file } => {
            let list = client.get_as_operator("/admin/topics").await?;
            return export(&list["topics"], file);
        }
        TopicsVerb::Import { file } => {
            let body = json!({ "topics": topics_file::read(&file)? });
            client.put_as_operator("/admin/topics", &body).await?
        }
        TopicsVerb::Reset => client.delete_as_operator("/admin/topics").await?,
    };
    if json { print_line(&list.to_string()) } else { show(&list) }
}

fn export(topics: &Value, file: Option<PathBuf>) -> Result<()> {
    let text = topics_file::write(topics);
    let Some(file) = file else { return print_line(&text) };
    std::fs::write(&file, text + "\n")
        .with_context(|| format!("cannot write {}", file.display()))?;
    let count = topics.as_array().map_or(0, Vec::len);
    print_line(&format!("wrote {count} topics to {}", file.display()))
}

fn show(list: &Value) -> Result<()> {
    let mut table = Table::new();
    table.set_header(["key", "English", "中文", "words"]);
    for topic in list["topics"].as_array().into_iter().flatten() {
        let text = |key: &str| topic[key].as_str().unwrap_or_default().to_owned();
        let words = topic["seeds"].as_array().map_or(0, Vec::len).to_string();
        table.add_row([text("key"), text("en"), text("zh"), words]);
    }
    print_line(&table.to_string())?;
    let whose = match list["origin"].as_str() {
        Some("page") => "edited here; `autoglm topics reset` forgets it",
        Some("config") => "from understanding.topics_file",
        _ => "built in",
    };
    print_line(&format!("{whose}; {} articles are still to be sorted by it", list["waiting"]))
}
