//! Topics that people edit, over a desk that answers from memory.

use super::fake::{Fake, OPERATOR_TOKEN};
use super::support::{Answer, Bench, bench, request};
use async_trait::async_trait;
use autoglm_protocol::domain::{
    Fault, ReaderId, ReaderTopic, ReaderTopicId, ReaderTopicText, Timestamp, TopicDefinition,
};
use autoglm_protocol::topic_desk::{ChangeTopic, TopicDesk, TopicList, TopicListOrigin};
use serde_json::json;

fn listed(origin: TopicListOrigin, topics: Vec<TopicDefinition>) -> TopicList {
    TopicList { origin, changed_at: Some(Timestamp(0)), topics, waiting: 7 }
}

fn energy() -> TopicDefinition {
    TopicDefinition {
        key: "energy".to_owned(),
        en: "Energy".to_owned(),
        zh: "能源".to_owned(),
        description: "Oil and gas".to_owned().into(),
        seeds: vec!["oil".to_owned()],
    }
}

#[async_trait]
impl TopicDesk for Fake {
    async fn list(&self) -> Result<TopicList, Fault> {
        Ok(listed(TopicListOrigin::Config, vec![energy()]))
    }

    async fn replace(&self, topics: Vec<TopicDefinition>) -> Result<TopicList, Fault> {
        if topics.is_empty() {
            return Err(Fault::invalid("the list has 0 topics; give 1 to 200"));
        }
        self.note(format!("replace {:?}", topics[0].description));
        Ok(listed(TopicListOrigin::Page, topics))
    }

    async fn reset(&self) -> Result<TopicList, Fault> {
        self.note("reset".to_owned());
        Ok(listed(TopicListOrigin::BuiltIn, vec![energy()]))
    }

    async fn add(&self, reader: ReaderId, text: ReaderTopicText) -> Result<ReaderTopic, Fault> {
        self.note(format!("add for {reader} {}", text.width.name()));
        Ok(ReaderTopic { id: ReaderTopicId(4), text, changed_at: Timestamp(0) })
    }

    async fn change(
        &self,
        reader: ReaderId,
        id: ReaderTopicId,
        change: ChangeTopic,
    ) -> Result<ReaderTopic, Fault> {
        self.note(format!("change {id} for {reader} {:?}", change.seeds));
        let text = ReaderTopicText { name: change.name.unwrap_or_default(), ..Default::default() };
        Ok(ReaderTopic { id, text, changed_at: Timestamp(0) })
    }

    async fn remove(&self, reader: ReaderId, id: ReaderTopicId) -> Result<(), Fault> {
        self.note(format!("remove {id} for {reader}"));
        if id.0 == 4 { Ok(()) } else { Err(Fault::not_found("it is not among your own")) }
    }
}

async fn operate(bench: &Bench, method: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {OPERATOR_TOKEN}");
    let mut headers = vec![("authorization", bearer.as_str())];
    if !body.is_empty() {
        headers.push(("content-type", "application/json"));
    }
    bench.send(request(method, "/admin/topics", &headers, body)).await
}

async fn with_body(bench: &Bench, method: &str, path: &str, body: &str) -> Answer {
    bench.send(request(method, path, &[("content-type", "application/json")], body)).await
}

#[tokio::test]
async fn the_operator_sees_replaces_and_resets_the_list() {
    let bench = bench().await;
    let noted = || bench.fake.command.lock().unwrap().clone();
    let shown = operate(&bench, "GET", "").await.json();
    assert_eq!((&shown["origin"], &shown["waiting"]), (&json!("config"), &json!(7)));
    assert_eq!(shown["topics"][0]["description"], json!({"en": "Oil and gas", "zh": ""}));
    // What was shown can be given back, and a description may be one text.
    let given = json!({ "topics": shown["topics"] }).to_string();
    assert_eq!(operate(&bench, "PUT", &given).await.json()["origin"], "page");
    let text = json!({ "topics": [{"key": "a", "en": "A", "zh": "甲", "description": "石油"}] });
    operate(&bench, "PUT", &text.to_string()).await.json();
    assert!(noted().contains("zh: \"石油\""), "{}", noted());
    operate(&bench, "PUT", "{\"topics\": []}").await.problem(400, "invalid");
    let unknown = json!({ "topics": [{"key": "a", "en": "A", "zh": "甲", "seed": []}] });
    let refused = operate(&bench, "PUT", &unknown.to_string()).await;
    assert!(refused.problem(400, "invalid").contains("unknown field `seed`"));
    assert_eq!(operate(&bench, "DELETE", "").await.json()["origin"], "built_in");
    bench.get("/admin/topics").await.problem(401, "unauthorized");
}

#[tokio::test]
async fn a_reader_makes_changes_and_removes_a_topic_and_only_their_own() {
    let bench = bench().await;
    let noted = || bench.fake.command.lock().unwrap().clone();
    let body = json!({"name": "Fusion", "seeds": ["tokamak"], "width": "wide"}).to_string();
    let answer = with_body(&bench, "POST", "/api/v1/topics", &body).await;
    assert_eq!(answer.status, 201);
    let expected = json!({"key": "my-4", "en": "Fusion", "zh": "Fusion",
        "own": {"description": "", "seeds": ["tokamak"], "width": "wide"}});
    assert_eq!(answer.json(), expected);
    assert_eq!(noted(), "add for 1 wide");
    with_body(&bench, "PATCH", "/api/v1/topics/my-4", "{\"name\": \"X\"}").await.json();
    assert_eq!(noted(), "change my-4 for 1 None");
    assert_eq!(with_body(&bench, "DELETE", "/api/v1/topics/my-4", "").await.status, 204);
    with_body(&bench, "DELETE", "/api/v1/topics/my-5", "").await.problem(404, "not_found");
    with_body(&bench, "PATCH", "/api/v1/topics/energy", "{}").await.problem(404, "not_found");
    for body in
        ["{\"name\": \"x\", \"width\": \"huge\"}", "{}", "{\"name\": \"x\", \"key\": \"y\"}"]
    {
        with_body(&bench, "POST", "/api/v1/topics", body).await.problem(400, "invalid");
    }
}
