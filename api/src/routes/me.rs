//! Who is asking.

use crate::auth::CurrentReader;
use crate::body::me::Me;
use crate::error::Problem;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;

/// Shows whom this request speaks for.
#[utoipa::path(get, path = "/api/v1/me", tag = "session",
    responses((status = 200, description = "The reader.", body = Me)))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    CurrentReader(reader): CurrentReader,
) -> Result<Json<Me>, Problem> {
    let person = state.ports.library.reader(reader).await?;
    let token_required = state.ports.access.anonymous_reader().is_none();
    let writer = state.ports.summaries.writer().map(Into::into);
    Ok(Json(Me { reader: person.into(), token_required, writer }))
}
