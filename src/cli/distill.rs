//! `autoglm distill`: makes small models that learn from large ones.

use super::print_line;
use anyhow::Result;
use autoglm_inference::distill::{
    EncoderLessons, EncoderOptions, Frequencies, Progress, StaticInputs, StaticOptions,
    TransformerTeacher, agreement, distill_encoder, distill_static, read_bilingual_pairs,
    read_dictionary, read_pairs, read_texts,
};
use autoglm_inference::{ComputeDevice, TransformerEncoder};
use clap::{Args, Subcommand};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What to make.
#[derive(Debug, Subcommand)]
pub(super) enum DistillVerb {
    /// A table of English and Chinese words in one space, as the built-in encoder is.
    Static(StaticArgs),
    /// An encoder with fewer layers than its teacher.
    Encoder(EncoderArgs),
}

#[derive(Debug, Args)]
pub(super) struct StaticArgs {
    /// Folder of an English sentence encoder of the BERT family, such as MiniLM.
    #[arg(long, value_name = "DIR")]
    teacher: PathBuf,
    /// CC-CEDICT, as text or as the data file of the crate `chinese_dictionary`.
    #[arg(long, value_name = "FILE")]
    dictionary: PathBuf,
    /// Lines of `word count tag`, such as jieba's `dict.txt`.
    #[arg(long, value_name = "FILE")]
    frequencies: PathBuf,
    /// Scored pairs of English sentences, lines of {a, b, score}, such as STS-B's train file.
    #[arg(long, value_name = "FILE")]
    pairs: PathBuf,
    /// The same pairs in Chinese, line by line.
    #[arg(long, value_name = "FILE")]
    pairs_zh: PathBuf,
    /// Where the model goes; an interrupted run with the same folder goes on.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// For everything the training draws.
    #[arg(long, default_value_t = StaticOptions::default().training.seed)]
    seed: u64,
}

#[derive(Debug, Args)]
pub(super) struct EncoderArgs {
    /// Folder of an encoder of the BERT family.
    #[arg(long, value_name = "DIR")]
    teacher: PathBuf,
    /// JSON lines whose `title`, `text`, `a` and `b` are texts to learn from; may be repeated.
    #[arg(long, value_name = "FILE", required = true)]
    texts: Vec<PathBuf>,
    /// Pairs people scored, lines of {a, b, score}, for the part of the loss that is theirs.
    #[arg(long, value_name = "FILE")]
    pairs: Option<PathBuf>,
    /// Scored pairs to measure teacher and student on.
    #[arg(long, value_name = "FILE")]
    measure: Option<PathBuf>,
    /// Where the student goes; an interrupted run with the same arguments goes on.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Layers of the student.
    #[arg(long, default_value_t = EncoderOptions::default().layers)]
    layers: usize,
    /// Batches.
    #[arg(long, default_value_t = EncoderOptions::default().steps)]
    steps: usize,
    /// How much people's scores count, 0 to 1; the rest is the teacher's.
    #[arg(long, default_value_t = EncoderOptions::default().alpha)]
    alpha: f32,
    /// Temperature at which the teacher's idea of nearness is compared.
    #[arg(long, default_value_t = EncoderOptions::default().temperature)]
    temperature: f32,
    /// For everything that is drawn.
    #[arg(long, default_value_t = EncoderOptions::default().seed)]
    seed: u64,
}

pub(super) fn run(verb: DistillVerb, json: bool) -> Result<()> {
    match verb {
        DistillVerb::Static(args) => make_static(args, json),
        DistillVerb::Encoder(args) => make_encoder(&args, json),
    }
}

fn make_static(args: StaticArgs, json: bool) -> Result<()> {
    let mut options = StaticOptions::default();
    options.training.seed = args.seed;
    let teacher = TransformerTeacher::load(&args.teacher)?;
    let inputs = StaticInputs {
        teacher: &teacher,
        dictionary: &read_dictionary(&args.dictionary)?,
        frequencies: &Frequencies::read(&args.frequencies)?,
        pairs: &read_bilingual_pairs(&args.pairs, &args.pairs_zh)?,
    };
    let mut printer = Printer { json, ..Printer::default() };
    let mut watch = |progress: &Progress<'_>| printer.show(progress);
    let student = distill_static(&inputs, &options, &args.out.join("checkpoints"), &mut watch)?;
    let weights = args.teacher.join("model.safetensors");
    let files = [weights, args.dictionary, args.frequencies, args.pairs, args.pairs_zh];
    student.write(&args.out, &files, &options, chrono::Utc::now().timestamp())?;
    print_line(&format!("{} words are in {}", student.table.rows(), args.out.display()))
}

