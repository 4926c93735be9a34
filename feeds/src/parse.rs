//! A document to its entries: RSS 0.9x to 2.0, RDF, Atom 0.3 and 1.0 through feed-rs, JSON Feed.

use crate::error::ParseError;
use crate::outline::{self, Outline};
use crate::person::{self, Person};
use crate::{atom, cadence, complete, date, discover, json_feed, repair, salvage, text};
use autoglm_domain::{QuietTimes, Timestamp};
use chrono::{DateTime, Utc};
use feed_rs::model::{Entry, Feed, Link, Text};
use feed_rs::parser::Builder;
use std::borrow::Cow;
use std::time::Duration;
use url::Url;

/// Most entries read of one document; further ones are left out and counted as a problem.
pub const ENTRIES_MAX: usize = 2_000;
/// What sets what relative links refer to.
const BASE_ATTRIBUTE: &str = "xml:base";
/// Most of them in one document: two for every entry.
const BASES_MAX: usize = 2 * ENTRIES_MAX;
/// Most problems told of one document.
const PROBLEMS_MAX: usize = 20;

/// A feed as its document has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParsedFeed {
    /// As the feed calls itself, plain text.
    pub title: Option<String>,
    /// The same with mark-up, where the document has it as XML.
    pub title_html: Option<String>,
    /// Its web page.
    pub site_url: Option<String>,
    /// Where the document came from; relative links are resolved against it.
    pub base_url: String,
    /// The language the feed declares.
    pub language: Option<String>,
    /// The feed asks not to be fetched more often (`ttl`, `sy:updatePeriod`); at most 24 hours.
    pub interval_floor: Option<Duration>,
    /// The feed asks not to be fetched at these times (`skipHours`, `skipDays`).
    pub quiet: QuietTimes,
    /// In the order of the document, at most [`ENTRIES_MAX`].
    pub entries: Vec<FeedEntry>,
    /// What could not be read, for people.
    pub problems: Vec<String>,
}

impl ParsedFeed {
    /// Notes a problem, as long as there are not too many.
    pub(crate) fn problem(&mut self, problem: impl Into<String>) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem.into());
        }
    }
}

/// One entry as its document has it: nothing is cleaned yet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeedEntry {
    /// The source's own id.
    pub id: Option<String>,
    /// The page it is about, absolute where that could be found out.
    pub link: Option<String>,
    /// With mark-up and entities as they came.
    pub title: Option<String>,
    /// Names.
    pub authors: Vec<String>,
    /// The addresses of the authors, as far as they are told.
    pub author_emails: Vec<String>,
    /// The language the entry declares.
    pub language: Option<String>,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// When it was changed.
    pub updated: Option<Timestamp>,
    /// HTML of a stranger.
    pub summary_html: Option<String>,
    /// HTML of a stranger.
    pub content_html: Option<String>,
    /// What relative links in the content refer to, when the entry says so itself.
    pub base: Option<String>,
}

/// What relative links of a document refer to: where the server says the document lives
/// (`Content-Location`), else the address that answered.
#[must_use]
pub fn base_address(answered: &Url, content_location: Option<&str>) -> String {
    let told = content_location.and_then(|told| answered.join(told.trim()).ok());
    let web = told.filter(|told| matches!(told.scheme(), "http" | "https"));
    web.as_ref().unwrap_or(answered).to_string()
}

/// Reads a document. `content_type` is the HTTP header, `base_url` where it came from. An entry
/// that cannot be read becomes a problem; the others live.
pub fn read_feed(
    body: &[u8],
    content_type: Option<&str>,
    base_url: &str,
) -> Result<ParsedFeed, ParseError> {
    let decoded = repair::decode(body, content_type);
    let document = decoded.text.trim_start();
    if document.trim_end_matches('\0').trim().is_empty() {
        return Err(ParseError::Empty);
    }
    if document.starts_with('{') {
        return json_feed::read(document, base_url);
    }
    let repaired = without_endless_bases(repair::well_form(document));
    let document = prepare_root(&repaired)?;
    let base = Url::parse(base_url).ok();
    let outline = outline::read(&repaired, base.as_ref());
    let mut feed = match read_xml(&document, base_url) {
        Ok(feed) => convert(feed, base_url),
        Err(why) => salvage::read(&document, base_url, &why)
            .or_else(|| bare(&outline, base_url, &why))
            .ok_or(ParseError::Broken(why))?,
    };
    complete::complete(&mut feed, outline);
    feed.interval_floor = feed.interval_floor.or_else(|| cadence::update_period(&document));
    feed.quiet = cadence::quiet_times(&document);
    if feed.entries.len() > ENTRIES_MAX {
        let more = feed.entries.len() - ENTRIES_MAX;
        feed.entries.truncate(ENTRIES_MAX);
        feed.problem(format!("{more} entries beyond the first {ENTRIES_MAX} were left out"));
    }
    Ok(feed)
}

