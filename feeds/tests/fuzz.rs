//! Every reader of foreign input on mutated documents, a short fixed time each.
//!
//! The seeds are written here; where the corpora lie beside the checkout (`AUTOGLM_CORPORA`), their
//! files are seeds too. `AUTOGLM_FUZZ_SECONDS` makes the time longer; the random numbers have a fixed
//! start, so that a failure comes again.

use autoglm_feeds::sanitize::{HTML_BYTES_MAX, sanitize};
use autoglm_feeds::{canonical_url, date, encoding, normalise, opml, read_feed};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use url::Url;

/// Time for each reader unless the environment says otherwise, in milliseconds.
const MILLISECONDS: u64 = 1_000;
/// Largest seed taken from the corpora, in bytes.
const SEED_BYTES_MAX: u64 = 32 * 1024;
/// Most seeds taken from one folder of the corpora.
const SEEDS_MAX: usize = 300;
/// Largest input, in bytes.
const INPUT_BYTES_MAX: usize = 64 * 1024;

/// Pieces that mean something to one of the readers.
const PIECES: &[&str] = &[
    "<",
    ">",
    "&",
    "\"",
    "'",
    "/>",
    "</",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?xml",
    "?>",
    "\0",
    "&#x0;",
    "&amp;amp;",
    "&lt;script&gt;",
    "<script>alert(1)</script>",
    "<svg onload=alert(1)>",
    "<math><mtext>",
    "</math>",
    "<style>",
    "<template>",
    "<p hidden>",
    "javascript:alert(1)",
    "<img src=x onerror=alert(1)>",
    "<a href='data:text/html,x'>",
    "<!DOCTYPE x [<!ENTITY a 'b'>]>",
    "<item>",
    "<entry>",
    "<outline xmlUrl='",
    "encoding='utf-16'",
    "charset=iso-2022-kr",
    "\u{feff}",
    "\u{1b}$B",
    "\u{1b}$)C\u{e}",
    "~{",
    "\u{202e}",
    "é",
    "中",
    "99999999999999999999",
    "-1",
    "%",
    "%00",
    "://",
    "@",
    "#",
    "?utm_source=",
    "+25:00",
    "Z",
    "Feb 30",
    "{",
    "[",
    "}",
    "\\u0000",
    "xml:base='//'",
];

const FEEDS: &[&str] = &[
    "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>A &amp; B</title>\
     <link>https://example.org/</link><item><title>One</title><guid>1</guid>\
     <link>https://example.org/1</link><pubDate>Mon, 02 Jan 2006 15:04:05 GMT</pubDate>\
     <description><![CDATA[<p>Text <b>bold</b></p>]]></description></item></channel></rss>",
    "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://example.org/'><title>T</title>\
     <entry><id>tag:1</id><title type='html'>&lt;i&gt;x&lt;/i&gt;</title><link href='a'/>\
     <updated>2024-01-02T03:04:05Z</updated><content type='xhtml'>\
     <div xmlns='http://www.w3.org/1999/xhtml'><p>y</p></div></content></entry></feed>",
    "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"J\",\"items\":[{\"id\":\"1\",\
     \"content_html\":\"<p>z</p>\",\"date_published\":\"2024-01-02T03:04:05Z\"}]}",
    "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>\
     <channel><title>R</title></channel><item><title>i</title><link>https://example.org/i</link></item>\
     </rdf:RDF>",
];
const PAGES: &[&str] = &[
    "<p>Plain <a href='/x'>link</a> and <img src='a.png' alt='b'></p><table><tr><td>c</table>",
    "<div hidden>no</div><math><mi>x</mi></math><video src='v.mp4' controls></video><q cite='/c'>d</q>",
    "<svg><style><img src=x onerror=alert(1)></style></svg><noscript><p title='</noscript><b>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
];
const LISTS: &[&str] = &[
    "<opml version='2.0'><head><title>L</title></head><body><outline text='F'>\
     <outline text='A \"b\" c' xmlUrl='https://example.org/f?a=1&amp;b=2' htmlUrl='https://example.org'/>\
     </outline></body></opml>",
];
const DATES: &[&str] = &[
    "Mon, 02 Jan 2006 15:04:05 -0700",
    "2024-01-02T03:04:05.678+08:00",
    "2024年1月2日 10:11",
    "1520932969",
    "Friday, December 8, 2017 - 3:07pm",
    "31 Mar 2023 20:19 Europe/Paris",
    "2003-335",
    "10/30/23 21:55",
];
const URLS: &[&str] = &[
    "https://example.org/a/b?x=1&y=2#part",
    "http://me:pw@EXAMPLE.org:80/%7euser/../x",
    "http://[::1]:80/",
    "https://münchen.example/?utm_source=rss&amp;id=3",
    "//example.org",
    "mailto:a@example.org",
];