fn make_encoder(args: &EncoderArgs, json: bool) -> Result<()> {
    let mut texts = Vec::new();
    for path in &args.texts {
        texts.extend(read_texts(path)?);
    }
    let pairs = args.pairs.as_deref().map(read_pairs).transpose()?.unwrap_or_default();
    let measured = args.measure.as_deref().map(read_pairs).transpose()?.unwrap_or_default();
    let options = EncoderOptions {
        layers: args.layers,
        steps: args.steps,
        alpha: args.alpha,
        temperature: args.temperature,
        seed: args.seed,
        ..EncoderOptions::default()
    };
    let mut printer = Printer { json, ..Printer::default() };
    let mut watch = |progress: &Progress<'_>| printer.show(progress);
    let lessons = EncoderLessons { texts: &texts, pairs: &pairs };
    distill_encoder(&args.teacher, lessons, &options, &args.out, &mut watch)?;
    for (name, folder) in [("teacher", &args.teacher), ("student", &args.out)] {
        let encoder = TransformerEncoder::load(folder, &ComputeDevice::cpu())?;
        let speed = milliseconds_a_text(&encoder, &texts)?;
        let agreement = match measured.is_empty() {
            true => String::new(),
            false => format!(", Spearman {:.4}", agreement(&encoder, &measured)?),
        };
        print_line(&format!("{name}: {speed:.3} ms a text{agreement}"))?;
    }
    print_line(&format!("the student is in {}; `autoglm models add` takes it", args.out.display()))
}

/// How long a text takes, over a sample.
fn milliseconds_a_text(encoder: &TransformerEncoder, texts: &[String]) -> Result<f64> {
    const SAMPLE: usize = 1_000;
    let every = texts.len() / SAMPLE + 1;
    let sample: Vec<&str> = texts.iter().step_by(every).map(String::as_str).collect();
    let started = Instant::now();
    encoder.encode(&sample)?;
    Ok(started.elapsed().as_secs_f64() * 1e3 / sample.len().max(1) as f64)
}

/// Shows progress at most so often, and the end of every stage.
const SHOW_EVERY: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Printer {
    json: bool,
    shown_at: Duration,
}

impl Printer {
    /// A closed pipe stops the work.
    fn show(&mut self, progress: &Progress<'_>) -> ControlFlow<()> {
        let due = progress.elapsed.saturating_sub(self.shown_at) >= SHOW_EVERY;
        if !due && progress.done < progress.of {
            return ControlFlow::Continue(());
        }
        self.shown_at = progress.elapsed;
        let line = if self.json { as_json(progress) } else { as_text(progress) };
        match print_line(&line) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_closed) => ControlFlow::Break(()),
        }
    }
}

fn as_text(progress: &Progress<'_>) -> String {
    let Progress { stage, done, of, elapsed, losses } = *progress;
    let losses: String = losses.iter().map(|(name, loss)| format!(", {name} {loss:.3}")).collect();
    format!("{:5} s  {stage} {done} of {of}{losses}", elapsed.as_secs())
}

fn as_json(progress: &Progress<'_>) -> String {
    let losses: std::collections::BTreeMap<_, _> = progress.losses.iter().copied().collect();
    serde_json::json!({
        "stage": progress.stage,
        "done": progress.done,
        "of": progress.of,
        "seconds": progress.elapsed.as_secs_f64(),
        "losses": losses,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_shown_with_its_losses() {
        let progress = Progress {
            stage: "training",
            done: 3,
            of: 10,
            elapsed: Duration::from_secs(61),
            losses: &[("senses", 0.125)],
        };
        assert_eq!(as_text(&progress), "   61 s  training 3 of 10, senses 0.125");
        let json: serde_json::Value = serde_json::from_str(&as_json(&progress)).unwrap();
        assert_eq!((&json["done"], &json["losses"]["senses"]), (&3.into(), &0.125.into()));
    }
}
