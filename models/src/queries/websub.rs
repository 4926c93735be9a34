//! Subscriptions at hubs. Callbacks are looked up by the hash of their secret part.

use crate::dialect::{Dialect, Sql};
use crate::error::{Error, Result};
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::decode::{clean, get, time, time_option};
use crate::rows::{HubChange, HubRow};
use crate::store::Store;
use autoglm_domain::{HubKeys, HubStage, HubSubscription, HubSubscriptionId, SourceId};
use sea_orm::QueryResult;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Anything longer is not one of ours and is not even hashed.
const TOKEN_BYTES_MAX: usize = 128;

/// A subscription without its secrets, as [`hub_subscription_of`] reads it.
pub(crate) const HUB_COLUMNS: &str = "w.source_id AS hub_source_id, w.hub, w.topic, \
     w.stage AS hub_stage, w.lease_until, w.next_at AS hub_next_at, w.last_push_at, w.missed_at, \
     w.failures AS hub_failures, w.forgeries, w.problem AS hub_problem";
/// The rest of a [`HubRow`].
const ROW_COLUMNS: &str = ", w.token_hash, w.callback, w.secret, s.url AS source_url, \
     s.removed_at IS NULL AND NOT s.paused AS is_fetched \
     FROM websub_subscription w JOIN source s ON s.id = w.source_id";

impl Store {
    /// Keeps a new subscription with secrets made here; its callback begins with `prefix` and ends
    /// with 256 random bits. `None` when its source has one already, or is removed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn add_hub_subscription(
        &self,
        wanted: HubSubscription,
        prefix: &str,
    ) -> Result<Option<HubRow>> {
        let (token, secret) = (random_text(), random_text());
        let id = id_of(&token);
        let facts = Arc::new((wanted, HubKeys { callback: format!("{prefix}{token}"), secret }));
        let admission = Admission::new(WriteQueue::Control, "keeping a subscription at a hub");
        self.write(admission, move |tx| {
            let facts = Arc::clone(&facts);
            async move {
                if !insert(&tx, id, &facts.0, &facts.1).await? {
                    return Ok(None);
                }
                let row = tx.one(by_id(tx.sql("SELECT "), id)).await?;
                row.map(|row| row_of(&row)).transpose()
            }
        })
        .await
    }

    /// Every subscription, those of removed and paused sources included.
    ///
    /// # Errors
    /// What the database says.
    pub async fn hub_subscriptions(&self) -> Result<Vec<HubRow>> {
        let mut sql = self.sql("SELECT ");
        sql.push(HUB_COLUMNS).push(ROW_COLUMNS).push(" ORDER BY w.next_at");
        let rows = self.all("listing subscriptions at hubs", sql).await?;
        rows.iter().map(row_of).collect()
    }

    /// The subscription whose callback ends with this token.
    ///
    /// # Errors
    /// What the database says.
    pub async fn hub_subscription(&self, token: &str) -> Result<Option<HubRow>> {
        if token.len() > TOKEN_BYTES_MAX {
            return Ok(None);
        }
        // Looking up the hash tells an attacker's clock nothing about the token itself.
        let sql = by_id(self.sql("SELECT "), id_of(token));
        let row = self.one("looking up a callback", sql).await?;
        row.map(|row| row_of(&row)).transpose()
    }

    /// Reads a subscription, lets `decide` say what becomes of it, and writes that, all in one
    /// transaction; answers with both. `None` when there is none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn change_hub_subscription<T: Send + 'static>(
        &self,
        id: HubSubscriptionId,
        decide: impl Fn(&HubSubscription) -> (HubChange, T) + Send + Sync + 'static,
    ) -> Result<Option<(HubChange, T)>> {
        let decide = Arc::new(decide);
        let admission = Admission::new(WriteQueue::Control, "changing a subscription at a hub");
        self.write(admission, move |tx| {
            let decide = Arc::clone(&decide);
            async move {
                let Some(before) = locked(&tx, id).await? else { return Ok(None) };
                let (change, answer) = decide(&before);
                match &change {
                    HubChange::Leave => {}
                    HubChange::Keep(after) => update(&tx, id, after).await?,
                    HubChange::Forget => delete(&tx, id).await?,
                }
                Ok(Some((change, answer)))
            }
        })
        .await
    }

    /// Forgets every subscription: nobody can reach this installation any more.
    ///
    /// # Errors
    /// What the database says.
    pub async fn forget_hub_subscriptions(&self) -> Result<u64> {
        let admission = Admission::new(WriteQueue::Control, "forgetting subscriptions at hubs");
        self.write(admission, |tx| async move {
            tx.execute(tx.sql("DELETE FROM websub_subscription")).await
        })
        .await
    }
}

