//! The text of new articles from their own pages, before they are stored.
//!
//! Only articles the store does not know are asked for, so a page is fetched once. Known ones are
//! left out of the insert: their feed still has only the beginning, which must not replace the whole.
//! What cannot be fetched in time is stored with the source's own text.

use super::fetch::Fetch;
use autoglm_domain::{ArticleDraft, Fault, SourceKind};
use autoglm_feeds::extract::{CompiledRule, ExtractedPage, extract};
use autoglm_feeds::{FetchRequest, Fetched, full_text};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// Articles completed in one visit, in the source's order; the others of a long list keep its text.
const ARTICLES_MAX: usize = 30;
/// Pages of one article.
const PAGES_MAX: usize = 5;
/// Time for all pages of one visit.
const PATIENCE: Duration = Duration::from_secs(60);

impl Fetch<'_> {
    /// The new articles of a visit, completed.
    ///
    /// # Errors
    /// The outer when reading a page failed by a defect of ours, the inner when the store is away.
    pub(super) async fn complete(
        &self,
        drafts: Vec<ArticleDraft>,
    ) -> Result<Result<Vec<ArticleDraft>, Fault>, String> {
        let identities: Vec<[u8; 16]> = drafts.iter().map(|draft| draft.identity.hash).collect();
        let known = match self.tools.store.known_identities(self.source.id, &identities).await {
            Ok(known) => known,
            Err(fault) => return Ok(Err(fault)),
        };
        let rule = self.source.settings.page_rule.as_ref();
        // A rule that cannot be read is refused when it is given.
        let rule = rule.and_then(|rule| full_text::compile(rule).ok());
        let rule = rule.map(Arc::new);
        let until = Instant::now() + PATIENCE;
        let mut completed = Vec::new();
        for draft in drafts {
            if known.contains(&draft.identity.hash) {
                continue;
            }
            let enough = completed.len() >= ARTICLES_MAX || Instant::now() >= until;
            let pages = match Url::parse(&draft.url) {
                Ok(url) if !enough => self.pages(url, rule.as_ref(), until).await?,
                _ => Vec::new(),
            };
            completed.push(match full_text::join(pages) {
                Some(page) => full_text::complete(draft, page),
                None => draft,
            });
        }
        Ok(Ok(completed))
    }

    /// The pages of one article, as far as they can be had.
    async fn pages(
        &self,
        mut url: Url,
        rule: Option<&Arc<CompiledRule>>,
        until: Instant,
    ) -> Result<Vec<ExtractedPage>, String> {
        let mut pages = Vec::new();
        let mut seen = vec![url.clone()];
        while pages.len() < PAGES_MAX {
            let request = FetchRequest::feed(url.as_str());
            let fetch = self.ask(SourceKind::Page, request);
            let (body, content_type, address) = match tokio::time::timeout_at(until, fetch).await {
                Ok(Ok(Fetched::Body { body, content_type, meta })) => {
                    (body, content_type, Url::parse(&meta.final_url).ok())
                }
                Ok(Ok(Fetched::NotModified(_))) | Err(_) => break,
                Ok(Err(refusal)) => {
                    tracing::debug!(%url, problem = refusal.problem(), "a page could not be had");
                    break;
                }
            };
            let rule = rule.cloned();
            let read =
                move || extract(&body, content_type.as_deref(), address.as_ref(), rule.as_deref());
            let page = self.compute(read).await?;
            let next = page.next_page.clone();
            pages.push(page);
            // Only within the site: what comes next elsewhere is another article.
            match next.filter(|next| next.host() == url.host() && !seen.contains(next)) {
                Some(next) => url = next,
                None => break,
            }
            seen.push(url.clone());
        }
        Ok(pages)
    }
}
