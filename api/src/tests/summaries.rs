//! Summaries: shown, written, streamed and refused.

use super::fake::Fake;
use super::support::{Answer, bench, request};
use async_trait::async_trait;
use autoglm_protocol::domain::{ArticleId, Fault, FaultKind, Language, ReaderId, Timestamp};
use autoglm_protocol::writer::{AskedSummary, Summaries, SummaryView, WriterView, WritingRefused};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::mpsc;

const PATH: &str = "/api/v1/articles/7/summary";

fn view(article_id: ArticleId, language: Language, is_written: bool) -> SummaryView {
    SummaryView {
        article_id,
        language: Some(language),
        text: "In short.".to_owned(),
        is_written,
        by: Some("glm4@local".to_owned()),
        written_at: is_written.then_some(Timestamp(0)),
    }
}

/// Article 8 is refused, 9 fails after its first words.
#[async_trait]
impl Summaries for Fake {
    fn writer(&self) -> Option<WriterView> {
        Some(WriterView { name: "glm4@local".to_owned() })
    }

    async fn summary(
        &self,
        reader: ReaderId,
        article: ArticleId,
        language: Option<Language>,
    ) -> Result<SummaryView, Fault> {
        self.note(format!("summary for {reader}: {language:?}"));
        Ok(view(article, language.unwrap_or(Language::CHINESE), false))
    }

    async fn write(
        &self,
        _: ReaderId,
        article: ArticleId,
        language: Language,
        pieces: Option<mpsc::Sender<String>>,
    ) -> Result<AskedSummary, Fault> {
        if let Some(fault) = self.fault.lock().unwrap().clone() {
            return Err(fault);
        }
        if let Some(pieces) = pieces {
            for piece in ["In ", "short."] {
                pieces.send(piece.to_owned()).await.unwrap();
            }
        }
        match article.0 {
            8 => {
                let (kind, reason) = ("invented_number".to_owned(), "the number 9".to_owned());
                let claim = Some("9".to_owned());
                let refused = Some(WritingRefused { kind, reason, claim });
                Ok(AskedSummary { summary: view(article, Language::ENGLISH, false), refused })
            }
            9 => Err(Fault::unavailable("the engine has gone", Duration::from_secs(3))),
            _ => Ok(AskedSummary { summary: view(article, language, true), refused: None }),
        }
    }
}

/// Names and data of a stream's events.
fn events(answer: &Answer) -> Vec<(String, Value)> {
    assert_eq!(answer.headers["content-type"], "text/event-stream");
    let text = String::from_utf8(answer.body.clone()).unwrap();
    let read = |block: &str| {
        let field = |name: &str| {
            block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned()
        };
        (field("event: "), serde_json::from_str(&field("data: ")).unwrap_or_default())
    };
    text.split("\n\n").filter(|block| !block.is_empty()).map(read).collect()
}

async fn stream(path: &str, fault: Option<Fault>) -> Answer {
    let bench = bench().await;
    *bench.fake.fault.lock().unwrap() = fault;
    let body = r#"{"language": "en"}"#;
    bench.send(request("POST", path, &[("accept", "text/event-stream")], body)).await
}

#[tokio::test]
async fn what_there_is_is_shown_with_who_made_it() {
    let bench = bench().await;
    let shown = bench.get(&format!("{PATH}?language=zh-CN")).await.json();
    assert_eq!(
        (&shown["kind"], &shown["written_by"]),
        (&json!("extractive"), &json!("glm4@local"))
    );
    assert_eq!((&shown["article_id"], &shown["can_write"]), (&json!(7), &json!(true)));
    assert_eq!(*bench.fake.command.lock().unwrap(), "summary for 1: Some(Language([122, 104]))");
    bench.get(&format!("{PATH}?language=chinese")).await.problem(400, "invalid");
    bench.get(&format!("{PATH}?lang=zh")).await.problem(400, "invalid");
    let me = bench.get("/api/v1/me").await.json();
    assert_eq!(me["writer"]["name"], "glm4@local");
}

#[tokio::test]
async fn a_summary_is_written_or_refused_with_the_reason() {
    let bench = bench().await;
    let written = bench.post(PATH, r#"{"language": "en"}"#).await.json();
    assert_eq!(
        (&written["outcome"], &written["summary"]["language"]),
        (&json!("written"), &json!("en"))
    );
    assert_eq!(written["summary"]["written_at"], "1970-01-01T00:00:00.000Z");
    let refused = bench.post("/api/v1/articles/8/summary", r#"{"language": "en"}"#).await.json();
    assert_eq!(
        (&refused["outcome"], &refused["refused"]["kind"]),
        (&json!("refused"), &json!("invented_number"))
    );
    assert_eq!(refused["summary"]["kind"], "extractive");
    bench.post(PATH, r#"{"language": "klingon"}"#).await.problem(400, "invalid");
    bench.post(PATH, "{}").await.problem(400, "invalid");
}

#[tokio::test]
async fn the_words_come_as_they_are_written_and_the_last_event_says_what_stands() {
    let told = events(&stream(PATH, None).await);
    let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["text", "text", "summary"]);
    assert_eq!((&told[0].1["text"], &told[1].1["text"]), (&json!("In "), &json!("short.")));
    assert_eq!(told[2].1["outcome"], "written");
    let told = events(&stream("/api/v1/articles/8/summary", None).await);
    assert_eq!(told.last().unwrap().1["refused"]["reason"], "the number 9");
}

#[tokio::test]
async fn a_failure_before_the_first_word_has_its_status_and_one_after_it_is_the_last_event() {
    let away = Fault::unavailable("the engine is away", Duration::from_secs(3));
    let answer = stream(PATH, Some(away)).await;
    answer.problem(503, "unavailable");
    assert_eq!(answer.headers["retry-after"], "3");
    let used_up = Fault::overloaded("used up", Duration::from_secs(60));
    assert_eq!(stream(PATH, Some(used_up)).await.headers["retry-after"], "60");
    let nobody = Fault::new(FaultKind::Conflict, "nobody writes on this node");
    stream(PATH, Some(nobody)).await.problem(409, "conflict");
    let told = events(&stream("/api/v1/articles/9/summary", None).await);
    let (name, problem) = told.last().unwrap();
    assert_eq!(
        (name.as_str(), &problem["kind"], &problem["retry_after"]),
        ("problem", &json!("unavailable"), &json!(3))
    );
}
