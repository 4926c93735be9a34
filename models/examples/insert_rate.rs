//! How many articles a second the store takes: batches of 200 drafts of 1 KB.
//!
//! `cargo run --release -p autoglm-models --example insert_rate [postgres://…] [rows]`

use autoglm_domain::{
    ArticleDraft, ArticleIdentity, IdentityKind, Language, MINHASH_PERMUTATIONS, MinHashSignature,
    SourceId, SourceKind, SourceSettings, SystemClock, Timestamp,
};
use autoglm_models::{DatabaseConfig, NewSource, SourceOrigin, Store};
use std::sync::Arc;
use std::time::{Duration, Instant};

const BATCH: u64 = 200;
/// Fetchers that wait for their own inserts at the same time.
const CALLERS: u64 = 8;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rows = arguments.iter().find_map(|text| text.parse().ok()).unwrap_or(50_000_u64);
    let folder = std::env::temp_dir().join(format!("autoglm-insert-rate-{}", std::process::id()));
    let url = arguments
        .into_iter()
        .find(|text| text.starts_with("postgres"))
        .unwrap_or_else(|| format!("sqlite://{}/rate.db", folder.display()));
    let store = Store::open(&DatabaseConfig::for_url(&url), Arc::new(SystemClock)).await?;
    store.migrate().await?;
    let source = store.add_source(source(SystemTimeNanos::now())).await?.source.id;
    for callers in [1, CALLERS] {
        let started = Instant::now();
        insert(&store, source, rows, callers).await?;
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{callers} callers: {rows} articles in {seconds:.2} s = {:.0} rows/s",
            rows as f64 / seconds
        );
    }
    println!("{:?}", store.lane_status());
    store.close().await;
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(())
}

async fn insert(
    store: &Store,
    source: SourceId,
    rows: u64,
    callers: u64,
) -> Result<(), Box<dyn std::error::Error>> {
    let salt = SystemTimeNanos::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let store = store.clone();
            tokio::spawn(async move {
                for batch in (0..rows / BATCH).filter(|batch| batch % callers == caller) {
                    let numbers = batch * BATCH..(batch + 1) * BATCH;
                    let drafts = numbers.map(|number| draft(source, salt, number)).collect();
                    store.insert_articles(drafts, None).await?;
                }
                Ok::<(), autoglm_models::Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// A number that differs between runs on the same database.
struct SystemTimeNanos;

impl SystemTimeNanos {
    fn now() -> u64 {
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }
}

fn source(salt: u64) -> NewSource {
    NewSource {
        kind: SourceKind::Feed,
        url: format!("https://rate.example/{salt}"),
        settings: SourceSettings::default(),
        private: None,
        title: "rate".into(),
        interval: Duration::from_mins(30),
        origin: SourceOrigin::Reader,
    }
}

fn draft(source_id: SourceId, salt: u64, number: u64) -> ArticleDraft {
    let mixed = (number ^ salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut hash = [0_u8; 16];
    hash[..8].copy_from_slice(&mixed.to_be_bytes());
    hash[8..].copy_from_slice(&number.to_be_bytes());
    let text = "Chips and models are in the news again today, say people. ".repeat(17);
    ArticleDraft {
        source_id,
        identity: ArticleIdentity { hash, kind: IdentityKind::Guid },
        url: format!("https://rate.example/{number}"),
        canonical_url: format!("https://rate.example/{number}"),
        title: format!("Article {number} about chips and models"),
        authors: vec!["A. Writer".into()],
        language: Some(Language::ENGLISH),
        published_at: Some(Timestamp(1_790_000_000_000 + number as i64)),
        fetched_at: Timestamp(1_790_000_000_000 + number as i64),
        content_html: format!("<p>{text}</p>"),
        content_text: text,
        content_hash: mixed,
        minhash: MinHashSignature(vec![7; MINHASH_PERMUTATIONS]),
    }
}
