//! What callers and devices rely on, with a model that fails on demand.

mod paced;

use super::*;
use crate::inference::{DeviceSpec, LoadModel, Run, out_of_memory};
use crate::pipeline_testing::{eventually, onlooker};
use autoglm_domain::Embedding;
use autoglm_inference::{ModelRegistry, Understander};
use autoglm_protocol::inference_pool::{InferencePoolHandle, Understood};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

const LONG: Duration = Duration::from_secs(60);

/// What the fake model does and what it saw; shared by all its starts.
#[derive(Debug)]
struct Book {
    batches: Mutex<Vec<Vec<String>>>,
    loads: AtomicUsize,
    panics_left: AtomicUsize,
    /// Texts that fit into its memory.
    fits: AtomicUsize,
    /// When set, every batch waits for a word.
    gate: Mutex<Option<Receiver<()>>>,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            batches: Mutex::default(),
            loads: AtomicUsize::default(),
            panics_left: AtomicUsize::default(),
            fits: AtomicUsize::new(usize::MAX),
            gate: Mutex::default(),
        }
    }
}

impl Book {
    fn batches(&self) -> Vec<Vec<String>> {
        self.batches.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn gated(&self) -> Sender<()> {
        let (open, gate) = channel();
        *self.gate.lock().unwrap() = Some(gate);
        open
    }
}

struct Fake(Arc<Book>);

impl Run for Fake {
    fn version(&self) -> String {
        "fake-1".to_owned()
    }

    fn run(&mut self, texts: Vec<Text>) -> Result<Vec<Understood>, Fault> {
        let titles: Vec<String> = texts.iter().map(|text| text.title.clone()).collect();
        self.0.batches.lock().unwrap().push(titles.clone());
        if let Some(gate) = self.0.gate.lock().unwrap().as_ref() {
            gate.recv().ok();
        }
        let left = &self.0.panics_left;
        let once = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        assert!(once.is_err(), "the fake model was told to panic");
        assert!(!titles.iter().any(|title| title == "poison"), "the fake model met poison");
        if titles.len() > self.0.fits.load(Ordering::SeqCst) {
            return Err(out_of_memory("the fake model is small"));
        }
        if titles.iter().any(|title| title == "refuse") {
            return Err(Fault::internal("the fake model refuses"));
        }
        Ok(titles.into_iter().map(answer_to).collect())
    }
}

fn answer_to(title: String) -> Understood {
    let (embedding, topics) = (Embedding::zero(), Vec::new());
    let (entities, keywords) = (Vec::new(), Vec::new());
    Understood {
        embedding,
        topics,
        topic_list: 0,
        summary: title,
        entities,
        keywords,
        beside: None,
    }
}

struct Pool {
    handle: InferencePoolHandle,
    status: StatusCell<InferencePoolStatus>,
    cell: ActorCell,
    book: Arc<Book>,
}

async fn pool_of(devices: Vec<DeviceSpec>, config: InferencePoolConfig, book: Arc<Book>) -> Pool {
    let args = InferencePoolArgs {
        devices,
        config,
        board: StatusBoard::default(),
        address: Address::new("inference-pool", 1_024),
        status: StatusCell::default(),
    };
    let (handle, status) = (InferencePoolHandle(args.address.clone()), args.status.clone());
    let cell = InferencePool::spawn(args, onlooker().await).await.expect("a pool");
    Pool { handle, status, cell, book }
}

async fn pool_with(config: InferencePoolConfig, book: Book) -> Pool {
    let book = Arc::new(book);
    let shared = Arc::clone(&book);
    let load = LoadModel::new(move || {
        shared.loads.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Fake(Arc::clone(&shared))))
    });
    let device = DeviceSpec { name: "cpu".into(), kind: "cpu".into(), load };
    pool_of(vec![device], config, book).await
}

async fn pool(book: Book) -> Pool {
    pool_with(InferencePoolConfig::default(), book).await
}

fn text(title: &str) -> Text {
    Text { title: title.to_owned(), lead: String::new(), language: None, tokens: None }
}

fn summaries(answers: Result<Understandings, Fault>) -> Vec<String> {
    answers.expect("an answer").items.into_iter().map(|item| item.summary).collect()
}

