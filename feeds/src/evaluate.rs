//! Measuring this room on sets of files anyone can supply: the library part of `eval ingest`.

mod fetch;

use crate::client::guard::Guard;
use crate::client::inflate;
use crate::parse::{FeedEntry, ParsedFeed, base_address, read_feed};
use crate::{canonical_url, date, discover, encoding, extract, normalise, opml, sanitize, text};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use serde_json::{Value, json};
use std::fs;
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Component, Path, PathBuf};
use url::Url;

pub use fetch::evaluate_fetch;

/// The base of documents whose address is not told.
const NO_BASE: &str = "";
/// Where such documents are read from, so that links within a site are kept; it is taken off again.
const UNTOLD_BASE: &str = "https://untold.invalid";
/// Largest input file read, in bytes.
const INPUT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Runs every set present in a folder (`feeds`, `real-feeds`, `opml`, `urls`, `ssrf`, `xss`,
/// `dates`, `encoding`, `pages`) and writes what its scorer reads. Returns the sets that ran, with the
/// number of their cases.
pub fn evaluate_ingest(set_dir: &Path, out_dir: &Path) -> io::Result<Vec<(String, usize)>> {
    type Runner = fn(&Path, &Path) -> io::Result<usize>;
    let runners: [(&str, &str, Runner); 9] = [
        ("feeds", "expect.jsonl", feeds),
        ("real-feeds", "silver.jsonl", real_feeds),
        ("opml", "expect.jsonl", lists),
        ("urls", "same_pairs.jsonl", urls),
        ("ssrf", "cases.jsonl", guard_verdicts),
        ("xss", "cases.jsonl", payloads),
        ("dates", "cases.jsonl", dates),
        ("encoding", "cases.jsonl", encodings),
        ("pages", "gold.jsonl", pages),
    ];
    let mut counts = Vec::new();
    for (name, index, run) in runners {
        let set = set_dir.join(name);
        if set.join(index).is_file() {
            let out = out_dir.join(name);
            fs::create_dir_all(&out)?;
            counts.push((name.to_owned(), run(&set, &out)?));
        }
    }
    Ok(counts)
}

/// One document's reading as JSON: `{title, link, entries}` or `{error}`. A body as it came over the
/// wire is unpacked when its `Content-Encoding` is told (gzip also when it is not).
#[must_use]
pub fn evaluate_feed(bytes: &[u8], content_encoding: Option<&str>) -> String {
    let body = Bytes::copy_from_slice(bytes);
    match inflate::unpack(body, content_encoding, encoding::DOCUMENT_BYTES_MAX) {
        Some(body) => reading(&body, None, NO_BASE),
        None => json!({ "error": "could not read the feed: it is too large unpacked" }),
    }
    .to_string()
}

fn reading(bytes: &[u8], content_type: Option<&str>, base_url: &str) -> Value {
    match read_feed(bytes, content_type, base_url) {
        Ok(feed) => feed_json(&feed, encoding::decode(bytes, content_type).encoding),
        Err(error) => json!({ "error": error.to_string() }),
    }
}

fn feed_json(feed: &ParsedFeed, encoding: &str) -> Value {
    let base = Url::parse(&feed.base_url).ok();
    let entries: Vec<Value> = feed.entries.iter().map(|e| entry_json(e, base.as_ref())).collect();
    let title = feed.title_html.as_deref().or(feed.title.as_deref());
    json!({
        "title": title.map(|title| title_html(title, base.as_ref())), "link": feed.site_url, "language": feed.language,
        "encoding": encoding, "entries": entries, "problems": feed.problems,
    })
}

fn entry_json(entry: &FeedEntry, base: Option<&Url>) -> Value {
    let own = entry.base.as_deref().and_then(|own| match base {
        Some(base) => base.join(own).ok(),
        None => Url::parse(own).ok(),
    });
    let base = own.as_ref().or(base);
    let clean = |html: &Option<String>| html.as_deref().map(|html| sanitized(html, base));
    let web = |link: &&String| {
        Url::parse(link).map_or(true, |url| matches!(url.scheme(), "http" | "https"))
    };
    let (summary, content) = (clean(&entry.summary_html), clean(&entry.content_html));
    let link = entry.link.as_ref().filter(web);
    let shown = || {
        let html = content.as_deref().or(summary.as_deref()).unwrap_or("");
        let url = link.map_or("", String::as_str);
        normalise::title(None, &text::from_html(html), url).map(|title| text::to_html(&title))
    };
    json!({
        // Without an id the address is the identity.
        "id": entry.id.as_ref().or(link),
        "link": link,
        "title": entry.title.as_deref().map(|title| title_html(title, base)).or_else(shown),
        "authors": entry.authors.iter().chain(&entry.author_emails).collect::<Vec<_>>(),
        "published": entry.published.map(|at| at.to_rfc3339()),
        "updated": entry.updated.map(|at| at.to_rfc3339()),
        "summary": summary,
        "content": content,
    })
}

/// Clean HTML; its relative links stay so where nobody knows what they refer to.
fn sanitized(html: &str, base: Option<&Url>) -> String {
    match (base, Url::parse(UNTOLD_BASE)) {
        (None, Ok(untold)) => sanitize::sanitize(html, Some(&untold)).replace(UNTOLD_BASE, ""),
        _ => sanitize::sanitize(html, base),
    }
}

/// A title with its links, when it has any; else as a line of text, as readers see it.
fn title_html(title: &str, base: Option<&Url>) -> String {
    if title.contains("href=") || title.contains("src=") {
        return sanitized(title, base);
    }
    text::to_html(&text::title_line(title))
}

fn read_lines(path: &Path) -> io::Result<Vec<Value>> {
    let text = fs::read_to_string(path)?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).map_err(io::Error::other)).collect()
}

