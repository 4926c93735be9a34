//! Recognises articles that come under other ids, so that nobody gets a whole feed anew.
//!
//! What the last document held is remembered, so that usually nothing is asked of the store. After
//! a start it is asked once, and only when the document is mostly strangers.

use super::fetch::Fetch;
use autoglm_domain::{ArticleDraft, Fault};
use autoglm_feeds::identity::renaming::{REMEMBERED_MAX, Remembered, is_suspicious, renamed};
use autoglm_models::RenamedArticle;
use std::collections::HashSet;

/// What is remembered of a document's articles.
pub(super) fn recollection(drafts: &[ArticleDraft]) -> Vec<Remembered> {
    drafts.iter().take(REMEMBERED_MAX).map(Remembered::of).collect()
}

impl Fetch<'_> {
    /// Gives stored articles the identities under which they come now; the insert then knows them.
    ///
    /// # Errors
    /// When the store is away.
    pub(super) async fn recognise(&self, drafts: &[ArticleDraft]) -> Result<(), Fault> {
        let before = self.before(drafts).await?;
        let found = renamed(&before, drafts);
        if found.is_empty() {
            return Ok(());
        }
        let articles = found.iter().map(|renaming| RenamedArticle {
            old: renaming.old,
            identity: renaming.new,
            url: drafts[renaming.draft].url.clone(),
            canonical_url: drafts[renaming.draft].canonical_url.clone(),
        });
        let articles = articles.collect();
        let renamed = self.tools.store.rename_articles(self.source.id, articles).await?;
        tracing::info!(source = self.source.id.0, renamed, "articles came under other ids");
        Ok(())
    }

    /// What the source had before.
    async fn before(&self, drafts: &[ArticleDraft]) -> Result<Vec<Remembered>, Fault> {
        if let Some(recollection) = self.recollection {
            return Ok(recollection.to_vec());
        }
        let identities: HashSet<[u8; 16]> =
            drafts.iter().map(|draft| draft.identity.hash).collect();
        let asked: Vec<[u8; 16]> = identities.into_iter().collect();
        let known = self.tools.store.known_identities(self.source.id, &asked).await?;
        if !is_suspicious(asked.len() - known.len().min(asked.len()), asked.len()) {
            return Ok(Vec::new());
        }
        let recent = self.tools.store.recent_articles(self.source.id, REMEMBERED_MAX).await?;
        let remembered = recent.iter().map(|article| {
            let url = &article.canonical_url;
            Remembered::new(article.identity, url, &article.title, article.published_at)
        });
        Ok(remembered.collect())
    }
}
