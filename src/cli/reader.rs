//! `autoglm reader`: readers and their tokens, written straight to the database.

use super::print_line;
use crate::config::Config;
use crate::node;
use anyhow::{Context, Result};
use autoglm_domain::{Language, ReaderId};
use clap::Subcommand;
use serde_json::json;

/// What to do with readers.
#[derive(Debug, Subcommand)]
pub(super) enum ReaderVerb {
    /// Add a reader and print their token, once.
    Add {
        /// Unique name.
        name: String,
        /// Language of their page, `en` or `zh`.
        #[arg(long, default_value = "en")]
        language: String,
    },
    /// List the readers.
    List,
    /// Make another token for a reader and print it, once.
    Token {
        /// Id, as `list` shows it.
        id: i64,
    },
}

/// On SQLite the node must be stopped first, because it holds the data folder; the store says so.
pub(super) async fn run(config: Config, verb: ReaderVerb, json: bool) -> Result<()> {
    let store = node::open_store(&config).await?;
    let outcome = match verb {
        ReaderVerb::Add { name, language } => {
            let language = Language::from_tag(&language)
                .with_context(|| format!("{language:?} is not a language such as en or zh"))?;
            store.ensure_local_reader().await?;
            let reader = store.add_reader(&name, language).await?;
            let token = store.create_token(Some(reader.id), "command line").await?;
            print_token(reader.id, &token, json)
        }
        ReaderVerb::Token { id } => {
            let reader = store.reader(ReaderId(id)).await?.with_context(|| {
                format!("there is no reader {id}; `autoglm reader list` shows them all")
            })?;
            let token = store.create_token(Some(reader.id), "command line").await?;
            print_token(reader.id, &token, json)
        }
        ReaderVerb::List => {
            let readers = store.readers().await?;
            readers.iter().try_for_each(|reader| {
                print_line(&if json {
                    json!({ "id": reader.id, "name": reader.name, "language": reader.language })
                        .to_string()
                } else {
                    format!("{}  {}  {}", reader.id, reader.name, reader.language)
                })
            })
        }
    };
    store.close().await;
    outcome
}

fn print_token(reader: ReaderId, token: &str, json: bool) -> Result<()> {
    if json {
        return print_line(&json!({ "id": reader, "token": token }).to_string());
    }
    print_line(&format!("reader {reader}, token {token}\nthe token is not shown again"))
}