fn string<'a>(case: &'a Value, name: &str) -> &'a str {
    case.get(name).and_then(Value::as_str).unwrap_or("")
}

/// A path inside a folder; an error for one that leads outside.
fn inside(folder: &Path, name: &str) -> io::Result<PathBuf> {
    let relative = Path::new(name);
    if relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return Ok(folder.join(relative));
    }
    Err(io::Error::other(format!("could not use the case {name:?}: it leads out of its folder")))
}

fn read_input(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.len() > INPUT_BYTES_MAX {
        return Err(io::Error::other(format!("could not read {}: too large", path.display())));
    }
    fs::read(path)
}

fn write_case(out: &Path, case: &str, value: &Value) -> io::Result<()> {
    let path = inside(out, &format!("{case}.json"))?;
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, value.to_string())
}

fn feeds(set: &Path, out: &Path) -> io::Result<usize> {
    feed_cases(set, out, "expect.jsonl")
}

fn real_feeds(set: &Path, out: &Path) -> io::Result<usize> {
    feed_cases(set, out, "silver.jsonl")
}

fn feed_cases(set: &Path, out: &Path, index: &str) -> io::Result<usize> {
    let cases = read_lines(&set.join(index))?;
    for case in &cases {
        let name = string(case, "case");
        let input = case.get("input").and_then(Value::as_str).unwrap_or(name);
        let bytes = read_input(&inside(set, input)?)?;
        let base = Url::parse(string(case, "url")).map_or_else(
            |_| NO_BASE.to_owned(),
            |url| base_address(&url, header(case, "content-location")),
        );
        write_case(out, name, &reading(&bytes, header(case, "content-type"), &base))?;
    }
    Ok(cases.len())
}

fn header<'a>(case: &'a Value, name: &str) -> Option<&'a str> {
    let headers = case.get("headers")?.as_object()?;
    let found = headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name))?;
    found.1.as_str()
}

fn lists(set: &Path, out: &Path) -> io::Result<usize> {
    let cases = read_lines(&set.join("expect.jsonl"))?;
    for case in &cases {
        let name = string(case, "case");
        let value = match opml::read_outlines(&read_input(&inside(set, name)?)?) {
            Err(error) => json!({ "error": error.to_string() }),
            Ok(list) => {
                let one = |outline: &opml::Outline| {
                    json!({
                        "xmlUrl": outline.feed.url, "title": outline.feed.title,
                        "htmlUrl": outline.feed.site_url, "path": outline.path,
                    })
                };
                let feeds: Vec<Value> = list.found.iter().map(one).collect();
                json!({ "title": list.title, "feeds": feeds })
            }
        };
        write_case(out, name, &value)?;
    }
    Ok(cases.len())
}

/// Writes one line a case to `results.jsonl`.
fn results(out: &Path, lines: impl Iterator<Item = Value>) -> io::Result<usize> {
    let mut file = BufWriter::new(fs::File::create(out.join("results.jsonl"))?);
    let mut count = 0;
    for line in lines {
        writeln!(file, "{line}")?;
        count += 1;
    }
    file.flush()?;
    Ok(count)
}

fn urls(set: &Path, out: &Path) -> io::Result<usize> {
    let pairs = read_lines(&set.join("same_pairs.jsonl"))?;
    let sets = read_lines(&set.join("distinct_sets.jsonl"))?;
    let paired = pairs.iter().flat_map(|pair| [string(pair, "a"), string(pair, "b")]);
    let links = sets.iter().filter_map(|set| set.get("links").and_then(Value::as_array)).flatten();
    let all = paired.chain(links.filter_map(Value::as_str));
    // The key is the one by which entries of a feed are told apart.
    let key = canonical_url::canonical_url_with_fragment;
    results(out, all.map(|url| json!({ "url": url, "key": key(url) })))
}

fn guard_verdicts(set: &Path, out: &Path) -> io::Result<usize> {
    let cases = read_lines(&set.join("cases.jsonl"))?;
    let guard = Guard::default();
    results(
        out,
        cases.iter().map(|case| {
            let verdict =
                if guard.check_url(string(case, "url")).is_ok() { "allow" } else { "block" };
            // The resolver checks the address that is dialled.
            json!({ "case": string(case, "case"), "verdict": verdict, "checks_resolved": true })
        }),
    )
}

