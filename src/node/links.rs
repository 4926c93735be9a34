//! The links of this node to others and the cache they share, as configured.

use crate::config::Config;
use anyhow::{Context as _, Result, bail};
use autoglm_actors::tree::TreeLinks;
use autoglm_cluster::transport::tls::TlsContext;
use autoglm_cluster::{Security, TransportListener};
use autoglm_models::Store;
use autoglm_models::cache::{Caches, RedisConfig, RedisLink};
use std::path::{Path, PathBuf};

/// The fact of the cluster under whose name its nodes remember things in Redis.
const CACHE_NAMESPACE: &str = "cache_namespace";

/// Opens the port for links from other nodes; `None` for a node without links.
///
/// # Errors
/// Certificates that cannot be used, a port that cannot be opened; each says what to do.
pub(super) async fn open(config: &Config) -> Result<Option<TreeLinks>> {
    let Some(bind) = config.cluster_bind()? else {
        if !config.database.url.is_empty() {
            tracing::info!(
                "no links to other nodes: on PostgreSQL several nodes can work together, set cluster.bind"
            );
        }
        return Ok(None);
    };
    let security = match config.cluster_certificates() {
        None => Security::Plain,
        Some(folder) => Security::Tls(certificates(&folder, &config.node_name())?),
    };
    let listener = TransportListener::bind(bind, security).await.context("cluster.bind")?;
    let advertise = match config.cluster.advertise.as_str() {
        "" => listener.address().to_string(),
        given => given.to_owned(),
    };
    let faults = &config.testing.link_faults;
    let fault_file = (!faults.is_empty()).then(|| PathBuf::from(faults));
    Ok(Some(TreeLinks { listener, advertise, fault_file }))
}

/// The certificates of this node. Peers would refuse a node whose certificate has another name, and
/// only their logs would say why.
fn certificates(folder: &Path, node: &str) -> Result<TlsContext> {
    let context = TlsContext::load(folder).context("cluster.certificates cannot be used")?;
    let own = context.own_name();
    if !own.is(node) {
        bail!(
            "cluster.certificates: the certificate in {} names {:?}, but this node is called \
             {node:?}; set node.name, or make one with `autoglm cluster certs`",
            folder.display(),
            own.names
        );
    }
    Ok(context)
}

/// What this node remembers, and shares with others when there can be any.
///
/// # Errors
/// When the database does not say under which name the nodes share it.
pub(super) async fn caches(config: &Config, store: &Store) -> Result<Caches> {
    if config.database.url.is_empty() {
        return Ok(Caches::alone());
    }
    let url = &config.cache.redis_url;
    if url.is_empty() {
        return Ok(Caches::shared(None));
    }
    let mut redis = RedisConfig::at(url.clone());
    // Installations that share a Redis must never read what another one remembers.
    redis.namespace = store.agreed_fact(CACHE_NAMESPACE, &namespace()).await?;
    Ok(Caches::shared(Some(RedisLink::connect(redis))))
}

fn namespace() -> String {
    format!("autoglm-{:016x}", rand::random::<u64>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_cluster::transport::authority::make_development_authority;

    #[test]
    fn a_certificate_of_another_node_is_refused_before_peers_would_refuse_it() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let names = ["a".to_owned(), "b".to_owned()];
        make_development_authority(folder.path(), &names, false).expect("made");
        let of_a = folder.path().join("a");
        certificates(&of_a, "a").expect("its own");
        let error = certificates(&of_a, "b").expect_err("another one").to_string();
        assert!(error.contains("node.name") && error.contains("\"b\""), "{error}");
    }
}
