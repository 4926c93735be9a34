//! The identity ladder: what makes an article the same one within its source.

pub mod renaming;

use crate::canonical_url::canonical_url_with_fragment;
use autoglm_domain::{ArticleIdentity, IdentityKind, Timestamp};
use xxhash_rust::xxh3::xxh3_128;

/// Climbs the ladder: the source's own id, else the canonical address, else title and date.
/// An id that is a web address is folded like one, so that a move to https changes nothing.
#[must_use]
pub fn identify(
    guid: Option<&str>,
    url: Option<&str>,
    title: &str,
    published_at: Option<Timestamp>,
) -> ArticleIdentity {
    if let Some(guid) = guid.map(str::trim).filter(|guid| !guid.is_empty()) {
        let folded = canonical_url_with_fragment(guid);
        return hashed(IdentityKind::Guid, folded.as_deref().unwrap_or(guid));
    }
    if let Some(canonical) = url.and_then(canonical_url_with_fragment) {
        return hashed(IdentityKind::CanonicalUrl, &canonical);
    }
    let date = published_at.map_or(0, |moment| moment.0);
    hashed(IdentityKind::TitleAndDate, &format!("{title}\n{date}"))
}

/// 128 bits of XXH3 over the rung and its text; the rung keeps a guid apart from an equal address.
fn hashed(kind: IdentityKind, text: &str) -> ArticleIdentity {
    let rung = match kind {
        IdentityKind::Guid => "guid",
        IdentityKind::CanonicalUrl => "url",
        IdentityKind::TitleAndDate => "title",
    };
    let hash = xxh3_128(format!("{rung}\n{text}").as_bytes()).to_be_bytes();
    ArticleIdentity { hash, kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_rung_wins() {
        let url = Some("https://example.org/a");
        assert_eq!(identify(Some("tag:1"), url, "A", None).kind, IdentityKind::Guid);
        assert_eq!(identify(Some("  "), url, "A", None).kind, IdentityKind::CanonicalUrl);
        assert_eq!(identify(None, Some("x"), "A", None).kind, IdentityKind::TitleAndDate);
    }

    #[test]
    fn a_guid_that_moves_to_https_stays_the_same() {
        let before = identify(Some("http://example.org/?p=1"), None, "A", None);
        let after = identify(Some("https://example.org/?p=1&utm_source=rss"), None, "B", None);
        assert_eq!(before, after);
        assert_ne!(before, identify(Some("http://example.org/?p=2"), None, "A", None));
    }

    #[test]
    fn title_and_date_together_tell_items_apart() {
        let one = identify(None, None, "A", Some(Timestamp(1)));
        assert_ne!(one, identify(None, None, "A", Some(Timestamp(2))));
        assert_ne!(one, identify(None, None, "B", Some(Timestamp(1))));
    }
}
