//! The links of this node to others, as configured.

use crate::config::Config;
use anyhow::{Context as _, Result};
use autoglm_actors::tree::TreeLinks;
use autoglm_cluster::transport::tls::TlsContext;
use autoglm_cluster::{Security, TransportListener};
use std::path::PathBuf;

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
        Some(folder) => {
            Security::Tls(TlsContext::load(&folder).context("cluster.certificates cannot be used")?)
        }
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
