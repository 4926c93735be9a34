//! The address rules: which URLs and which IP addresses a fetch may ever touch.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// Longest URL that is accepted, in bytes.
pub const URL_BYTES_MAX: usize = 8 * 1024;

/// Endings of names that never belong to the public internet: RFC 6761, RFC 6762, RFC 8375 and the
/// names ICANN and cloud vendors reserve for inside networks.
const INTERNAL_SUFFIXES: &[&str] = &[
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "home.arpa",
    "in-addr.arpa",
    "ip6.arpa",
];

/// Networks of IPv4 that are not the public internet (IANA special-purpose registry, RFC 6890),
/// as (network, prefix length). The last is the host service of one cloud, public in form only.
const SPECIAL_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
];

/// Networks within 2000::/3 that are not the public internet, as (network, prefix length):
/// IETF protocol assignments with Teredo, documentation twice, and 6to4.
const SPECIAL_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether an address belongs to the public internet. IPv4 inside IPv6 (mapped, NAT64) is judged
/// by the IPv4 address it carries.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = u32::from(address);
    !SPECIAL_V4.iter().any(|(network, length)| {
        let mask = u32::MAX << (32 - length);
        bits & mask == u32::from(*network)
    })
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let carried = Ipv4Addr::from((u32::from(segments[6]) << 16) | u32::from(segments[7]));
    let well_known_nat64 = segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
    if address.to_ipv4_mapped().is_some() || well_known_nat64 {
        return is_public_v4(carried);
    }
    // Only 2000::/3 is global unicast; loopback, local, multicast and the rest lie outside.
    if segments[0] & 0xe000 != 0x2000 {
        return false;
    }
    let bits = u128::from(address);
    !SPECIAL_V6.iter().any(|(network, length)| {
        let mask = u128::MAX << (128 - length);
        bits & mask == u128::from(*network)
    })
}

/// Why the guard refuses an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It cannot be read as a URL.
    #[error("it is not a web address")]
    NotAUrl,
    /// Another scheme than http and https.
    #[error("its scheme is {0}, only http and https are fetched")]
    Scheme(String),
    /// A name of an inside network.
    #[error("{0} is a name of a private network")]
    InternalName(String),
    /// An address outside the public internet.
    #[error("{0} is not an address of the public internet")]
    PrivateAddress(IpAddr),
}

/// The rules with the configured exemptions.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allow_private: bool,
    exact: HashMap<String, IpAddr>,
    suffixes: Vec<(String, IpAddr)>,
}

impl Guard {
    /// Rules that allow private networks or not, with names that are pinned to an address and
    /// exempt. A pinned name is exact (`feed.demo`) or a suffix (`*.demo`); `Err` is a bad one.
    pub fn new(allow_private: bool, resolve: &[(String, IpAddr)]) -> Result<Self, String> {
        let mut guard = Self { allow_private, ..Self::default() };
        for (name, address) in resolve {
            let lower = name.trim().trim_end_matches('.').to_ascii_lowercase();
            let (suffix, bare) = match lower.strip_prefix("*.") {
                Some(bare) => (true, bare.to_owned()),
                None => (false, lower),
            };
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
            if bare.is_empty() || !bare.chars().all(plain) {
                return Err(name.clone());
            }
            if suffix {
                guard.suffixes.push((format!(".{bare}"), *address));
            } else {
                guard.exact.insert(bare, *address);
            }
        }
        Ok(guard)
    }

