//! Articles that another list of topics has sorted: lists ranked from now on see their new topics.

use super::{ArticleWindowState, LOAD_MAX, OVERLAP};
use autoglm_domain::{ArticleId, Timestamp};
use std::collections::HashMap;

impl ArticleWindowState {
    /// Looks for articles of the last minute that were sorted again and reads those in the window
    /// anew. Every node finds them so, whichever has sorted them.
    pub(super) async fn take_sorted(&mut self) {
        let since = self.args.clock.now().minus(OVERLAP);
        let sorted: HashMap<ArticleId, Timestamp> = match self.args.store.sorted_since(since).await
        {
            Ok(sorted) => sorted.into_iter().collect(),
            Err(error) => return self.complain(&error),
        };
        let window = self.args.cell.load_full();
        let is_news =
            |id: &ArticleId| sorted.get(id) != self.sorted.get(id) && window.find(*id).is_some();
        let mut news: Vec<ArticleId> = sorted.keys().copied().filter(is_news).collect();
        news.sort_unstable();
        for part in news.chunks(LOAD_MAX) {
            match self.args.store.placed_articles(part).await {
                Ok(rows) => self.add(&rows),
                // Not noted, so the next look finds them again.
                Err(error) => return self.complain(&error),
            }
        }
        self.sorted = sorted;
        if !news.is_empty() {
            self.publish();
        }
    }
}
