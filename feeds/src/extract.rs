//! A web page to its article: main content, title, author, date, and the address of its next page.
//!
//! Synchronous and heavy on the processor (tens of milliseconds a page): run it where blocking is
//! allowed. Every input is bounded before it is parsed.

mod blocks;
pub(crate) mod bounds;
mod byline;
mod chinese_byline;
mod clean;
mod content;
mod density;
mod edges;
mod formulae;
mod images;
mod json_ld;
mod lines;
mod meta_tags;
mod pagination;
mod published;
mod rule;
mod title;

use crate::{encoding, sanitize, text};
use autoglm_domain::{Language, Timestamp};
use dom_query::Document;
use url::Url;

pub use bounds::{DEPTH_MAX, NODES_MAX};
pub use rule::{CompiledRule, ExtractionRule, RuleError, SELECTOR_BYTES_MAX, SELECTORS_MAX};

/// Longest page that is read, in bytes of text; what follows is dropped.
pub const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What was found on a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtractedPage {
    /// The title, without the name of the site where it can be told.
    pub title: Option<String>,
    /// The author or authors, as one line.
    pub byline: Option<String>,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// What the site calls itself.
    pub site_name: Option<String>,
    /// The language of the content.
    pub language: Option<Language>,
    /// The main content as safe HTML with absolute links; empty when none was found.
    pub html: String,
    /// The main content as text, one line a block, without the long captions of pictures.
    pub text: String,
    /// The next page of the same article. The caller fetches it and joins the contents.
    pub next_page: Option<Url>,
    /// What was wrong with the page, for its owner.
    pub problems: Vec<String>,
}

/// Reads a page. `content_type` is the HTTP header, `url` the address the page came from, `rule`
/// what its source says about its pages. Never fails: a page without an article gives empty
/// content, and `problems` say what was dropped.
#[must_use]
pub fn extract(
    body: &[u8],
    content_type: Option<&str>,
    url: Option<&Url>,
    rule: Option<&CompiledRule>,
) -> ExtractedPage {
    let mut problems = Vec::new();
    let decoded = encoding::decode(body, content_type).text;
    let page = parse(&decoded, &mut problems);
    let base = base_of(&page, url);
    if let Some(rule) = rule {
        rule.clean(&page);
    }
    images::settle(&page);
    formulae::settle(&page);
    let json_ld = json_ld::read(&page);
    let mut found = metadata(&page, &json_ld, url, rule);
    found.next_page = pagination::next(&page, url, base.as_ref());
    let by_rule = rule.and_then(|rule| rule.content(&page));
    if by_rule.is_none() && rule.is_some_and(CompiledRule::has_content) {
        problems.push("the content selectors of the source's rule found nothing".to_owned());
    }
    let content = by_rule.unwrap_or_else(|| {
        clean::before(&page);
        let content = content::find(&page, &json_ld);
        let content = Document::fragment(text::prefix(&content, sanitize::HTML_BYTES_MAX));
        edges::trim(&content, found.title.as_deref());
        content.html().to_string()
    });
    found.html = sanitize::sanitize(&content, base.as_ref());
    let running = clean::without_captions(&found.html);
    found.text = text::from_html(running.as_ref().unwrap_or(&found.html));
    if found.text.is_empty() {
        problems.push("no main content was found".to_owned());
    }
    let title = found.title.as_deref().unwrap_or("");
    found.language = crate::language::detect(title, &found.text, found.language);
    found.problems = problems;
    found
}

fn parse(html: &str, problems: &mut Vec<String>) -> Document {
    let kept = text::prefix(html, PAGE_BYTES_MAX);
    if kept.len() < html.len() {
        problems
            .push(format!("the page is longer than {PAGE_BYTES_MAX} bytes: its end was dropped"));
    }
    let bounded = bounds::parse(kept);
    if !bounded.complete {
        problems.push("the page is too large or too deep: its end was dropped".to_owned());
    }
    bounded.document
}

/// What relative links are relative to.
fn base_of(page: &Document, url: Option<&Url>) -> Option<Url> {
    let told = page.select_single("base[href]").attr("href");
    let base = told.and_then(|href| match url {
        Some(url) => url.join(href.trim()).ok(),
        None => Url::parse(href.trim()).ok(),
    });
    base.filter(|base| matches!(base.scheme(), "http" | "https")).or_else(|| url.cloned())
}

fn metadata(
    page: &Document,
    json_ld: &json_ld::JsonLd,
    url: Option<&Url>,
    rule: Option<&CompiledRule>,
) -> ExtractedPage {
    let meta = meta_tags::MetaTags::read(page);
    let declared = page.select_single("html[lang]").attr("lang");
    let declared = declared.as_deref().or(json_ld.language.as_deref());
    let line = |raw: String| Some(text::title_line(&raw)).filter(|line| !line.is_empty());
    let site_name = meta.first(&["og.site.name", "application-name"]).map(text::title_line);
    let site_name = site_name.or_else(|| json_ld.site_name.clone());
    let site = site_name.as_deref();
    let title = rule.and_then(|rule| rule.title(page)).and_then(line);
    let title = title.or_else(|| title::find(page, &meta, json_ld, site));
    let lines = lines::Lines::read(page, title.as_deref());
    let byline = rule.and_then(|rule| rule.byline(page)).and_then(line);
    let date = rule.and_then(|rule| rule.date(page)).and_then(|date| crate::date::parse(&date));
    ExtractedPage {
        byline: byline.or_else(|| byline::find(page, &meta, json_ld, site, &lines)),
        published_at: date.or_else(|| published::find(page, &meta, json_ld, url, &lines)),
        language: declared.and_then(Language::from_tag),
        title,
        site_name,
        ..ExtractedPage::default()
    }
}

#[cfg(test)]
mod tests;