impl Pool {
    async fn ask(&self, titles: &[&str]) -> Result<Understandings, Fault> {
        let texts = titles.iter().map(|title| text(title)).collect();
        self.handle.understand(texts, Priority::Ingest, LONG).await
    }

    fn ask_later(
        &self,
        title: &str,
        priority: Priority,
    ) -> tokio::task::JoinHandle<Result<Understandings, Fault>> {
        let (handle, texts) = (self.handle.clone(), vec![text(title)]);
        tokio::spawn(async move { handle.understand(texts, priority, LONG).await })
    }

    async fn until_batches(&self, number: usize) {
        eventually("batches reach the model", || async { self.book.batches().len() >= number })
            .await;
    }

    async fn until_waiting(&self, number: usize) {
        let waiting = || async { self.status.get().waiting.iter().sum::<usize>() == number };
        eventually("requests wait", waiting).await;
    }
}

#[tokio::test]
async fn answers_come_back_in_the_order_of_the_texts_with_the_models_version() {
    let pool = pool(Book::default()).await;
    let answers = pool.ask(&["a", "b", "c"]).await.expect("an answer");
    assert_eq!(answers.model_version, "fake-1");
    assert_eq!(summaries(Ok(answers)), ["a", "b", "c"]);
    assert_eq!(pool.ask(&[]).await.expect("an answer").items, []);
}

#[tokio::test]
async fn what_arrives_while_a_batch_runs_forms_the_next_one() {
    let book = Book::default();
    let open = book.gated();
    let pool = pool(book).await;
    let mut asked = vec![pool.ask_later("first", Priority::Ingest)];
    pool.until_batches(1).await;
    for title in ["x", "y", "z"] {
        asked.push(pool.ask_later(title, Priority::Ingest));
    }
    pool.until_waiting(4).await;
    (0..2).for_each(|_| open.send(()).expect("a model"));
    for one in asked {
        one.await.expect("a task").expect("an answer");
    }
    let batches = pool.book.batches();
    assert_eq!((batches.len(), batches[1].len()), (2, 3), "{batches:?}");
}

#[tokio::test]
async fn a_person_who_waits_is_served_before_old_work() {
    let book = Book::default();
    let open = book.gated();
    let limits = BatchLimits { batch_entries_max: 1, ..BatchLimits::default() };
    let pool = pool_with(InferencePoolConfig { limits, ..Default::default() }, book).await;
    let mut asked = vec![pool.ask_later("first", Priority::Ingest)];
    pool.until_batches(1).await;
    asked.push(pool.ask_later("old", Priority::Backfill));
    pool.until_waiting(2).await;
    asked.push(pool.ask_later("person", Priority::Interactive));
    pool.until_waiting(3).await;
    (0..3).for_each(|_| open.send(()).expect("a model"));
    for one in asked {
        one.await.expect("a task").expect("an answer");
    }
    assert_eq!(pool.book.batches(), [["first"], ["person"], ["old"]]);
}

#[tokio::test]
async fn a_panic_of_the_model_is_survived_and_nothing_is_lost() {
    let book = Book { panics_left: AtomicUsize::new(2), ..Book::default() };
    let pool = pool(book).await;
    assert_eq!(summaries(pool.ask(&["a", "b"]).await), ["a", "b"]);
    assert_eq!(pool.book.loads.load(Ordering::SeqCst), 3, "the model was loaded afresh");
    assert_eq!(pool.cell.get_status(), ractor::ActorStatus::Running);
    let status = pool.status.get();
    assert_eq!((status.devices[0].batches, status.devices[0].items), (1, 2));
}

#[tokio::test]
async fn a_poisonous_text_fails_its_own_request_and_no_other() {
    let book = Book::default();
    let open = book.gated();
    let pool = pool(book).await;
    let first = pool.ask_later("first", Priority::Ingest);
    pool.until_batches(1).await;
    let (good, bad) =
        (pool.ask_later("good", Priority::Ingest), pool.ask_later("poison", Priority::Ingest));
    pool.until_waiting(3).await;
    (0..20).for_each(|_| open.send(()).expect("a model"));
    first.await.expect("a task").expect("an answer");
    assert_eq!(summaries(good.await.expect("a task")), ["good"]);
    let fault = bad.await.expect("a task").expect_err("poison");
    assert_eq!(fault.kind, FaultKind::Internal);
    assert!(fault.message.contains("3 times"), "{fault}");
    assert_eq!(summaries(pool.ask(&["after"]).await), ["after"]);
}

