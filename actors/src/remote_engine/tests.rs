//! Questions to a scripted engine on loopback that answers well, badly, late and not at all.

use super::*;
use crate::inference::{DeviceSpec, LoadModel};
use crate::inference_pool::{InferencePool, InferencePoolArgs, InferencePoolConfig};
use crate::pipeline_testing::{eventually, onlooker, store};
use autoglm_domain::{EMBEDDING_DIMENSIONS, FaultKind, ManualClock, Priority, Secret};
use autoglm_feeds::{EngineConfig, install_crypto_provider};
use autoglm_inference::{ModelRegistry, Understander};
use autoglm_models::Store;
use autoglm_protocol::inference_pool::{InferencePoolHandle, Text};
use autoglm_protocol::remote_engine::{Answer, Question, RemoteEngineHandle, Speaker};
use autoglm_protocol::status::StatusBoard;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{OnceCell, mpsc};

const KEY: &str = "s-e-c-r-e-t";

/// Answers connection after connection with these bytes (the last again and again); keeps what it
/// was asked.
#[derive(Debug)]
struct Scripted {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    async fn start(answers: Vec<String>, hold: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = read_request(&mut stream).await;
                record.lock().expect("no test panicked").push(request);
                let answer = answers[number.min(answers.len() - 1)].clone();
                number += 1;
                tokio::spawn(async move {
                    stream.write_all(answer.as_bytes()).await.ok();
                    if hold {
                        std::future::pending::<()>().await;
                    }
                });
            }
        });
        Self { port, asked }
    }

    /// Answers every question by what it asks.
    async fn answering(answer: fn(&str) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = read_request(&mut stream).await;
                let answer = answer(&request);
                record.lock().expect("no test panicked").push(request);
                stream.write_all(answer.as_bytes()).await.ok();
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no test panicked").clone()
    }
}

/// Head and body.
async fn read_request(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        let mut more = [0; 4096];
        match stream.read(&mut more).await {
            Ok(0) | Err(_) => return text,
            Ok(read) => bytes.extend_from_slice(&more[..read]),
        }
    }
}

fn http(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}

fn said(text: &str) -> String {
    let body = format!(
        "{{\"choices\":[{{\"message\":{{\"content\":\"{text}\"}},\"finish_reason\":\"stop\"}}],\
         \"usage\":{{\"prompt_tokens\":5,\"completion_tokens\":2}}}}"
    );
    http("200 OK", "", &body)
}

fn vectors(widths: &[usize]) -> String {
    let one = |(index, width): (usize, &usize)| {
        format!("{{\"index\":{index},\"embedding\":{:?}}}", vec![1.0_f32; *width])
    };
    let items: Vec<String> = widths.iter().enumerate().map(one).collect();
    http("200 OK", "", &format!("{{\"data\":[{}]}}", items.join(",")))
}

struct Node {
    engine: RemoteEngineHandle,
    status: StatusCell<RemoteEngineStatus>,
    clock: Arc<ManualClock>,
    server: Scripted,
}

async fn node_with(answers: Vec<String>, hold: bool, daily: u64, reader_daily: u64) -> Node {
    node_of(Scripted::start(answers, hold).await, daily, reader_daily).await
}

async fn node_over(server: Scripted) -> Node {
    node_of(server, 0, 0).await
}

async fn node_of(server: Scripted, daily: u64, reader_daily: u64) -> Node {
    install_crypto_provider();
    let base = format!("http://127.0.0.1:{}/", server.port);
    let client = EngineClient::new(&base, &Secret::new(KEY), &EngineConfig::default());
    let spec = EngineSpec {
        name: "test".into(),
        kind: EngineKind::Chat,
        address: base,
        model: "glm-test".into(),
        daily_tokens: daily,
        reader_daily_tokens: reader_daily,
        client: client.expect("a client"),
    };
    let (address, status) = (Address::new("engine-test", QUESTIONS_MAX), StatusCell::default());
    let engine = RemoteEngineHandle(address.clone());
    let clock = Arc::new(ManualClock::default());
    let args = RemoteEngineArgs::new(spec, Arc::clone(&clock) as Arc<dyn Clock>, address, status);
    let status = args.status().clone();
    RemoteEngineActor::spawn(args, onlooker().await).await.expect("an actor");
    Node { engine, status, clock, server }
}

async fn node(answers: Vec<String>) -> Node {
    node_with(answers, false, 0, 0).await
}

fn question(tokens_max: u32) -> Question {
    let messages = vec![(Speaker::System, "be brief".into()), (Speaker::User, "hello".into())];
    Question { messages, tokens_max, temperature: 0.0 }
}

fn asking(reader: Option<i64>) -> Asking {
    Asking { reader: reader.map(ReaderId), within: Duration::from_secs(30) }
}

impl Node {
    async fn ask(&self) -> Result<Answer, Fault> {
        self.engine.chat(question(10), asking(None)).await
    }