/// A document with more bases than any feed has loses them all: the parser joins each with those
/// around it, so that the cost of nested ones grows with their square.
fn without_endless_bases(document: String) -> String {
    let bases = memchr::memmem::find_iter(document.as_bytes(), BASE_ATTRIBUTE);
    match bases.take(BASES_MAX + 1).count() > BASES_MAX {
        true => document.replace("xml:base", "xml:lost"),
        false => document,
    }
}

/// An empty feed to be filled from the outline, when that has anything.
fn bare(outline: &Outline<'_>, base_url: &str, why: &str) -> Option<ParsedFeed> {
    let mut feed = ParsedFeed { base_url: base_url.to_owned(), ..ParsedFeed::default() };
    feed.problem(format!("the document is broken: {why}"));
    (outline.feed.title.is_some() || !outline.entries.is_empty()).then_some(feed)
}

/// Reads repaired XML strictly.
pub(crate) fn read_xml(document: &str, base_url: &str) -> Result<Feed, String> {
    let base = Url::parse(base_url).ok().map(String::from);
    Builder::new()
        .base_uri(base)
        .sanitize_content(false)
        // Without an id of its own an entry goes down the identity ladder; see `identity`.
        .id_generator(|_, _, _| String::new())
        .timestamp_parser(|text| {
            date::parse(text).and_then(|at| DateTime::from_timestamp_millis(at.0))
        })
        .build()
        .parse(document.as_bytes())
        .map_err(|error| error.to_string())
}

/// Names and namespaces of the root element put into the form feed-rs knows.
fn prepare_root(document: &str) -> Result<String, ParseError> {
    let document = document.find('<').map_or("", |at| &document[at..]);
    let Some(end) = document.find('>').map(|at| at + 1) else {
        return Err(ParseError::NotAFeed);
    };
    let (root, rest) = document.split_at(end);
    let name = root[1..].split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next();
    let name = name.unwrap_or("");
    let local = name.rsplit(':').next().unwrap_or("");
    let declared = missing_namespaces(document, root);
    match local.to_ascii_lowercase().as_str() {
        "rss" => {
            let kept = atom::without_attributes(root, &["version", "xmlns"]);
            let start = kept.trim_end_matches(['>', '/']);
            let rest = items_inside(rest);
            Ok(format!("{start} version=\"2.0\"{declared}>{rest}"))
        }
        "rdf" => {
            let root = root
                .replace("http://my.netscape.com/rdf/simple/0.9/", "http://purl.org/rss/1.0/")
                .replace("http://channel.netscape.com/rdf/simple/0.9/", "http://purl.org/rss/1.0/");
            Ok(format!("{}{declared}>{rest}", root.trim_end_matches('>')))
        }
        "feed" | "entry" if root.contains("purl.org/atom/ns#") => {
            // Entries may declare it again, so the whole document is searched.
            let new = "http://www.w3.org/2005/Atom";
            let root = root.replace("http://purl.org/atom/ns#", new);
            let rest = &rest.replace("http://purl.org/atom/ns#", new);
            Ok(format!("{}{declared}>{}", root.trim_end_matches('>'), atom::prepare(rest, true)))
        }
        "feed" | "entry" => {
            let rest = atom::prepare(rest, false);
            Ok(format!("{}{declared}>{rest}", root.trim_end_matches('>')))
        }
        "channel" => Ok(format!("<rss version=\"2.0\"{declared}>{document}</rss>")),
        "html" | "head" | "body" | "script" | "div" | "p" => Err(ParseError::WebPage),
        _ if discover::looks_like_page(document) => Err(ParseError::WebPage),
        _ => Err(ParseError::NotAFeed),
    }
}

/// Items that stand behind the channel, as in RSS 1.0, belong into it.
fn items_inside(rest: &str) -> Cow<'_, str> {
    let before = text::find(rest, "<item").map_or("", |item| &rest[..item]);
    if text::find(before, "</channel>").is_none() {
        return Cow::Borrowed(rest);
    }
    let all = rest.replacen("</channel>", "", 1);
    Cow::Owned(all.replacen("</rss>", "</channel></rss>", 1))
}