#[tokio::test]
async fn a_model_that_refuses_a_text_goes_on_with_the_next() {
    let pool = pool(Book::default()).await;
    let fault = pool.ask(&["refuse"]).await.expect_err("refused");
    assert!(fault.message.contains("the fake model refuses"), "{fault}");
    assert_eq!(pool.book.batches().len(), 3);
    assert_eq!(summaries(pool.ask(&["next"]).await), ["next"]);
    assert_eq!(pool.book.loads.load(Ordering::SeqCst), 1, "a refusal is no reason to restart");
}

#[tokio::test]
async fn nobody_is_served_who_no_longer_waits() {
    let book = Book::default();
    let open = book.gated();
    let pool = pool(book).await;
    let first = pool.ask_later("first", Priority::Ingest);
    pool.until_batches(1).await;
    let (left, stayed) =
        (pool.ask_later("left", Priority::Ingest), pool.ask_later("stayed", Priority::Ingest));
    pool.until_waiting(3).await;
    left.abort();
    assert!(left.await.expect_err("aborted").is_cancelled());
    (0..2).for_each(|_| open.send(()).expect("a model"));
    first.await.expect("a task").expect("an answer");
    stayed.await.expect("a task").expect("an answer");
    assert_eq!(pool.book.batches(), [["first"], ["stayed"]]);
    pool.until_waiting(0).await;
    assert_eq!(pool.status.get().expired_total, 1);
}

#[tokio::test]
async fn a_full_queue_and_a_request_that_is_too_large_are_refused_at_once() {
    let book = Book::default();
    let open = book.gated();
    let limits = BatchLimits { queued_entries_max: 4, ..BatchLimits::default() };
    let pool = pool_with(InferencePoolConfig { limits, ..Default::default() }, book).await;
    let first = pool.ask_later("first", Priority::Ingest);
    pool.until_batches(1).await;
    let fault = pool.ask(&["a", "b", "c", "d", "e"]).await.expect_err("full");
    assert_eq!(fault.kind, FaultKind::Overloaded);
    assert!(fault.retry_after.is_some());
    let fault = pool.ask(&["x"; TEXTS_MAX + 1]).await.expect_err("too large");
    assert_eq!(fault.kind, FaultKind::Invalid);
    (0..2).for_each(|_| open.send(()).expect("a model"));
    first.await.expect("a task").expect("an answer");
    assert_eq!(summaries(pool.ask(&["next"]).await), ["next"]);
}

