//! The shapes that terminals rely on.

use super::support::{bench, request};
use autoglm_protocol::domain::{Language, ReaderId, SourceId, StoryId};
use autoglm_protocol::view::{ArticleQuery, MarkFilter};
use serde_json::json;

fn article(id: i64) -> serde_json::Value {
    json!({
        "id": id, "source_id": 3, "source_title": "Example", "story_id": 9,
        "url": "https://e.org/1", "title": "标题 <b>", "authors": ["A"], "language": "zh",
        "published_at": null, "fetched_at": "1970-01-01T00:00:00.000Z",
        "topics": [{"name": "energy", "score": 0.5}], "summary": "", "stage": "placed",
        "entities": [{"key": "nvidia", "name": "英伟达", "kind": "company"}], "keywords": ["芯片"],
        "marks": {"read": true, "saved": false, "hidden": false}
    })
}

#[tokio::test]
async fn a_list_of_articles_passes_every_filter_and_cursor_on() {
    let bench = bench().await;
    let query = "limit=7&cursor=opaque%2B%2F%3D&source=3&topic=energy&entity=%24nvda&\
                 language=zh-Hans&story=9&marks=saved";
    let answer = bench.get(&format!("/api/v1/articles?{query}")).await;
    assert_eq!(answer.json(), json!({"items": [article(1)], "next_cursor": "opaque+/="}));
    let expected = ArticleQuery {
        limit: 7,
        cursor: Some("opaque+/=".to_owned()),
        source: Some(SourceId(3)),
        topic: Some("energy".to_owned()),
        entity: Some("$nvda".to_owned()),
        language: Some(Language::CHINESE),
        story: Some(StoryId(9)),
        marks: Some(MarkFilter::Saved),
    };
    assert_eq!(*bench.fake.asked.lock().unwrap(), Some((ReaderId(1), expected)));
    bench.get("/api/v1/articles").await;
    let asked = bench.fake.asked.lock().unwrap().clone().unwrap().1;
    assert_eq!(asked, ArticleQuery { limit: 50, ..ArticleQuery::default() });
}

#[tokio::test]
async fn one_article_adds_its_content_with_proxied_pictures() {
    let bench = bench().await;
    let mut expected = article(4);
    expected["content_html"] = "<p>x<img src=\"/api/v1/image?url=https%3A%2F%2Fp.org%2F1.png\" \
         loading=\"lazy\" decoding=\"async\"></p>"
        .into();
    expected["model_version"] = "baseline-1".into();
    assert_eq!(bench.get("/api/v1/articles/4").await.json(), expected);
}

#[tokio::test]
async fn stories_search_and_recommendations_have_their_shapes() {
    let bench = bench().await;
    let story = json!({
        "id": 9, "title": "A story", "representative": 1, "articles": [2, 1], "article_count": 2,
        "source_count": 2, "first_at": "1970-01-01T00:00:00.000Z", "last_at": "1970-01-01T00:00:01.000Z"
    });
    assert_eq!(bench.get("/api/v1/stories/9").await.json(), story);
    let page = bench.get("/api/v1/stories?limit=3&cursor=c").await.json();
    assert_eq!(page, json!({"items": [story], "next_cursor": null}));
    assert_eq!(*bench.fake.command.lock().unwrap(), "stories 3 Some(\"c\")");
    let found = bench.get("/api/v1/search?q=%E6%BD%AE%E6%B1%90+power&cursor=c").await.json();
    assert_eq!(found, json!({"items": [article(5)], "next_cursor": null}));
    assert_eq!(*bench.fake.command.lock().unwrap(), "search 潮汐 power 50 Some(\"c\")");
    let ranked = bench.get("/api/v1/recommendations?limit=1").await.json();
    let place = json!({
        "article": article(1), "score": 1.5,
        "reasons": [{"kind": "long_interest", "text": "", "weight": 0.25}]
    });
    assert_eq!(ranked, json!({"items": [place], "stale": false}));
    let stale = bench.get("/api/v1/recommendations?limit=2").await.json();
    assert_eq!((&stale["stale"], stale["items"].as_array().map(Vec::len)), (&true.into(), Some(2)));
}

