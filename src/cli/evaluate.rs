//! `autoglm eval`: measures the product on files anyone can supply.

use super::{block_on, print_line};
use crate::config::Config;
use anyhow::{Context, Result, bail};
use autoglm_inference::SummaryBudget;
use clap::{Args, Subcommand};
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
        /// Name and version of an encoder, as `models list` shows them.
        #[arg(long, default_value = "bilingual-1")]
        model: String,
    },
    /// How often the nearest English line to a Chinese one is its translation: lines of {en, zh}.
    Crosslingual {
        /// JSON lines.
        file: PathBuf,
        /// Name and version of an encoder, as `models list` shows them.
        #[arg(long, default_value = "bilingual-1")]
        model: String,
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
    /// ROUGE of summaries: lines of {text, summaries, lang}. Without a length, two fifths of the
    /// words, or one line near 16 characters for Chinese.
    Summaries {
        /// JSON lines.
        file: PathBuf,
        #[command(flatten)]
        length: SummaryLength,
    },
    /// Precision and recall of what articles name, by kind, and articles a second: lines of
    /// {title, lead, lang, entities: {kind: [name]}}.
    Entities {
        /// JSON lines.
        file: PathBuf,
        /// Names on top of the built-in ones.
        #[arg(long, value_name = "FILE")]
        dictionary: Option<PathBuf>,
    },
    /// B-cubed F1 of stories, one pass in file order: lines of {text, story}.
    Stories {
        /// JSON lines.
        file: PathBuf,
    },
}

/// How long the measured summaries may be.
#[derive(Debug, Clone, Args)]
pub(super) struct SummaryLength {
    /// Share of a text's words, such as 0.4.
    #[arg(long, value_name = "SHARE", conflicts_with = "sentences", value_parser = share)]
    budget: Option<f32>,
    /// Sentences.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=100))]
    sentences: Option<u16>,
    /// With --sentences 1: cut it to its clauses, near this many words or Chinese characters.
    #[arg(long, value_name = "WORDS", requires = "sentences",
          value_parser = clap::value_parser!(u16).range(1..=200))]
    near: Option<u16>,
}

impl SummaryLength {
    fn budget(&self) -> Result<Option<SummaryBudget>> {
        Ok(match (self.budget, self.sentences, self.near) {
            (_, Some(1), Some(near)) => Some(SummaryBudget::Clauses(near.into())),
            (_, _, Some(_)) => bail!("--near cuts a single sentence: give --sentences 1 with it"),
            (_, Some(count), None) => Some(SummaryBudget::Sentences(count.into())),
            (share, None, None) => share.map(SummaryBudget::Share),
        })
    }
}

fn share(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        _ => Err(format!("{text} is no share: give a number above 0 and up to 1")),
    }
}

/// `sets` are the values of `--set`, which only `ingest` wants.
pub(super) fn run(
    verb: EvalVerb,
    config: impl FnOnce() -> Result<Config>,
    sets: &[String],
    json: bool,
) -> Result<()> {
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
        EvalVerb::Similarity { file, model } => crate::evaluate::similarity(
            super::models::encoder(&config()?, &model)?.as_ref(),
            &file,
            json,
        ),
        EvalVerb::Crosslingual { file, model } => crate::evaluate::crosslingual(
            super::models::encoder(&config()?, &model)?.as_ref(),
            &file,
            json,
        ),
        EvalVerb::Topics { file, labels, names_only, train, step } => match train {
            Some(train) => crate::evaluate::head(&file, &labels, &train, step, json),
            None => crate::evaluate::topics(&file, &labels, names_only, json),
        },
        EvalVerb::Summaries { file, length } => {
            crate::evaluate::summaries(&file, length.budget()?, json)
        }
        EvalVerb::Entities { file, dictionary } => {
            crate::evaluate::entities(&file, dictionary.as_deref(), json)
        }
        EvalVerb::Stories { file } => crate::evaluate::stories(&file, json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(
        budget: Option<f32>,
        sentences: Option<u16>,
        near: Option<u16>,
    ) -> Option<SummaryBudget> {
        SummaryLength { budget, sentences, near }.budget().ok().flatten()
    }

    #[test]
    fn a_wanted_length_is_a_share_sentences_or_one_line() {
        assert_eq!(budget(None, None, None), None);
        assert_eq!(budget(Some(0.4), None, None), Some(SummaryBudget::Share(0.4)));
        assert_eq!(budget(None, Some(3), None), Some(SummaryBudget::Sentences(3)));
        assert_eq!(budget(None, Some(1), Some(16)), Some(SummaryBudget::Clauses(16)));
        assert!(
            SummaryLength { budget: None, sentences: Some(2), near: Some(9) }.budget().is_err()
        );
        assert!(share("0.4").is_ok() && share("0").is_err() && share("1.5").is_err());
    }
}
