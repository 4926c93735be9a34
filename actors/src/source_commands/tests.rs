//! Sources as readers add, change and remove them.

use super::*;
use crate::testing_readers::House;
use autoglm_domain::{FaultKind, Health, Language, PageSelectors, Secret};
use autoglm_models::FetchResult;
use autoglm_protocol::Address;
use proptest::prelude::*;

pub(super) fn commands(house: &House) -> StoreSourceCommands {
    let supervisor = SourceSupervisorHandle(Address::new("sources", 4));
    let readers = Arc::clone(&house.readers);
    let clock = Arc::new(autoglm_domain::SystemClock);
    let permits = Arc::new(tokio::sync::Semaphore::new(1));
    let previewer = SourcePreviewer::new(crate::testing_sources::web_for(&[]), clock, permits);
    let interval = Duration::from_secs(600);
    let reads = house.library.reads().clone();
    let store = house.store.clone();
    StoreSourceCommands::new(store, reads, supervisor, readers, interval, previewer)
}

fn adding(url: &str) -> AddSource {
    AddSource { url: url.to_owned(), ..AddSource::default() }
}

#[test]
fn only_addresses_that_can_be_fetched_by_everybody_are_sources() {
    for (given, kept) in [
        (" https://Example.org/feed#top ", "https://example.org/feed"),
        ("http://例子.测试/rss", "http://xn--fsqu00a.xn--0zwm56d/rss"),
    ] {
        assert_eq!(checked_url(given).as_deref(), Ok(kept));
    }
    let long = format!("https://example.org/{}", "a".repeat(2_100));
    for refused in [
        "",
        "example.org/feed",
        "file:///etc/passwd",
        "https://me:secret@example.org/",
        "javascript:alert(1)",
        &long,
    ] {
        let fault = checked_url(refused).expect_err(refused);
        assert_eq!(fault.kind, FaultKind::Invalid);
        assert!(!fault.message.contains("secret") && fault.message.len() < 400, "{fault}");
    }
}

