//! One address through the guarded client: `eval fetch`.

use super::reading;
use crate::client::{FetchMeta, FetchRequest, Fetched, GuardedClient};
use serde_json::{Value, json};

/// What one fetch of an address comes to, as JSON: `{outcome: "body", …}` with the reading of the
/// feed, `{outcome: "not modified"}`, or `{outcome: "failed", error, cause}`. The client's limits of
/// time and size hold.
pub async fn evaluate_fetch(client: &GuardedClient, url: &str) -> Value {
    match client.fetch(&FetchRequest::feed(url)).await {
        Ok(Fetched::Body { body, content_type, meta }) => {
            let mut told = about(&meta);
            told["outcome"] = json!("body");
            told["bytes"] = json!(body.len());
            told["feed"] = reading(&body, content_type.as_deref(), &meta.final_url);
            told
        }
        Ok(Fetched::NotModified(meta)) => {
            let mut told = about(&meta);
            told["outcome"] = json!("not modified");
            told
        }
        Err(error) => json!({
            "outcome": "failed",
            "error": error.to_string(),
            "cause": format!("{:?}", error.cause()),
            "status": error.status(),
            "retry_after_seconds": error.retry_after().map(|wait| wait.as_secs()),
            "gone": error.is_gone(),
        }),
    }
}

fn about(meta: &FetchMeta) -> Value {
    json!({
        "final_url": meta.final_url,
        "moved_permanently_to": meta.moved_permanently_to,
        "etag": meta.etag,
        "last_modified": meta.last_modified,
        "truncated": meta.truncated,
        "seconds": meta.elapsed.as_secs_f32(),
    })
}
