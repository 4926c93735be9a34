//! The operator's routes of stories, over a desk that answers from memory.

use super::fake::{Fake, OPERATOR_TOKEN};
use super::support::{Answer, Bench, bench, request};
use async_trait::async_trait;
use autoglm_protocol::domain::{ArticleId, Fault, SourceId, Story, StoryId, Timestamp};
use autoglm_protocol::story::{StoryDecided, StoryDecision};
use autoglm_protocol::story_desk::{
    NamedArticle, OperatedArticle, OperatedStory, RememberedDecision, StoryDesk, StoryStatement,
};
use autoglm_protocol::view::Page;
use serde_json::json;

fn story(id: StoryId) -> Story {
    Story {
        id,
        title: "A story".to_owned(),
        representative: ArticleId(1),
        article_count: 1,
        source_count: 1,
        first_at: Timestamp(0),
        last_at: Timestamp(1000),
    }
}

#[async_trait]
impl StoryDesk for Fake {
    async fn stories(
        &self,
        words: &str,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page<Story>, Fault> {
        self.note(format!("stories {words:?} {limit} {cursor:?}"));
        Ok(Page { items: vec![story(StoryId(9))], next_cursor: Some("more".to_owned()) })
    }

    async fn story(&self, id: StoryId) -> Result<OperatedStory, Fault> {
        if id.0 != 9 {
            return Err(Fault::not_found(format!("story {id} does not exist")));
        }
        let article = OperatedArticle {
            id: ArticleId(1),
            source_id: SourceId(3),
            source_title: "Example".to_owned(),
            title: "标题 <b>".to_owned(),
            url: "https://e.org/1".to_owned(),
            at: Timestamp(0),
            duplicate_of: Some(ArticleId(7)),
        };
        Ok(OperatedStory { story: story(id), articles: vec![article] })
    }

    async fn decide(&self, decision: StoryDecision) -> Result<StoryDecided, Fault> {
        self.note(format!("{decision:?}"));
        match decision {
            StoryDecision::Merge { stories } if stories.len() < 2 => {
                Err(Fault::invalid("a merge takes 2 to 20 different stories, not 1"))
            }
            _ => Ok(StoryDecided { decision: 4, story: StoryId(9), moved: 2 }),
        }
    }

    async fn decisions(
        &self,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page<RememberedDecision>, Fault> {
        self.note(format!("decisions {limit} {cursor:?}"));
        let named = |id, title: &str, story: Option<i64>| NamedArticle {
            id: ArticleId(id),
            title: title.to_owned(),
            story_id: story.map(StoryId),
        };
        let statement = StoryStatement {
            is_apart: true,
            articles: [named(1, "One", Some(9)), named(2, "Two", None)],
            holds: true,
        };
        let decision = RememberedDecision {
            id: 4,
            is_split: true,
            decided_by: "operator".to_owned(),
            decided_at: Timestamp(0),
            statements: vec![statement],
        };
        Ok(Page { items: vec![decision], next_cursor: None })
    }

    async fn forget(&self, decision: i64) -> Result<(), Fault> {
        self.note(format!("forget {decision}"));
        if decision == 4 { Ok(()) } else { Err(Fault::not_found("there is no such decision")) }
    }
}

async fn operate(bench: &Bench, method: &str, path: &str, body: &str) -> Answer {
    let bearer = format!("bearer {OPERATOR_TOKEN}");
    let mut headers = vec![("authorization", bearer.as_str())];
    if !body.is_empty() {
        headers.push(("content-type", "application/json"));
    }
    bench.send(request(method, path, &headers, body)).await
}

fn noted(bench: &Bench) -> String {
    bench.fake.command.lock().unwrap().clone()
}

#[tokio::test]
async fn the_operator_lists_stories_looks_for_some_and_sees_their_articles() {
    let bench = bench().await;
    let (first_at, last_at) = ("1970-01-01T00:00:00.000Z", "1970-01-01T00:00:01.000Z");
    let mut story = json!({
        "id": 9, "title": "A story", "representative": 1, "article_count": 1, "source_count": 1,
        "first_at": first_at, "last_at": last_at
    });
    let listed = operate(&bench, "GET", "/admin/stories?q=two%20words&limit=7&cursor=c", "").await;
    assert_eq!(listed.json(), json!({"items": [story], "next_cursor": "more"}));
    assert_eq!(noted(&bench), "stories \"two words\" 7 Some(\"c\")");
    story["articles"] = json!([{
        "id": 1, "source_id": 3, "source_title": "Example", "title": "标题 <b>",
        "url": "https://e.org/1", "at": first_at, "duplicate_of": 7
    }]);
    assert_eq!(operate(&bench, "GET", "/admin/stories/9", "").await.json(), story);
    operate(&bench, "GET", "/admin/stories/8", "").await.problem(404, "not_found");
    operate(&bench, "GET", "/admin/stories?limit=201", "").await.problem(400, "invalid");
}

#[tokio::test]
async fn the_operator_merges_and_splits_stories() {
    let bench = bench().await;
    let merged = operate(&bench, "POST", "/admin/stories/merge", r#"{"stories":[9,8]}"#).await;
    assert_eq!(merged.json(), json!({"decision": 4, "story": 9, "moved": 2}));
    assert_eq!(noted(&bench), "Merge { stories: [StoryId(9), StoryId(8)] }");
    operate(&bench, "POST", "/admin/stories/9/split", r#"{"articles":[1]}"#).await;
    assert_eq!(noted(&bench), "Split { story: StoryId(9), articles: [ArticleId(1)] }");
    let one = operate(&bench, "POST", "/admin/stories/merge", r#"{"stories":[9]}"#).await;
    assert!(one.problem(400, "invalid").contains("2 to 20"));
    for body in [r#"{"stories":["a"]}"#, r#"{"storys":[1]}"#, "{}"] {
        operate(&bench, "POST", "/admin/stories/merge", body).await.problem(400, "invalid");
    }
    operate(&bench, "POST", "/admin/stories/x/split", r#"{"articles":[1]}"#)
        .await
        .problem(400, "invalid");
}

#[tokio::test]
async fn the_operator_sees_decisions_and_takes_one_back() {
    let bench = bench().await;
    let decision = json!({
        "id": 4, "kind": "split", "decided_by": "operator",
        "decided_at": "1970-01-01T00:00:00.000Z",
        "statements": [{
            "relation": "apart", "holds": true,
            "articles": [
                {"id": 1, "title": "One", "story_id": 9},
                {"id": 2, "title": "Two", "story_id": null}
            ]
        }]
    });
    let listed = operate(&bench, "GET", "/admin/stories/decisions", "").await;
    assert_eq!(listed.json(), json!({"items": [decision], "next_cursor": null}));
    assert_eq!(noted(&bench), "decisions 20 None");
    operate(&bench, "GET", "/admin/stories/decisions?limit=51", "").await.problem(400, "invalid");
    assert_eq!(operate(&bench, "DELETE", "/admin/stories/decisions/4", "").await.status, 204);
    operate(&bench, "DELETE", "/admin/stories/decisions/5", "").await.problem(404, "not_found");
}