    async fn until(&self, what: &str, holds: impl Fn(&RemoteEngineStatus) -> bool) {
        eventually(what, || async { holds(&self.status.get()) }).await;
    }
}

#[tokio::test]
async fn a_question_is_asked_as_configured_and_its_cost_counted() {
    let node = node(vec![said("hi")]).await;
    let answer = node.ask().await.expect("an answer");
    assert_eq!(answer, Answer { text: "hi".into(), complete: true, tokens: 7 });
    let asked = node.server.asked();
    assert!(asked[0].starts_with("post /v1/chat/completions"), "{asked:?}");
    assert!(asked[0].contains(&format!("bearer {KEY}")) && asked[0].contains("glm-test"));
    node.until("the cost is counted", |status| status.tokens_today == 7).await;
}

#[tokio::test]
async fn what_may_pass_is_asked_again_and_what_may_not_is_told_at_once() {
    let busy = http("429 Too Many Requests", "Retry-After: 0\r\n", "");
    let garbage = http("200 OK", "", "<html>");
    let node = node(vec![busy, garbage, said("third")]).await;
    assert_eq!(node.ask().await.expect("an answer").text, "third");
    let node =
        self::node(vec![http("500 Oops", "", "no"), http("502 Oops", "", ""), said("3")]).await;
    assert_eq!(node.ask().await.expect("an answer").text, "3");
    let refused = http("400 Bad Request", "", "{\"error\":{\"message\":\"too long\"}}");
    let node = self::node(vec![refused, said("never")]).await;
    let fault = node.ask().await.expect_err("refused");
    assert_eq!((fault.kind, node.server.asked().len()), (FaultKind::Invalid, 1));
    assert!(fault.message.contains("too long"), "{fault}");
    let wrong = http("200 OK", "", "{\"error\":\"no such model\"}");
    let node = self::node(vec![wrong]).await;
    let fault = node.ask().await.expect_err("refused");
    assert_eq!((fault.kind, node.server.asked().len()), (FaultKind::Internal, 1));
}

#[tokio::test]
async fn an_engine_that_repeats_its_key_does_not_make_it_known() {
    let body = format!("{{\"error\":\"{KEY} is not valid\"}}");
    for answer in [http("401 Unauthorized", "", &body), http("200 OK", "", &body)] {
        let node = node(vec![answer]).await;
        let fault = node.ask().await.expect_err("refused");
        assert!(!fault.message.contains(KEY) && fault.message.contains("not valid"), "{fault}");
    }
}

#[tokio::test]
async fn an_engine_that_hangs_is_given_up_in_time() {
    let node = node_with(vec![String::new()], true, 0, 0).await;
    let within = Duration::from_millis(100);
    let fault = node.engine.chat(question(10), Asking { reader: None, within }).await;
    assert_eq!(fault.expect_err("too slow").kind, FaultKind::Timeout);
    node.until("it is noted", |status| status.failed_total == 1 && status.in_flight == 0).await;
}

#[tokio::test]
async fn an_answer_comes_in_pieces_and_one_that_breaks_off_is_a_failure() {
    let piece = |text: &str| {
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
    };
    let stream = |body: &str| format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{body}");
    let whole = stream(&format!("{}{}data: [DONE]\n\n", piece("one "), piece("two")));
    let node = node(vec![whole, stream(&piece("half")), said("never")]).await;
    let (sender, mut pieces) = mpsc::channel(8);
    let answer = node.engine.chat_in_pieces(question(10), asking(None), Some(sender)).await;
    assert_eq!(answer.expect("an answer").text, "one two");
    let mut text = String::new();
    while let Some(piece) = pieces.recv().await {
        text += &piece;
    }
    assert_eq!(text, "one two");
    let (sender, mut pieces) = mpsc::channel(8);
    let fault = node.engine.chat_in_pieces(question(10), asking(None), Some(sender)).await;
    assert!(fault.expect_err("cut").message.contains("broke off"));
    assert_eq!(pieces.recv().await.as_deref(), Some("half"));
    assert_eq!(node.server.asked().len(), 2, "what was told cannot be taken back");
}

#[tokio::test]
async fn whoever_has_used_up_the_day_is_told_until_when_and_the_next_day_asks_again() {
    let node = node_with(vec![said("hi")], false, 1_000, 20).await;
    let ask = async |reader| node.engine.chat(question(10), asking(reader)).await;
    ask(Some(1)).await.expect("an answer");
    node.until("it is settled", |status| status.tokens_today == 7).await;
    let fault = ask(Some(1)).await.expect_err("used up");
    assert_eq!(fault.kind, FaultKind::Overloaded);
    assert_eq!(fault.retry_after, Some(Duration::from_secs(24 * 60 * 60)));
    ask(Some(2)).await.expect("another reader's budget");
    node.clock.advance(Duration::from_secs(24 * 60 * 60));
    ask(Some(1)).await.expect("a new day");
    assert_eq!(node.server.asked().len(), 3);
}

