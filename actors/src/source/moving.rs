//! When a permanent redirect is believed: pure.
//!
//! Servers answer 301 by mistake (maintenance pages, captive networks, expired domains), and an
//! address once given up is not found again. So the stored address follows only after the same
//! answer has come several times over a day; until then every fetch goes to the old one.

use autoglm_domain::{Moved, Source, Timestamp};
use std::time::Duration;
use url::Url;

/// Equal answers in a row.
const SEEN_MIN: i32 = 3;
/// Time between the first and the last of them.
const SINCE_MIN: Duration = Duration::from_secs(24 * 60 * 60);

/// What is known after a good answer that told (or did not tell) of a permanent redirect.
#[must_use]
pub(crate) fn observe(before: Option<&Moved>, said: Option<&str>, now: Timestamp) -> Option<Moved> {
    let to = said?;
    Some(match before.filter(|before| before.to == to) {
        Some(before) => Moved { seen: before.seen.saturating_add(1), ..before.clone() },
        None => Moved { to: to.to_owned(), since: now, seen: 1 },
    })
}

/// Whether it was said often and long enough.
#[must_use]
pub(crate) fn is_believed(moved: &Moved, now: Timestamp) -> bool {
    moved.seen >= SEEN_MIN && now.since(moved.since) >= SINCE_MIN
}

/// Whether the address may be followed by itself: credentials are for one origin, and the site of
/// another must not get them by a redirect, however often it is repeated.
#[must_use]
pub(crate) fn may_follow(source: &Source, to: &str) -> bool {
    let request = source.private.as_ref().map(|private| &private.request);
    if !request.is_some_and(|request| request.has_credentials()) {
        return true;
    }
    let origin = |url: &str| Url::parse(url).ok().map(|url| url.origin());
    let (from, to) = (origin(&source.url), origin(to));
    from.is_some_and(|from| from.is_tuple() && Some(from) == to)
}

/// For people.
#[must_use]
pub(crate) fn problem(moved: &Moved, may_follow: bool) -> String {
    if !may_follow {
        return format!(
            "it answers that it has moved to {} for good, where its credentials are not sent by \
             themselves; add that address with them, then remove this one",
            moved.to
        );
    }
    format!(
        "it answers that it has moved to {} for good; that address is taken once it has said so {SEEN_MIN} times over a day",
        moved.to
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);
    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn only_the_same_answer_repeated_over_a_day_is_believed() {
        let mut moved = None;
        for hour in 0..24 {
            moved = observe(moved.as_ref(), Some("https://new.example/"), NOW.plus(HOUR * hour));
            assert!(!is_believed(moved.as_ref().expect("seen"), NOW.plus(HOUR * hour)));
        }
        moved = observe(moved.as_ref(), Some("https://new.example/"), NOW.plus(HOUR * 24));
        assert!(is_believed(moved.as_ref().expect("seen"), NOW.plus(HOUR * 24)));
    }

    #[test]
    fn another_target_or_an_answer_without_redirect_begins_anew() {
        let first = observe(None, Some("https://a.example/"), NOW);
        let other = observe(first.as_ref(), Some("https://b.example/"), NOW.plus(HOUR));
        assert_eq!(
            other.as_ref().map(|moved| (moved.seen, moved.since)),
            Some((1, NOW.plus(HOUR)))
        );
        assert_eq!(observe(other.as_ref(), None, NOW), None);
    }

    #[test]
    fn credentials_do_not_move_to_another_origin_by_themselves() {
        let mut source = crate::testing_sources::source(1, "https://a.example/feed");
        let elsewhere =
            ["https://b.example/feed", "http://a.example/feed", "https://a.example:8443/"];
        assert!(elsewhere.iter().all(|to| may_follow(&source, to)));
        let request = autoglm_domain::SourceRequest {
            bearer: Some(autoglm_domain::Secret::new("t")),
            ..Default::default()
        };
        let owner = autoglm_domain::ReaderId(1);
        source.private = Some(autoglm_domain::Private { owner, request });
        assert!(!elsewhere.iter().any(|to| may_follow(&source, to)));
        assert!(may_follow(&source, "https://a.example/new"));
    }

    #[test]
    fn two_answers_far_apart_are_not_enough() {
        let moved = Moved { to: "https://a.example/".into(), since: NOW, seen: 2 };
        assert!(!is_believed(&moved, NOW.plus(HOUR * 1_000)));
    }
}
