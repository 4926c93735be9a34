//! Articles that the operator moved to other stories: lists ranked from now on see it, and so do
//! the terminals that show the articles.

use super::rows::pushed_view_of;
use super::{ArticleWindowState, LOAD_MAX, OVERLAP, OVERLAP_MAX, warn_of_busy};
use autoglm_domain::ArticleId;
use autoglm_models::PlacedArticleRow;
use autoglm_protocol::view::ArticleView;
use std::collections::HashMap;
use std::sync::Arc;

impl ArticleWindowState {
    /// Looks for moves of the last minute that were not told yet. Every node finds them so, the one
    /// that made them only sooner.
    pub(super) async fn take_moves(&mut self) {
        let since = self.args.clock.now().minus(OVERLAP);
        let moves: HashMap<_, _> = match self.args.store.moved_since(since, OVERLAP_MAX).await {
            Ok(moves) => moves.into_iter().collect(),
            Err(error) => return self.complain(&error),
        };
        let told = |id: &ArticleId| moves.get(id) == self.moves.get(id);
        let mut news: Vec<ArticleId> = moves.keys().copied().filter(|id| !told(id)).collect();
        news.sort_unstable();
        for part in news.chunks(LOAD_MAX) {
            match self.args.store.placed_articles(part).await {
                Ok(rows) => self.tell_of_moves(rows).await,
                // Not noted as told, so the next look finds them again.
                Err(error) => return self.complain(&error),
            }
        }
        self.moves = moves;
        self.publish();
    }

    /// Articles that have left the window do not come back for that.
    async fn tell_of_moves(&mut self, mut rows: Vec<PlacedArticleRow>) {
        let window = self.args.cell.load_full();
        let known: Vec<PlacedArticleRow> =
            rows.extract_if(.., |row| window.find(row.article.id).is_some()).collect();
        self.add(&known);
        let views = known.into_iter().chain(rows).map(|row| Arc::new(pushed_view_of(row)));
        let articles: Arc<[Arc<ArticleView>]> = views.collect();
        warn_of_busy(self.args.listeners.tell_moved(&articles).await, articles.len());
    }
}
