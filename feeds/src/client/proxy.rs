//! The operator's proxies: ways out that a source may be asked by.
//!
//! An `http`, `https` or `socks5h` proxy resolves names itself, so only literal addresses and names of
//! inside networks are refused before it; behind `socks5` names are resolved and checked here.

use super::resolver::{GuardedResolver, NameNotFound};
use crate::error::Error;
use autoglm_domain::Secret;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::fmt;
use std::net::SocketAddr;
use url::Url;

/// Most proxies: each has connections of its own.
const PROXIES_MAX: usize = 32;
/// Longest name of one, in bytes.
const NAME_BYTES_MAX: usize = 40;
/// How they are spoken to.
const SCHEMES: [&str; 4] = ["http", "https", "socks5", "socks5h"];

/// A client whose requests all go by one proxy.
#[derive(Clone)]
pub(super) struct Proxied {
    pub(super) http: reqwest::Client,
    /// The proxy's own machine, which is no source.
    pub(super) host: String,
}

impl fmt::Debug for Proxied {
    /// Without the client, which would print the proxy's password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Proxied").field("host", &self.host).finish_non_exhaustive()
    }
}

/// Checks names and addresses of proxies.
///
/// # Errors
/// [`Error::Proxy`], without the address: it may hold a password.
pub fn check_proxies(proxies: &[(String, Secret)]) -> Result<(), Error> {
    if proxies.len() > PROXIES_MAX {
        return refuse(
            "",
            &format!("there are {}, at most {PROXIES_MAX} can be used", proxies.len()),
        );
    }
    proxies.iter().try_for_each(|(name, address)| parse(name, address).map(|_| ()))
}

/// Reads one.
pub(super) fn parse(name: &str, address: &Secret) -> Result<Url, Error> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(plain) {
        return refuse(name, "its name has other characters than a-z, 0-9, - and _");
    }
    let Ok(url) = Url::parse(address.expose()) else {
        return refuse(name, "its address cannot be read; write scheme://host:port");
    };
    if !SCHEMES.contains(&url.scheme()) || url.host().is_none() {
        return refuse(
            name,
            "its address has no host, or another scheme than http, https, socks5 or socks5h",
        );
    }
    Ok(url)
}

fn refuse<T>(name: &str, why: &str) -> Result<T, Error> {
    Err(Error::Proxy { name: name.chars().take(NAME_BYTES_MAX).collect(), why: why.to_owned() })
}

/// The host of a proxy as it stands in an address.
pub(super) fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_ascii_lowercase()
}

/// How requests are led there.
pub(super) fn way(name: &str, url: Url) -> Result<reqwest::Proxy, Error> {
    // What it says is left out: it could hold the password.
    let way = reqwest::Proxy::all(url);
    way.or_else(|_| refuse(name, "its address cannot be used; write scheme://host:port"))
}

/// Resolves the proxy's own name without the rule against private networks, since the operator chose
/// it; every other name as ever.
#[derive(Debug)]
pub(super) struct ProxyResolver {
    host: String,
    guarded: GuardedResolver,
}

impl ProxyResolver {
    pub(super) fn new(proxy: &Url, guarded: GuardedResolver) -> Self {
        Self { host: host_of(proxy), guarded }
    }
}

impl Resolve for ProxyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        if !self.host.eq_ignore_ascii_case(name.as_str())
            || self.guarded.guard.pinned(name.as_str()).is_some()
        {
            return self.guarded.resolve(name);
        }
        let lookup = self.guarded.lookup.clone();
        Box::pin(async move {
            let found = lookup.find(name.as_str()).await?;
            if found.is_empty() {
                return Err(NameNotFound("it has no address".to_owned()).into());
            }
            Ok(Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}
