//! What happened in the cluster: the newest thousand events.

use crate::entities::cluster_event;
use crate::error::{Error, Result};
use crate::lane::{Admission, Tx, WriteQueue};
use crate::rows::{ClusterEvent, ClusterEventKind};
use crate::store::Store;
use autoglm_domain::{Incarnation, Timestamp};
use sea_orm::{EntityTrait, QueryOrder, QuerySelect};

/// Events that are kept.
const KEPT: i64 = 1_000;
/// Longest detail, in characters.
const DETAIL_CHARS_MAX: usize = 500;

impl Store {
    /// Notes what happened to a node; the oldest beyond a thousand are forgotten.
    ///
    /// # Errors
    /// What the database says.
    pub async fn note_cluster_event(
        &self,
        incarnation: Incarnation,
        name: &str,
        kind: ClusterEventKind,
        detail: &str,
    ) -> Result<()> {
        let facts = (name.to_owned(), detail.to_owned());
        let admission = Admission::new(WriteQueue::Control, "noting what happened to a node");
        self.write(admission, move |tx| {
            let (name, detail) = facts.clone();
            async move { note(&tx, incarnation, &name, kind, &detail).await }
        })
        .await
    }

    /// The newest events, newest first; at most `limit`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn cluster_events(&self, limit: u64) -> Result<Vec<ClusterEvent>> {
        let rows = cluster_event::Entity::find()
            .order_by_desc(cluster_event::Column::Id)
            .limit(limit.min(KEPT.unsigned_abs()))
            .all(self.read_pool())
            .await
            .map_err(|error| Error::from(error).during("reading what happened in the cluster"))?;
        // A newer program may have written kinds that this one does not know.
        Ok(rows.into_iter().filter_map(event).collect())
    }
}

fn event(row: cluster_event::Model) -> Option<ClusterEvent> {
    Some(ClusterEvent {
        id: row.id,
        at: Timestamp(row.at),
        incarnation: Incarnation(row.incarnation),
        name: row.name,
        kind: ClusterEventKind::from_name(&row.kind)?,
        detail: row.detail,
    })
}

/// Notes an event within the transaction that makes it happen.
pub(super) async fn note(
    tx: &Tx,
    incarnation: Incarnation,
    name: &str,
    kind: ClusterEventKind,
    detail: &str,
) -> Result<()> {
    let at = tx.lease_now().await?;
    let id = tx.take_numbers("cluster_event", 1).await?;
    let detail: String = detail.chars().take(DETAIL_CHARS_MAX).collect();
    let mut sql = tx.sql(
        "INSERT INTO cluster_event (id, at, incarnation, name, kind, detail) \
         VALUES (?, ?, ?, ?, ?, ?)",
    );
    sql.bind(id).bind(at.0).bind(incarnation.0).bind(name.to_owned());
    sql.bind(kind.name()).bind(detail);
    tx.execute(sql).await?;
    tx.execute(tx.sql("DELETE FROM cluster_event WHERE id <= ?").with(id - KEPT)).await?;
    Ok(())
}
