//! The OpenAPI document: taken from the routes themselves, completed by what all of them share.

use crate::body::article::Article;
use crate::body::frame::SocketAnswer;
use crate::error::ProblemBody;
use crate::routes;
use autoglm_protocol::domain::{
    ArticleId, ArticleStage, Entity, EntityKind, Language, Marks, SourceId, StoryId, Timestamp,
    TopicScore,
};
use autoglm_protocol::view::ArticleView;
use serde_json::{Value, json};
use std::sync::LazyLock;
use utoipa::openapi::OpenApi as Document;
use utoipa::{OpenApi, ToSchema};

/// Where the document is served.
pub(crate) const DOCUMENT_ROUTE: &str = "/api/v1/openapi.json";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Open-AutoGLM",
        description = "A self-hosted news intelligence cluster. Lists are paged by cursors, never \
            by offsets. Every failure is a problem (RFC 9457) with one of a closed list of kinds. \
            A request speaks for the reader whose token it carries; on an installation for one \
            person none is needed."
    ),
    components(schemas(ProblemBody, SocketAnswer)),
    tags(
        (name = "articles", description = "What the sources brought."),
        (name = "stories", description = "Articles about one event."),
        (name = "sources", description = "What is fetched."),
        (name = "recommendations", description = "Ranked for one reader."),
        (name = "events", description = "What a reader did."),
        (name = "live", description = "Push."),
        (name = "session", description = "Who is asking."),
        (name = "hubs", description = "For hubs only (WebSub)."),
        (name = "node", description = "How the node is."),
        (name = "operator", description = "With the operator's token only."),
    )
)]
struct Base;

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let mut value = serde_json::to_value(routes_document()).unwrap_or_default();
    complete(&mut value);
    serde_json::to_string_pretty(&value).unwrap_or_default()
});

/// The OpenAPI document of every route, as JSON.
#[must_use]
pub fn openapi_json() -> String {
    DOCUMENT.clone()
}

/// The same without a copy.
pub(crate) fn document() -> &'static str {
    &DOCUMENT
}

fn routes_document() -> Document {
    let mut document = Base::openapi();
    document.merge(routes::plain().into_openapi());
    document.merge(routes::live().into_openapi());
    document
}

/// Adds what every route shares: the shape of failures, the ways to authorise, examples.
fn complete(document: &mut Value) {
    document["components"]["securitySchemes"] = json!({
        "token": {"type": "http", "scheme": "bearer", "description": "A reader's or the operator's token."},
        "session": {"type": "apiKey", "in": "cookie", "name": crate::auth::SESSION_COOKIE}
    });
    let problem = json!({
        "description": "Any failure.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    });
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, methods) in paths {
            let operations = methods.as_object_mut().into_iter().flatten();
            for (method, operation) in operations.filter(|(_, value)| value.is_object()) {
                operation["operationId"] = operation_name(method, path).into();
                operation["responses"]["default"] = problem.clone();
                operation["security"] = security(path);
            }
        }
    }
    let example = example_article();
    let article = &mut document["components"]["schemas"][Article::name().as_ref()];
    article["examples"] =
        json!([serde_json::to_value(Article::from(&example)).unwrap_or_default()]);
}

/// Unique, because method and path together are.
fn operation_name(method: &str, path: &str) -> String {
    let path = path.trim_start_matches("/api/v1").replace(['{', '}'], "").replace('/', "_");
    format!("{method}{path}")
}

fn security(path: &str) -> Value {
    if path.starts_with("/admin") {
        json!([{"token": []}])
    } else if path.starts_with("/api") || path == "/ws" || path == "/events" {
        json!([{"token": []}, {"session": []}, {}])
    } else {
        json!([{}])
    }
}

/// Written out by the same code as real answers, so that the example cannot grow old.
fn example_article() -> ArticleView {
    ArticleView {
        id: ArticleId(4711),
        source_id: SourceId(12),
        source_title: "Example News".to_owned(),
        story_id: Some(StoryId(301)),
        url: "https://news.example/2026/11/tides".to_owned(),
        title: "Tidal power plant opens in the north".to_owned(),
        authors: vec!["A. Writer".to_owned()],
        language: Some(Language::ENGLISH),
        published_at: Some(Timestamp(1_795_334_400_000)),
        fetched_at: Timestamp(1_795_334_460_000),
        topics: vec![TopicScore { name: "energy".to_owned(), score: 0.75 }],
        summary: "The plant is to supply forty thousand homes.".to_owned(),
        entities: vec![Entity {
            key: "pentland".to_owned(),
            name: "Pentland".to_owned(),
            kind: EntityKind::Place,
            count: 2,
        }],
        keywords: vec!["tidal power".to_owned()],
        stage: ArticleStage::Placed,
        marks: Marks { read: false, saved: true, hidden: false },
        trace_parent: None,
    }
}
