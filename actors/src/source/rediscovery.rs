//! Where a source that has failed for a while may be now: a feed found at its site is offered to
//! the people who follow it, never taken by itself.

use super::schedule::Outcome;
use autoglm_domain::{FailureCause, Source};
use url::Url;

/// Failures in a row before the first look, and between further ones.
const FIRST_LOOK: i32 = 3;
const LOOK_EVERY: i32 = 10;

/// Whether it is time to look, after `failures` in a row of which this is the last.
#[must_use]
pub(super) fn is_due(outcome: &Outcome, failures: i32) -> bool {
    let Outcome::Failed { cause, gone, .. } = outcome else { return false };
    match cause {
        _ if *gone => true,
        // What was read is no feed: it may be the page that names one.
        FailureCause::Parse if failures == 1 => true,
        FailureCause::Dns
        | FailureCause::Tls
        | FailureCause::Connect
        | FailureCause::Timeout
        | FailureCause::Status
        | FailureCause::Parse => failures == FIRST_LOOK || failures % LOOK_EVERY == 0,
        // Who refuses us or asks for rest is not asked more; and what we refuse stays refused.
        FailureCause::Blocked
        | FailureCause::RateLimited
        | FailureCause::TooLarge
        | FailureCause::Forbidden
        | FailureCause::Empty
        | FailureCause::Parked => false,
    }
}

/// The pages to look at, one after the other: what was fetched when that was readable but no feed;
/// the source's web page; the front page of its server.
#[must_use]
pub(super) fn pages_to_look_at(source: &Source, outcome: &Outcome) -> Vec<String> {
    let Some(url) = Url::parse(&source.url).ok().filter(is_web) else { return Vec::new() };
    let unreadable = matches!(outcome, Outcome::Failed { cause: FailureCause::Parse, .. });
    let own = unreadable.then(|| url.clone());
    let site = Url::parse(&source.site_url).ok().filter(is_web);
    let front = url.join("/").ok();
    let mut pages: Vec<String> = Vec::new();
    for page in [own, site, front].into_iter().flatten().map(String::from) {
        let is_source = page == url.as_str() && !unreadable;
        if !is_source && !pages.contains(&page) {
            pages.push(page);
        }
    }
    pages
}

fn is_web(url: &Url) -> bool {
    url.has_host() && matches!(url.scheme(), "http" | "https")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing_sources::source;

    fn failed(cause: FailureCause, gone: bool) -> Outcome {
        Outcome::Failed { cause, problem: String::new(), retry_after: None, gone }
    }

    #[test]
    fn a_source_is_looked_for_after_a_while_and_then_rarely() {
        let missing = failed(FailureCause::Status, false);
        let looks: Vec<i32> = (1..=30).filter(|failures| is_due(&missing, *failures)).collect();
        assert_eq!(looks, [3, 10, 20, 30]);
        assert!(is_due(&failed(FailureCause::Status, true), 1), "it is gone for good");
        assert!(is_due(&failed(FailureCause::Parse, false), 1), "it may be the page of the feed");
    }

    #[test]
    fn a_site_that_refuses_us_is_not_asked_more() {
        for cause in [FailureCause::Blocked, FailureCause::RateLimited, FailureCause::Forbidden] {
            assert!(!(1..=30).any(|failures| is_due(&failed(cause, false), failures)));
        }
    }

    #[test]
    fn it_is_looked_for_on_its_page_and_on_the_front_page() {
        let mut source = source(1, "https://old.example/feeds/all.xml");
        let missing = failed(FailureCause::Status, false);
        assert_eq!(pages_to_look_at(&source, &missing), ["https://old.example/"]);
        source.site_url = "https://blog.example/news".to_owned();
        let pages = ["https://blog.example/news", "https://old.example/"];
        assert_eq!(pages_to_look_at(&source, &missing), pages);
        let unreadable = failed(FailureCause::Parse, false);
        assert_eq!(pages_to_look_at(&source, &unreadable)[0], source.url);
        source.url = "rsshub://a/b".to_owned();
        assert!(pages_to_look_at(&source, &missing).is_empty());
    }
}