fn payloads(set: &Path, out: &Path) -> io::Result<usize> {
    let cases = read_lines(&set.join("cases.jsonl"))?;
    let base = Url::parse("https://example.org/").ok();
    results(
        out,
        cases.iter().map(|case| {
            let html = sanitize::sanitize(string(case, "payload"), base.as_ref());
            json!({ "case": string(case, "case"), "html": html })
        }),
    )
}

fn dates(set: &Path, out: &Path) -> io::Result<usize> {
    let cases = read_lines(&set.join("cases.jsonl"))?;
    results(
        out,
        cases.iter().map(|case| {
            let moment = date::parse(string(case, "input"));
            json!({ "case": string(case, "case"), "utc": moment.map(|at| at.to_rfc3339()) })
        }),
    )
}

fn encodings(set: &Path, out: &Path) -> io::Result<usize> {
    let cases = read_lines(&set.join("cases.jsonl"))?;
    let mut lines = Vec::with_capacity(cases.len());
    for case in &cases {
        let mut bytes = encoded_input(set, case)?;
        if case.get("strip_declaration").and_then(Value::as_bool) == Some(true) {
            strip_declaration(&mut bytes);
        }
        let decoded = encoding::decode(&bytes, None);
        let text = text::prefix(&decoded.text, 100_000);
        let name = string(case, "case");
        lines.push(json!({ "case": name, "encoding": decoded.encoding, "text": text }));
    }
    results(out, lines.into_iter())
}

fn pages(set: &Path, out: &Path) -> io::Result<usize> {
    let cases = read_lines(&set.join("gold.jsonl"))?;
    for case in &cases {
        let bytes = unpacked(&read_input(&inside(set, string(case, "input"))?)?)?;
        let url = Url::parse(string(case, "url")).ok();
        let page = extract(&bytes, header(case, "content-type"), url.as_ref(), None);
        let value = json!({
            "title": page.title, "byline": page.byline,
            "published": page.published_at.map(|at| at.to_rfc3339()),
            "text": page.text, "html": page.html, "next_page": page.next_page,
            "feed_links": feed_links(&bytes, url.as_ref()), "problems": page.problems,
        });
        write_case(out, string(case, "case"), &value)?;
    }
    Ok(cases.len())
}

/// The feeds of a page; as the page writes them where its address is not told.
fn feed_links(bytes: &[u8], url: Option<&Url>) -> Vec<String> {
    let base = url.map_or(UNTOLD_BASE, Url::as_str);
    let found = discover(bytes, base).into_iter().map(|feed| feed.url);
    found.map(|link| link.strip_prefix(UNTOLD_BASE).map(str::to_owned).unwrap_or(link)).collect()
}

/// A file without its gzip packing, if it has one.
fn unpacked(bytes: &[u8]) -> io::Result<Vec<u8>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes.to_vec());
    }
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes).take(INPUT_BYTES_MAX).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

/// A case's bytes: in the case itself, or in a file. The set refers to its neighbours, so the file
/// may lie one folder up.
fn encoded_input(set: &Path, case: &Value) -> io::Result<Vec<u8>> {
    if let Some(data) = case.get("data_b64").and_then(Value::as_str) {
        return BASE64_STANDARD.decode(data).map_err(io::Error::other);
    }
    let input = string(case, "input");
    read_input(&match input.strip_prefix("../") {
        Some(rest) => inside(set.parent().unwrap_or(set), rest)?,
        None => inside(set, input)?,
    })
}

/// Removes the encoding from an XML declaration, as the set asks for some cases.
fn strip_declaration(bytes: &mut Vec<u8>) {
    let head = &bytes[..bytes.len().min(1024)];
    let find = |needle: &[u8], from: usize| {
        head[from..].windows(needle.len()).position(|window| window == needle).map(|at| at + from)
    };
    let Some(at) = find(b"<?xml", 0).and_then(|start| find(b"encoding=", start)) else { return };
    let Some(quote) = head.get(at + 9).copied() else { return };
    let Some(end) = head[at + 10..].iter().position(|b| *b == quote) else { return };
    bytes.drain(at..at + 10 + end + 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_told_as_json() {
        let rss = b"<rss><channel><title>T</title><item><title>A</title>\
                    <link>https://example.org/a</link></item></channel></rss>";
        let told: Value = serde_json::from_str(&evaluate_feed(rss, None)).expect("is JSON");
        assert_eq!(told["entries"][0]["link"], "https://example.org/a");
        assert!(evaluate_feed(b"", None).contains("error"));
    }

    #[test]
    fn the_corpora_are_read_without_panic() {
        let root = std::env::var("AUTOGLM_CORPORA").map_or_else(
            |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora"),
            PathBuf::from,
        );
        let out = std::env::var("AUTOGLM_EVALUATE_OUT").map(PathBuf::from).unwrap_or_else(|_| {
            std::env::temp_dir().join(format!("autoglm-feeds-{}", std::process::id()))
        });
        let counts = evaluate_ingest(&root.join("ingest"), &out).expect("the sets are readable");
        println!("cases run: {counts:?}");
        if std::env::var("AUTOGLM_EVALUATE_OUT").is_err() {
            let _ = fs::remove_dir_all(&out);
        }
    }
}
