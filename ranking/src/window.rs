//! The articles that can be recommended, as an immutable snapshot shared by every recommender.
//!
//! Chunks of 1,024 articles behind `Arc`s: adding a batch copies the last chunk only, so a new
//! snapshot every few seconds costs little and readers of the old one are never disturbed.

mod chunk;

use crate::features::ArticleFeatures;
use crate::popularity::PopularityValue;
use autoglm_domain::{ArticleId, Timestamp};
pub use chunk::Row;
use chunk::{CHUNK_ROWS, Chunk};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Articles kept when nothing else is configured.
pub const WINDOW_ARTICLES_DEFAULT: usize = 10_000;

/// The newest articles, structure of arrays.
#[derive(Debug, Clone)]
pub struct WindowSnapshot {
    chunks: Vec<Arc<Chunk>>,
    /// Natural logarithm of the click rate, by position.
    popularity: Arc<Vec<f32>>,
    rates: Arc<HashMap<ArticleId, PopularityValue>>,
    articles_max: usize,
    len: usize,
}

impl WindowSnapshot {
    /// An empty window that will hold at most `articles_max`.
    #[must_use]
    pub fn empty(articles_max: usize) -> Self {
        Self {
            chunks: Vec::new(),
            popularity: Arc::new(Vec::new()),
            rates: Arc::new(HashMap::new()),
            articles_max: articles_max.max(1),
            len: 0,
        }
    }

    /// A new snapshot with some articles more and some fewer. An article that is there already is
    /// replaced. Past the limit the articles published earliest leave.
    #[must_use]
    pub fn with(&self, added: &[ArticleFeatures], removed: &HashSet<ArticleId>) -> Self {
        let mut newest: HashMap<ArticleId, &ArticleFeatures> = HashMap::new();
        for article in added {
            newest.insert(article.article_id, article);
        }
        let leaves = |id: ArticleId| removed.contains(&id) || newest.contains_key(&id);
        let mut next = self.clone();
        next.retain(|chunk, row| !leaves(chunk.id(row)));
        for article in added {
            let is_last =
                newest.get(&article.article_id).is_some_and(|a| std::ptr::eq(*a, article));
            if is_last && !removed.contains(&article.article_id) {
                next.append(article);
            }
        }
        next.keep_newest();
        next.compact();
        next.refresh_popularity();
        next
    }

    /// A new snapshot with these click rates; articles that are not named have the prior's.
    #[must_use]
    pub fn with_popularity(&self, totals: HashMap<ArticleId, PopularityValue>) -> Self {
        let mut next = self.clone();
        next.rates = Arc::new(totals);
        next.refresh_popularity();
        next
    }

    /// Number of articles.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no article.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Most articles it will hold.
    #[must_use]
    pub fn articles_max(&self) -> usize {
        self.articles_max
    }

    /// Memory in bytes, near enough for a limit.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let chunks: usize = self.chunks.iter().map(|chunk| chunk.bytes()).sum();
        chunks + self.popularity.len() * 4 + self.rates.len() * 24
    }

    /// Every article in positions 0..len.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.chunks.iter().flat_map(|chunk| (0..chunk.len()).map(move |row| chunk.row(row)))
    }

    /// The article at a position.
    #[must_use]
    pub fn row(&self, position: usize) -> Option<Row<'_>> {
        let mut offset = position;
        for chunk in &self.chunks {
            if offset < chunk.len() {
                return Some(chunk.row(offset));
            }
            offset -= chunk.len();
        }
        None
    }

    /// The article with this id.
    #[must_use]
    pub fn find(&self, article: ArticleId) -> Option<Row<'_>> {
        self.chunks.iter().find_map(|chunk| chunk.find(article).map(|row| chunk.row(row)))
    }

    /// The article as it was added; used to learn from an event about it.
    #[must_use]
    pub fn features(&self, article: ArticleId) -> Option<ArticleFeatures> {
        self.find(article).map(|row| row.to_features())
    }

    /// Natural logarithm of the click rate, by position.
    #[must_use]
    pub fn log_rates(&self) -> &[f32] {
        &self.popularity
    }

    fn append(&mut self, article: &ArticleFeatures) {
        match self.chunks.last_mut().filter(|chunk| chunk.len() < CHUNK_ROWS) {
            Some(chunk) => Arc::make_mut(chunk).push(article),
            None => {
                let mut chunk = Chunk::default();
                chunk.push(article);
                self.chunks.push(Arc::new(chunk));
            }
        }
        self.len += 1;
    }

    /// Rewrites only the chunks that lose a row.
    fn retain(&mut self, keep: impl Fn(&Chunk, usize) -> bool) {
        for chunk in &mut self.chunks {
            if (0..chunk.len()).any(|row| !keep(chunk, row)) {
                let mut kept = Chunk::default();
                for row in (0..chunk.len()).filter(|row| keep(chunk, *row)) {
                    kept.push_row(chunk, row);
                }
                *chunk = Arc::new(kept);
            }
        }
        self.chunks.retain(|chunk| chunk.len() > 0);
        self.len = self.chunks.iter().map(|chunk| chunk.len()).sum();
    }

    fn keep_newest(&mut self) {
        let surplus = self.len.saturating_sub(self.articles_max);
        if surplus == 0 {
            return;
        }
        let mut ages: Vec<(Timestamp, ArticleId)> =
            self.rows().map(|row| (row.published_at(), row.article_id())).collect();
        let (_, oldest_kept, _) = ages.select_nth_unstable(surplus);
        let oldest_kept = *oldest_kept;
        self.retain(|chunk, row| {
            let row = chunk.row(row);
            (row.published_at(), row.article_id()) >= oldest_kept
        });
    }

    /// Rebuilds when removals have left many half-empty chunks.
    fn compact(&mut self) {
        if self.chunks.len() <= 2 * self.len.div_ceil(CHUNK_ROWS) + 2 {
            return;
        }
        let mut chunks: Vec<Chunk> = Vec::new();
        for old in &self.chunks {
            for row in 0..old.len() {
                if chunks.last().is_none_or(|chunk| chunk.len() >= CHUNK_ROWS) {
                    chunks.push(Chunk::default());
                }
                if let Some(chunk) = chunks.last_mut() {
                    chunk.push_row(old, row);
                }
            }
        }
        self.chunks = chunks.into_iter().map(Arc::new).collect();
    }

    fn refresh_popularity(&mut self) {
        let prior = PopularityValue::default();
        let rates: Vec<f32> = self
            .rows()
            .map(|row| self.rates.get(&row.article_id()).copied().unwrap_or(prior).rate().ln())
            .collect();
        self.popularity = Arc::new(rates);
    }
}

#[cfg(test)]
mod tests;