#[tokio::test]
async fn a_device_whose_model_cannot_be_loaded_is_tried_again() {
    let tries = Arc::new(AtomicUsize::new(0));
    let (book, counted) = (Arc::new(Book::default()), Arc::clone(&tries));
    let shared = Arc::clone(&book);
    let load = LoadModel::new(move || {
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            return Err(Fault::internal("the weights are not there yet"));
        }
        Ok(Box::new(Fake(Arc::clone(&shared))))
    });
    let device = DeviceSpec { name: "cuda:0".into(), kind: "cuda".into(), load };
    let pool = pool_of(vec![device], InferencePoolConfig::default(), book).await;
    assert_eq!(summaries(pool.ask(&["a"]).await), ["a"]);
    assert_eq!(tries.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_device_that_hangs_is_started_afresh() {
    let book = Book::default();
    let _closed_until_the_end = book.gated();
    let config =
        InferencePoolConfig { batch_timeout: Duration::from_millis(50), ..Default::default() };
    let pool = pool_with(config, book).await;
    let asked = pool.ask_later("slow", Priority::Ingest);
    pool.until_batches(1).await;
    eventually("the model is loaded again", || async {
        pool.book.loads.load(Ordering::SeqCst) >= 2
    })
    .await;
    drop(asked);
}

#[tokio::test]
async fn a_text_that_is_on_its_way_is_understood_once_for_all_who_ask() {
    let book = Book::default();
    let open = book.gated();
    let pool = pool(book).await;
    let first = pool.ask_later("first", Priority::Ingest);
    pool.until_batches(1).await;
    let asked: Vec<_> = (0..3).map(|_| pool.ask_later("same", Priority::Ingest)).collect();
    pool.until_waiting(4).await;
    let (leaves, person) = (asked.into_iter(), pool.ask_later("same", Priority::Interactive));
    pool.until_waiting(5).await;
    let mut asked: Vec<_> = leaves.collect();
    asked.remove(0).abort();
    (0..3).for_each(|_| open.send(()).expect("a model"));
    for one in asked.into_iter().chain([first, person]) {
        one.await.expect("a task").expect("an answer");
    }
    let same = pool.book.batches().concat().iter().filter(|title| *title == "same").count();
    assert_eq!(same, 2, "one for those who have time, one for the person who has none");
    assert_eq!(pool.status.get().joined_total, 2);
}

#[tokio::test]
async fn a_text_that_was_counted_by_its_models_tokenizer_is_not_estimated() {
    let book = Book::default();
    let open = book.gated();
    let pool = pool(book).await;
    let first = pool.ask_later("first", Priority::Ingest);
    pool.until_batches(1).await;
    let (handle, counted) = (pool.handle.clone(), Text { tokens: Some(5_000), ..text("counted") });
    let second =
        tokio::spawn(async move { handle.understand(vec![counted], Priority::Ingest, LONG).await });
    pool.until_waiting(2).await;
    assert_eq!(pool.status.get().waiting_tokens, 5_000);
    (0..2).for_each(|_| open.send(()).expect("a model"));
    first.await.expect("a task").expect("an answer");
    second.await.expect("a task").expect("an answer");
}

#[tokio::test]
async fn a_text_that_comes_again_is_answered_from_memory() {
    let pool = pool(Book::default()).await;
    assert_eq!(summaries(pool.ask(&["a", "b", "a"]).await), ["a", "b", "a"]);
    assert_eq!(summaries(pool.ask(&["b", "c"]).await), ["b", "c"]);
    assert_eq!(pool.book.batches().concat(), ["a", "b", "c"]);
    let status = pool.status.get();
    assert_eq!((status.joined_total, status.remembered_total), (1, 1));
}

#[tokio::test]
async fn a_batch_that_does_not_fit_into_memory_is_tried_in_halves_and_smaller_from_then_on() {
    let titles: Vec<String> =
        (0..64).map(|number| format!("{number} {}", "x".repeat(60))).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let pool = pool(Book { fits: AtomicUsize::new(20), ..Book::default() }).await;
    assert_eq!(summaries(pool.ask(&titles).await), titles);
    let sizes: Vec<usize> = pool.book.batches().iter().map(Vec::len).collect();
    assert!(sizes.contains(&16), "{sizes:?}");
    assert!(pool.status.get().devices[0].batch_tokens_max < 16_384);
    assert_eq!(pool.book.loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_text_that_does_not_fit_alone_fails_alone() {
    let pool = pool(Book { fits: AtomicUsize::new(0), ..Book::default() }).await;
    let fault = pool.ask(&["a", "b"]).await.expect_err("too large");
    assert_eq!(fault.kind, FaultKind::Internal);
    assert!(fault.message.contains("too little memory"), "{fault}");
    pool.book.fits.store(1, Ordering::SeqCst);
    assert_eq!(summaries(pool.ask(&["c"]).await), ["c"]);
}

#[tokio::test]
async fn a_node_without_devices_says_so() {
    let pool = pool_of(Vec::new(), InferencePoolConfig::default(), Arc::default()).await;
    assert_eq!(pool.ask(&["a"]).await.expect_err("no device").kind, FaultKind::Unavailable);
}

#[tokio::test]
async fn the_built_in_models_run_on_a_device() {
    let understander =
        Understander::from_defaults(&ModelRegistry::built_in().expect("models")).expect("models");
    let devices = DeviceSpec::discovered(&understander);
    let pool = pool_of(devices, InferencePoolConfig::default(), Arc::default()).await;
    let answers =
        pool.ask(&["The parliament votes on a new climate law"]).await.expect("an answer");
    assert_eq!(answers.model_version, "bilingual-1+prototype-1+extractive-2+entities-1");
    assert_ne!(answers.items[0].embedding, Embedding::zero());
    assert_eq!(pool.status.get().devices[0].model, answers.model_version);
}
