//! Reading feeds: bytes a second of one core's time, side by side with the bare parser and with
//! feedparser. Processor time is counted, so that whatever else runs on the machine takes little part.

use anyhow::{Context as _, Result};
use autoglm_domain::{SourceId, Timestamp};
use autoglm_feeds::{normalise, read_feed};
use autoglm_harness::{corpora, rss};
use comfy_table::Table;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Rounds over all documents; each contestant takes its turn in every round.
const ROUNDS: usize = 5;
/// Documents made where no real feeds are at hand.
const MADE: usize = 100;

/// A document that the bare parser can read, so that all do the same work.
struct Document {
    path: Option<PathBuf>,
    body: Vec<u8>,
}

type Contestant = (&'static str, fn(&[u8]));

/// Measures and prints.
pub(crate) fn run() -> Result<()> {
    let documents = documents()?;
    let bytes: usize = documents.iter().map(|document| document.body.len()).sum();
    let contestants: [Contestant; 3] = [
        ("feed-rs alone", bare),
        ("read, repair, complete", whole),
        ("… normalise, sanitise, language, signature", articles),
    ];
    let mut times = vec![Vec::new(); contestants.len()];
    for _ in 0..ROUNDS {
        for (at, (_, read)) in contestants.iter().enumerate() {
            let started = processor_time()?;
            documents.iter().for_each(|document| read(&document.body));
            times[at].push(processor_time()?.saturating_sub(started));
        }
    }
    let rates: Vec<f64> = times.into_iter().map(|times| bytes as f64 / median(times)).collect();
    let python = feedparser(&documents)?.map(|took| bytes as f64 / took.as_secs_f64());
    let mut table = Table::new();
    table.set_header(["reading", "MB/s", "of feed-rs", "of feedparser"]);
    let names = contestants.iter().map(|(name, _)| *name).zip(&rates);
    for (name, rate) in names.chain(python.as_ref().map(|rate| ("Python feedparser", rate))) {
        let ratio = python.map_or("–".to_owned(), |python| format!("{:.1} ×", rate / python));
        table.add_row([
            name.to_owned(),
            format!("{:.2}", rate / 1e6),
            format!("{:.2}", rate / rates[0]),
            ratio,
        ]);
    }
    let (count, megabytes) = (documents.len(), bytes as f64 / 1e6);
    println!(
        "Reading {count} feeds, {megabytes:.1} MB, by processor time, median of {ROUNDS} rounds\n{table}"
    );
    if python.is_none() {
        println!("feedparser is not installed; to compare: pip install feedparser");
    }
    Ok(())
}

fn bare(body: &[u8]) {
    std::hint::black_box(feed_rs::parser::parse(body).is_ok());
}

fn whole(body: &[u8]) {
    std::hint::black_box(read_feed(body, None, "https://example.org/feed").is_ok());
}

fn articles(body: &[u8]) {
    if let Ok(feed) = read_feed(body, None, "https://example.org/feed") {
        std::hint::black_box(normalise(feed, SourceId(1), Timestamp(1_790_000_000_000)));
    }
}

/// What this thread has used of its core.
fn processor_time() -> Result<Duration> {
    // The kernel brings the figure up to date when the thread offers its core.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")
        .context("this system does not tell the processor time of a thread")?;
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse().ok());
    Ok(Duration::from_nanos(nanoseconds.context("no processor time in schedstat")?))
}

/// Seconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

fn documents() -> Result<Vec<Document>> {
    let mut documents = match corpora("ingest/real-feeds") {
        Some(folder) => real(&folder)?,
        None => Vec::new(),
    };
    documents.retain(|document| feed_rs::parser::parse(&*document.body).is_ok());
    if documents.is_empty() {
        println!("no real feeds beside the project: the documents are made");
        let made = |number: usize| Document {
            path: None,
            body: rss("Made", &format!("{number}"), 1..=50),
        };
        documents.extend((0..MADE).map(made));
    }
    Ok(documents)
}

fn real(folder: &Path) -> Result<Vec<Document>> {
    let mut documents = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder);
        for entry in entries.with_context(|| format!("cannot list {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let body = std::fs::read(&path)?;
                documents.push(Document { path: Some(path), body });
            }
        }
    }
    Ok(documents)
}

/// The processor time feedparser takes for the same documents, the median of as many rounds; `None`
/// where it is not installed.
fn feedparser(documents: &[Document]) -> Result<Option<Duration>> {
    const PROGRAM: &str = "import statistics, sys, time, feedparser\n\
        bodies = [open(name, 'rb').read() for name in sys.stdin.read().splitlines()]\n\
        times = []\n\
        for _ in range(int(sys.argv[1])):\n    started = time.thread_time()\n    \
        for body in bodies:\n        feedparser.parse(body)\n    \
        times.append(time.thread_time() - started)\n\
        print(statistics.median(times))\n";
    let list = std::env::temp_dir().join(format!("autoglm-bench-{}.txt", std::process::id()));
    let paths = documents.iter().filter_map(|document| document.path.as_ref());
    let paths: Vec<String> = paths.map(|path| path.display().to_string()).collect();
    if paths.len() != documents.len() {
        return Ok(None);
    }
    std::fs::write(&list, paths.join("\n"))?;
    let output = Command::new("python3")
        .args(["-c", PROGRAM, &ROUNDS.to_string()])
        .stdin(std::fs::File::open(&list)?)
        .output();
    std::fs::remove_file(&list)?;
    let Ok(output) = output else { return Ok(None) };
    let seconds: Option<f64> = String::from_utf8_lossy(&output.stdout).trim().parse().ok();
    Ok(seconds.map(Duration::from_secs_f64))
}
