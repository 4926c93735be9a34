//! `autoglm models`: the models on this node, and which of them read articles.

mod rollout;

use super::{Client, print_line};
use crate::config::Config;
use crate::model_folder::{self, Naming, Progress};
use anyhow::{Context, Result, bail};
use autoglm_inference::catalog::HubRepository;
use autoglm_inference::{CatalogEntry, ComputeDevice, Embed, ModelId, ModelRegistry};
use clap::{Args, Subcommand};
use comfy_table::Table;
use serde_json::{Value, json};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// What to do with models.
#[derive(Debug, Subcommand)]
pub(super) enum ModelsVerb {
    /// List the built-in models and those in the folder of models.
    List,
    /// Pull a model from the hub; an interrupted pull is gone on with.
    Pull {
        /// owner/model or owner/model@revision.
        repository: String,
        #[command(flatten)]
        naming: NamingArgs,
    },
    /// Copy a folder of files in, such as one that was downloaded by other means.
    Add {
        /// With config.json, tokenizer and weights, or vocab.txt and table.safetensors.
        folder: PathBuf,
        #[command(flatten)]
        naming: NamingArgs,
    },
    /// Show a model, and check its files against their hashes.
    Show {
        /// Name and version, as `list` shows them.
        model: String,
    },
    /// Measure an encoder on this machine: texts a second in batches, and one alone.
    Bench {
        /// Name and version; bilingual-1 is built in.
        model: String,
        /// Texts, one a line; sentences of our own when not given.
        #[arg(long)]
        texts: Option<PathBuf>,
        /// Texts of one batch.
        #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
        batch: u16,
    },
    /// Delete a model's files. The node must not be using it.
    Remove {
        /// Name and version.
        model: String,
    },
    /// Show which models read articles on the running node, and how well.
    Status,
    /// Let another encoder read a share of the new articles beside the one in use.
    Canary {
        /// Name and version, as `list` shows them.
        model: String,
        /// In percent.
        #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u8).range(1..=100))]
        share: u8,
    },
    /// Replace the encoder in use by the candidate, once it has read every article.
    Promote,
    /// Give the candidate up.
    Withdraw,
    /// Go back to the encoder that was in use before.
    Rollback,
}

/// What a new model is called.
#[derive(Debug, Args)]
pub(super) struct NamingArgs {
    /// Its name; the version is counted up by itself.
    #[arg(long)]
    name: Option<String>,
    /// Text written before each text, which some encoders want, such as "query: ".
    #[arg(long, default_value = "")]
    prefix: String,
}

impl From<NamingArgs> for Naming {
    fn from(args: NamingArgs) -> Self {
        Self { name: args.name, prefix: args.prefix }
    }
}

pub(super) async fn run(config: Config, verb: ModelsVerb, json: bool) -> Result<()> {
    match verb {
        ModelsVerb::List => list(&config, json),
        ModelsVerb::Pull { repository, naming } => {
            let entry = pull(&config, &repository, &naming.into()).await?;
            taken_in(&entry, json)
        }
        ModelsVerb::Add { folder, naming } => {
            taken_in(&model_folder::add(&config, &folder, &naming.into())?, json)
        }
        ModelsVerb::Show { model } => show(&config, &model, json),
        ModelsVerb::Bench { model, texts, batch } => {
            bench(&config, &model, texts.as_deref(), usize::from(batch), json)
        }
        ModelsVerb::Remove { model } => {
            let id: ModelId = model.parse()?;
            model_folder::catalog(&config).remove(&id)?;
            print_line(&format!("removed {id}"))
        }
        ModelsVerb::Status => {
            let report = Client::new(&config)?.get_as_operator("/admin/models").await?;
            if json { print_line(&report.to_string()) } else { rollout::report(&report) }
        }
        ModelsVerb::Canary { model, share } => {
            let body = json!({ "model": model, "share": share });
            change(&config, "canary", &body, json).await
        }
        ModelsVerb::Promote => change(&config, "promote", &json!({}), json).await,
        ModelsVerb::Withdraw => change(&config, "withdraw", &json!({}), json).await,
        ModelsVerb::Rollback => change(&config, "rollback", &json!({}), json).await,
    }
}

async fn change(config: &Config, step: &str, body: &Value, json: bool) -> Result<()> {
    let path = format!("/admin/models/{step}");
    let answer = Client::new(config)?.post_as_operator(&path, body).await?;
    if json { print_line(&answer.to_string()) } else { rollout::rollout(&answer) }
}

