//! Refuses requests for names that are not ours: the defence against DNS rebinding, where a
//! stranger's name is made to point at this server so that the stranger's page may read from it.

use crate::config::ApiConfig;
use crate::error::Problem;
use crate::state::ApiState;
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use url::Url;

/// The names this server answers to.
#[derive(Debug, Clone)]
pub(crate) struct AllowedHosts {
    /// Lower-case name, and the port if it must be that one.
    names: Vec<(String, Option<u16>)>,
    /// Bound to all addresses: every IP literal is ours, and no name can be rebound into one.
    any_address: bool,
    /// Scheme, host and port of the public address, as browsers write an origin.
    public_origin: Option<String>,
}

impl AllowedHosts {
    /// Reads the settings; entries that are no host are left out with a warning.
    pub(crate) fn new(config: &ApiConfig) -> Self {
        let mut names: Vec<(String, Option<u16>)> =
            ["localhost", "127.0.0.1", "[::1]"].map(|name| (name.to_owned(), None)).into();
        if !config.bind.ip().is_unspecified() {
            names.push((literal(config.bind.ip()), None));
        }
        for entry in &config.allowed_hosts {
            match split(entry) {
                Some(name) => names.push(name),
                None => tracing::warn!(%entry, "an allowed host is not a host name and is ignored"),
            }
        }
        let public = config.public_url.as_deref().and_then(|url| Url::parse(url).ok());
        if let (Some(url), None) = (&config.public_url, &public) {
            tracing::warn!(%url, "the public address is not an absolute URL and is ignored");
        }
        if let Some(host) = public.as_ref().and_then(Url::host_str) {
            names.push((host.to_ascii_lowercase(), None));
        }
        let public_origin = public.map(|url| url.origin().ascii_serialization());
        Self { names, any_address: config.bind.ip().is_unspecified(), public_origin }
    }

    /// Whether `authority` (`name` or `name:port`) is one of ours.
    pub(crate) fn contains(&self, authority: &str) -> bool {
        let Some((name, port)) = split(authority) else { return false };
        let named = self.names.iter().any(|(known, wanted)| {
            *known == name && (wanted.is_none() || *wanted == port || is_unwritten(*wanted, port))
        });
        named || (self.any_address && is_address(&name))
    }

    /// Whether a browser page from `origin` is ours, given the Host it sent the request to.
    pub(crate) fn is_own_origin(&self, origin: &str, host: &str) -> bool {
        if self.public_origin.as_deref() == Some(origin) {
            return true;
        }
        origin_host(origin).is_some_and(|own| own == without_default_port(host))
    }

    /// Whether the host of `origin` is one of ours, whatever its port.
    pub(crate) fn contains_origin(&self, origin: &str) -> bool {
        self.public_origin.as_deref() == Some(origin)
            || origin_host(origin).is_some_and(|host| {
                let name = split(&host).map(|(name, _)| name).unwrap_or_default();
                self.contains(&host) || self.names.iter().any(|(known, _)| *known == name)
            })
    }
}

/// Browsers leave out the port that belongs to the scheme, which is not known here.
fn is_unwritten(wanted: Option<u16>, given: Option<u16>) -> bool {
    given.is_none() && matches!(wanted, Some(80 | 443))
}

fn literal(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

fn is_address(name: &str) -> bool {
    name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok()
}

/// Name and port; the name in lower case and without the final dot of a rooted name.
fn split(authority: &str) -> Option<(String, Option<u16>)> {
    if authority.contains('@') {
        return None;
    }
    let authority: Authority = authority.trim().parse().ok()?;
    let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
    let digits = authority.as_str().get(authority.host().len()..).unwrap_or_default();
    let port_is_read = digits.is_empty() || authority.port_u16().is_some();
    (!host.is_empty() && port_is_read).then(|| (host, authority.port_u16()))
}

/// `host[:port]` of an http(s) origin, without the scheme's own port.
fn origin_host(origin: &str) -> Option<String> {
    let (scheme, rest) = origin.split_once("://")?;
    let own_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let rest = rest.to_ascii_lowercase();
    Some(rest.strip_suffix(own_port).unwrap_or(&rest).to_owned())
}

fn without_default_port(host: &str) -> String {
    let host = host.trim().to_ascii_lowercase();
    let short = host.strip_suffix(":80").or_else(|| host.strip_suffix(":443"));
    short.unwrap_or(&host).to_owned()
}

/// The one Host a request names, from the header or an absolute request line.
pub(crate) fn of_request<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let mut given = headers.get_all(HOST).iter();
    let header = given.next().map(|value| value.to_str().unwrap_or_default());
    if given.next().is_some() {
        return None;
    }
    match (header, uri.authority()) {
        (Some(header), Some(authority)) if !header.eq_ignore_ascii_case(authority.as_str()) => None,
        (Some(header), _) => Some(header),
        (None, authority) => authority.map(Authority::as_str),
    }
}

