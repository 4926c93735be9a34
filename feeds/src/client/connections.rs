//! How connections are made: one client for direct ones, one for each proxy, all with the same limits.

use super::ClientConfig;
use super::guard::Guard;
use super::proxy::{self, Proxied, ProxyResolver};
use super::resolver::{GuardedResolver, Lookup};
use crate::error::Error;
use reqwest::dns::Resolve;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Most headers of an answer: shops send hundreds of cookies; more is an attack.
const HEADERS_MAX: usize = 1_000;

/// Every way out of the node.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    pub(super) direct: reqwest::Client,
    pub(super) proxied: Arc<BTreeMap<String, Proxied>>,
}

impl Connections {
    pub(super) fn new(
        config: &ClientConfig,
        guard: &Arc<Guard>,
        lookup: Lookup,
    ) -> Result<Self, Error> {
        let resolver = GuardedResolver { guard: Arc::clone(guard), lookup };
        let certificates = root_certificates()?;
        let build = |resolver: Arc<dyn Resolve>, proxy: Option<reqwest::Proxy>| {
            let builder = builder(config).dns_resolver(resolver);
            let builder = builder.tls_certs_merge(certificates.clone());
            proxy.into_iter().fold(builder, reqwest::ClientBuilder::proxy).build()
        };
        proxy::check_proxies(&config.proxies)?;
        let mut proxied = BTreeMap::new();
        for (name, address) in &config.proxies {
            let url = proxy::parse(name, address)?;
            let resolver = Arc::new(ProxyResolver::new(&url, resolver.clone()));
            let host = proxy::host_of(&url);
            let http = build(resolver, Some(proxy::way(name, url)?))?;
            proxied.insert(name.clone(), Proxied { http, host });
        }
        let direct = build(Arc::new(resolver), None)?;
        Ok(Self { direct, proxied: Arc::new(proxied) })
    }
}

fn builder(config: &ClientConfig) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(&config.user_agent)
        // Nothing from the environment; the proxy of a client is added after this.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(config.connect_timeout)
        .timeout(config.timeout)
        .http1_max_headers(HEADERS_MAX)
        // Read here, because servers mean two things by it; see `inflate`.
        .no_deflate()
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(Duration::from_secs(30))
}

fn root_certificates() -> Result<Vec<reqwest::Certificate>, Error> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .map(|der| {
            reqwest::Certificate::from_der(der)
                .map_err(|error| Error::RootCertificates(error.to_string()))
        })
        .collect()
}
