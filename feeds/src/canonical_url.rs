//! The canonical form of an address: two spellings of one page fold into one text.
//!
//! The form is stored and compared for ever, so every change of its rules raises the version.

use url::Url;

/// Version of the rules below.
pub const CANONICAL_URL_VERSION: u32 = 2;

/// Parameters that only tell where the reader came from. Exact names, lower case.
const TRACKING: &[&str] = &[
    "__hsfp",
    "__hssc",
    "__hstc",
    "__s",
    "__twitter_impression",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "_openstat",
    "_unique_id",
    "at_campaign",
    "at_medium",
    "campaignid",
    "adgroupid",
    "cmpid",
    "dclid",
    "echobox",
    "fb_action_ids",
    "fb_action_types",
    "fb_ref",
    "fb_source",
    "fbclid",
    "ga_campaign",
    "ga_content",
    "ga_medium",
    "ga_source",
    "ga_term",
    "gbraid",
    "gclid",
    "gclsrc",
    "hsctatracking",
    "igsh",
    "igshid",
    "mc_cid",
    "mc_eid",
    "mibextid",
    "mkt_tok",
    "ml_subscriber",
    "ml_subscriber_hash",
    "msclkid",
    "ncid",
    "oly_anon_id",
    "oly_enc_id",
    "rb_clickid",
    "s_cid",
    "s_kwcid",
    "scm",
    "share_from",
    "share_token",
    "smid",
    "spm",
    "spm_id_from",
    "srsltid",
    "soc_src",
    "soc_trk",
    "tracking_source",
    "ttclid",
    "twclid",
    "vd_source",
    "vero_conv",
    "vero_id",
    "wbraid",
    "wickedid",
    "xtor",
    "yclid",
    "ysclid",
    "wprov",
    "share_source",
    "share_medium",
    "bxsign",
    "this_affiliate",
];
/// Beginnings of such names, lower case.
const TRACKING_PREFIXES: &[&str] =
    &["utm_", "mtm_", "pk_", "piwik_", "matomo_", "hsa_", "itm_", "stm_", "trk_", "wt.mc_"];

/// The canonical form: https, lower-case host, no default port, no credentials, no tracking
/// parameters, query sorted, percent-escapes normalised, no fragment. `None` when the text is
/// not an absolute http(s) address.
#[must_use]
pub fn canonical_url(text: &str) -> Option<String> {
    fold(text).map(|(canonical, _)| canonical)
}

/// The canonical form with its fragment, for identities: some sources tell their items apart by
/// fragment alone. Fragments that only highlight text or track are dropped here too.
#[must_use]
pub fn canonical_url_with_fragment(text: &str) -> Option<String> {
    let (mut canonical, fragment) = fold(text)?;
    if let Some(fragment) = fragment.filter(|fragment| names_an_item(fragment)) {
        canonical.push('#');
        canonical.push_str(&fragment);
    }
    Some(canonical)
}

fn names_an_item(fragment: &str) -> bool {
    let lower = fragment.to_ascii_lowercase();
    !lower.is_empty()
        && !lower.contains(":~:")
        && !is_tracking(lower.split('=').next().unwrap_or(""))
}