/// Lets only requests for our own names pass.
pub(crate) async fn check(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    match of_request(request.headers(), request.uri()) {
        Some(host) if state.hosts.contains(host) => next.run(request).await,
        Some(host) => {
            let shown: String = host.chars().take(100).collect();
            Problem::forbidden(format!(
                "this server does not answer to the name {shown:?}; if it should, add it to \
                 server.allowed_hosts in the configuration"
            ))
            .with_status(StatusCode::MISDIRECTED_REQUEST)
            .into_response()
        }
        None => Problem::invalid("the request names no host, or several; send one Host header")
            .into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::SocketAddr;

    fn hosts(bind: &str, allowed: &[&str], public: Option<&str>) -> AllowedHosts {
        AllowedHosts::new(&ApiConfig {
            bind: bind.parse::<SocketAddr>().expect("an address"),
            allowed_hosts: allowed.iter().map(|name| (*name).to_owned()).collect(),
            public_url: public.map(str::to_owned),
            ..ApiConfig::default()
        })
    }

    #[test]
    fn only_names_of_this_server_are_answered() {
        let hosts = hosts(
            "10.0.0.5:8000",
            &["news.lan", "odd.lan:9000", "tls.lan:443"],
            Some("https://n.org/"),
        );
        let ours = ["localhost:8000", "LOCALHOST", "127.0.0.1:1", "[::1]:8000", "10.0.0.5:8000"];
        for name in
            ours.into_iter().chain(["news.lan.", "news.lan:80", "odd.lan:9000", "n.org", "tls.lan"])
        {
            assert!(hosts.contains(name), "{name}");
        }
        for name in [
            "evil.org",
            "localhost.evil.org",
            "odd.lan",
            "10.0.0.6",
            "a@localhost",
            "",
            "localhost:x",
        ] {
            assert!(!hosts.contains(name), "{name}");
        }
    }

    #[test]
    fn bound_everywhere_an_address_is_ours_but_a_name_is_not() {
        let hosts = hosts("0.0.0.0:8000", &[], None);
        assert!(hosts.contains("192.168.1.7:8000"));
        assert!(hosts.contains("[fd00::1]:8000"));
        assert!(!hosts.contains("rebound.evil.org:8000"));
    }

    #[test]
    fn an_origin_is_ours_at_the_same_host_and_port_or_at_the_public_address() {
        let hosts = hosts("127.0.0.1:8000", &[], Some("https://news.example.org"));
        assert!(hosts.is_own_origin("http://localhost:8000", "localhost:8000"));
        assert!(hosts.is_own_origin("https://news.example.org", "127.0.0.1:8000"));
        assert!(hosts.is_own_origin("https://localhost", "localhost:443"));
        assert!(!hosts.is_own_origin("http://localhost:3000", "localhost:8000"));
        assert!(!hosts.is_own_origin("null", "localhost:8000"));
        assert!(!hosts.is_own_origin("http://evil.org", "localhost:8000"));
    }

    proptest! {
        #[test]
        fn a_name_is_ours_only_if_it_is_ours_to_the_letter(name in "[a-z0-9.@:\\[\\]-]{0,20}(localhost|127\\.0\\.0\\.1|\\[::1\\])[a-z0-9.@:-]{0,10}") {
            let hosts = hosts("127.0.0.1:8000", &[], None);
            if hosts.contains(&name) {
                let host = name.rsplit_once(':').filter(|_| !name.ends_with(']')).map_or(name.as_str(), |(host, _)| host);
                let host = host.trim_end_matches('.');
                prop_assert!(["localhost", "127.0.0.1", "[::1]"].contains(&host), "{}", name);
            }
        }
    }
}
