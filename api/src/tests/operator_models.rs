//! The operator's routes of models, over a desk that answers from memory.

use super::fake::{Fake, OPERATOR_TOKEN};
use super::support::{Answer, Bench, bench, request};
use async_trait::async_trait;
use autoglm_protocol::domain::{Candidate, Fault, ModelChoice, Rollout};
use autoglm_protocol::model_desk::{ModelDesk, ModelReport, VersionFigures};
use serde_json::json;

fn models(encoder: &str) -> ModelChoice {
    let (classifier, summariser) = ("c-1".to_owned(), "s-1".to_owned());
    let (encoder, extractor) = (encoder.to_owned(), "e-1".to_owned());
    ModelChoice { encoder, classifier, summariser, extractor }
}

fn rollout() -> Rollout {
    let candidate = Candidate { models: models("new-2"), share: 25, is_promoted: false };
    Rollout { active: models("old-1"), previous: None, candidate: Some(candidate) }
}

#[async_trait]
impl ModelDesk for Fake {
    async fn report(&self) -> Result<ModelReport, Fault> {
        let figures = VersionFigures {
            version: "new-2+c-1+s-1+e-1".to_owned(),
            texts: 4,
            seconds: 0.02,
            compared: 4,
            same_topic: 3,
            neighbour_agreement: Some(0.5),
            ..VersionFigures::default()
        };
        Ok(ModelReport {
            rollout: Some(rollout()),
            versions: vec![figures],
            encoders: vec!["old-1".to_owned(), "new-2".to_owned()],
            ..ModelReport::default()
        })
    }

    async fn canary(&self, model: &str, share: u8) -> Result<Rollout, Fault> {
        self.note(format!("canary {model} {share}"));
        match model {
            "new-2" => Ok(rollout()),
            other => Err(Fault::not_found(format!("there is no model {other}"))),
        }
    }

    async fn promote(&self) -> Result<Rollout, Fault> {
        self.note("promote".to_owned());
        Ok(rollout())
    }

    async fn withdraw(&self) -> Result<Rollout, Fault> {
        self.note("withdraw".to_owned());
        Ok(rollout())
    }

    async fn roll_back(&self) -> Result<Rollout, Fault> {
        Err(Fault::conflict("there is no earlier version to go back to"))
    }
}

async fn operate(bench: &Bench, method: &str, path: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {OPERATOR_TOKEN}");
    let mut headers = vec![("authorization", bearer.as_str())];
    if !body.is_empty() {
        headers.push(("content-type", "application/json"));
    }
    bench.send(request(method, path, &headers, body)).await
}

#[tokio::test]
async fn the_operator_sees_which_models_read_and_how_well() {
    let bench = bench().await;
    let answer = operate(&bench, "GET", "/admin/models", "").await.json();
    assert_eq!(answer["rollout"]["active"]["version"], "old-1+c-1+s-1+e-1");
    let candidate = &answer["rollout"]["candidate"];
    assert_eq!((&candidate["share"], &candidate["promoted"]), (&json!(25), &json!(false)));
    let version = &answer["versions"][0];
    assert_eq!(version["milliseconds_per_text"], 5.0);
    assert_eq!(version["neighbour_agreement"], 0.5);
    assert_eq!(answer["encoders"], json!(["old-1", "new-2"]));
}

#[tokio::test]
async fn a_candidate_is_named_promoted_and_withdrawn() {
    let bench = bench().await;
    let noted = || bench.fake.command.lock().unwrap().clone();
    let body = json!({ "model": "new-2" }).to_string();
    operate(&bench, "POST", "/admin/models/canary", &body).await.json();
    assert_eq!(noted(), "canary new-2 25");
    operate(&bench, "POST", "/admin/models/promote", "").await.json();
    assert_eq!(noted(), "promote");
    operate(&bench, "POST", "/admin/models/withdraw", "").await.json();
    assert_eq!(noted(), "withdraw");
    let unknown = json!({ "model": "x-9", "share": 50 }).to_string();
    operate(&bench, "POST", "/admin/models/canary", &unknown).await.problem(404, "not_found");
    operate(&bench, "POST", "/admin/models/rollback", "").await.problem(409, "conflict");
}
