//! `autoglm eval`: measures the product on files anyone can supply.

use super::{block_on, print_line};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What to measure.
#[derive(Debug, Subcommand)]
pub(super) enum EvalVerb {
    /// Write, for every set present in a folder laid out like `corpora/ingest`, what its scorer
    /// reads: `eval ingest --set FOLDER --out FOLDER`.
    Ingest {
        /// Where the results go.
        #[arg(long)]
        out: PathBuf,
    },
    /// Print one document's reading.
    Feed {
        /// A feed.
        file: PathBuf,
        /// The `Content-Encoding` it came with; the variable of that name when not given.
        #[arg(long)]
        content_encoding: Option<String>,
    },
    /// Fetch one address through the guarded client and print what came, or why nothing did.
    Fetch {
        /// A web address.
        url: String,
        /// Let the name `localhost` be this machine; every other inside address stays refused.
        #[arg(long)]
        allow_localhost: bool,
        /// Longest time it may take.
        #[arg(long, value_name = "SECONDS", default_value_t = 30,
              value_parser = clap::value_parser!(u64).range(1..=600))]
        timeout: u64,
    },
    /// Spearman correlation of the embedding with people's judgement: lines of {a, b, score}.
    Similarity {
        /// JSON lines.
        file: PathBuf,
    },
    /// Accuracy of topics: lines of {text, label}.
    Topics {
        /// JSON lines.
        file: PathBuf,
        /// `{label: {en, zh, description, seeds}}`.
        #[arg(long)]
        labels: PathBuf,
        /// Use only the names of the labels, not their descriptions and seeds.
        #[arg(long)]
        names_only: bool,
        /// Measure a head trained on this file, of the same lines, instead.
        #[arg(long, conflicts_with = "names_only")]
        train: Option<PathBuf>,
        /// Train on every so many lines only.
        #[arg(long, default_value_t = 1, requires = "train")]
        step: usize,
    },
    /// ROUGE of summaries: lines of {text, summaries, lang}.
    Summaries {
        /// JSON lines.
        file: PathBuf,
    },
    /// B-cubed F1 of stories, one pass in file order: lines of {text, story}.
    Stories {
        /// JSON lines.
        file: PathBuf,
    },
}

/// `sets` are the values of `--set`, which only `ingest` wants.
pub(super) fn run(verb: EvalVerb, sets: &[String], json: bool) -> Result<()> {
    match verb {
        EvalVerb::Ingest { out } => match sets {
            [set] => crate::evaluate::ingest(Path::new(set), &out),
            _ => bail!("eval ingest reads one folder: add --set FOLDER"),
        },
        EvalVerb::Feed { file, content_encoding } => {
            // The scorer of hostile files tells the header this way.
            let content_encoding = content_encoding.or_else(crate::config::content_encoding);
            let bytes =
                std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let encoding = content_encoding.as_deref();
            print_line(&autoglm_feeds::evaluate::evaluate_feed(&bytes, encoding))
        }
        EvalVerb::Fetch { url, allow_localhost, timeout } => {
            let timeout = Duration::from_secs(timeout);
            block_on(crate::evaluate::fetch(&url, allow_localhost, timeout))
        }
        EvalVerb::Similarity { file } => crate::evaluate::similarity(&file, json),
        EvalVerb::Topics { file, labels, names_only, train, step } => match train {
            Some(train) => crate::evaluate::head(&file, &labels, &train, step, json),
            None => crate::evaluate::topics(&file, &labels, names_only, json),
        },
        EvalVerb::Summaries { file } => crate::evaluate::summaries(&file, json),
        EvalVerb::Stories { file } => crate::evaluate::stories(&file, json),
    }
}
