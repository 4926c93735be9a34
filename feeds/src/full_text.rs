//! An article with the text of its page, for sources that publish only the beginning.

use crate::extract::{CompiledRule, ExtractedPage, ExtractionRule, RuleError};
use crate::{fingerprint, language, text};
use autoglm_domain::{ArticleDraft, PageRule};
use xxhash_rust::xxh3::xxh3_64;

/// A page's text must be so many times as long as the source's own to replace it: what is not
/// longer is no whole text but a notice, a paywall or a page of something else.
const LONGER_BY: f64 = 1.2;
/// Longest text an article takes from its pages, in bytes.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// The rule of a source in the form that [`crate::extract::extract`] takes.
///
/// # Errors
/// A selector that is none, or too many of them.
pub fn compile(rule: &PageRule) -> Result<CompiledRule, RuleError> {
    let (content, remove) = (rule.content.clone(), rule.remove.clone());
    CompiledRule::try_from(&ExtractionRule { content, remove, ..ExtractionRule::default() })
}

/// The pages of one article in their order, as one.
#[must_use]
pub fn join(mut pages: Vec<ExtractedPage>) -> Option<ExtractedPage> {
    let mut rest = pages.split_off(pages.len().min(1)).into_iter();
    let mut first = pages.pop()?;
    while let Some(next) = rest.next().filter(|next| !first.text.contains(&next.text)) {
        if first.html.len() + next.html.len() > TEXT_BYTES_MAX {
            break;
        }
        first.html.push('\n');
        first.html.push_str(&next.html);
        first.text.push_str("\n\n");
        first.text.push_str(&next.text);
    }
    Some(first)
}

/// The article with the text of its page, and with the author and date it lacked. Title, address
/// and identity stay the source's; a page that says no more changes nothing.
#[must_use]
pub fn complete(mut article: ArticleDraft, page: ExtractedPage) -> ArticleDraft {
    let length = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count() as f64;
    if length(&page.text) < length(&article.content_text) * LONGER_BY || page.html.is_empty() {
        return article;
    }
    article.content_html = page.html;
    article.content_text = text::prefix(&page.text, TEXT_BYTES_MAX).to_owned();
    let declared = page.language.or(article.language);
    article.language = language::detect(&article.title, &article.content_text, declared);
    article.minhash = fingerprint::minhash(&article.title, &article.content_text);
    let hashed = format!("{}\n{}", article.title, article.content_text);
    article.content_hash = xxh3_64(hashed.as_bytes());
    if article.authors.is_empty() {
        article.authors.extend(page.byline);
    }
    let fetched_at = article.fetched_at;
    let published = page.published_at.filter(|moment| *moment <= fetched_at);
    article.published_at = article.published_at.or(published);
    article
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{normalise, read_feed};
    use autoglm_domain::{SourceId, Timestamp};

    fn draft() -> ArticleDraft {
        let feed = b"<rss><channel><item><title>A ship</title><link>https://e.example/1</link>\
            <description>It came at noon.</description></item></channel></rss>";
        let feed = read_feed(feed, None, "https://e.example/feed").expect("read");
        normalise(feed, SourceId(1), Timestamp(1_790_000_000_000)).remove(0)
    }

    fn page(text: &str) -> ExtractedPage {
        ExtractedPage {
            html: format!("<p>{text}</p>"),
            text: text.to_owned(),
            byline: Some("A. Writer".into()),
            ..ExtractedPage::default()
        }
    }

    #[test]
    fn the_whole_text_replaces_the_beginning_and_the_article_stays_the_same_one() {
        let before = draft();
        let after = complete(before.clone(), page("It came at noon. It left again at night."));
        assert_eq!(after.content_text, "It came at noon. It left again at night.");
        assert_eq!(after.authors, ["A. Writer"]);
        assert_eq!((&after.title, &after.identity), (&before.title, &before.identity));
        assert_ne!(after.content_hash, before.content_hash);
    }

    #[test]
    fn a_page_that_says_no_more_changes_nothing() {
        assert_eq!(complete(draft(), page("Subscribe now.")), draft());
        assert_eq!(complete(draft(), ExtractedPage::default()), draft());
    }

    #[test]
    fn pages_of_one_article_are_joined_and_a_repeated_one_ends_it() {
        let pages = vec![page("One."), page("Two."), page("One."), page("Three.")];
        let joined = join(pages).expect("a page");
        assert_eq!(joined.text, "One.\n\nTwo.");
        assert_eq!(join(Vec::new()), None);
    }
}
