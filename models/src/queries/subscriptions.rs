//! Subscriptions: which reader reads which source, in which folder.

use crate::error::{Error, Result};
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::decode::{clean, get, time};
use crate::queries::sources::{SOURCE_COLUMNS, health_of, source_of};
use crate::queries::websub::{HUB_COLUMNS, hub_subscription_of};
use crate::rows::{SubscriptionChange, SubscriptionRow};
use crate::store::Store;
use autoglm_domain::{ReaderId, SourceId};
use sea_orm::QueryResult;
use std::sync::Arc;

/// Longest folder name or title, in characters; the rest is cut.
const TEXT_CHARS_MAX: usize = 200;

impl Store {
    /// Subscribes the reader; answers whether they were not subscribed before. Subscribing again
    /// changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the reader or the source does not exist, or the source is another
    /// reader's own: only its owner can ever see its articles, because all reading goes by
    /// subscriptions.
    pub async fn subscribe(
        &self,
        reader: ReaderId,
        source: SourceId,
        folder: Option<String>,
        title: Option<String>,
    ) -> Result<bool> {
        let wishes = Arc::new((text(folder), text(title)));
        let admission = Admission::new(WriteQueue::Control, "subscribing");
        self.write(admission, move |tx| {
            let wishes = Arc::clone(&wishes);
            async move { subscribe(&tx, reader, source, &wishes.0, &wishes.1).await }
        })
        .await
    }

    /// Ends a subscription; answers whether there was one. Marks and events stay.
    ///
    /// # Errors
    /// What the database says.
    pub async fn unsubscribe(&self, reader: ReaderId, source: SourceId) -> Result<bool> {
        let admission = Admission::new(WriteQueue::Control, "unsubscribing");
        self.write(admission, move |tx| async move {
            let sql = tx.sql("DELETE FROM subscription WHERE reader_id = ? AND source_id = ?");
            Ok(tx.execute(sql.with(reader.0).with(source.0)).await? > 0)
        })
        .await
    }

    /// Changes folder or title.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the reader is not subscribed.
    pub async fn update_subscription(
        &self,
        reader: ReaderId,
        source: SourceId,
        change: SubscriptionChange,
    ) -> Result<()> {
        let change = Arc::new(change);
        let admission = Admission::new(WriteQueue::Control, "changing a subscription");
        self.write(admission, move |tx| {
            let change = Arc::clone(&change);
            async move {
                let mut sql = tx.sql("UPDATE subscription SET source_id = source_id");
                if let Some(folder) = change.folder.clone() {
                    sql.and(
                        ", folder_id = ?",
                        folder_id(&tx, reader, text(folder).as_deref()).await?,
                    );
                }
                if let Some(title) = change.title.clone() {
                    sql.and(", title = ?", text(title));
                }
                sql.and(" WHERE reader_id = ?", reader.0).and(" AND source_id = ?", source.0);
                match tx.execute(sql).await? {
                    0 => Err(Error::NotFound(format!("subscription to source {source}"))),
                    _ => Ok(()),
                }
            }
        })
        .await
    }

    /// The reader's subscriptions by source id. Unread numbers come from counters.
    ///
    /// # Errors
    /// What the database says.
    pub async fn subscriptions(&self, reader: ReaderId) -> Result<Vec<SubscriptionRow>> {
        let mut sql = self.sql("SELECT ");
        sql.push(SOURCE_COLUMNS).push(", ").push(HUB_COLUMNS).push(
            ", f.name AS folder, sub.title AS own_title, sub.created_at AS subscribed_at, \
             s.article_count - sub.read_count AS unread \
             FROM subscription sub JOIN source s ON s.id = sub.source_id \
             LEFT JOIN source_health h ON h.source_id = s.id LEFT JOIN folder f ON f.id = sub.folder_id \
             LEFT JOIN websub_subscription w ON w.source_id = s.id AND w.stage <> 'ending' \
             WHERE sub.reader_id = ? AND s.removed_at IS NULL ORDER BY s.id",
        );
        let rows = self.all("listing subscriptions", sql.with(reader.0)).await?;
        rows.iter().map(subscription_of).collect()
    }

    /// Who reads the source.
    ///
    /// # Errors
    /// What the database says.
    pub async fn subscriber_ids(&self, source: SourceId) -> Result<Vec<ReaderId>> {
        let sql =
            self.sql("SELECT reader_id FROM subscription WHERE source_id = ? ORDER BY reader_id");
        let rows = self.all("listing subscribers", sql.with(source.0)).await?;
        rows.iter().map(|row| get(row, "reader_id").map(ReaderId)).collect()
    }
}

/// A name without blanks around it and of bounded length; an empty one is none.
fn text(text: Option<String>) -> Option<String> {
    let text = clean(text?.trim());
    let text: String = text.chars().take(TEXT_CHARS_MAX).collect();
    (!text.is_empty()).then_some(text)
}

async fn subscribe(
    tx: &Tx,
    reader: ReaderId,
    source: SourceId,
    folder: &Option<String>,
    title: &Option<String>,
) -> Result<bool> {
    let known = tx.sql("SELECT id FROM reader WHERE id = ?").with(reader.0);
    tx.one(known).await?.ok_or_else(|| Error::NotFound(format!("reader {reader}")))?;
    let known = tx.sql(
        "SELECT id FROM source WHERE id = ? AND removed_at IS NULL \
         AND COALESCE(owner_reader, ?) = ?",
    );
    let known = known.with(source.0).with(reader.0).with(reader.0);
    tx.one(known).await?.ok_or_else(|| Error::NotFound(format!("source {source}")))?;
    let folder = folder_id(tx, reader, folder.as_deref()).await?;
    let mut sql = tx.sql(
        "INSERT INTO subscription (reader_id, source_id, folder_id, title, read_count, created_at) \
         VALUES (?, ?, ?, ?, (SELECT COUNT(*) FROM mark WHERE reader_id = ? AND source_id = ? AND is_read), ?) \
         ON CONFLICT (reader_id, source_id) DO NOTHING",
    );
    sql.bind(reader.0).bind(source.0).bind(folder).bind(title.clone());
    sql.bind(reader.0).bind(source.0).bind(tx.now.0);
    Ok(tx.execute(sql).await? > 0)
}

/// The reader's folder of this name, made when missing.
async fn folder_id(tx: &Tx, reader: ReaderId, name: Option<&str>) -> Result<Option<i64>> {
    let Some(name) = name else { return Ok(None) };
    let known = || {
        let sql = tx.sql("SELECT id FROM folder WHERE reader_id = ? AND name = ?");
        tx.one(sql.with(reader.0).with(name))
    };
    let mut found = known().await?;
    if found.is_none() {
        tx.hold_numbers("folder").await?;
        found = known().await?;
    }
    if let Some(row) = found {
        return Ok(Some(get(&row, "id")?));
    }
    let id = tx.take_numbers("folder", 1).await?;
    let sql = tx.sql("INSERT INTO folder (id, reader_id, name) VALUES (?, ?, ?)");
    tx.execute(sql.with(id).with(reader.0).with(name)).await?;
    Ok(Some(id))
}

fn subscription_of(row: &QueryResult) -> Result<SubscriptionRow> {
    Ok(SubscriptionRow {
        source: source_of(row)?,
        health: health_of(row)?,
        folder: get(row, "folder")?,
        title_override: get(row, "own_title")?,
        unread: get::<i64>(row, "unread")?.max(0),
        subscribed_at: time(row, "subscribed_at")?,
        push: hub_subscription_of(row)?,
    })
}
