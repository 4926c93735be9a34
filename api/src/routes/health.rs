//! Probes: does the process live, and may it be sent requests.

use crate::body::probe::Probe;
use crate::error::Problem;
use crate::state::ApiState;
use autoglm_protocol::domain::FaultKind;
use axum::Json;
use axum::extract::State;

/// Whether the process lives. Asks nothing of the database, so that its failure restarts nobody.
#[utoipa::path(get, path = "/healthz", tag = "node",
    responses((status = 200, description = "It lives.", body = Probe)))]
pub(crate) async fn alive() -> Json<Probe> {
    Json(Probe { status: "ok" })
}

/// Whether the node may be sent requests; 503 says why not.
#[utoipa::path(get, path = "/readyz", tag = "node",
    responses((status = 200, description = "It may.", body = Probe)))]
pub(crate) async fn ready(State(state): State<ApiState>) -> Result<Json<Probe>, Problem> {
    if state.is_draining() {
        return Err(Problem::new(FaultKind::Unavailable, "the node is leaving"));
    }
    match state.ports.operations.ready().await {
        Ok(()) => Ok(Json(Probe { status: "ready" })),
        Err(why) => Err(Problem::new(FaultKind::Unavailable, why)),
    }
}
