//! The second reading of a broken feed: entry by entry, so that one bad entry costs only itself.

use crate::parse::{ENTRIES_MAX, FeedEntry, ParsedFeed, convert, read_xml};
use crate::{date, repair, text};

/// The root's start tag is repeated before every entry, so it must be short.
const ROOT_BYTES_MAX: usize = 8 * 1024;

/// Splits the document into its entries and reads each alone within the document's root.
/// `None` when there is neither a readable head nor a readable entry.
pub(crate) fn read(document: &str, base_url: &str, why: &str) -> Option<ParsedFeed> {
    let root_end = document.find('>')? + 1;
    if root_end > ROOT_BYTES_MAX {
        return None;
    }
    let (root, name) = (&document[..root_end], root_name(document)?);
    let local = name.rsplit(':').next().unwrap_or(name);
    let (item, open, close) = match local {
        "rss" => ("item", "<channel>", format!("</channel></{name}>")),
        "feed" => ("entry", "", format!("</{name}>")),
        _ => ("item", "", format!("</{name}>")),
    };
    let pieces = split(document, item);
    let head_end = pieces.first().map_or(document.len(), |(start, _)| *start);
    let mut feed = read_head(&document[..head_end], item, &close, base_url);
    let head_readable = feed.title.is_some() || feed.site_url.is_some();
    feed.problem(format!("the document is broken: {why}"));
    for (number, (start, end)) in pieces.iter().take(ENTRIES_MAX).enumerate() {
        let piece = &document[*start..*end];
        let alone = format!("{root}{open}{piece}{close}");
        match read_xml(&alone, base_url) {
            Ok(one) => feed.entries.extend(convert(one, base_url).entries),
            Err(why) => {
                // Cut off: what is missing may be the better half, so nothing of it is shown.
                let cut_off = number + 1 == pieces.len() && !piece.contains("</");
                let loose = (!cut_off && piece.ends_with('>')).then(|| loosely(piece)).flatten();
                feed.problem(format!("entry {} is broken: {why}", number + 1));
                feed.entries.extend(loose);
            }
        }
    }
    let bare = local == "rss" && !document.contains("<channel");
    (head_readable || bare || !feed.entries.is_empty()).then_some(feed)
}

fn root_name(document: &str) -> Option<&str> {
    document[1..].split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next()
}

/// Title and address of the feed, from what stands before the first entry.
fn read_head(head: &str, item: &str, close: &str, base_url: &str) -> ParsedFeed {
    let closed = if item == "item" && close.starts_with("</channel>") && head.contains("</channel>")
    {
        format!("{head}{}", close.trim_start_matches("</channel>"))
    } else {
        format!("{head}{close}")
    };
    match read_xml(&closed, base_url) {
        Ok(feed) => convert(feed, base_url),
        Err(_) => ParsedFeed {
            title: between(head, "title").map(|title| text::title_line(&title)),
            site_url: between(head, "link"),
            base_url: base_url.to_owned(),
            ..ParsedFeed::default()
        },
    }
}

/// Where the entries begin and end: each at its end tag, or before the next one, or where the
/// document stops.
fn split(document: &str, item: &str) -> Vec<(usize, usize)> {
    let starts: Vec<usize> = document
        .match_indices(&format!("<{item}"))
        .map(|(at, _)| at)
        .filter(|at| {
            let next = document.as_bytes().get(at + item.len() + 1);
            next.is_some_and(|b| b.is_ascii_whitespace() || *b == b'>')
        })
        .take(ENTRIES_MAX + 1)
        .collect();
    let end_tag = format!("</{item}>");
    let mut pieces = Vec::with_capacity(starts.len());
    for (number, start) in starts.iter().enumerate() {
        let limit = starts.get(number + 1).copied().unwrap_or(document.len());
        let piece = &document[*start..limit];
        let end = piece.rfind(&end_tag).map_or(piece.len(), |at| at + end_tag.len());
        pieces.push((*start, start + end));
    }
    pieces
}

/// The fields of an entry found by their tags alone, whatever nests wrongly between them.
fn loosely(piece: &str) -> Option<FeedEntry> {
    let date = ["pubDate", "dc:date", "published", "updated"];
    let entry = FeedEntry {
        id: between(piece, "guid").or_else(|| between(piece, "id")),
        link: between(piece, "link").filter(|link| link.starts_with("http")),
        title: between(piece, "title"),
        published: date.iter().find_map(|name| date::parse(&between(piece, name)?)),
        summary_html: between(piece, "description").or_else(|| between(piece, "summary")),
        content_html: between(piece, "content:encoded").or_else(|| between(piece, "content")),
        ..FeedEntry::default()
    };
    (entry.title.is_some() || entry.link.is_some()).then_some(entry)
}

/// What stands between a start tag and its end tag, unescaped once.
fn between(piece: &str, name: &str) -> Option<String> {
    let start = piece.match_indices(&format!("<{name}")).map(|(at, _)| at).find(|at| {
        let next = piece.as_bytes().get(at + name.len() + 1);
        next.is_some_and(|b| b.is_ascii_whitespace() || *b == b'>')
    })?;
    let inside = piece[start..].split_once('>')?.1;
    let inside = &inside[..inside.find(&format!("</{name}>"))?];
    let data = inside.trim().strip_prefix("<![CDATA[").and_then(|text| text.strip_suffix("]]>"));
    let value = match data {
        Some(data) => data.to_owned(),
        None => quick_xml::escape::unescape(inside).map_or_else(|_| inside.to_owned(), Into::into),
    };
    let value = text::prefix(value.trim(), repair::DOCUMENT_BYTES_MAX).to_owned();
    (!value.is_empty()).then_some(value)
}