/// Pseudo-random numbers: SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn span(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        start..(start + self.below(64)).min(length)
    }
}

/// A seed after one to eight changes.
fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(8) {
        let at = random.below(input.len() + 1);
        match random.below(6) {
            0 => drop(input.splice(at..at, PIECES[random.below(PIECES.len())].bytes())),
            1 => drop(input.drain(random.span(input.len()))),
            2 => {
                let copied = input[random.span(input.len())].to_vec();
                drop(input.splice(at..at, copied));
            }
            3 => input.truncate(at),
            4 => {
                let other = &seeds[random.below(seeds.len())];
                drop(input.splice(at..at, other[random.span(other.len())].to_vec()));
            }
            _ => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
    input.truncate(INPUT_BYTES_MAX);
    input
}

/// Runs one reader on seeds and their mutations until the time is over; tells how many it read.
fn fuzz(name: &str, own: &[&str], folders: &[&str], check: impl Fn(&[u8])) {
    let mut seeds: Vec<Vec<u8>> = own.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    folders.iter().for_each(|folder| seeds.extend(corpus(folder)));
    let milliseconds =
        std::env::var("AUTOGLM_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let time =
        Duration::from_millis(milliseconds.map_or(MILLISECONDS, |seconds: u64| seconds * 1000));
    let mut random = Random(0x4175_746f_474c_4d31);
    let started = Instant::now();
    let mut count = 0_usize;
    while started.elapsed() < time {
        let input =
            if count < seeds.len() { seeds[count].clone() } else { mutated(&seeds, &mut random) };
        let shown = String::from_utf8_lossy(&input).into_owned();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&input)));
        assert!(outcome.is_ok(), "{name} failed on input {count}: {shown:?}");
        count += 1;
    }
    println!("{name}: {count} inputs, {} of them seeds", count.min(seeds.len()));
    assert!(count >= own.len(), "{name} had no time");
}

/// Seeds of one folder of the corpora: its small files, and the strings in its lists of cases.
fn corpus(folder: &str) -> Vec<Vec<u8>> {
    let root = std::env::var("AUTOGLM_CORPORA").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora"),
        PathBuf::from,
    );
    let mut seeds = Vec::new();
    let mut open = vec![root.join("ingest").join(folder)];
    while let Some(path) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&path) else { continue };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let Ok(about) = path.metadata() else { continue };
            if about.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "jsonl") {
                seeds.extend(strings(&path));
            } else if about.len() <= SEED_BYTES_MAX {
                seeds.extend(std::fs::read(&path));
            }
        }
    }
    // Evenly over all of them, so that no kind is left out.
    let step = seeds.len().div_ceil(SEEDS_MAX).max(1);
    seeds.into_iter().step_by(step).collect()
}

/// The strings of all JSON objects in a file of lines.
fn strings(path: &Path) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let values = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    let fields = values.filter_map(|value: serde_json::Value| value.as_object().cloned()).flatten();
    let found = fields.filter_map(|(_, value)| value.as_str().map(|text| text.as_bytes().to_vec()));
    found.filter(|text| text.len() as u64 <= SEED_BYTES_MAX).collect()
}

