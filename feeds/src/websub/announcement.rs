//! Which hub and which topic a good answer names, and whether they are worth asking for.

use super::{ADDRESS_BYTES_MAX, document, link_header};
use autoglm_domain::HubPlace;
use url::Url;

/// The hub an answer names, by its `Link` headers first, else in its document. `asked` is the
/// address that was asked for, `answered` the one that answered in the end.
///
/// A topic on another site is not believed: a copied feed still names its original, whose pushes
/// would say nothing about this one. Without a topic the document is known by its address.
#[must_use]
pub fn announced(
    links: &[String],
    body: &[u8],
    content_type: Option<&str>,
    asked: &str,
    answered: &str,
) -> Option<HubPlace> {
    let base = Url::parse(answered).ok()?;
    let mut hubs: Vec<String> =
        link_header::targets(links, "hub").into_iter().map(str::to_owned).collect();
    let mut topic = link_header::targets(links, "self").first().map(|target| (*target).to_owned());
    if hubs.is_empty() || topic.is_none() {
        let named = document::read(body, content_type);
        if hubs.is_empty() {
            hubs = named.hubs;
        }
        topic = topic.or(named.topic);
    }
    let hubs = hubs.iter().filter_map(|hub| as_safe_as(&base, address(&base, hub)?));
    let hubs: Vec<Url> = hubs.collect();
    // What is sent over TLS nobody on the way can read; the secret is in it.
    let hub = hubs.iter().find(|hub| hub.scheme() == "https").or_else(|| hubs.first())?;
    let topic = match topic {
        Some(topic) => address(&base, &topic)?,
        None => address(&base, "")?,
    };
    let asked = Url::parse(asked).ok();
    let is_own = same_site(&topic, &base) || asked.is_some_and(|asked| same_site(&topic, &asked));
    is_own.then(|| HubPlace { hub: hub.to_string(), topic: topic.to_string() })
}

/// An absolute address that can be asked; without a fragment, which is never sent.
fn address(base: &Url, written: &str) -> Option<Url> {
    let mut url = base.join(written.trim()).ok()?;
    url.set_fragment(None);
    let is_plain = url.username().is_empty() && url.password().is_none();
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (is_web && is_plain && url.as_str().len() <= ADDRESS_BYTES_MAX).then_some(url)
}

/// Whoever could read the secret on its way to the hub could forge what is pushed: the hub of a feed
/// that came over TLS is asked over TLS, whatever the feed says.
fn as_safe_as(feed: &Url, mut hub: Url) -> Option<Url> {
    if feed.scheme() == "https" && hub.scheme() == "http" {
        let is_usual_port = hub.port().is_none();
        hub.set_scheme("https").ok().filter(|()| is_usual_port)?;
    }
    Some(hub)
}

fn same_site(one: &Url, other: &Url) -> bool {
    let name = |url: &Url| {
        let host = url.host_str().unwrap_or_default();
        host.strip_prefix("www.").unwrap_or(host).to_owned()
    };
    name(one) == name(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FEED: &str = "https://news.example/feed";

    fn place(hub: &str, topic: &str) -> Option<HubPlace> {
        Some(HubPlace { hub: hub.to_owned(), topic: topic.to_owned() })
    }

    fn in_document(hub: &str, topic: &str) -> Option<HubPlace> {
        let body = format!("<feed><link rel='hub' href='{hub}'/><link rel='self' href='{topic}'/>");
        announced(&[], body.as_bytes(), None, FEED, FEED)
    }

    #[test]
    fn headers_go_before_the_document() {
        let body = b"<feed><link rel='hub' href='https://b.example/'/><link rel='self' href='/b'/>";
        let both = ["<https://a.example/>; rel=hub, </a>; rel=self".to_owned()];
        let found = announced(&both, body, None, FEED, FEED);
        assert_eq!(found, place("https://a.example/", "https://news.example/a"));
        let hub = ["<https://a.example/>; rel=hub".to_owned()];
        let found = announced(&hub, body, None, FEED, FEED);
        assert_eq!(found, place("https://a.example/", "https://news.example/b"));
    }

    #[test]
    fn a_feed_without_a_topic_is_known_by_the_address_that_answered() {
        let body = b"<rss><channel><link rel='hub' href='https://h.example/'/>";
        let found = announced(&[], body, None, FEED, "https://news.example/moved#x");
        assert_eq!(found, place("https://h.example/", "https://news.example/moved"));
        assert_eq!(announced(&[], b"<feed/>", None, FEED, FEED), None);
    }

    #[test]
    fn a_topic_of_another_site_is_not_believed() {
        assert!(in_document("https://h.example/", "http://www.news.example/f?a=1").is_some());
        for topic in
            ["https://original.example/f", "ftp://news.example/f", "https://u:p@news.example/"]
        {
            assert_eq!(in_document("https://h.example/", topic), None, "{topic}");
        }
        let body = b"<feed><link rel='hub' href='https://h.example/'/><link rel='self' href='https://cdn.example/f'/>";
        let by_redirect = announced(&[], body, None, FEED, "https://cdn.example/f");
        assert!(by_redirect.is_some());
    }

    #[test]
    fn a_hub_must_be_an_address_of_the_web_and_the_safer_one_is_taken() {
        for hub in ["mailto:a@b", "javascript:x", "https://u@h.example/"] {
            assert_eq!(in_document(hub, "/f"), None, "{hub}");
        }
        let long = format!("https://h.example/{}", "a".repeat(ADDRESS_BYTES_MAX));
        assert_eq!(in_document(&long, "/f"), None);
        let links = ["<http://a.example/>; rel=hub, <https://b.example/>; rel=hub".to_owned()];
        let plain = "http://news.example/feed";
        let found = announced(&links, b"", None, plain, plain);
        assert_eq!(found, place("https://b.example/", plain));
    }

    #[test]
    fn the_hub_of_a_safe_feed_is_asked_safely() {
        let upgraded = in_document("http://h.example/a", "/f").map(|place| place.hub);
        assert_eq!(upgraded.as_deref(), Some("https://h.example/a"));
        assert_eq!(in_document("http://h.example:8080/a", "/f"), None);
    }

    proptest! {
        #[test]
        fn whatever_is_announced_can_be_asked(links in r#"(<|>|;|,|rel=|hub|self|"|https?:|//|[a-z.@#:/]{0,5}){0,20}"#) {
            if let Some(place) = announced(&[links], b"", None, FEED, FEED) {
                for address in [place.hub, place.topic] {
                    let url = Url::parse(&address).expect("absolute");
                    prop_assert!(matches!(url.scheme(), "http" | "https") && url.has_host());
                    prop_assert!(url.fragment().is_none() && url.username().is_empty());
                }
            }
        }
    }
}