#[tokio::test]
async fn an_engine_that_keeps_failing_is_left_alone() {
    let node = node(vec![http("404 Not Found", "", "no model")]).await;
    for _ in 0..5 {
        node.ask().await.expect_err("not there");
        node.until("it is noted", |status| status.in_flight == 0).await;
    }
    node.until("the breaker opens", |status| status.breaker == "open").await;
    let fault = node.ask().await.expect_err("left alone");
    assert_eq!((fault.kind, node.server.asked().len()), (FaultKind::Unavailable, 5));
    assert!(fault.retry_after.is_some() && node.status.get().refused_total == 1);
}

async fn pool_over(node: &Node, store: &Store) -> InferencePoolHandle {
    let local =
        Understander::from_defaults(&ModelRegistry::built_in().expect("models")).expect("models");
    let device = EmbeddingDevice {
        engine: node.engine.clone(),
        model: "glm-test".into(),
        encoder: "engine:glm-test-1".into(),
        store: store.clone(),
        space: OnceCell::new(),
        local,
        version: "glm-test-1+seeds-1".into(),
    };
    let load = LoadModel::remote(Arc::new(device));
    let args = InferencePoolArgs {
        devices: vec![DeviceSpec { name: "engine-test".into(), kind: "engine".into(), load }],
        config: InferencePoolConfig::default(),
        board: StatusBoard::default(),
        address: Address::new("inference-pool", 8),
        status: StatusCell::default(),
    };
    let handle = InferencePoolHandle(args.address.clone());
    InferencePool::spawn(args, onlooker().await).await.expect("a pool");
    handle
}

fn text(title: &str) -> Text {
    Text { title: title.into(), lead: "A lead.".into(), language: None, tokens: None }
}

#[tokio::test]
async fn an_engine_is_a_device_of_the_pool() {
    let good = vectors(&[EMBEDDING_DIMENSIONS, EMBEDDING_DIMENSIONS]);
    let node = node(vec![http("503 Busy", "", ""), good]).await;
    let (store, _directory) = store().await;
    let pool = pool_over(&node, &store).await;
    let (texts, within) = (vec![text("one"), text("two")], Duration::from_secs(30));
    let answers = pool.understand(texts, Priority::Ingest, within).await.expect("an answer");
    assert_eq!(answers.model_version, "glm-test-1+seeds-1");
    let length: f32 = answers.items[1].embedding.0.iter().map(|part| part * part).sum();
    assert!((length - 1.0).abs() < 1e-4);
    assert!(node.server.asked()[1].contains("two\\na lead."));
}

#[tokio::test]
async fn vectors_of_another_number_are_a_failure_that_says_so() {
    let node = node(vec![vectors(&[256, 256])]).await;
    let (store, _directory) = store().await;
    let pool = pool_over(&node, &store).await;
    let within = Duration::from_secs(30);
    let fault = pool.understand(vec![text("one")], Priority::Ingest, within).await;
    let fault = fault.expect_err("unusable");
    assert_eq!(fault.kind, FaultKind::Unavailable, "no article is at fault");
    assert!(fault.message.contains("2 vectors for 1"), "{fault}");
}

/// As many vectors of this width as the question has texts; each depends on its text.
fn vectors_for(request: &str, width: usize) -> String {
    let (_head, body) = request.split_once("\r\n\r\n").expect("a body");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    let texts = body["input"].as_array().expect("texts");
    let vector = |text: &serde_json::Value| -> Vec<f32> {
        let seed = text
            .to_string()
            .bytes()
            .fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        (0..width).map(|at| (f64::from(seed) * 1e-7 * (at as f64 + 1.0)).sin() as f32).collect()
    };
    let data: Vec<serde_json::Value> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| serde_json::json!({"index": index, "embedding": vector(text)}))
        .collect();
    http("200 OK", "", &serde_json::json!({ "data": data }).to_string())
}

#[tokio::test]
async fn wider_vectors_are_shortened_in_the_same_way_by_every_node() {
    let (store, _directory) = store().await;
    let node = node_over(Scripted::answering(|request| vectors_for(request, 300)).await).await;
    let within = Duration::from_secs(120);
    let read = async || {
        let pool = pool_over(&node, &store).await;
        let answers = pool.understand(vec![text("one")], Priority::Ingest, within).await;
        answers.expect("an answer").items.remove(0).embedding
    };
    let first = read().await;
    assert_eq!(first.0.len(), EMBEDDING_DIMENSIONS);
    let learned = node.server.asked().len();
    assert!(learned > 2, "it was asked for a sample");
    // A second node, or this one after a restart.
    assert_eq!(read().await, first);
    assert_eq!(node.server.asked().len(), learned + 1, "nothing is learned again");
}
