//! Answers for those who watch over processes.

use serde::Serialize;
use utoipa::ToSchema;

/// How the node is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Probe {
    /// `ok`, `ready` or `draining`.
    #[schema(example = "ok")]
    pub(crate) status: &'static str,
}