#[tokio::test]
async fn an_address_is_previewed_with_its_rules_and_what_is_no_kind_is_refused() {
    let bench = bench().await;
    let wish = json!({
        "url": " https://e.org/api ", "kind": "json_api",
        "settings": {"mapping": {"items": "data", "title": "t", "link": "u"}}
    });
    let preview = bench.post("/api/v1/sources/preview", &wish.to_string()).await.json();
    let article = json!({
        "title": "One", "url": "https://e.org/1", "published_at": "1970-01-01T00:00:00.000Z",
        "text": "Text"
    });
    assert_eq!(preview["url"], "https://e.org/api");
    assert_eq!(preview["articles"], json!([article]));
    assert_eq!(preview["settings"], wish["settings"]);
    let added = bench.post("/api/v1/sources", &wish.to_string()).await;
    assert_eq!(added.status, 201);
    assert!(bench.fake.command.lock().unwrap().contains("JsonApi"));
    for kind in ["built_in", "gopher"] {
        let wish = json!({ "url": "https://e.org/", "kind": kind }).to_string();
        for path in ["/api/v1/sources", "/api/v1/sources/preview"] {
            let detail = bench.post(path, &wish).await.problem(400, "invalid");
            assert!(detail.contains("json_api"), "{detail}");
        }
    }
    let unknown = json!({ "url": "https://e.org/", "settings": {"colour": "red"} }).to_string();
    bench.post("/api/v1/sources/preview", &unknown).await.problem(400, "invalid");
}

#[tokio::test]
async fn sources_are_listed_added_changed_fetched_and_removed() {
    let bench = bench().await;
    let source = json!({
        "id": 3, "kind": "feed", "url": "https://e.org/feed", "title": "Example", "site_url": "",
        "folder": "News", "unread": 4, "health": {"class": "new", "cause": null},
        "last_success_at": "1970-01-01T00:00:00.000Z", "next_fetch_at": null,
        "interval_seconds": 900, "paused": false, "full_text": false, "private": true,
        "request": ["cookie", "headers.x-key"]
    });
    let list = bench.get("/api/v1/sources").await.json();
    assert_eq!(list, json!({"items": [source], "next_cursor": null}));
    assert_eq!(bench.get("/api/v1/sources/3").await.json(), source);
    bench.get("/api/v1/sources/4").await.problem(404, "not_found");
    let body = "{\"url\": \"https://e.org/feed\", \"kind\": \"feed\", \"folder\": \"News\", \"interval\": 600}";
    let added = bench.post("/api/v1/sources", body).await;
    assert_eq!((added.status.as_u16(), added.json()), (201, source));
    assert!(bench.fake.command.lock().unwrap().contains("interval: Some(600s)"));
    assert_eq!(bench.post("/api/v1/sources", "{\"url\": \"https://known.org\"}").await.status, 200);
    let change = request("PATCH", "/api/v1/sources/3", &[], "{\"paused\": true, \"folder\": \"\"}");
    assert_eq!(bench.send(change).await.status, 200);
    assert!(bench.fake.command.lock().unwrap().contains("paused: Some(true)"));
    let rules = json!({ "url": "https://e.org/new", "settings": { "url_contains": "/news/" } });
    let change = request("PATCH", "/api/v1/sources/3", &[], &rules.to_string());
    assert_eq!(bench.send(change).await.status, 200);
    let command = bench.fake.command.lock().unwrap().clone();
    assert!(command.contains("https://e.org/new") && command.contains("/news/"), "{command}");
    let refreshed = bench.post("/api/v1/sources/3/refresh", "").await;
    assert_eq!((refreshed.status.as_u16(), refreshed.json()), (202, json!({"new_articles": 7})));
    assert_eq!(bench.send(request("DELETE", "/api/v1/sources/3", &[], "")).await.status, 204);
    assert_eq!(*bench.fake.command.lock().unwrap(), "remove 3");
}

#[tokio::test]
async fn topics_statistics_and_the_reader_have_their_shapes() {
    let bench = bench().await;
    let topics = json!({"items": [{"key": "energy", "en": "Energy", "zh": "能源"}]});
    assert_eq!(bench.get("/api/v1/topics").await.json(), topics);
    let numbers = json!({
        "sources": 1, "articles": {"stored": 2, "understood": 1}, "stories": 0, "readers": 0,
        "terminals": 0, "backlog": 0
    });
    assert_eq!(bench.get("/api/v1/statistics").await.json(), numbers);
    let me = json!({
        "reader": {"id": 1, "name": "ada", "language": "en"}, "token_required": false,
        "writer": {"name": "glm4@local"}
    });
    assert_eq!(bench.get("/api/v1/me").await.json(), me);
}

