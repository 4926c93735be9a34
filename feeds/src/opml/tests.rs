//! What other programs write, and what we write ourselves.

use super::*;
use autoglm_domain::{
    JsonMapping, PageRule, PageSelectors, Secret, SourceKind, SourceRequest, SourceSettings,
};
use proptest::prelude::*;
use std::time::Duration;

#[test]
fn what_other_programs_write_is_read() {
    let list = r#"Notice: x
        <OPML><BODY><OUTLINE TEXT="A & B"><outline XMLURL='https://a.example/?x=1&y=2'
        htmlUrl="https://a.example" custom:thing="1" text="One">
        <outline title="Deep" text=""><outline xmlurl="https://b.example/f"/></OUTLINE>
        </outline></OUTLINE><outline type="rss" url="https://c.example/f" title="Three">"#;
    let read = read(list.as_bytes()).expect("has outlines");
    let found: Vec<(&str, &str, Option<&str>)> = read
        .outlines
        .iter()
        .map(|feed| (feed.url.as_str(), feed.title.as_str(), feed.folder.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            ("https://a.example/?x=1&y=2", "One", Some("A & B")),
            ("https://b.example/f", "https://b.example/f", Some("A & B/Deep")),
            ("https://c.example/f", "Three", None),
        ]
    );
}

#[test]
fn a_quote_inside_a_value_does_not_cost_the_feeds_behind_it() {
    let list = r#"<opml><body><outline text="He said "it's so," and left" xmlUrl="https://a.example"/>
        <outline text="Two" xmlUrl='https://b.example'/></body></opml>"#;
    let read = read(list.as_bytes()).expect("has outlines");
    let titles: Vec<&str> = read.outlines.iter().map(|feed| feed.title.as_str()).collect();
    assert_eq!(titles, ["He said \"it's so,\" and left", "Two"]);
}

#[test]
fn nesting_without_end_is_survived() {
    let deep = "<outline text='x'>".repeat(100_000) + "<outline xmlUrl='https://a.example'/>";
    let read = read(deep.as_bytes()).expect("has outlines");
    assert_eq!(read.outlines[0].folder.as_deref().map(|f| f.len()), Some(2 * DEPTH_MAX - 1));
}

#[test]
fn a_document_without_outlines_is_refused() {
    assert_eq!(read(b"<html><body>no</body></html>"), Err(OpmlError::NoOutline));
    assert_eq!(read(b""), Err(OpmlError::NoOutline));
}

proptest! {
    #[test]
    fn a_written_list_is_read_back(
        names in proptest::collection::vec("[a-z<>&\"' ]{0,8}[a-z]", 1..6),
        folder in proptest::option::of("[a-z&]{1,5}(/[a-z]{1,5})?"),
    ) {
        let feeds: Vec<OpmlFeed> = names.iter().enumerate().map(|(number, name)| OpmlFeed {
            url: format!("https://example.org/{number}?a=1&b=2"),
            title: text::title_line(name),
            site_url: (number % 2 == 0).then(|| "https://example.org/".to_owned()),
            folder: folder.clone(),
            wishes: OpmlWishes::default(),
            problems: Vec::new(),
        }).filter(|feed| text::title_line(&feed.title) == feed.title).collect();
        prop_assume!(!feeds.is_empty());
        let read = read(write("My <list>", &feeds).as_bytes()).expect("was written here");
        prop_assert_eq!(read.outlines, feeds);
        prop_assert_eq!(read.title.as_deref(), Some("My <list>"));
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes);
    }
}

fn one(outline: &str) -> OpmlFeed {
    let list = format!("<opml><body><outline text='F' {outline}/></body></opml>");
    read(list.as_bytes()).expect("has an outline").outlines.remove(0)
}