/// What would act in a page that shows `html`: elements that run or load, handlers, scripts in
/// addresses. The sanitiser writes tags in one form, so plain text search is enough.
fn active(html: &str) -> Option<&'static str> {
    let lower = html.to_ascii_lowercase();
    let tags =
        ["script", "iframe", "object", "embed", "style", "svg", "math", "form", "base", "meta"];
    if let Some(tag) = tags.into_iter().find(|tag| lower.contains(&format!("<{tag}"))) {
        return Some(tag);
    }
    let in_tags = lower.split('<').skip(1).filter_map(|tag| tag.split('>').next());
    in_tags.into_iter().find_map(|tag| {
        let acts =
            ["href=\"javascript:", "src=\"javascript:", "href=\"data:", "src=\"data:", "srcdoc="];
        acts.into_iter().find(|act| tag.contains(act)).or_else(|| {
            let names = tag.split('"').step_by(2).flat_map(str::split_whitespace);
            names
                .into_iter()
                .any(|name| name.starts_with("on") && name.ends_with('='))
                .then_some("on…=")
        })
    })
}

fn assert_safe(html: &str, base: Option<&Url>) {
    assert_eq!(active(html), None, "in {html:?}");
    assert_eq!(sanitize(html, base), html, "cleaning again changes the result");
}

#[test]
fn a_feed_of_any_bytes_gives_bounded_safe_articles_or_an_error() {
    fuzz("feeds", FEEDS, &["feeds", "bombs"], |bytes| {
        let Ok(feed) = read_feed(bytes, None, "https://example.org/feed") else { return };
        let source = autoglm_domain::SourceId(1);
        for article in normalise(feed, source, autoglm_domain::Timestamp(1_700_000_000_000)) {
            assert!(!article.title.is_empty() && article.title.chars().count() <= 1_000);
            assert!(article.url.len() <= 4_096);
            assert_eq!(active(&article.content_html), None);
        }
    });
}

#[test]
fn html_of_any_bytes_becomes_html_that_does_nothing_and_stays_the_same() {
    let base = Url::parse("https://example.org/news/1").ok();
    fuzz("html", PAGES, &["pages", "xss"], |bytes| {
        let html = String::from_utf8_lossy(bytes);
        let once = sanitize(&html, base.as_ref());
        assert!(once.len() <= 8 * HTML_BYTES_MAX);
        assert_safe(&once, base.as_ref());
    });
}

#[test]
fn a_list_of_any_bytes_is_read_within_bounds() {
    fuzz("lists", LISTS, &["opml"], |bytes| {
        let Ok(list) = opml::read(bytes) else { return };
        assert!(list.outlines.len() <= opml::OPML_FEEDS_MAX);
        let written = opml::write("t", &list.outlines);
        let again = opml::read(written.as_bytes());
        assert!(list.outlines.is_empty() || again.is_ok(), "{written}");
    });
}

#[test]
fn a_date_of_any_text_is_a_moment_of_our_era_or_none() {
    fuzz("dates", DATES, &["dates"], |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Some(moment) = date::parse(&text) {
            let _ = moment.to_rfc3339();
        }
    });
}

#[test]
fn the_form_of_any_address_is_its_own_form() {
    fuzz("addresses", URLS, &["urls"], |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let Some(form) = canonical_url::canonical_url(&text) else { return };
        assert!(form.len() <= 16 * text.len() + 64);
        assert_eq!(canonical_url::canonical_url(&form).as_deref(), Some(form.as_str()));
    });
}

#[test]
fn any_bytes_become_text_of_bounded_length() {
    fuzz("encodings", FEEDS, &["encoding", "real-feeds"], |bytes| {
        let decoded = encoding::decode(bytes, None);
        assert!(!decoded.text.starts_with('\u{feff}') || bytes.len() > 3);
        // Only a packed file grows.
        assert!(bytes.starts_with(&[0x1f, 0x8b]) || decoded.text.len() <= 4 * bytes.len() + 4);
    });
}
