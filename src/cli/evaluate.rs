//! `autoglm eval`: measures the product on files anyone can supply.

use super::print_line;
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use std::path::PathBuf;

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
            [set] => ingest(std::path::Path::new(set), &out),
            _ => bail!("eval ingest reads one folder: add --set FOLDER"),
        },
        EvalVerb::Feed { file } => {
            let bytes =
                std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            print_line(&autoglm_feeds::evaluate::evaluate_feed(&bytes))
        }
        EvalVerb::Similarity { file } => crate::evaluate::similarity(&file, json),
        EvalVerb::Topics { file, labels } => crate::evaluate::topics(&file, &labels, json),
        EvalVerb::Summaries { file } => crate::evaluate::summaries(&file, json),
        EvalVerb::Stories { file } => crate::evaluate::stories(&file, json),
    }
}

fn ingest(set: &std::path::Path, out: &std::path::Path) -> Result<()> {
    let counts = autoglm_feeds::evaluate::evaluate_ingest(set, out)
        .with_context(|| format!("cannot evaluate {} into {}", set.display(), out.display()))?;
    counts.iter().try_for_each(|(name, count)| print_line(&format!("{name}: {count} cases")))
}
