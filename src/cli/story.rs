//! `autoglm story`: what the operator sees of stories and decides about them.

use super::{Client, print_line};
use anyhow::Result;
use clap::Subcommand;
use comfy_table::Table;
use serde_json::{Value, json};

/// What to do with stories; needs the operator's token in the data folder.
#[derive(Debug, Subcommand)]
pub(super) enum StoryVerb {
    /// List the newest stories of all sources, or those with an article that has all of these words.
    List {
        /// Words to look for.
        words: Vec<String>,
        /// At most so many.
        #[arg(long, default_value_t = 20)]
        limit: u8,
    },
    /// Show the articles of a story.
    Show {
        /// Id, as `list` shows it.
        id: i64,
    },
    /// Make one story of several; the first keeps its id and its title.
    Merge {
        /// Ids, as `list` shows them.
        #[arg(required = true, num_args = 2..)]
        stories: Vec<i64>,
    },
    /// Take articles out of a story into one of their own.
    Split {
        /// Id of the story.
        story: i64,
        /// Ids of articles, as `show` shows them.
        #[arg(required = true)]
        articles: Vec<i64>,
    },
    /// List what was decided, the latest first.
    Decisions {
        /// At most so many, up to 50.
        #[arg(long, default_value_t = 20)]
        limit: u8,
    },
    /// Forget a decision: articles stay where they are, those to come no longer heed it.
    Forget {
        /// Id, as `decisions` shows it.
        decision: i64,
    },
}

pub(super) async fn run(client: Client, verb: StoryVerb, json: bool) -> Result<()> {
    match verb {
        StoryVerb::List { words, limit } => {
            let words = words.join(" ");
            let query: String = url::form_urlencoded::byte_serialize(words.as_bytes()).collect();
            let path = format!("/admin/stories?limit={limit}&q={query}");
            shown(&client.get_as_operator(&path).await?, json, stories)
        }
        StoryVerb::Show { id } => {
            let path = format!("/admin/stories/{id}");
            shown(&client.get_as_operator(&path).await?, json, articles)
        }
        StoryVerb::Merge { stories } => {
            let body = json!({ "stories": stories });
            let answer = client.post_as_operator("/admin/stories/merge", &body).await?;
            shown(&answer, json, decided)
        }
        StoryVerb::Split { story, articles } => {
            let path = format!("/admin/stories/{story}/split");
            let answer = client.post_as_operator(&path, &json!({ "articles": articles })).await?;
            shown(&answer, json, decided)
        }
        StoryVerb::Decisions { limit } => {
            let path = format!("/admin/stories/decisions?limit={limit}");
            shown(&client.get_as_operator(&path).await?, json, decisions)
        }
        StoryVerb::Forget { decision } => {
            client.delete_as_operator(&format!("/admin/stories/decisions/{decision}")).await?;
            print_line(&format!("forgot decision {decision}; articles stay where they are"))
        }
    }
}

/// The node's answer as it is, or in words.
fn shown(answer: &Value, json: bool, in_words: impl Fn(&Value) -> String) -> Result<()> {
    print_line(&if json { answer.to_string() } else { in_words(answer) })
}

fn decided(answer: &Value) -> String {
    format!(
        "decision {}: {} articles moved, story {} has them now",
        answer["decision"], answer["moved"], answer["story"]
    )
}

fn stories(page: &Value) -> String {
    let mut table = Table::new();
    table.set_header(["id", "articles", "sources", "latest", "title"]);
    for story in items(page) {
        let number = |key: &str| story[key].to_string();
        let numbers = [number("id"), number("article_count"), number("source_count")];
        table.add_row(numbers.into_iter().chain([text(story, "last_at"), text(story, "title")]));
    }
    table.to_string()
}

fn articles(story: &Value) -> String {
    let mut table = Table::new();
    table.set_header(["id", "source", "at", "title"]);
    for article in story["articles"].as_array().into_iter().flatten() {
        let mark = if article["id"] == story["representative"] { " (stands for all)" } else { "" };
        let id = format!("{}{mark}", article["id"]);
        let [source, at, title] = ["source_title", "at", "title"].map(|key| text(article, key));
        table.add_row([id, source, at, title]);
    }
    format!("{}\n{table}", text(story, "title"))
}

fn decisions(page: &Value) -> String {
    let mut table = Table::new();
    table.set_header(["id", "what", "when", "articles", "still so"]);
    for decision in items(page) {
        for statement in decision["statements"].as_array().into_iter().flatten() {
            let ends = statement["articles"].as_array().into_iter().flatten();
            let ends = ends.map(|article| format!("{} {}", article["id"], text(article, "title")));
            let said =
                ends.collect::<Vec<_>>().join(&format!("\n{} ", text(statement, "relation")));
            let holds = if statement["holds"] == true { "yes" } else { "no, decided anew" };
            table.add_row([
                decision["id"].to_string(),
                text(decision, "kind"),
                text(decision, "decided_at"),
                said,
                holds.to_owned(),
            ]);
        }
    }
    table.to_string()
}

fn items(page: &Value) -> impl Iterator<Item = &Value> {
    page["items"].as_array().into_iter().flatten()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}
