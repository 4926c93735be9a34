//! How a source is asked, as a reader says it. It is only taken in: answers name what is set.

use autoglm_protocol::domain;
use autoglm_protocol::domain::{RequestChange, Secret};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What is said to a source beyond what every request says; makes it the reader's own source, which
/// nobody else sees. Credentials (headers, cookie, basic, bearer) go to the origin of the source's
/// address only. What is absent stays as it is, `null` takes it away; no answer ever has the values.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceRequest {
    /// Instead of the node's own user agent; at most 300 bytes.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, write_only)]
    user_agent: Option<Option<String>>,
    /// At most 20 more headers by name, `null` for one to take away. Those of the connection, the
    /// body and the cache belong to the node.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>, write_only)]
    headers: Option<Option<BTreeMap<String, Option<Secret>>>>,
    /// As a browser sends it: `name=value; name=value`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, write_only)]
    cookie: Option<Option<Secret>>,
    /// HTTP basic authentication.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<BasicCredentials>, write_only)]
    basic: Option<Option<BasicCredentials>>,
    /// The token of `Authorization: Bearer`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, write_only)]
    bearer: Option<Option<Secret>>,
    /// The name of one of the operator's proxies.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, write_only)]
    proxy: Option<Option<String>>,
}

/// A name and a password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BasicCredentials {
    #[schema(value_type = String)]
    user: Secret,
    #[serde(default)]
    #[schema(value_type = String)]
    password: Secret,
}

/// Tells `null` from what is absent.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl From<SourceRequest> for RequestChange {
    fn from(given: SourceRequest) -> Self {
        let basic = |BasicCredentials { user, password }: BasicCredentials| {
            domain::BasicCredentials { user, password }
        };
        Self {
            user_agent: given.user_agent,
            headers: given.headers,
            cookie: given.cookie,
            basic: given.basic.map(|given| given.map(basic)),
            bearer: given.bearer,
            proxy: given.proxy,
        }
    }
}

impl From<SourceRequest> for domain::SourceRequest {
    fn from(given: SourceRequest) -> Self {
        RequestChange::from(given).apply(&Self::default())
    }
}
