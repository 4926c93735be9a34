//! A transformer encoder on the processor: texts a second beside onnxruntime with the same weights,
//! batch for batch in turns, and where the time goes from a text to its vector.

use anyhow::{Context as _, Result, ensure};
use autoglm_harness::test_model;
use autoglm_inference::{ComputeDevice, TransformerEncoder};
use comfy_table::Table;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Rounds; each contestant takes its turn in every round.
const ROUNDS: usize = 5;
/// Texts and tokens of each.
const BATCHES: [(usize, usize); 4] = [(32, 32), (32, 64), (32, 128), (1, 32)];
/// Tokens a turn has at least, so that it can be timed.
const TOKENS_A_TURN: usize = 4096;
/// Shares of tokenising, computing and pooling that the original's table gives.
const SHARES_OF_THE_ORIGINAL: [u32; 3] = [15, 70, 15];
const OTHER: &str = include_str!("encoder_onnxruntime.py");

/// Measures and prints.
pub(crate) fn run(model: Option<PathBuf>) -> Result<()> {
    let Some(folder) = model.or_else(|| test_model("minilm")) else {
        println!(
            "no encoder is measured: `make setup` fetches MiniLM, or name a folder by --model"
        );
        return Ok(());
    };
    let encoder = TransformerEncoder::load(&folder, &ComputeDevice::cpu())?;
    let mut other = Other::start(&folder)?;
    let cores = std::thread::available_parallelism()?.get();
    let mut table = Table::new();
    table.set_header(["threads", "texts × tokens", "texts/s", "onnxruntime", "ratio"]);
    for threads in [1, cores.min(2)] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        for batch in BATCHES {
            let (ours, theirs) =
                pool.install(|| compare(&encoder, other.as_mut(), threads, batch))?;
            let rate = |seconds: f64| batch.0 as f64 / seconds;
            let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
            table.add_row([
                threads.to_string(),
                format!("{} × {}", batch.0, batch.1),
                format!("{:.1}", rate(ours)),
                or_dash(theirs.map(|seconds| format!("{:.1}", rate(seconds)))),
                or_dash(theirs.map(|seconds| format!("{:.2}", seconds / ours))),
            ]);
        }
    }
    println!("{} on the processor, median of {ROUNDS} rounds\n{table}", folder.display());
    if other.is_none() {
        println!("to compare: pip install numpy onnx onnxruntime");
    }
    stages(&encoder)
}

/// Seconds a batch takes us and the other.
fn compare(
    encoder: &TransformerEncoder,
    mut other: Option<&mut Other>,
    threads: usize,
    (texts, tokens): (usize, usize),
) -> Result<(f64, Option<f64>)> {
    let id = |row: usize, place: usize| 1000 + ((row * 131 + place * 17) % 20_000) as u32;
    let row = |row: usize| (0..tokens).map(|place| id(row, place)).collect();
    let ids: Vec<Vec<u32>> = (0..texts).map(row).collect();
    let repeats = TOKENS_A_TURN.div_ceil(texts * tokens);
    encoder.encode_ids(&ids)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for _ in 0..repeats {
            std::hint::black_box(encoder.encode_ids(&ids)?);
        }
        ours.push(started.elapsed().as_secs_f64() / repeats as f64);
        if let Some(other) = other.as_mut() {
            theirs.push(other.take_turn(threads, texts, tokens, repeats)?);
        }
    }
    Ok((median(ours).context("no round was run")?, median(theirs)))
}

fn median(mut seconds: Vec<f64>) -> Option<f64> {
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied()
}

/// Shares of the stages for texts as they come: a title and the start of an article.
fn stages(encoder: &TransformerEncoder) -> Result<()> {
    const TITLE: &str = "Chip maker unveils a processor with twice the speed at half the power";
    const LEAD: &str = " The company said on Tuesday that the new design, three years in the \
        making, will reach data centres in the spring and cost no more than its predecessor.";
    let texts: Vec<String> =
        (0..64).map(|number| format!("{number}: {TITLE}.{}", LEAD.repeat(number % 3))).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let before = encoder.stage_times();
    for _ in 0..ROUNDS {
        std::hint::black_box(encoder.encode(&texts)?);
    }
    let after = encoder.stage_times();
    let spent = [
        after.tokenise.saturating_sub(before.tokenise),
        after.forward.saturating_sub(before.forward),
        after.pool.saturating_sub(before.pool),
    ];
    let total: Duration = spent.iter().sum();
    ensure!(!total.is_zero(), "no time was counted");
    let mut table = Table::new();
    table.set_header(["stage", "share", "of the original"]);
    for ((name, spent), original) in
        ["tokenise", "forward", "pool"].iter().zip(spent).zip(SHARES_OF_THE_ORIGINAL)
    {
        let share = 100.0 * spent.as_secs_f64() / total.as_secs_f64();
        table.add_row([(*name).to_owned(), format!("{share:.2} %"), format!("{original} %")]);
    }
    println!("Stages from a text to its vector\n{table}");
    Ok(())
}

/// onnxruntime in a process of its own.
struct Other {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Other {
    /// `None` where Python lacks what it needs.
    fn start(folder: &Path) -> Result<Option<Self>> {
        let started = Command::new("python3")
            .args(["-c", OTHER])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut process) = started else { return Ok(None) };
        let questions = process.stdin.take().context("python3 has no standard input")?;
        let answers = process.stdout.take().context("python3 has no standard output")?;
        let mut other = Self { process, questions, answers: BufReader::new(answers) };
        Ok((other.answer()? == "ready").then_some(other))
    }

    fn take_turn(
        &mut self,
        threads: usize,
        texts: usize,
        tokens: usize,
        repeats: usize,
    ) -> Result<f64> {
        writeln!(self.questions, "{threads} {texts} {tokens} {repeats}")?;
        let answer = self.answer()?;
        answer.parse().with_context(|| format!("onnxruntime answered {answer:?}"))
    }

    fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left behind.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