fn fold(text: &str) -> Option<(String, Option<String>)> {
    let mut url = Url::parse(text.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    let fragment = url.fragment().map(str::to_owned);
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    let query = url.query().map(sorted_query).filter(|query| !query.is_empty());
    url.set_query(None);
    let host = url.host_str()?;
    // Only one dot stands for the root of all names; more are no name.
    let host = host.strip_suffix('.').unwrap_or(host).to_owned();
    if host.is_empty() || host.ends_with('.') {
        return None;
    }
    let port = url.port().filter(|port| !matches!(port, 80 | 443));
    let mut canonical = format!("https://{host}");
    if let Some(port) = port {
        canonical.push_str(&format!(":{port}"));
    }
    canonical.push_str(&normalise_escapes(url.path()));
    if let Some(query) = query {
        canonical.push('?');
        canonical.push_str(&query);
    }
    Some((canonical, fragment))
}

/// The query without tracking parameters, sorted by name and value. Separators that were escaped
/// as in HTML, once or more (`&amp;`), count as plain ones.
fn sorted_query(query: &str) -> String {
    let mut pairs: Vec<String> = query
        .split('&')
        .map(|pair| pair.trim_start_matches("amp;"))
        .filter(|pair| !pair.is_empty())
        .filter(|pair| !is_tracking(&pair.split('=').next().unwrap_or(pair).to_ascii_lowercase()))
        .map(normalise_escapes)
        .collect();
    pairs.sort_by(|a, b| a.split_once('=').cmp(&b.split_once('=')).then_with(|| a.cmp(b)));
    pairs.join("&")
}

fn is_tracking(name: &str) -> bool {
    TRACKING.contains(&name) || TRACKING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Escapes of unreserved characters resolved, the others in upper case (RFC 3986, 6.2.2).
fn normalise_escapes(part: &str) -> String {
    let bytes = part.as_bytes();
    let mut out = String::with_capacity(part.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%')
            .then(|| part.get(at + 1..at + 3))
            .flatten()
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        if let Some(digits) = escape {
            let byte = u8::from_str_radix(digits, 16).unwrap_or(b'%');
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                out.push(char::from(byte));
            } else {
                out.push('%');
                out.push_str(&digits.to_ascii_uppercase());
            }
            at += 3;
        } else if bytes[at] == b'%' {
            // Left bare it could form an escape with what is resolved behind it.
            out.push_str("%25");
            at += 1;
        } else {
            let next = part[at..].chars().next().unwrap_or('%');
            out.push(next);
            at += next.len_utf8();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_page_are_one() {
        for (a, b) in [
            ("http://Example.org:80/a", "https://example.org/a"),
            ("https://example.org", "https://example.org/"),
            ("https://example.org/?b=2&a=1", "https://example.org/?a=1&b=2"),
            (
                "https://example.org/x?utm_source=rss&UTM_Medium=x&id=3",
                "https://example.org/x?id=3",
            ),
            ("https://example.org/x?a=1&amp;b=2", "https://example.org/x?a=1&b=2"),
            ("https://example.org/%7euser/%e4", "https://example.org/~user/%E4"),
            ("https://me:pw@example.org/x#part", "https://example.org/x"),
            ("https://example.org/x?", "https://example.org/x"),
            ("https://xn--mnchen-3ya.de/", "https://münchen.de/"),
        ] {
            assert_eq!(canonical_url(a), canonical_url(b), "{a} and {b}");
        }
    }

    #[test]
    fn different_pages_stay_apart() {
        for (a, b) in [
            ("https://example.org/a", "https://example.org/A"),
            ("https://example.org/?p=1", "https://example.org/?p=2"),
            ("https://example.org:8080/", "https://example.org/"),
            ("https://example.org/a%2Fb", "https://example.org/a/b"),
        ] {
            assert_ne!(canonical_url(a), canonical_url(b), "{a} and {b}");
        }
    }

    #[test]
    fn only_web_addresses_have_a_form() {
        for text in [
            "",
            "http://../",
            "http://1000../",
            "mailto:a@b.example",
            "javascript:alert(1)",
            "/relative",
            "urn:uuid:1",
        ] {
            assert_eq!(canonical_url(text), None);
        }
    }

    #[test]
    fn an_identity_keeps_the_fragment_that_names_an_item() {
        let with = canonical_url_with_fragment;
        assert_eq!(with("https://e.org/log#v2").as_deref(), Some("https://e.org/log#v2"));
        assert_eq!(with("https://e.org/a#:~:text=x").as_deref(), Some("https://e.org/a"));
        assert_eq!(with("https://e.org/a#xtor=RSS-1").as_deref(), Some("https://e.org/a"));
    }

    proptest! {
        #[test]
        fn the_form_of_a_form_is_itself(path in "[a-zA-Z0-9/%._~-]{0,30}", query in "[a-z0-9=&%+]{0,30}") {
            if let Some(form) = canonical_url(&format!("http://example.org/{path}?{query}")) {
                prop_assert_eq!(canonical_url(&form), Some(form));
            }
        }
    }
}
