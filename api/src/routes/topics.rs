//! The taxonomy.

use crate::auth::CurrentReader;
use crate::body::list::Items;
use crate::body::topic::Topic;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;

/// Lists the topics of the taxonomy.
#[utoipa::path(get, path = "/api/v1/topics", tag = "articles",
    responses((status = 200, description = "All of them.", body = Items<Topic>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    CurrentReader(_reader): CurrentReader,
) -> Json<Items<Topic>> {
    let items = state.ports.library.topics().into_iter().map(Topic::from).collect();
    Json(Items { items })
}