fn list(config: &Config, json: bool) -> Result<()> {
    let catalog = model_folder::catalog(config);
    let (mut rows, mut broken) = (Vec::new(), Vec::new());
    for built_in in ModelRegistry::built_in()?.list() {
        rows.push(json!({
            "model": built_in.id.to_string(), "kind": built_in.capability.to_string(),
            "bytes": 0, "source": "built in",
        }));
    }
    for entry in catalog.list()? {
        match entry {
            Ok(CatalogEntry { manifest, .. }) => rows.push(json!({
                "model": manifest.id().to_string(), "kind": manifest.kind.name(),
                "bytes": manifest.bytes(), "source": manifest.source,
            })),
            Err(error) => broken.push(error.to_string()),
        }
    }
    if json {
        return print_line(&json!({ "items": rows, "broken": broken }).to_string());
    }
    let mut table = Table::new();
    table.set_header(["model", "kind", "size", "from"]);
    for row in &rows {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let size = row["bytes"].as_u64().unwrap_or_default();
        table.add_row([text("model"), text("kind"), megabytes(size), text("source")]);
    }
    print_line(&table.to_string())?;
    broken.iter().try_for_each(|problem| print_line(&format!("broken: {problem}")))
}

fn megabytes(bytes: u64) -> String {
    if bytes == 0 { String::new() } else { format!("{:.1} MB", bytes as f64 / 1e6) }
}

async fn pull(config: &Config, repository: &str, naming: &Naming) -> Result<CatalogEntry> {
    HubRepository::parse(&config.understanding.hub, repository)?;
    let is_terminal = std::io::stderr().is_terminal();
    let mut shown = (String::new(), Instant::now());
    let mut tell = |progress: &Progress| {
        // A line for each file; on a terminal the same line is written over a few times a second.
        let is_new = shown.0 != progress.path;
        if is_new || (is_terminal && shown.1.elapsed().as_millis() > 200) {
            shown = (progress.path.clone(), Instant::now());
            let percent = progress.done as f64 * 100.0 / progress.all.max(1) as f64;
            let (line, all) = (&progress.path, megabytes(progress.all));
            let end = if is_terminal { "\r" } else { "\n" };
            let _unseen = write!(std::io::stderr(), "{percent:5.1} % of {all}  {line}{end}");
        }
    };
    model_folder::pull(config, repository, naming, &mut tell).await
}

fn taken_in(entry: &CatalogEntry, json: bool) -> Result<()> {
    let (manifest, id) = (&entry.manifest, entry.manifest.id());
    if json {
        return print_line(&serde_json::to_string(manifest)?);
    }
    print_line(&format!(
        "{id}: {} of {} in {}\nmeasure it with `autoglm models bench {id}`; let a node read with it \
         by `autoglm models canary {id}`",
        manifest.kind.name(),
        megabytes(manifest.bytes()),
        entry.folder.display()
    ))
}

fn show(config: &Config, model: &str, json: bool) -> Result<()> {
    let entry = model_folder::catalog(config).get(&model.parse()?)?;
    entry.verify()?;
    let text = serde_json::to_string_pretty(&entry.manifest)?;
    if json {
        print_line(&text)
    } else {
        print_line(&format!("{text}\nall files are as they were"))
    }
}

/// Texts of our own, for a first look at the speed of an encoder.
const SAMPLE: [&str; 4] = [
    "Central bank lifts interest rates for the third time this year",
    "央行宣布下调存款准备金率零点五个百分点",
    "Researchers describe a battery that charges in six minutes and keeps its capacity",
    "新款手机采用自研芯片，续航时间提升百分之三十",
];

fn bench(
    config: &Config,
    model: &str,
    texts: Option<&Path>,
    batch: usize,
    json: bool,
) -> Result<()> {
    let encoder = encoder(config, model)?;
    let texts: Vec<String> = match texts {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?
            .lines()
            .map(str::to_owned)
            .collect(),
        None => SAMPLE.iter().cycle().take(1_024).map(|text| (*text).to_owned()).collect(),
    };
    if texts.is_empty() {
        bail!("there is no text to measure with");
    }
    let slices: Vec<&str> = texts.iter().map(String::as_str).collect();
    encoder.embed(slices.get(..1).unwrap_or_default())?;
    let began = Instant::now();
    for part in slices.chunks(batch) {
        encoder.embed(part)?;
    }
    let all = began.elapsed().as_secs_f64();
    let mut single: Vec<f64> = Vec::new();
    for text in slices.iter().cycle().take(50) {
        let began = Instant::now();
        encoder.embed(std::slice::from_ref(text))?;
        single.push(began.elapsed().as_secs_f64() * 1e3);
    }
    single.sort_by(f64::total_cmp);
    let middle = single.get(single.len() / 2).copied().unwrap_or_default();
    let rate = texts.len() as f64 / all;
    let report = json!({
        "model": encoder.id().to_string(), "texts": texts.len(), "batch": batch,
        "texts_per_second": rate, "single_ms_p50": middle,
    });
    if json {
        return print_line(&report.to_string());
    }
    print_line(&format!(
        "{}: {rate:.0} texts a second in batches of {batch}; one alone {middle:.3} ms",
        encoder.id()
    ))
}

/// A built-in encoder or one of the folder.
pub(super) fn encoder(config: &Config, model: &str) -> Result<Arc<dyn Embed>> {
    let id: ModelId = model.parse()?;
    if let Ok(built_in) = ModelRegistry::built_in()?.embed(Some(&id)) {
        return Ok(built_in);
    }
    Ok(model_folder::catalog(config).get(&id)?.load_encoder(&ComputeDevice::cpu())?)
}
