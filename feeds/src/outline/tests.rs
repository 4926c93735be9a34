//! Documents seen by the names of their elements.

use super::*;

fn titles(document: &str) -> Vec<String> {
    let title = |entry: Fields<'_>| entry.title.map(|said| said.value()).unwrap_or_default();
    read(document, None).entries.into_iter().map(title).collect()
}

#[test]
fn entries_are_found_wherever_they_stand() {
    for document in [
        "<rdf:RDF><channel><items/></channel><item><title>A</title></item></rdf:RDF>",
        "<rdf:RDF><channel><item><title>A</title></item></channel></rdf:RDF>",
        "<r:rss xmlns:r='x'><channel><r:item><r:title>A</r:title></r:item></channel></r:rss>",
        "<CHANNEL><ITEM HREF='https://example.org/a'><TITLE>A</TITLE></ITEM></CHANNEL>",
        "<feed xmlns='http://example.org/no/atom'><entry><title>A</title></entry></feed>",
    ] {
        let document = document.replace("r:item", "item").replace("r:title", "title");
        assert_eq!(titles(&document), ["A"], "{document}");
    }
}

#[test]
fn an_entry_within_another_leaves_that_one_its_fields() {
    let document = "<rss><channel><item><link>https://example.org/a</link><x:old xmlns:x='x'>\
        <item><title>B</title></item></x:old><title>A</title></item></channel></rss>";
    assert_eq!(titles(document), ["A", "B"]);
}

#[test]
fn wrong_nesting_and_wrong_end_tags_cost_only_their_value() {
    assert_eq!(titles("<rss><item><title>A</b></title><item><title>B</title></rss>"), ["A", "B"]);
    let mixed = "<feed><entry><source><logo>x</link></source><title>A</title></entry></feed>";
    assert_eq!(read(mixed, None).entries.len(), 1);
}

#[test]
fn an_entry_that_breaks_off_is_left_out() {
    assert_eq!(titles("<rss><item><title>A</title></item><item><title>B</title><link>"), ["A"]);
}

#[test]
fn the_closest_name_for_a_field_wins_over_its_stand_ins() {
    let item = "<rss><item><media:title>M</media:title><dc:title>D</dc:title></item></rss>";
    assert_eq!(titles(item), ["D"]);
    let item = item.replace("</item>", "<title>T</title></item>");
    assert_eq!(titles(&item), ["T"]);
}

#[test]
fn nested_bases_are_resolved_against_each_other() {
    let document = "<feed xml:base='https://example.org/a/'><entry xml:base='b/'>\
        <content xml:base='c/'>x</content><title>T</title></entry></feed>";
    let outline = read(document, None);
    let base = |said: &Option<Said<'_>>| {
        said.as_ref().and_then(|said| said.base.clone()).map(String::from)
    };
    let entry = &outline.entries[0];
    assert_eq!(base(&entry.content).as_deref(), Some("https://example.org/a/b/c/"));
    assert_eq!(base(&entry.title).as_deref(), Some("https://example.org/a/b/"));
}
