//! Roles: what a node runs.

use std::str::FromStr;

/// One part of the work; a node runs all of them or some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything.
    All,
    /// Fetches the sources of the hosts it owns.
    Fetch,
    /// Offers its devices.
    Infer,
    /// Owns readers.
    Recommend,
    /// Serves the page and the interface.
    Serve,
}

impl FromStr for Role {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "all" => Ok(Self::All),
            "fetch" => Ok(Self::Fetch),
            "infer" => Ok(Self::Infer),
            "recommend" => Ok(Self::Recommend),
            "serve" => Ok(Self::Serve),
            other => anyhow::bail!(
                "node.roles: {other:?} is not a role; use all, fetch, infer, recommend or serve"
            ),
        }
    }
}