#[tokio::test]
async fn entities_are_listed_and_shown_for_the_reader_who_asks() {
    let bench = bench().await;
    let entity = |key: &str| {
        json!({
            "key": key, "kind": "company", "name": "英伟达", "en": "Nvidia", "zh": null, "articles": 4
        })
    };
    let list = bench.get("/api/v1/entities?q=%E8%8B%B1&limit=7").await.json();
    assert_eq!(list, json!({"items": [entity("nvidia")]}));
    assert_eq!(*bench.fake.command.lock().unwrap(), "entities for 1 Some(\"英\") 7");
    assert_eq!(bench.get("/api/v1/entities/%24nvda").await.json(), entity("$nvda"));
    assert_eq!(*bench.fake.command.lock().unwrap(), "entity $nvda for 1");
    let long = "x".repeat(300);
    for path in [
        format!("/api/v1/entities?q={long}"),
        format!("/api/v1/entities/{long}"),
        format!("/api/v1/articles?entity={long}"),
        "/api/v1/entities?limit=0".to_owned(),
        "/api/v1/entities/%ff".to_owned(),
    ] {
        bench.get(&path).await.problem(400, "invalid");
    }
}

#[tokio::test]
async fn probes_tell_life_from_readiness() {
    let bench = bench().await;
    assert_eq!(bench.get("/readyz").await.json(), json!({"status": "ready"}));
    *bench.fake.not_ready.lock().unwrap() = Some("the cache is being warmed".to_owned());
    assert_eq!(bench.get("/readyz").await.problem(503, "unavailable"), "the cache is being warmed");
    *bench.fake.not_ready.lock().unwrap() = None;
    bench.drain.send_replace(true);
    let answer = bench.get("/readyz").await;
    answer.problem(503, "unavailable");
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!(bench.get("/healthz").await.json(), json!({"status": "ok"}));
}

#[tokio::test]
async fn how_a_source_is_asked_is_taken_in_and_never_given_out() {
    let bench = bench().await;
    let wish = json!({
        "url": "https://e.org/feed",
        "request": {
            "user_agent": "Mine/1", "headers": {"X-Key": "k-e-y"}, "cookie": "c-o-o-k",
            "basic": {"user": "a-d-a", "password": "p-w"}, "bearer": null, "proxy": "office",
        },
    });
    let added = bench.post("/api/v1/sources", &wish.to_string()).await;
    assert_eq!(added.status, 201);
    let command = bench.fake.command.lock().unwrap().clone();
    assert!(command.contains("Mine/1") && command.contains("office"), "{command}");
    let answer = added.json().to_string();
    for secret in ["k-e-y", "c-o-o-k", "a-d-a", "p-w"] {
        assert!(!answer.contains(secret) && !command.contains(secret), "{secret}: {command}");
    }
    let patch = async |body: serde_json::Value| {
        let body = body.to_string();
        let answer = bench.send(request("PATCH", "/api/v1/sources/3", &[], &body)).await;
        assert_eq!(answer.status, 200);
        bench.fake.command.lock().unwrap().clone()
    };
    let absent = patch(json!({"paused": true})).await;
    assert!(absent.contains("request: None"), "{absent}");
    let one = patch(json!({"request": {"cookie": null, "headers": {"x-key": null}}})).await;
    assert!(one.contains("cookie: Some(None)") && one.contains("bearer: None"), "{one}");
    assert!(one.contains("headers: Some(Some({\"x-key\": None}))"), "{one}");
    let all = patch(json!({"request": null})).await;
    assert!(all.contains("bearer: Some(None)") && all.contains("headers: Some(None)"), "{all}");
    let odd = json!({"url": "https://e.org/", "request": {"kookie": "x"}}).to_string();
    bench.post("/api/v1/sources/preview", &odd).await.problem(400, "invalid");
}

#[tokio::test]
async fn lists_of_subscriptions_go_out_and_come_in_larger_than_other_bodies() {
    let bench = bench().await;
    let list = bench.get("/api/v1/opml").await;
    assert_eq!(list.headers["content-type"], "text/x-opml; charset=utf-8");
    assert!(list.headers["content-disposition"].to_str().unwrap().contains("attachment"));
    assert_eq!(list.body, b"<opml>1</opml>");
    let post = async |length: usize, declared: &str| {
        let body = "x".repeat(length);
        let headers = [("content-type", declared)];
        bench.send(request("POST", "/api/v1/opml", &headers, &body)).await
    };
    let answer = post(2 * 1024 * 1024, "text/x-opml").await;
    assert_eq!(answer.status, 200);
    let expected = json!({
        "total": 2, "added": 1, "known": 1, "problems_left_out": 0,
        "problems": [{
            "url": "https://e.org/feed", "title": "E", "problem": "x has no equal here",
            "imported": true,
        }],
    });
    assert_eq!(answer.json(), expected);
    assert_eq!(*bench.fake.command.lock().unwrap(), "import for 1: 2097152 bytes");
    assert_eq!(post(5, "text/plain").await.status, 415);
    assert_eq!(post(9 * 1024 * 1024, "text/x-opml").await.status, 413);
}
