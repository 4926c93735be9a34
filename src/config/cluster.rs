//! Several nodes: links between them, the shared cache, and which of them does what.

use super::Config;
use super::secret::Secret;
use crate::role::Role;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Links to other nodes on the same PostgreSQL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClusterConfig {
    /// Address and port for links from other nodes, such as `0.0.0.0:8100`; empty for none.
    pub bind: String,
    /// `host:port` by which other nodes reach that; empty for `bind` itself.
    pub advertise: String,
    /// Folder with `ca.pem`, `node.pem` and `node.key`; empty for links without encryption, which
    /// are for loopback only.
    pub certificates: String,
}

/// The cache that nodes share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheConfig {
    /// `redis://…`, or empty for none: then every node remembers for itself.
    pub redis_url: Secret,
    /// File with that address.
    pub redis_url_file: Option<PathBuf>,
}

impl Config {
    /// Where links from other nodes come in; `None` for a node without links.
    ///
    /// # Errors
    /// For what is no address.
    pub fn cluster_bind(&self) -> Result<Option<SocketAddr>> {
        let bind = &self.cluster.bind;
        if bind.is_empty() {
            return Ok(None);
        }
        let address = bind.parse().with_context(|| {
            format!("cluster.bind: {bind:?} is no address with a port, such as 0.0.0.0:8100")
        })?;
        Ok(Some(address))
    }

    /// The folder of certificates, if links are encrypted.
    #[must_use]
    pub fn cluster_certificates(&self) -> Option<PathBuf> {
        let folder = &self.cluster.certificates;
        (!folder.is_empty()).then(|| PathBuf::from(folder))
    }

    /// Whether this node has a role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.node.roles.iter().any(|name| name == role || name == "all")
    }

    pub(super) fn validate_cluster(&self) -> Result<()> {
        let bind = self.cluster_bind()?;
        if bind.is_some() && self.database.url.is_empty() {
            bail!(
                "cluster.bind is set, but nodes meet in a PostgreSQL and this one has SQLite; \
                 set database.url, or leave cluster.bind empty for a node alone"
            );
        }
        if let Some(bind) = bind
            && !bind.ip().is_loopback()
            && self.cluster.certificates.is_empty()
        {
            bail!(
                "cluster.bind is {bind}, which others can reach, but links have no certificates; \
                 make some with `autoglm cluster certs` and set cluster.certificates, or bind to \
                 127.0.0.1"
            );
        }
        if let Some(bind) = bind
            && bind.ip().is_unspecified()
            && self.cluster.advertise.is_empty()
        {
            bail!(
                "cluster.bind is {bind}, which is no address that others can dial; set \
                 cluster.advertise to the name or address by which they reach this node, such as \
                 a.lan:{}",
                bind.port()
            );
        }
        if !self.cache.redis_url.is_empty() && self.database.url.is_empty() {
            bail!(
                "cache.redis_url is set, but a node on SQLite is alone and shares no cache; leave \
                 it empty, or set database.url"
            );
        }
        self.validate_roles(bind)
    }

    /// Without links some shards would never have an owner that can be reached.
    fn validate_roles(&self, bind: Option<SocketAddr>) -> Result<()> {
        if self.node.roles.is_empty() {
            bail!("node.roles is empty; use [all], or any of fetch, infer, recommend and serve");
        }
        for role in &self.node.roles {
            role.parse::<Role>()?;
        }
        if bind.is_none() && !self.has_role("all") {
            bail!(
                "node.roles is {:?}, but this node has no links to others and must do everything; \
                 use [all], or set cluster.bind and database.url",
                self.node.roles
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tests::parse;

    #[test]
    fn a_part_of_the_roles_needs_links_to_others() {
        let error = parse("node:\n  roles: [serve]\n").expect_err("never ready").to_string();
        assert!(error.contains("node.roles") && error.contains("cluster.bind"), "{error}");
        parse("node:\n  roles: [all]\n").expect("the default");
        let linked = "node:\n  roles: [serve]\ncluster:\n  bind: 127.0.0.1:0\n\
                      database:\n  url: postgres://localhost/news\n";
        let config = parse(linked).expect("several nodes");
        assert!(config.has_role("serve") && !config.has_role("infer"));
        let error = parse("node:\n  roles: []\n").expect_err("does nothing").to_string();
        assert!(error.contains("node.roles"), "{error}");
    }

    #[test]
    fn links_need_postgresql_and_beyond_loopback_certificates() {
        let error = parse("cluster:\n  bind: 127.0.0.1:0\n").expect_err("SQLite").to_string();
        assert!(error.contains("database.url"), "{error}");
        let open = "cluster:\n  bind: 0.0.0.0:8100\ndatabase:\n  url: postgres://localhost/news\n";
        let error = parse(open).expect_err("no certificates").to_string();
        assert!(error.contains("autoglm cluster certs"), "{error}");
        let nowhere = format!("{open}cache:\n  redis_url: redis://localhost/0\n")
            .replace("cluster:\n", "cluster:\n  certificates: /etc/autoglm\n");
        let error = parse(&nowhere).expect_err("nobody can dial it").to_string();
        assert!(error.contains("cluster.advertise"), "{error}");
        let error = parse("cache:\n  redis_url: redis://localhost/0\n").expect_err("SQLite");
        assert!(error.to_string().contains("cache.redis_url"), "{error}");
        let error = parse("cluster:\n  bind: here\n").expect_err("no address").to_string();
        assert!(error.contains("cluster.bind"), "{error}");
    }
}
