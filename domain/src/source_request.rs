//! How one source is asked where a reader has something of their own to say: a login, a header, a way
//! out. Mostly secrets, which is why a source with such settings belongs to one reader alone.

mod check;

use crate::{ReaderId, Secret};
pub use check::RequestProblem;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The reader a source belongs to, and how it is asked for them. Its articles are shown to nobody
/// else, also when nothing is set any more: they came by secrets once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Private {
    /// The one reader who may see it.
    pub owner: ReaderId,
    /// How it is asked.
    pub request: SourceRequest,
}

/// What is said to a source beyond what every request says. Serialising it hides the secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceRequest {
    /// Instead of the node's own; sent wherever the source's requests lead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// More headers by name, in lower case once checked.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Secret>,
    /// The `Cookie` header as a browser sends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie: Option<Secret>,
    /// HTTP basic authentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic: Option<BasicCredentials>,
    /// The token of `Authorization: Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearer: Option<Secret>,
    /// The name of one of the operator's proxies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
}

/// A name and a password.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasicCredentials {
    /// The name; secret too, for it is often an address of somebody.
    pub user: Secret,
    /// The password; may be empty.
    #[serde(default)]
    pub password: Secret,
}

impl SourceRequest {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether anything is set that only the source itself may see.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        !self.headers.is_empty()
            || self.cookie.is_some()
            || self.basic.is_some()
            || self.bearer.is_some()
    }

    /// The names of what is set, never the values.
    #[must_use]
    pub fn names_set(&self) -> Vec<String> {
        let parts = [
            ("user_agent", self.user_agent.is_some()),
            ("cookie", self.cookie.is_some()),
            ("basic", self.basic.is_some()),
            ("bearer", self.bearer.is_some()),
            ("proxy", self.proxy.is_some()),
        ];
        let parts = parts.into_iter().filter(|(_, set)| *set).map(|(name, _)| name.to_owned());
        parts.chain(self.headers.keys().map(|name| format!("headers.{name}"))).collect()
    }
}

/// Header values by name; `None` takes a header away.
pub type HeaderChanges = BTreeMap<String, Option<Secret>>;

/// Changes of a [`SourceRequest`]. Not given leaves a thing as it is, `Some(None)` takes it away:
/// what is kept is never shown, so it cannot be sent back either.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestChange {
    /// See [`SourceRequest::user_agent`].
    pub user_agent: Option<Option<String>>,
    /// See [`SourceRequest::headers`]; `Some(None)` takes all of them away.
    pub headers: Option<Option<HeaderChanges>>,
    /// See [`SourceRequest::cookie`].
    pub cookie: Option<Option<Secret>>,
    /// See [`SourceRequest::basic`].
    pub basic: Option<Option<BasicCredentials>>,
    /// See [`SourceRequest::bearer`].
    pub bearer: Option<Option<Secret>>,
    /// See [`SourceRequest::proxy`].
    pub proxy: Option<Option<String>>,
}

impl RequestChange {
    /// Takes everything away.
    #[must_use]
    pub fn clear() -> Self {
        Self {
            user_agent: Some(None),
            headers: Some(None),
            cookie: Some(None),
            basic: Some(None),
            bearer: Some(None),
            proxy: Some(None),
        }
    }

    /// What becomes of settings by this change; not yet checked.
    #[must_use]
    pub fn apply(self, request: &SourceRequest) -> SourceRequest {
        let request = request.clone();
        SourceRequest {
            user_agent: self.user_agent.unwrap_or(request.user_agent),
            headers: changed_headers(request.headers, self.headers),
            cookie: self.cookie.unwrap_or(request.cookie),
            basic: self.basic.unwrap_or(request.basic),
            bearer: self.bearer.unwrap_or(request.bearer),
            proxy: self.proxy.unwrap_or(request.proxy),
        }
    }
}

fn changed_headers(
    mut headers: BTreeMap<String, Secret>,
    changes: Option<Option<HeaderChanges>>,
) -> BTreeMap<String, Secret> {
    match changes {
        None => headers,
        Some(None) => BTreeMap::new(),
        Some(Some(changes)) => {
            for (name, value) in changes {
                // Kept names are in lower case; a given one takes the place of its kept twin.
                headers.remove(&name.trim().to_ascii_lowercase());
                headers.extend(value.map(|value| (name, value)));
            }
            headers
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> SourceRequest {
        SourceRequest {
            user_agent: Some("Mine/1".into()),
            headers: BTreeMap::from([("x-key".to_owned(), Secret::new("k-e-y"))]),
            cookie: Some(Secret::new("c-o-o-k-i-e")),
            basic: Some(BasicCredentials {
                user: Secret::new("a-d-a"),
                password: Secret::new("p-w"),
            }),
            bearer: None,
            proxy: Some("office".into()),
        }
    }

    #[test]
    fn what_is_set_is_named_and_no_value_is_ever_printed() {
        let private = Private { owner: ReaderId(1), request: full() };
        let names = private.request.names_set();
        assert_eq!(names, ["user_agent", "cookie", "basic", "proxy", "headers.x-key"]);
        let shown = format!("{private:?} {names:?}");
        for secret in ["k-e-y", "c-o-o-k-i-e", "a-d-a", "p-w"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn a_change_replaces_takes_away_and_leaves() {
        let change = RequestChange {
            cookie: Some(None),
            bearer: Some(Some(Secret::new("new"))),
            headers: Some(Some(BTreeMap::from([
                ("X-Key".to_owned(), None),
                ("accept".to_owned(), Some(Secret::new("text/xml"))),
            ]))),
            ..RequestChange::default()
        };
        let after = change.apply(&full());
        assert_eq!(after.names_set(), ["user_agent", "basic", "bearer", "proxy", "headers.accept"]);
        assert!(RequestChange::clear().apply(&full()).is_empty());
        assert_eq!(RequestChange::default().apply(&full()), full());
    }

    #[test]
    fn an_agent_or_a_way_out_alone_is_nothing_to_hide_from_others() {
        let only = SourceRequest { user_agent: full().user_agent, ..SourceRequest::default() };
        assert!(!only.has_credentials() && !only.is_empty());
        assert!(full().has_credentials());
    }
}
