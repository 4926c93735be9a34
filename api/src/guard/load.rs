//! Tells a balancer how busy this node is, in the header that ORCA (Open Request Cost Aggregation)
//! gives to it and Envoy's `client_side_weighted_round_robin` reads.

use crate::state::ApiState;
use autoglm_protocol::figures::LoadReport;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use serde::Serialize;

/// The header.
const ENDPOINT_LOAD_METRICS: HeaderName = HeaderName::from_static("endpoint-load-metrics");
/// The smallest share that is told: balancers take zero for "unknown".
const LEAST: f64 = 0.0001;

/// The fields as `xds.data.orca.v3.OrcaLoadReport` names them.
#[derive(Serialize)]
struct OrcaLoadReport {
    application_utilization: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_utilization: Option<f64>,
    rps_fractional: f64,
}

/// Adds the header where it is wanted.
pub(crate) async fn tell(State(state): State<ApiState>, mut response: Response) -> Response {
    if state.config.load_header
        && let Some(value) = written(&state.ports.load.get())
    {
        response.headers_mut().insert(ENDPOINT_LOAD_METRICS, value);
    }
    response
}

/// `None` for what cannot be: plain numbers are always written.
fn written(report: &LoadReport) -> Option<HeaderValue> {
    let share = |share: f64| rounded(share).max(LEAST);
    let report = OrcaLoadReport {
        application_utilization: share(report.utilization),
        cpu_utilization: report.cpu_share.map(share),
        rps_fractional: rounded(report.requests_per_second),
    };
    let text = serde_json::to_string(&report).ok()?;
    HeaderValue::try_from(format!("JSON {text}")).ok()
}

fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
