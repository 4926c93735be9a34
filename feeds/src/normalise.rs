//! Entries to articles: cleaned, identified, dated and fingerprinted, doubles folded.

use crate::parse::{FeedEntry, ParsedFeed};
use crate::{canonical_url, fingerprint, identity, language, sanitize, text};
use autoglm_domain::{ArticleDraft, ArticleIdentity, Language, SourceId, Timestamp};
use std::collections::{HashMap, HashSet};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

/// Earlier dates are mistakes: 1990-01-01, before the first web page.
const EARLIEST: Timestamp = Timestamp(631_152_000_000);
/// Longest address kept, in bytes.
const URL_BYTES_MAX: usize = 4_096;
/// Stands in where neither title nor text nor address gives a title.
const UNTITLED: &str = "(untitled)";

/// Makes articles of a feed's entries, in the document's order. Entries with the same identity
/// fold into the first; an entry with nothing to show is left out.
#[must_use]
pub fn normalise(
    feed: ParsedFeed,
    source_id: SourceId,
    fetched_at: Timestamp,
) -> Vec<ArticleDraft> {
    let shared = shared_guids(&feed.entries);
    let context = Context { source_id, fetched_at, base: Url::parse(&feed.base_url).ok() };
    let mut seen: HashSet<ArticleIdentity> = HashSet::with_capacity(feed.entries.len());
    let mut articles = Vec::with_capacity(feed.entries.len());
    let mut declared = Vec::with_capacity(feed.entries.len());
    for mut entry in feed.entries {
        if entry.id.as_ref().is_some_and(|id| shared.contains(id)) {
            entry.id = None;
        }
        let language = entry.language.take();
        if let Some(article) = context.article(entry)
            && seen.insert(article.identity)
        {
            articles.push(article);
            declared.push(language);
        }
    }
    tell_languages(&mut articles, &declared, feed.language.as_deref());
    articles
}

/// Sets the language of each article. Expected is what its entry declares, else its feed, else what
/// the articles of the feed are in together: a short title alone says little.
fn tell_languages(articles: &mut [ArticleDraft], declared: &[Option<String>], feed: Option<&str>) {
    let texts = articles.iter().map(|one| (one.title.as_str(), one.content_text.as_str()));
    let feed = feed.and_then(Language::from_tag).or_else(|| language::prevailing(texts));
    for (article, declared) in articles.iter_mut().zip(declared) {
        let expected = declared.as_deref().and_then(Language::from_tag).or(feed);
        article.language = language::detect(&article.title, &article.content_text, expected);
    }
}

/// Ids that several entries with different links carry: they name the feed, not the entry.
fn shared_guids(entries: &[FeedEntry]) -> HashSet<String> {
    let mut links: HashMap<&str, Option<&str>> = HashMap::new();
    let mut shared = HashSet::new();
    for entry in entries {
        let Some(id) = entry.id.as_deref() else { continue };
        let first = links.entry(id).or_insert(entry.link.as_deref());
        if *first != entry.link.as_deref() {
            shared.insert(id.to_owned());
        }
    }
    shared
}

struct Context {
    source_id: SourceId,
    fetched_at: Timestamp,
    base: Option<Url>,
}

impl Context {
    fn article(&self, entry: FeedEntry) -> Option<ArticleDraft> {
        let link = entry.link.as_deref().and_then(|link| self.web_address(link));
        let base = self.content_base(&entry, link.as_ref());
        let html = entry.content_html.as_deref().or(entry.summary_html.as_deref()).unwrap_or("");
        let content_html = sanitize::sanitize(html, base.as_ref());
        let content_text = text::from_html(&content_html);
        let url = link.map(String::from).unwrap_or_default();
        let title = title(entry.title.as_deref(), &content_text, &url)?;
        let published_at = self.published(entry.published.or(entry.updated));
        let identity = identity::identify(entry.id.as_deref(), Some(&url), &title, published_at);
        let hashed = format!("{title}\n{content_text}");
        Some(ArticleDraft {
            source_id: self.source_id,
            identity,
            canonical_url: canonical_url::canonical_url(&url).unwrap_or_default(),
            language: None,
            minhash: fingerprint::minhash(&title, &content_text),
            content_hash: xxh3_64(hashed.as_bytes()),
            url,
            title,
            authors: entry.authors,
            published_at,
            fetched_at: self.fetched_at,
            content_html,
            content_text,
        })
    }

    /// An absolute http(s) address, or none.
    fn web_address(&self, link: &str) -> Option<Url> {
        let link = link.trim();
        let url = match &self.base {
            Some(base) => base.join(link).ok()?,
            None => Url::parse(link).ok()?,
        };
        let web = matches!(url.scheme(), "http" | "https") && url.as_str().len() <= URL_BYTES_MAX;
        web.then_some(url)
    }

    /// What relative links in the content refer to: what the entry says, else its page, else the
    /// feed.
    fn content_base(&self, entry: &FeedEntry, link: Option<&Url>) -> Option<Url> {
        let own = entry.base.as_deref().and_then(|base| self.web_address(base));
        own.or_else(|| link.cloned()).or_else(|| self.base.clone())
    }

    /// Never in the future, never before there was a web.
    fn published(&self, moment: Option<Timestamp>) -> Option<Timestamp> {
        moment.filter(|moment| *moment >= EARLIEST).map(|moment| moment.min(self.fetched_at))
    }
}

/// The title, else the start of the text, else the address; `None` when there is nothing at all.
pub(crate) fn title(raw: Option<&str>, content_text: &str, url: &str) -> Option<String> {
    let given = raw.map(text::title_line).filter(|title| !title.is_empty());
    let made = given.unwrap_or_else(|| text::title_from_text(content_text));
    match (made.is_empty(), url.is_empty()) {
        (false, _) => Some(made),
        (true, false) => Some(text::title_line(url)).filter(|t| !t.is_empty()).or_else(untitled),
        (true, true) => None,
    }
}

fn untitled() -> Option<String> {
    Some(UNTITLED.to_owned())
}

#[cfg(test)]
mod tests;
