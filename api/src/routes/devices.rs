//! The inference devices.

use crate::auth::Operator;
use crate::body::device::Device;
use crate::body::list::Items;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;

/// Lists the inference devices of this node.
#[utoipa::path(get, path = "/admin/devices", tag = "operator",
    responses((status = 200, description = "All of them.", body = Items<Device>)))]
pub(crate) async fn list(State(state): State<ApiState>, _: Operator) -> Json<Items<Device>> {
    let items = state.ports.operations.devices().into_iter().map(Device::from).collect();
    Json(Items { items })
}
