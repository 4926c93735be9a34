//! The hub and the topic a feed document names in its head: `link` elements in RSS, RDF and Atom,
//! `hubs` and `feed_url` in JSON Feed.

use super::ADDRESS_BYTES_MAX;
use crate::encoding;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::Value;

/// How far into a document of XML is looked, in bytes: what is about the whole stands in front.
const HEAD_BYTES: usize = 64 * 1024;
/// Most hubs looked at.
const HUBS_MAX: usize = 8;

/// What a document says about itself, as written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) hubs: Vec<String>,
    pub(super) topic: Option<String>,
}

/// Looks into the document.
pub(super) fn read(body: &[u8], content_type: Option<&str>) -> Named {
    let head = &body[..body.len().min(HEAD_BYTES)];
    let head = encoding::decode(head, content_type).text;
    if head.trim_start().starts_with('{') {
        // In JSON the order means nothing: the whole has to be read, but only where it may help.
        let may_name = memchr::memmem::find(body, b"\"hubs\"").is_some();
        return if may_name { read_json(body) } else { Named::default() };
    }
    read_xml(&head)
}

fn read_json(body: &[u8]) -> Named {
    let text = encoding::decode(body, None).text;
    let Ok(root) = serde_json::from_str::<Value>(&text) else { return Named::default() };
    let kind = |hub: &Value| hub["type"].as_str().map(str::to_ascii_lowercase);
    let is_websub = |hub: &&Value| {
        kind(hub).is_none_or(|kind| matches!(kind.as_str(), "websub" | "pubsubhubbub"))
    };
    let hubs = root["hubs"].as_array().into_iter().flatten().filter(is_websub);
    let hubs = hubs.filter_map(|hub| hub["url"].as_str()).take(HUBS_MAX);
    Named {
        hubs: hubs.map(str::to_owned).collect(),
        topic: root["feed_url"].as_str().map(str::to_owned),
    }
}

fn read_xml(head: &str) -> Named {
    let mut named = Named::default();
    let mut reader = Reader::from_str(head);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    // Entries have links of their own, which name the hub of another document at most.
    let mut entries_open = 0_usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) if is_entry(&tag) => entries_open += 1,
            Ok(Event::End(tag)) if is_entry_name(tag.local_name().as_ref()) => {
                entries_open = entries_open.saturating_sub(1);
            }
            Ok(Event::Start(tag) | Event::Empty(tag)) if entries_open == 0 => {
                take_link(&tag, &mut named);
            }
            Ok(Event::Eof) | Err(_) => return named,
            Ok(_) => {}
        }
    }
}

fn is_entry(tag: &BytesStart<'_>) -> bool {
    is_entry_name(tag.local_name().as_ref())
}

fn is_entry_name(name: &str) -> bool {
    matches!(name, "item" | "entry")
}

fn take_link(tag: &BytesStart<'_>, named: &mut Named) {
    if tag.local_name().as_ref() != "link" {
        return;
    }
    let (mut relations, mut target) = (String::new(), String::new());
    for attribute in tag.attributes().with_checks(false).flatten() {
        let place = match attribute.key.local_name().as_ref() {
            "rel" => &mut relations,
            "href" => &mut target,
            _ => continue,
        };
        *place = crate::construct::characters(&attribute.value).trim().to_owned();
    }
    if target.is_empty() || target.len() > ADDRESS_BYTES_MAX {
        return;
    }
    for relation in relations.split_ascii_whitespace() {
        match relation.to_ascii_lowercase().as_str() {
            "hub" if named.hubs.len() < HUBS_MAX => named.hubs.push(target.clone()),
            "self" => {
                named.topic.get_or_insert_with(|| target.clone());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn named(hubs: &[&str], topic: Option<&str>) -> Named {
        let hubs = hubs.iter().map(|hub| (*hub).to_owned()).collect();
        Named { hubs, topic: topic.map(str::to_owned) }
    }

    #[test]
    fn atom_and_rss_name_their_hub_in_their_head_only() {
        let atom = br#"<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">
            <link rel="hub" href="https://h.example/?a=1&amp;b=2"/><link rel="self" href="/f"/>
            <link rel="alternate" href="/"/><entry><link rel="hub" href="https://no.example/"/>
            <link rel="self" href="/no"/></entry></feed>"#;
        assert_eq!(read(atom, None), named(&["https://h.example/?a=1&b=2"], Some("/f")));
        let rss =
            br#"<rss xmlns:a10="http://www.w3.org/2005/Atom"><channel><link>http://e.example</link>
            <item><a10:link rel="self" href="/no"></a10:link></item>
            <a10:link rel='hub' href='https://h.example/'></a10:link>
            <a10:link href="https://e.example/f" rel="self"/></channel></rss>"#;
        assert_eq!(read(rss, None), named(&["https://h.example/"], Some("https://e.example/f")));
    }

    #[test]
    fn json_feed_names_hubs_by_type() {
        let json =
            br#"{"version":"https://jsonfeed.org/version/1.1","feed_url":"https://e.example/f",
            "items":[],"hubs":[{"type":"rssCloud","url":"https://no.example/"},
            {"type":"WebSub","url":"https://h.example/"}]}"#;
        assert_eq!(read(json, None), named(&["https://h.example/"], Some("https://e.example/f")));
        assert_eq!(read(br#"{"hubs":"x","feed_url":7}"#, None), Named::default());
    }

    #[test]
    fn more_hubs_than_anybody_has_are_cut_off() {
        let links = "<link rel=\"hub\" href=\"https://h.example/\"/>".repeat(1_000);
        assert_eq!(read(format!("<feed>{links}").as_bytes(), None).hubs.len(), HUBS_MAX);
    }

    proptest! {
        #[test]
        fn no_document_is_too_odd(text in r#"(<link rel=.hub. href=.a.|<item>|</item|"|>|/>|\{|é|[a-z "]{0,4}){0,30}"#) {
            prop_assert!(read(text.as_bytes(), None).hubs.len() <= HUBS_MAX);
        }
    }
}