/// Declarations of well-known prefixes that the document uses and forgot to declare.
fn missing_namespaces(document: &str, root: &str) -> String {
    let known = [
        ("content", "http://purl.org/rss/1.0/modules/content/"),
        ("dc", "http://purl.org/dc/elements/1.1/"),
        ("media", "http://search.yahoo.com/mrss/"),
        ("atom", "http://www.w3.org/2005/Atom"),
        ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ];
    let mut missing = String::new();
    for (prefix, namespace) in known {
        let declared = root.contains(&format!("xmlns:{prefix}="));
        if !declared && text::find(document, &format!("<{prefix}:")).is_some() {
            missing.push_str(&format!(" xmlns:{prefix}=\"{namespace}\""));
        }
    }
    missing
}

/// feed-rs's model to ours.
pub(crate) fn convert(feed: Feed, base_url: &str) -> ParsedFeed {
    let authors: Vec<String> = names(feed.authors);
    let ttl = feed.ttl.map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    let mut parsed = ParsedFeed {
        title: feed.title.map(|title| text::title_line(&title.content)),
        site_url: page_link(&feed.links).map(|link| link.href.clone()),
        base_url: base_url.to_owned(),
        language: feed.language,
        interval_floor: ttl.filter(|ttl| !ttl.is_zero()).map(|ttl| ttl.min(cadence::INTERVAL_MAX)),
        ..ParsedFeed::default()
    };
    parsed.title = parsed.title.filter(|title| !title.is_empty());
    parsed.entries = feed.entries.into_iter().map(|entry| convert_entry(entry, &authors)).collect();
    parsed
}

fn convert_entry(entry: Entry, feed_authors: &[String]) -> FeedEntry {
    let id = Some(entry.id.trim().to_owned()).filter(|id| !id.is_empty());
    let link = page_link(&entry.links).map(|link| link.href.clone());
    let as_link =
        id.as_deref().filter(|id| id.starts_with("http://") || id.starts_with("https://"));
    let link = link.or_else(|| as_link.map(str::to_owned));
    let described = entry.media.iter().find_map(|media| media.description.clone());
    let content = entry.content.and_then(|content| {
        let plain = content.content_type.as_str() == "text/plain";
        content.body.map(|body| if plain { text::to_html(&body) } else { body })
    });
    let mut authors = names(entry.authors);
    if authors.is_empty() {
        authors = feed_authors.to_vec();
    }
    FeedEntry {
        id,
        link,
        title: entry.title.map(|title| title.content),
        authors,
        language: entry.language,
        published: entry.published.map(moment),
        updated: entry.updated.map(moment),
        summary_html: entry.summary.or(described).map(html),
        content_html: content.filter(|content| !content.trim().is_empty()),
        base: entry.base,
        ..FeedEntry::default()
    }
}

fn moment(date: DateTime<Utc>) -> Timestamp {
    Timestamp(date.timestamp_millis())
}

/// A text as HTML. A summary that claims to be plain but has tags is HTML all the same.
fn html(text: Text) -> String {
    let plain = text.content_type.as_str() == "text/plain" && !text.content.contains("</");
    if plain { text::to_html(&text.content) } else { text.content }
}

fn names(people: Vec<feed_rs::model::Person>) -> Vec<String> {
    let mut read: Vec<Person> = Vec::new();
    for person in people {
        person::add(&mut read, person.name.or(person.email).and_then(|name| Person::read(&name)));
    }
    person::names(&read)
}

/// The link to a page: an alternate one of HTML, else any alternate, else any that is no comment,
/// enclosure or the feed itself.
fn page_link(links: &[Link]) -> Option<&Link> {
    let alternate = |link: &&Link| {
        link.target.is_none() && link.rel.as_deref().is_none_or(|rel| rel == "alternate")
    };
    let page = |link: &&Link| {
        alternate(link) && link.media_type.as_deref().is_none_or(|kind| kind.contains("html"))
    };
    let usable = |link: &&Link| {
        link.target.is_none()
            && !matches!(
                link.rel.as_deref(),
                Some("self" | "hub" | "enclosure" | "edit" | "replies" | "next" | "first" | "last")
            )
    };
    let mut filled = links.iter().filter(|link| !link.href.is_empty());
    filled
        .clone()
        .find(page)
        .or_else(|| filled.clone().find(alternate))
        .or_else(|| filled.find(usable))
}

#[cfg(test)]
mod tests;
