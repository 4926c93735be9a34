//! The topics a reader sees, and those they made.

use crate::auth::CurrentReader;
use crate::body::list::Items;
use crate::body::topic::{NewTopic, Topic, TopicChange};
use crate::error::Problem;
use crate::extract::{JsonBody, TextPath};
use crate::state::ApiState;
use autoglm_protocol::domain::ReaderTopicId;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

/// Lists the topics of the common list, then the reader's own.
#[utoipa::path(get, path = "/api/v1/topics", tag = "articles",
    responses((status = 200, description = "All of them.", body = Items<Topic>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
) -> Result<Json<Items<Topic>>, Problem> {
    let topics = state.ports.library.topics(reader).await?;
    Ok(Json(Items { items: topics.into_iter().map(Topic::from).collect() }))
}

/// Adds a topic of the reader's own. Its list holds the newest articles that are like what is said
/// of it, and those with one of its words in their title.
#[utoipa::path(post, path = "/api/v1/topics", tag = "articles", request_body = NewTopic,
    responses((status = 201, description = "It is there.", body = Topic)))]
pub(crate) async fn add(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    JsonBody(body): JsonBody<NewTopic>,
) -> Result<(StatusCode, Json<Topic>), Problem> {
    let topic = state.ports.topics.add(reader, body.into()).await?;
    Ok((StatusCode::CREATED, Json(topic.into())))
}

/// Changes a topic of the reader's own.
#[utoipa::path(patch, path = "/api/v1/topics/{key}", tag = "articles",
    params(("key" = String, Path, description = "Key of a topic of one's own.")),
    request_body = TopicChange,
    responses((status = 200, description = "As it is now.", body = Topic)))]
pub(crate) async fn change(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    TextPath(key): TextPath,
    JsonBody(body): JsonBody<TopicChange>,
) -> Result<Json<Topic>, Problem> {
    let topic = state.ports.topics.change(reader, own(&key)?, body.into()).await?;
    Ok(Json(topic.into()))
}

/// Removes a topic of the reader's own; articles stay.
#[utoipa::path(delete, path = "/api/v1/topics/{key}", tag = "articles",
    params(("key" = String, Path, description = "Key of a topic of one's own.")),
    responses((status = 204, description = "It is gone.")))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
    TextPath(key): TextPath,
) -> Result<StatusCode, Problem> {
    state.ports.topics.remove(reader, own(&key)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn own(key: &str) -> Result<ReaderTopicId, Problem> {
    ReaderTopicId::from_key(key).ok_or_else(|| {
        let shown: String = key.chars().take(40).collect();
        autoglm_protocol::domain::Fault::not_found(format!(
            "{shown:?} is no topic of your own; only those can be changed"
        ))
        .into()
    })
}
