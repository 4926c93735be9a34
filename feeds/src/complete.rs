//! What feed-rs lost of a document, from the outline: fields of other vocabularies, mark-up inside
//! of texts, base64, `xml:base`, and whole entries where the format is an odd one.

use crate::outline::{Fields, Link, Outline, Said};
use crate::parse::{FeedEntry, ParsedFeed};
use crate::{date, person, sanitize};
use url::Url;

/// Relations of links that do not lead to the entry's page.
const OTHER_RELATIONS: &[&str] =
    &["self", "hub", "enclosure", "edit", "replies", "next", "first", "last"];

/// Completes a feed. Entries of feed-rs and of the outline belong together by their order; where
/// the outline has more of them, feed-rs missed some and the outline's stand alone.
pub(crate) fn complete(feed: &mut ParsedFeed, outline: Outline<'_>) {
    let document = Url::parse(&feed.base_url).ok();
    head(feed, &outline.feed, document.as_ref());
    if outline.entries.len() < feed.entries.len() {
        return;
    }
    if outline.entries.len() > feed.entries.len() {
        feed.entries = vec![FeedEntry::default(); outline.entries.len()];
    }
    let site = feed.site_url.as_deref().and_then(|site| Url::parse(site).ok());
    // Feeds lie with a service more often than their pages do.
    let around = document.map(|document| site.filter(Url::has_host).unwrap_or(document));
    for (entry, said) in feed.entries.iter_mut().zip(outline.entries) {
        let authors = if said.authors.is_empty() { &outline.feed.authors } else { &said.authors };
        if entry.authors.is_empty() || !said.authors.is_empty() {
            entry.authors = person::names(authors);
        }
        entry.author_emails = person::emails(authors);
        merge(entry, said, around.as_ref());
    }
}

fn head(feed: &mut ParsedFeed, said: &Fields<'_>, document: Option<&Url>) {
    if let Some(title) = &said.title {
        let html = with_absolute_links(title.value(), title.base.as_ref());
        feed.title = Some(crate::text::title_line(&html)).filter(|title| !title.is_empty());
        feed.title_html = Some(html);
    }
    if let Some(link) = page_link(&said.links) {
        feed.site_url = Some(absolute(&link.href, link.base.as_ref().or(document)));
    }
    let id = said.id.as_ref().map(Said::line).filter(|id| is_web(id));
    feed.site_url = feed.site_url.take().or(id);
}

fn merge(entry: &mut FeedEntry, said: Fields<'_>, around: Option<&Url>) {
    let bases = [&said.content, &said.summary, &said.description, &said.title];
    let base =
        bases.into_iter().flatten().find_map(|said| said.base.as_ref()).or(said.base.as_ref());
    entry.base = base.map(Url::to_string).or(entry.base.take());
    if let Some(link) = page_link(&said.links) {
        entry.link = Some(absolute(&link.href, link.base.as_ref().or(around)));
    }
    if let Some(id) = &said.id {
        entry.id = entry.id.take().or_else(|| Some(id.line()));
        entry.id = entry.id.take().map(|text| identifier(text, id, around));
    }
    let permanent = entry.id.as_deref().filter(|id| is_web(id));
    entry.link = entry.link.take().or_else(|| permanent.map(str::to_owned));
    if let Some(title) = said.title {
        entry.title = Some(with_absolute_links(title.value(), title.base.as_ref()));
    }
    entry.published = entry.published.or_else(|| moment(said.published.as_ref()));
    entry.updated = entry.updated.or_else(|| moment(said.updated.as_ref()));
    let (summary, longer) = match said.summary {
        Some(summary) => (Some(summary), said.description),
        None => (said.description, None),
    };
    let two = longer.is_some();
    let content = said.content.or(longer);
    entry.summary_html = text(summary, entry.summary_html.take(), !two);
    entry.content_html = text(content, entry.content_html.take(), !two);
}

/// A text of the outline, or feed-rs's reading of the same where it is as good.
fn text(said: Option<Said<'_>>, read: Option<String>, comparable: bool) -> Option<String> {
    let Some(said) = said else { return read };
    let good = read.filter(|read| comparable && said.is_usual() && !read.trim().is_empty());
    good.or_else(|| Some(said.html()).filter(|html| !html.is_empty()))
}

fn moment(said: Option<&Said<'_>>) -> Option<autoglm_domain::Timestamp> {
    said.and_then(|said| date::parse(&said.line()))
}

/// Mark-up whose `xml:base` differs from its entry's gets its links resolved at once.
fn with_absolute_links(html: String, base: Option<&Url>) -> String {
    match base {
        Some(base) if html.contains("href=") || html.contains("src=") => {
            sanitize::sanitize(&html, Some(base))
        }
        _ => html,
    }
}

/// An address that is absolute stays as the source wrote it.
fn absolute(address: &str, base: Option<&Url>) -> String {
    if is_web(address) {
        return address.to_owned();
    }
    match (Url::parse(address), base) {
        (Err(url::ParseError::RelativeUrlWithoutBase), Some(base)) => {
            base.join(address).map_or_else(|_| address.to_owned(), String::from)
        }
        _ => address.to_owned(),
    }
}

/// Atom's ids are addresses, so one that is a path is completed; RSS's are any text.
fn identifier(text: String, said: &Said<'_>, around: Option<&Url>) -> String {
    let path = said.is_address() && text.contains('/') && !text.contains([':', ' ']);
    if path { absolute(&text, said.base.as_ref().or(around)) } else { text }
}

fn is_web(address: &str) -> bool {
    address.starts_with("http://") || address.starts_with("https://")
}

/// The link to a page: an alternate one of HTML, else any alternate, else any that is no comment,
/// enclosure or the feed itself.
fn page_link(links: &[Link]) -> Option<&Link> {
    let alternate = |link: &&Link| link.relation.as_deref().is_none_or(|rel| rel == "alternate");
    let page = |link: &&Link| {
        alternate(link) && link.media_type.as_deref().is_none_or(|kind| kind.contains("html"))
    };
    let usable =
        |link: &&Link| link.relation.as_deref().is_none_or(|rel| !OTHER_RELATIONS.contains(&rel));
    // RSS has one; a second one is put there to correct the first.
    let plain = |link: &&Link| link.relation.is_none() && link.media_type.is_none();
    let mut all = links.iter();
    all.clone()
        .rfind(plain)
        .or_else(|| all.clone().find(page))
        .or_else(|| all.clone().find(alternate))
        .or_else(|| all.find(usable))
}

#[cfg(test)]
mod tests;
