//! Which articles are recognised under other ids, and which are not.

use super::*;
use crate::normalise;
use crate::parse::{FeedEntry, ParsedFeed};
use autoglm_domain::SourceId;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// One entry: id, address, title, hour of publication.
type Entry<'a> = (&'a str, &'a str, &'a str, i64);

fn drafts(entries: &[Entry<'_>]) -> Vec<ArticleDraft> {
    let entries = entries.iter().map(|(id, link, title, hour)| FeedEntry {
        id: Some((*id).to_owned()),
        link: Some((*link).to_owned()).filter(|link| !link.is_empty()),
        title: Some((*title).to_owned()),
        published: Some(Timestamp(NOW.0 - hour * 3_600_000)),
        ..FeedEntry::default()
    });
    let feed = ParsedFeed {
        base_url: "https://example.org/feed".to_owned(),
        entries: entries.collect(),
        ..ParsedFeed::default()
    };
    normalise(feed, SourceId(1), NOW)
}

fn remembered(entries: &[Entry<'_>]) -> Vec<Remembered> {
    drafts(entries).iter().map(Remembered::of).collect()
}

fn places(before: &[Entry<'_>], now: &[Entry<'_>]) -> Vec<usize> {
    renamed(&remembered(before), &drafts(now)).iter().map(|renaming| renaming.draft).collect()
}

const BEFORE: [Entry<'_>; 4] = [
    ("1", "https://example.org/a", "A", 4),
    ("2", "https://example.org/b", "B", 3),
    ("3", "https://example.org/c", "C", 2),
    ("4", "https://example.org/d", "D", 1),
];

#[test]
fn a_feed_with_other_ids_for_the_same_addresses_is_recognised_and_its_news_stay_new() {
    let now = [
        ("x5", "https://example.org/e", "E", 0),
        ("x4", "https://example.org/d", "D", 9),
        ("x3", "https://example.org/c", "C, corrected", 9),
        ("x2", "https://example.org/b", "B", 9),
    ];
    assert_eq!(places(&BEFORE, &now), [1, 2, 3]);
}

#[test]
fn a_site_that_moved_with_all_its_ids_is_recognised_by_titles_and_dates() {
    let now = BEFORE.map(|(_, _, title, hour)| (title, "", title, hour));
    assert_eq!(places(&BEFORE, &now), [0, 1, 2, 3]);
}

#[test]
fn one_changed_id_needs_address_title_and_date() {
    let (a, b) = (BEFORE[0], BEFORE[1]);
    assert_eq!(places(&[a, b], &[("x1", a.1, a.2, a.3), b]), [0]);
    assert!(places(&[a, b], &[("x1", a.1, a.2, 7), b]).is_empty(), "another date");
    assert!(places(&[a, b], &[("x1", a.1, "A again", a.3), b]).is_empty(), "another title");
}

#[test]
fn an_id_that_is_still_there_keeps_its_article() {
    let a = BEFORE[0];
    assert!(places(&[a], &[a, ("x1", a.1, a.2, a.3)]).is_empty());
}

#[test]
fn news_that_share_one_address_are_not_taken_for_old_ones() {
    let entry = |id, title, hour| (id, "https://example.org/", title, hour);
    let before = [entry("1", "A", 4), entry("2", "B", 3), entry("3", "C", 2)];
    let now = [entry("4", "D", 1), entry("5", "E", 1), entry("6", "F", 0)];
    assert!(places(&before, &now).is_empty());
}

#[test]
fn places_in_a_ranking_that_are_filled_anew_are_news() {
    let now = [
        ("5", "https://example.org/a", "E", 0),
        ("6", "https://example.org/b", "F", 0),
        ("7", "https://example.org/c", "G", 0),
    ];
    assert!(places(&BEFORE, &now).is_empty());
}

#[test]
fn a_few_old_ones_among_many_news_are_no_flood() {
    let mut now: Vec<Entry<'_>> = BEFORE.map(|(id, link, title, _)| (id, link, title, 9)).to_vec();
    for (entry, id) in now.iter_mut().zip(["x1", "x2", "x3", "x4"]) {
        entry.0 = id;
    }
    let links: Vec<String> = (0..20).map(|n| format!("https://example.org/new/{n}")).collect();
    now.extend(links.iter().map(|link| (link.as_str(), link.as_str(), link.as_str(), 0)));
    assert!(places(&BEFORE, &now).is_empty());
}

#[test]
fn only_a_document_mostly_of_strangers_is_suspicious() {
    assert!(is_suspicious(3, 6) && is_suspicious(30, 30));
    assert!(!is_suspicious(2, 2) && !is_suspicious(3, 7));
}

proptest! {
    #[test]
    fn each_article_is_renamed_once_and_to_an_id_that_was_unknown(
        before in proptest::collection::vec((0_u8..12, 0_u8..6, 0_u8..6, 0_i64..4), 0..12),
        now in proptest::collection::vec((0_u8..12, 0_u8..6, 0_u8..6, 0_i64..4), 0..12),
    ) {
        let text = |entries: Vec<(u8, u8, u8, i64)>| -> Vec<(String, String, String, i64)> {
            let text = |(id, link, title, hour): (u8, u8, u8, i64)| {
                (id.to_string(), format!("https://example.org/{link}"), format!("T{title}"), hour)
            };
            entries.into_iter().map(text).collect()
        };
        let (before, now) = (text(before), text(now));
        fn entries(all: &[(String, String, String, i64)]) -> Vec<Entry<'_>> {
            all.iter().map(|(id, link, title, hour)| (&**id, &**link, &**title, *hour)).collect()
        }
        let (before, now) = (remembered(&entries(&before)), drafts(&entries(&now)));
        let known: HashSet<_> = before.iter().map(Remembered::identity).collect();
        let present: HashSet<_> = now.iter().map(|draft| draft.identity.hash).collect();
        let found = renamed(&before, &now);
        let old: HashSet<_> = found.iter().map(|renaming| renaming.old).collect();
        prop_assert_eq!(old.len(), found.len());
        for renaming in found {
            prop_assert!(known.contains(&renaming.old) && !present.contains(&renaming.old));
            prop_assert!(!known.contains(&renaming.new.hash));
            prop_assert_eq!(now[renaming.draft].identity, renaming.new);
        }
    }
}