    /// The address a name is pinned to, if it is.
    #[must_use]
    pub fn pinned(&self, host: &str) -> Option<IpAddr> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.exact.get(&host).copied().or_else(|| {
            let mut matching = self.suffixes.iter().filter(|(suffix, _)| host.ends_with(suffix));
            matching.next().map(|(_, address)| *address)
        })
    }

    /// Whether a connection to this address may be made for a name that is not pinned.
    #[must_use]
    pub fn admits(&self, address: IpAddr) -> bool {
        self.allow_private || is_public(address)
    }

    /// Reads a URL and checks all that can be known before its name is resolved. The result has
    /// neither user name nor password nor fragment.
    pub fn check_url(&self, text: &str) -> Result<Url, Refusal> {
        if text.len() > URL_BYTES_MAX {
            return Err(Refusal::NotAUrl);
        }
        let mut url = Url::parse(text.trim()).map_err(|_| Refusal::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal::Scheme(url.scheme().to_owned()));
        }
        // Cannot fail for http and https; if it ever did, the credentials would only travel on.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        match url.host() {
            Some(Host::Ipv4(address)) => self.check_literal(IpAddr::V4(address))?,
            Some(Host::Ipv6(address)) => self.check_literal(IpAddr::V6(address))?,
            Some(Host::Domain(name)) => self.check_name(name)?,
            None => return Err(Refusal::NotAUrl),
        }
        Ok(url)
    }

    fn check_literal(&self, address: IpAddr) -> Result<(), Refusal> {
        if self.admits(address) { Ok(()) } else { Err(Refusal::PrivateAddress(address)) }
    }

    fn check_name(&self, name: &str) -> Result<(), Refusal> {
        if self.allow_private || self.pinned(name).is_some() {
            return Ok(());
        }
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        // A name without a dot is looked up in the search domain of the machine: inside.
        let internal = !name.contains('.')
            || INTERNAL_SUFFIXES
                .iter()
                .any(|suffix| name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.')));
        if internal { Err(Refusal::InternalName(name)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> bool {
        Guard::default().check_url(url).is_err()
    }

    #[test]
    fn every_spelling_of_an_inside_address_is_refused() {
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://①②⑦。⓪。⓪。①/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[64:ff9b::192.168.0.1]/",
            "http://[2002:7f00:1::1]/",
            "http://[fd00::1]/",
            "http://[fe80::1]/",
            "http://[ff02::1]/",
            "http://100.64.0.1/",
            "http://169.254.169.254/latest",
            "http://0.0.0.0/",
            "http://255.255.255.255/",
            "http://user@10.0.0.1/",
        ] {
            assert!(refused(url), "{url} was let through");
        }
    }

    #[test]
    fn names_of_inside_networks_are_refused_without_a_lookup() {
        for url in [
            "http://localhost/",
            "http://a.localhost./",
            "http://printer/",
            "http://db.internal/",
            "http://nas.local:8080/x",
        ] {
            assert!(refused(url), "{url} was let through");
        }
    }

    #[test]
    fn only_http_and_https_are_fetched() {
        for url in ["file:///etc/passwd", "ftp://example.com/", "gopher://example.com/", "x"] {
            assert!(refused(url));
        }
    }

    #[test]
    fn the_public_internet_is_allowed_and_credentials_are_dropped() {
        let guard = Guard::default();
        for url in [
            "http://8.8.8.8/",
            "https://[2606:4700::1111]/",
            "https://example.com:8443/f",
            "http://[64:ff9b::8.8.8.8]/",
        ] {
            assert!(guard.check_url(url).is_ok(), "{url} was refused");
        }
        let url = guard.check_url("https://me:secret@example.com/feed#top").expect("is public");
        assert_eq!(url.as_str(), "https://example.com/feed");
    }

    #[test]
    fn only_the_named_hosts_are_exempt() {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let resolve = [("*.demo".to_owned(), loopback), ("feed.test".to_owned(), loopback)];
        let guard = Guard::new(false, &resolve).expect("names are good");
        assert_eq!(guard.pinned("s001.demo"), Some(loopback));
        assert_eq!(guard.pinned("S001.Demo."), Some(loopback));
        assert_eq!(guard.pinned("demo"), None);
        assert_eq!(guard.pinned("evildemo"), None);
        assert_eq!(guard.pinned("a.feed.test"), None);
        assert!(guard.check_url("http://s001.demo:8080/").is_ok());
        assert!(guard.check_url("http://localhost/").is_err());
        assert!(guard.check_url("http://127.0.0.1/").is_err());
        assert!(!guard.admits(loopback));
        assert!(Guard::new(false, &[("*.".to_owned(), loopback)]).is_err());
    }
}