/// 256 random bits.
fn random_text() -> String {
    let random: [u8; 32] = rand::random();
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn id_of(token: &str) -> HubSubscriptionId {
    HubSubscriptionId(Sha256::digest(token.as_bytes()).into())
}

fn by_id(mut select: Sql, id: HubSubscriptionId) -> Sql {
    select.push(HUB_COLUMNS).push(ROW_COLUMNS);
    select.and(" WHERE w.token_hash = ?", id.0.to_vec());
    select
}

async fn insert(
    tx: &Tx,
    id: HubSubscriptionId,
    wanted: &HubSubscription,
    keys: &HubKeys,
) -> Result<bool> {
    let mut sql = tx.sql(
        "INSERT INTO websub_subscription (token_hash, source_id, hub, topic, callback, secret, \
         stage, next_at, failures, forgeries) \
         SELECT ?, s.id, ?, ?, ?, ?, ?, ?, 0, 0 FROM source s \
         WHERE s.removed_at IS NULL AND s.id = ? ON CONFLICT DO NOTHING",
    );
    sql.bind(id.0.to_vec()).bind(clean(&wanted.hub)).bind(clean(&wanted.topic));
    sql.bind(keys.callback.as_str()).bind(keys.secret.as_str()).bind(wanted.stage.name());
    sql.bind(wanted.next_at.0).bind(wanted.source_id.0);
    Ok(tx.execute(sql).await? > 0)
}

/// Held against other nodes until the transaction ends; SQLite has one writer anyway.
async fn locked(tx: &Tx, id: HubSubscriptionId) -> Result<Option<HubSubscription>> {
    let mut sql = tx.sql("SELECT ");
    sql.push(HUB_COLUMNS);
    sql.and(" FROM websub_subscription w WHERE w.token_hash = ?", id.0.to_vec());
    if tx.dialect == Dialect::Postgres {
        sql.push(" FOR UPDATE");
    }
    match tx.one(sql).await? {
        Some(row) => hub_subscription_of(&row),
        None => Ok(None),
    }
}

async fn update(tx: &Tx, id: HubSubscriptionId, after: &HubSubscription) -> Result<()> {
    let mut sql = tx.sql(
        "UPDATE websub_subscription SET stage = ?, lease_until = ?, next_at = ?, \
         last_push_at = ?, missed_at = ?, failures = ?, forgeries = ?, problem = ? \
         WHERE token_hash = ?",
    );
    sql.bind(after.stage.name()).bind(after.lease_until.map(|at| at.0)).bind(after.next_at.0);
    sql.bind(after.last_push_at.map(|at| at.0)).bind(after.missed_at.map(|at| at.0));
    sql.bind(i64::from(after.failures)).bind(i64::from(after.forgeries));
    sql.bind(after.problem.as_deref().map(clean)).bind(id.0.to_vec());
    tx.execute(sql).await?;
    Ok(())
}

async fn delete(tx: &Tx, id: HubSubscriptionId) -> Result<()> {
    let sql = tx.sql("DELETE FROM websub_subscription WHERE token_hash = ?");
    tx.execute(sql.with(id.0.to_vec())).await?;
    Ok(())
}

/// From [`HUB_COLUMNS`]; `None` where an outer join found none.
pub(crate) fn hub_subscription_of(row: &QueryResult) -> Result<Option<HubSubscription>> {
    let Some(source_id) = get::<Option<i64>>(row, "hub_source_id")? else { return Ok(None) };
    let stage: String = get(row, "hub_stage")?;
    let number =
        |column| -> Result<i32> { Ok(i32::try_from(get::<i64>(row, column)?).unwrap_or(i32::MAX)) };
    Ok(Some(HubSubscription {
        source_id: SourceId(source_id),
        hub: get(row, "hub")?,
        topic: get(row, "topic")?,
        stage: HubStage::from_name(&stage)
            .ok_or_else(|| Error::unreadable(format!("unknown stage {stage:?} at a hub")))?,
        lease_until: time_option(row, "lease_until")?,
        next_at: time(row, "hub_next_at")?,
        last_push_at: time_option(row, "last_push_at")?,
        missed_at: time_option(row, "missed_at")?,
        failures: number("hub_failures")?,
        forgeries: number("forgeries")?,
        problem: get(row, "hub_problem")?,
    }))
}

fn row_of(row: &QueryResult) -> Result<HubRow> {
    let missing = || Error::unreadable("a subscription at a hub without its source");
    let id: Vec<u8> = get(row, "token_hash")?;
    let id = id.try_into().map_err(|_| Error::unreadable("the hash of a callback is no hash"))?;
    Ok(HubRow {
        id: HubSubscriptionId(id),
        subscription: hub_subscription_of(row)?.ok_or_else(missing)?,
        keys: HubKeys { callback: get(row, "callback")?, secret: get(row, "secret")? },
        source_url: get(row, "source_url")?,
        is_fetched: get(row, "is_fetched")?,
    })
}
