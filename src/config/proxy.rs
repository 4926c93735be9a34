//! The address of a proxy, which may hold a password.

use autoglm_domain::Secret;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use url::Url;

/// `scheme://user:password@host:port`; shown without name and password.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ProxyAddress(Secret);

impl ProxyAddress {
    /// The address itself, for the client.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    fn shown(&self) -> String {
        match Url::parse(self.0.expose()) {
            Ok(url) if url.has_host() => {
                let login =
                    if url.has_authority() && is_logged_in(&url) { "<hidden>@" } else { "" };
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                let host = url.host_str().unwrap_or_default();
                format!("{}://{login}{host}{port}", url.scheme())
            }
            _ => "<hidden>".to_owned(),
        }
    }
}

fn is_logged_in(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

impl fmt::Debug for ProxyAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown())
    }
}

impl Serialize for ProxyAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown())
    }
}
