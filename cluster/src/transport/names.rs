//! A node's name inside a certificate: as a DNS name where it is one, else percent-encoded in a URI.

use rustls::pki_types::ServerName;
use std::fmt::Write as _;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Stands before the encoded name in a certificate of our own authority.
const NODE_URI: &str = "autoglm://node/";
/// Stands before the identity in a SPIFFE X.509 SVID.
const SPIFFE_URI: &str = "spiffe://";

/// How a name is written into a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WrittenName {
    /// As DNS name, which other tools show.
    Dns(String),
    /// As URI: a node's name may have spaces, signs and any letters.
    Uri(String),
}

/// How a node's name is written into a certificate.
pub(super) fn write_name(node: &str) -> WrittenName {
    match ServerName::try_from(node) {
        Ok(ServerName::DnsName(_)) => WrittenName::Dns(node.to_owned()),
        _ => WrittenName::Uri(node_uri(node)),
    }
}

fn node_uri(node: &str) -> String {
    let mut uri = NODE_URI.to_owned();
    for byte in node.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            write!(uri, "%{byte:02X}").unwrap_or_default();
        }
    }
    uri
}

/// The node that a URI in a certificate names: one of our own authority, or the last part of a
/// SPIFFE identity's path. `None` for any other, and for one that is not well formed.
fn node_of_uri(uri: &str) -> Option<String> {
    let name = if let Some(encoded) = uri.strip_prefix(NODE_URI) {
        percent_decode(encoded)?
    } else {
        // A SPIFFE path is not percent-encoded; an identity without path is the domain itself.
        let (_domain, path) = uri.strip_prefix(SPIFFE_URI)?.split_once('/')?;
        path.rsplit('/').next()?.to_owned()
    };
    (!name.is_empty()).then_some(name)
}

fn percent_decode(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let high = char::from(rest.next()?).to_digit(16)?;
        let low = char::from(rest.next()?).to_digit(16)?;
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// Every node's name in a certificate (DER), none twice; empty for what is no certificate.
///
/// The subject's common name does not count: authorities check it less than alternative names.
pub(super) fn names_in(certificate: &[u8]) -> Vec<String> {
    let Ok((_, parsed)) = X509Certificate::from_der(certificate) else { return Vec::new() };
    let Ok(Some(alternatives)) = parsed.subject_alternative_name() else { return Vec::new() };
    let mut names = Vec::new();
    for alternative in &alternatives.value.general_names {
        let name = match alternative {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::URI(uri) => node_of_uri(uri),
            _ => None,
        };
        if let Some(name) = name
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_written_as_dns_name_where_it_is_one() {
        assert_eq!(write_name("node-1"), WrittenName::Dns("node-1".to_owned()));
        let encoded = "autoglm://node/K%C3%B6ln%20%2F%201".to_owned();
        assert_eq!(write_name("Köln / 1"), WrittenName::Uri(encoded));
        assert!(matches!(write_name("127.0.0.1"), WrittenName::Uri(_)), "an address is no name");
        assert!(matches!(write_name("*.nodes"), WrittenName::Uri(_)), "nor is a pattern");
    }

    #[test]
    fn the_last_part_of_a_spiffe_path_is_the_node() {
        let node = |uri| node_of_uri(uri);
        assert_eq!(node("spiffe://example.org/ns/news/node-1"), Some("node-1".to_owned()));
        assert_eq!(node("spiffe://example.org"), None);
        assert_eq!(node("spiffe://example.org/ns/"), None);
        assert_eq!(node("https://example.org/node-1"), None);
    }

    #[test]
    fn what_is_badly_encoded_names_nobody() {
        for uri in
            ["autoglm://node/", "autoglm://node/a%2", "autoglm://node/%zz", "autoglm://node/%FF"]
        {
            assert_eq!(node_of_uri(uri), None, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn every_name_survives_its_encoding(name in "\\PC{1,60}") {
            prop_assert_eq!(node_of_uri(&node_uri(&name)), Some(name));
        }

        #[test]
        fn an_encoded_name_is_plain_ascii_without_separators(name in any::<String>()) {
            let uri = node_uri(&name);
            let encoded = uri.strip_prefix(NODE_URI).unwrap_or("/");
            prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
        }

        #[test]
        fn any_uri_is_read_without_a_crash(uri in "(autoglm://node/|spiffe://)?[%/a-zé0-9]{0,40}") {
            let _ = node_of_uri(&uri);
        }
    }
}
