//! Signing in.

use serde::Deserialize;
use utoipa::ToSchema;

/// Signs in: the token moves into a cookie that scripts cannot read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSession {
    /// A reader's token.
    pub(crate) token: String,
}
