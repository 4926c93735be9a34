//! Numbers about everything, from counters and partial indexes rather than by counting rows.

use crate::error::Result;
use crate::queries::decode::{get, time_option};
use crate::rows::{StageCounts, Statistics};
use crate::store::Store;
use autoglm_domain::Timestamp;

impl Store {
    /// Articles per stage. Costs as much as there is backlog.
    ///
    /// # Errors
    /// What the database says.
    pub async fn stage_counts(&self) -> Result<StageCounts> {
        let sql = self.sql(
            "SELECT (SELECT COUNT(*) FROM article WHERE stage = 0) AS stored, \
             (SELECT COUNT(*) FROM article WHERE stage = 1) AS indexed, \
             (SELECT COUNT(*) FROM article WHERE stage = 2) AS understood, \
             (SELECT CAST(COALESCE(SUM(article_count), 0) AS BIGINT) FROM source) AS articles",
        );
        let Some(row) = self.one("counting articles by stage", sql).await? else {
            return Ok(StageCounts::default());
        };
        let (stored, indexed): (i64, i64) = (get(&row, "stored")?, get(&row, "indexed")?);
        let (understood, articles): (i64, i64) = (get(&row, "understood")?, get(&row, "articles")?);
        let placed = (articles - stored - indexed - understood).max(0);
        Ok(StageCounts { stored, indexed, understood, placed })
    }

    /// When the oldest article that waits to be understood was fetched; `None` when none waits.
    /// Costs two rows, whatever the backlog.
    ///
    /// # Errors
    /// What the database says.
    pub async fn oldest_not_understood(&self) -> Result<Option<Timestamp>> {
        let sql = self.sql(
            "SELECT (SELECT fetched_at FROM article WHERE stage = 0 ORDER BY id LIMIT 1) AS stored, \
             (SELECT fetched_at FROM article WHERE stage = 1 ORDER BY id LIMIT 1) AS indexed",
        );
        let row = self.one("looking for the oldest article that waits", sql).await?;
        let Some(row) = row else { return Ok(None) };
        let found = [time_option(&row, "stored")?, time_option(&row, "indexed")?];
        Ok(found.into_iter().flatten().min())
    }

    /// Numbers for the statistics page.
    ///
    /// # Errors
    /// What the database says.
    pub async fn statistics(&self) -> Result<Statistics> {
        let stages = self.stage_counts().await?;
        let sql = self.sql(
            "SELECT (SELECT COUNT(*) FROM source WHERE removed_at IS NULL) AS sources, \
             (SELECT COUNT(*) FROM story) AS stories, (SELECT COUNT(*) FROM reader) AS readers, \
             (SELECT CAST(COALESCE(SUM(last_event_seq), 0) AS BIGINT) FROM reader) AS events",
        );
        let Some(row) = self.one("reading the statistics", sql).await? else {
            return Ok(Statistics::default());
        };
        let backlog = stages.stored + stages.indexed + stages.understood;
        Ok(Statistics {
            sources: get(&row, "sources")?,
            articles: backlog + stages.placed,
            understood: stages.understood + stages.placed,
            backlog,
            stories: get(&row, "stories")?,
            readers: get(&row, "readers")?,
            events: get(&row, "events")?,
        })
    }
}