#[test]
fn a_place_is_known_by_its_site_or_told_with_its_rules() {
    let place = |url: &str, kind, settings| checked_place(url.to_owned(), kind, settings);
    let nothing = SourceSettings::default;
    let known = place("https://github.com/a/b", None, nothing()).expect("known");
    assert_eq!(known.url, "https://github.com/a/b/releases.atom");
    let whole = SourceSettings { full_text: true, ..nothing() };
    let known = place("https://github.com/a/b", None, whole).expect("known");
    assert!(known.settings.full_text, "what was wished besides is kept");
    let route = place("rsshub://github/issue/a", None, nothing()).expect("a route");
    assert_eq!((route.url.as_str(), route.kind), ("rsshub://github/issue/a", SourceKind::Feed));
    for (kind, missing) in [(SourceKind::Page, "selectors"), (SourceKind::JsonApi, "mapping")] {
        let refused = place("https://e.example/", Some(kind), nothing()).err().expect("refused");
        assert!(refused.message.contains(missing), "{refused}");
    }
    assert!(place("https://e.example/", Some(SourceKind::BuiltIn), nothing()).is_err());
    let long = SourceSettings { url_contains: Some("a".repeat(600)), ..nothing() };
    assert!(place("https://e.example/", Some(SourceKind::Sitemap), long).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_the_check_of_an_address_fail_otherwise(text in ".{0,300}") {
        if let Ok(url) = checked_url(&text) {
            prop_assert!(url.starts_with("http") && url.len() <= URL_BYTES_MAX);
            prop_assert_eq!(checked_url(&url), Ok(url));
        }
    }
}

#[tokio::test]
async fn a_source_is_added_once_for_everybody_and_ends_with_its_last_reader() {
    let house = House::new().await;
    let commands = commands(&house);
    let command = AddSource { folder: Some(" News ".into()), ..adding("https://a.demo/feed") };
    let (first, new) = commands.add(house.reader, command.clone()).await.expect("added");
    assert!(new);
    assert_eq!(first.folder, "News");
    let (again, new) = commands.add(house.reader, command).await.expect("known");
    assert!(!new && again.id == first.id);
    let neighbour = house.store.add_reader("neighbour", Language::ENGLISH).await.expect("one").id;
    let answer = commands.add(neighbour, adding("https://a.demo/feed")).await;
    let (shared, new) = answer.expect("added");
    assert!(new && shared.id == first.id && shared.folder.is_empty());
    commands.remove(house.reader, first.id).await.expect("removed");
    assert_eq!(house.store.active_sources().await.expect("sources").len(), 1);
    commands.remove(neighbour, first.id).await.expect("removed");
    assert_eq!(house.store.active_sources().await.expect("sources").len(), 0);
    let again = commands.remove(neighbour, first.id).await;
    assert_eq!(again.expect_err("gone").kind, FaultKind::NotFound);
}

#[tokio::test]
async fn settings_change_and_what_is_not_mine_does_not() {
    let house = House::new().await;
    let commands = commands(&house);
    let (source, _) =
        commands.add(house.reader, adding("https://a.demo/feed")).await.expect("added");
    let change = ChangeSource {
        title: Some("Mine".into()),
        interval: Some(Duration::from_secs(3_600)),
        paused: Some(true),
        ..ChangeSource::default()
    };
    let changed = commands.change(house.reader, source.id, change.clone()).await.expect("changed");
    assert_eq!(
        (changed.title.as_str(), changed.interval_seconds, changed.paused),
        ("Mine", 3_600, true)
    );
    let whole = ChangeSource { full_text: Some(true), ..ChangeSource::default() };
    let changed = commands.change(house.reader, source.id, whole).await.expect("changed");
    assert!(changed.settings.full_text && changed.paused);
    let back = ChangeSource { title: Some(String::new()), ..ChangeSource::default() };
    let changed = commands.change(house.reader, source.id, back).await.expect("changed");
    assert_ne!(changed.title, "Mine");
    let neighbour = house.store.add_reader("neighbour", Language::ENGLISH).await.expect("one").id;
    let refused = commands.change(neighbour, source.id, change).await;
    assert_eq!(refused.expect_err("not theirs").kind, FaultKind::NotFound);
    let hasty = ChangeSource { interval: Some(Duration::from_secs(5)), ..ChangeSource::default() };
    let refused = commands.change(house.reader, source.id, hasty).await;
    assert_eq!(refused.expect_err("too often").kind, FaultKind::Invalid);
}

#[tokio::test]
async fn only_who_follows_a_source_alone_may_move_it_or_read_it_otherwise() {
    let house = House::new().await;
    let commands = commands(&house);
    let selectors = |item: &str| SourceSettings {
        selectors: Some(PageSelectors { item: item.into(), ..PageSelectors::default() }),
        ..SourceSettings::default()
    };
    let page = AddSource {
        kind: Some(SourceKind::Page),
        settings: selectors("li"),
        ..adding("https://a.demo/list")
    };
    let (source, _) = commands.add(house.reader, page.clone()).await.expect("added");
    let read = |settings| ChangeSource { settings: Some(settings), ..ChangeSource::default() };
    let to = |url: &str| ChangeSource { url: Some(url.into()), ..ChangeSource::default() };
    let change = |reader, change| commands.change(reader, source.id, change);
    let changed = change(house.reader, read(selectors("article"))).await.expect("alone");
    assert_eq!(changed.settings, selectors("article"));
    let kept = ChangeSource { full_text: Some(true), ..ChangeSource::default() };
    let changed = change(house.reader, kept).await.expect("alone");
    assert!(changed.settings.full_text && changed.settings.selectors.is_some());
    let refused = change(house.reader, read(SourceSettings::default())).await;
    assert_eq!(refused.expect_err("a page needs selectors").kind, FaultKind::Invalid);
    let moved = change(house.reader, to("https://a.demo/news")).await.expect("alone");
    assert_eq!(moved.url, "https://a.demo/news");

    let neighbour = house.store.add_reader("neighbour", Language::ENGLISH).await.expect("one").id;
    let page = AddSource { url: "https://a.demo/news".into(), ..page };
    commands.add(neighbour, page).await.expect("added");
    for refused in [read(selectors("p")), to("https://evil.example/")] {
        let refused = change(house.reader, refused).await.expect_err("shared");
        assert_eq!(refused.kind, FaultKind::Conflict);
        assert!(refused.message.starts_with("1 other reader"), "{refused}");
    }
    let offered_url = Some("https://a.demo/new".to_owned());
    let health = Health { offered_url, ..Health::default() };
    let result = FetchResult {
        source_id: source.id,
        health,
        etag: None,
        last_modified: None,
        title: None,
        site_url: None,
        adopt_url: None,
    };
    house.store.save_fetch_results(vec![result]).await.expect("saved");
    let moved = change(house.reader, to("https://a.demo/new")).await.expect("offered");
    assert_eq!((moved.url.as_str(), moved.health), ("https://a.demo/new", Health::default()));
}

#[tokio::test]
async fn a_private_source_that_moves_to_another_place_leaves_its_credentials_behind() {
    let house = House::new().await;
    let commands = commands(&house);
    let request = SourceRequest { user_agent: Some("Mine/1".into()), ..with_token("t-o-k-e-n") };
    let own = AddSource { request, ..adding("https://a.demo/feed") };
    let (mine, _) = commands.add(house.reader, own).await.expect("added");
    let to = |url: &str| ChangeSource { url: Some(url.into()), ..ChangeSource::default() };
    let change = |change| commands.change(house.reader, mine.id, change);
    let moved = change(to("https://a.demo/news")).await.expect("on the same site");
    assert_eq!(moved.request, ["user_agent", "bearer"]);
    let moved = change(to("https://evil.example/news")).await.expect("elsewhere");
    assert!(moved.private && moved.request == ["user_agent"], "{moved:?}");
}

fn with_token(token: &str) -> SourceRequest {
    SourceRequest { bearer: Some(Secret::new(token)), ..SourceRequest::default() }
}

#[tokio::test]
async fn a_source_asked_with_secrets_is_one_readers_own_by_every_command() {
    let house = House::new().await;
    let commands = commands(&house);
    let neighbour = house.store.add_reader("neighbour", Language::ENGLISH).await.expect("one").id;
    let url = "https://a.demo/feed";
    let own = AddSource { request: with_token("t-o-k-e-n"), ..adding(url) };
    let (mine, new) = commands.add(house.reader, own.clone()).await.expect("added");
    assert!(new && mine.private && mine.request == ["bearer"], "{mine:?}");
    assert!(!format!("{mine:?}{own:?}").contains("t-o-k-e-n"));
    let (theirs, _) = commands.add(neighbour, adding(url)).await.expect("added");
    assert!(!theirs.private && theirs.id != mine.id);
    let (again, new) = commands.add(house.reader, adding(url)).await.expect("known");
    assert!(!new && again.id == mine.id, "without secrets one's own is meant");
    let change = ChangeSource { paused: Some(true), ..ChangeSource::default() };
    let refused = [
        commands.change(neighbour, mine.id, change).await.map(|_| ()),
        commands.refresh(neighbour, mine.id).await.map(|_| ()),
        commands.remove(neighbour, mine.id).await,
    ];
    for answer in refused {
        assert_eq!(answer.expect_err("not theirs").kind, FaultKind::NotFound);
    }
    // What is taken away again leaves it one's own: its articles came by secrets.
    let clear = ChangeSource { request: Some(RequestChange::clear()), ..ChangeSource::default() };
    let bare = commands.change(house.reader, mine.id, clear.clone()).await.expect("changed");
    assert!(bare.private && bare.request.is_empty() && bare.id == mine.id);
    // A shared source is left to the others.
    let cookie = RequestChange { cookie: Some(Some(Secret::new("c=1"))), ..Default::default() };
    let change = ChangeSource {
        request: Some(cookie),
        title: Some("Ours".into()),
        ..ChangeSource::default()
    };
    let unchanged = commands.change(neighbour, theirs.id, clear).await.expect("nothing to clear");
    assert!(!unchanged.private && unchanged.id == theirs.id);
    let moved = commands.change(neighbour, theirs.id, change).await.expect("changed");
    assert!(moved.private && moved.id != theirs.id && moved.title == "Ours");
    assert_eq!(moved.request, ["cookie"]);
}

#[tokio::test]
async fn what_may_not_be_said_is_refused_when_it_is_given() {
    let house = House::new().await;
    let commands = commands(&house);
    let by = SourceRequest { proxy: Some("cellar".into()), ..SourceRequest::default() };
    for (url, request, complaint) in [
        ("https://a.demo/feed", with_token("two words"), "alone"),
        ("https://a.demo/feed", by, "there is no proxy cellar"),
        ("rsshub://a/b", with_token("t"), "RSSHub"),
    ] {
        let command = AddSource { request, ..adding(url) };
        let fault = commands.add(house.reader, command).await.expect_err(complaint);
        assert!(fault.kind == FaultKind::Invalid && fault.message.contains(complaint), "{fault}");
    }
}