#[test]
fn settings_of_miniflux_are_taken_over_and_the_others_named() {
    let feed =
        one(r#"type="rss" xmlUrl="https://e.example/f" miniflux:scraperRules="article.content"
        miniflux:rewriteRules="replace(x)" miniflux:userAgent="CustomAgent/1.0"
        miniflux:proxyUrl="http://me:pass@proxy.example" miniflux:crawler="true"
        miniflux:disabled="true" miniflux:hideGlobally="true" miniflux:disableHTTP2="false""#);
    let wishes = feed.wishes;
    assert!(wishes.paused && wishes.settings.full_text && wishes.kind.is_none());
    let rule = wishes.settings.page_rule.expect("a rule");
    assert_eq!(rule.content, ["article.content"]);
    assert_eq!(wishes.request.user_agent.as_deref(), Some("CustomAgent/1.0"));
    let problems = feed.problems.join("; ");
    for name in ["rewriterules", "proxyurl", "hideglobally"] {
        assert!(problems.contains(name), "{problems}");
    }
    assert!(!problems.contains("pass") && !problems.contains("http2"), "{problems}");
}

#[test]
fn settings_of_freshrss_are_taken_over_and_the_others_named() {
    let feed = one(r#"type="HTML+XPath" xmlUrl="https://e.example/list" frss:priority="important"
        frss:unicityCriteria="id" frss:ttl="-7200" frss:xPathItem="//li[@class='news']"
        frss:xPathItemTitle="descendant::h2" frss:xPathItemUri="descendant::a/@href"
        frss:xPathItemContent="." frss:xPathItemTimestamp="ancestor::div/time"
        frss:cssFullContent="article .body" frss:cssContentFilter=".ad, aside"
        frss:CURLOPT_COOKIE="a=b" frss:CURLOPT_USERAGENT="agent/1.0" frss:CURLOPT_PROXYTYPE="-1"
        frss:CURLOPT_HTTPHEADER="X-One: 1&#10;X-Two: 2""#);
    let wishes = feed.wishes;
    assert_eq!((wishes.kind, wishes.paused), (Some(SourceKind::Page), true));
    assert_eq!(wishes.interval, Some(Duration::from_secs(7_200)));
    let selectors = wishes.settings.selectors.expect("selectors");
    assert_eq!(selectors.item, "li[class=\"news\"]");
    assert_eq!((selectors.title.as_deref(), selectors.link.as_deref()), (Some("h2"), Some("a")));
    assert!(wishes.settings.full_text);
    let rule = wishes.settings.page_rule.expect("a rule");
    assert_eq!(
        (rule.content, rule.remove),
        (vec!["article .body".into()], vec![".ad, aside".into()])
    );
    assert_eq!(
        wishes.request.names_set(),
        ["user_agent", "cookie", "headers.x-one", "headers.x-two"]
    );
    let problems = feed.problems.join("; ");
    assert!(
        problems.contains("frss:priority") && problems.contains("xPathItemTimestamp"),
        "{problems}"
    );
    assert_eq!(feed.problems.len(), 2, "{problems}");
}

#[test]
fn json_by_dot_notation_is_a_mapping_and_what_is_not_read_here_is_told() {
    let feed =
        one(r#"type="JSON+DotNotation" xmlUrl="https://e.example/api" frss:jsonItem="data.items"
        frss:jsonItemTitle="meta.title" frss:jsonItemUri="meta.links[0]" frss:jsonItemUid="id""#);
    let mapping = feed.wishes.settings.mapping.expect("a mapping");
    assert_eq!((mapping.items.as_str(), mapping.link.as_str()), ("data.items", "meta.links[0]"));
    assert_eq!((mapping.id.as_deref(), feed.wishes.kind), (Some("id"), Some(SourceKind::JsonApi)));
    assert!(feed.problems.is_empty(), "{:?}", feed.problems);
    let feed = one(r#"type="XML+XPath" xmlUrl="https://e.example/f" frss:xPathItem="//item""#);
    assert!(
        feed.problems.len() == 2 && feed.problems[0].contains("XML+XPath"),
        "{:?}",
        feed.problems
    );
    let smuggled = one("xmlUrl='https://e.example/f' frss:CURLOPT_HTTPHEADER='Host: evil'");
    assert!(smuggled.wishes.request.is_empty() && smuggled.problems[0].contains("host"));
    let list =
        b"<opml><body><outline text='Mirror' frss:opmlUrl='https://e.example/l'/></body></opml>";
    assert!(read(list).expect("an outline").problems[0].contains("Mirror"));
}

#[test]
fn a_written_list_names_secrets_and_holds_none() {
    let request = SourceRequest {
        user_agent: Some("Mine/1".into()),
        cookie: Some(Secret::new("c-o-o-k-i-e")),
        proxy: Some("office".into()),
        ..SourceRequest::default()
    };
    let feed = OpmlFeed {
        url: "https://e.example/f".into(),
        wishes: OpmlWishes { request, ..OpmlWishes::default() },
        ..OpmlFeed::default()
    };
    let written = write("Mine", &[feed]);
    assert!(!written.contains("c-o-o-k-i-e"), "{written}");
    let again = read(written.as_bytes()).expect("was written here").outlines.remove(0);
    assert_eq!(again.wishes.request.names_set(), ["user_agent", "proxy"]);
    assert!(again.problems[0].contains("cookie"), "{:?}", again.problems);
}

/// Settings with anything in them that can be kept.
fn any_wishes() -> impl Strategy<Value = OpmlWishes> {
    let text = || "[ -~\u{80}-\u{9f}äé中文\u{fffe}😀]{1,12}";
    let kind = prop_oneof![
        Just(None),
        Just(Some(SourceKind::Feed)),
        Just(Some(SourceKind::Page)),
        Just(Some(SourceKind::JsonApi)),
        Just(Some(SourceKind::Sitemap)),
    ];
    let rules = (text(), proptest::option::of(text()), proptest::option::of(text()));
    let schedule = (proptest::option::of(60_u64..604_800), any::<bool>(), any::<bool>());
    let asking = proptest::option::of("[A-Za-z]{1,6}/[0-9] \\(\"<&>\\)");
    (kind, rules, schedule, asking).prop_map(|(kind, rules, (interval, paused, full), agent)| {
        let (first, second, third) = rules;
        OpmlWishes {
            kind,
            settings: SourceSettings {
                mapping: (kind == Some(SourceKind::JsonApi)).then(|| JsonMapping {
                    items: first.clone(),
                    id: second.clone(),
                    ..JsonMapping::default()
                }),
                selectors: (kind == Some(SourceKind::Page)).then(|| PageSelectors {
                    item: first.clone(),
                    link: third.clone(),
                    ..PageSelectors::default()
                }),
                url_contains: second,
                full_text: full,
                page_rule: full.then(|| PageRule { content: vec![first.clone()], remove: vec![] }),
            },
            request: SourceRequest { user_agent: agent, ..SourceRequest::default() },
            interval: interval.map(Duration::from_secs),
            paused,
        }
    })
}

proptest! {
    #[test]
    fn everything_but_secrets_comes_back_from_our_own_list(wishes in any_wishes()) {
        let feed = OpmlFeed {
            url: "https://example.org/f?a=1&b=2".to_owned(),
            title: "One".to_owned(),
            wishes,
            ..OpmlFeed::default()
        };
        let written = write("Mine", std::slice::from_ref(&feed));
        let read = read(written.as_bytes()).expect("was written here");
        prop_assert_eq!(&read.outlines, &vec![feed], "{}", written);
    }
}
