//! Leases: which incarnation owns which shard, under which epoch.

use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::decode::{get, shard};
use crate::store::Store;
use autoglm_domain::{Epoch, Fence, Incarnation, Shard, ShardKind, Timestamp};
use sea_orm::{QueryResult, Value};
use std::sync::Arc;

/// Most shards one call may name; a cluster has 516.
const SHARDS_MAX: usize = 2_000;

impl Store {
    /// Takes those of `shards` that nobody alive owns, at the next epoch, in one transaction.
    /// Shards owned by somebody alive, this node included, are left out of the answer.
    ///
    /// # Errors
    /// [`Error::Expired`] when the node itself is no longer alive.
    pub async fn acquire_leases(
        &self,
        incarnation: Incarnation,
        shards: &[Shard],
    ) -> Result<Vec<Fence>> {
        let shards = bounded(shards)?;
        if shards.is_empty() {
            return Ok(Vec::new());
        }
        let admission = Admission::new(WriteQueue::Reader, "taking shards");
        self.write(admission, move |tx| {
            let shards = Arc::clone(&shards);
            async move { acquire(&tx, incarnation, &shards).await }
        })
        .await
    }

    /// Gives back those of `shards` that the node owns; the epoch stays.
    ///
    /// # Errors
    /// What the database says.
    pub async fn release_leases(&self, incarnation: Incarnation, shards: &[Shard]) -> Result<()> {
        let shards = bounded(shards)?;
        let admission = Admission::new(WriteQueue::Reader, "giving shards back");
        self.write(admission, move |tx| {
            let shards = Arc::clone(&shards);
            async move {
                for kind in [ShardKind::Reader, ShardKind::Host, ShardKind::Single] {
                    let mut mine = Vec::with_capacity(shards.len());
                    for shard in shards.iter() {
                        if shard.kind == kind {
                            mine.push(i64::from(shard.index));
                        }
                    }
                    if mine.is_empty() {
                        continue;
                    }
                    let mut sql =
                        tx.sql("UPDATE shard_lease SET owner = NULL WHERE owner = ? AND kind = ? AND shard IN ");
                    sql.bind(incarnation.0).bind(kind.name());
                    sql.list(mine);
                    tx.execute(sql).await?;
                }
                Ok(())
            }
        })
        .await
    }

    /// Every lease ever taken, with its owner, who may be down.
    ///
    /// # Errors
    /// What the database says.
    pub async fn leases(&self) -> Result<Vec<(Shard, Option<Incarnation>, Epoch)>> {
        let sql =
            self.sql("SELECT kind, shard, owner, epoch FROM shard_lease ORDER BY kind, shard");
        let rows = self.all("reading the leases", sql).await?;
        rows.iter()
            .map(|row| {
                let owner = get::<Option<i64>>(row, "owner")?.map(Incarnation);
                Ok((shard(row)?, owner, Epoch(get(row, "epoch")?)))
            })
            .collect()
    }
}

fn bounded(shards: &[Shard]) -> Result<Arc<Vec<Shard>>> {
    if shards.len() > SHARDS_MAX {
        return Err(Error::Invalid(format!(
            "{} shards in one call; at most {SHARDS_MAX}",
            shards.len()
        )));
    }
    // In one order everywhere, so that two nodes never wait for each other; one row once.
    let mut shards = shards.to_vec();
    shards.sort_unstable();
    shards.dedup();
    Ok(Arc::new(shards))
}

async fn acquire(tx: &Tx, incarnation: Incarnation, shards: &[Shard]) -> Result<Vec<Fence>> {
    let now = tx.lease_now().await?;
    let alive = tx
        .sql("SELECT 1 FROM node WHERE incarnation = ? AND state <> 'down' AND lease_until > ?")
        .with(incarnation.0)
        .with(now.0);
    if tx.one(alive).await?.is_none() {
        return Err(Error::Expired(incarnation.0));
    }
    let mut rows = take_free(tx, incarnation, shards, now).await?;
    if rows.len() < shards.len() {
        rows.extend(take_new(tx, incarnation, shards).await?);
    }
    rows.iter()
        .map(|row| {
            Ok(Fence { shard: shard(row)?, owner: incarnation, epoch: Epoch(get(row, "epoch")?) })
        })
        .collect()
}

/// Takes those that had an owner who is gone. Rows of living owners are not even locked, and rows
/// that somebody has locked are left for the next time: an owner's writes hold its row, and waiting
/// for each other would be a deadlock of the cluster.
async fn take_free(
    tx: &Tx,
    incarnation: Incarnation,
    shards: &[Shard],
    now: Timestamp,
) -> Result<Vec<QueryResult>> {
    let mut sql = tx.sql(
        "UPDATE shard_lease SET owner = ?, epoch = epoch + 1 WHERE (kind, shard) IN \
         (SELECT kind, shard FROM shard_lease WHERE (owner IS NULL OR owner NOT IN \
         (SELECT incarnation FROM node WHERE state <> 'down' AND lease_until > ?)) AND (kind, shard) IN (",
    );
    sql.bind(incarnation.0).bind(now.0);
    if tx.dialect == Dialect::Sqlite {
        sql.push("VALUES ");
    }
    let names = shards
        .iter()
        .flat_map(|shard| [Value::from(shard.kind.name()), i64::from(shard.index).into()]);
    sql.rows(2, names.collect()).push(")");
    if tx.dialect == Dialect::Postgres {
        sql.push(" ORDER BY kind, shard FOR UPDATE SKIP LOCKED");
    }
    sql.push(") RETURNING kind, shard, epoch");
    tx.all(sql).await
}

/// Takes those that nobody ever had; rows that are there are not touched.
async fn take_new(tx: &Tx, incarnation: Incarnation, shards: &[Shard]) -> Result<Vec<QueryResult>> {
    let values = shards.iter().flat_map(|shard| {
        let index = i64::from(shard.index);
        [Value::from(shard.kind.name()), index.into(), incarnation.0.into(), 1_i64.into()]
    });
    let mut sql = tx.sql("INSERT INTO shard_lease (kind, shard, owner, epoch) VALUES ");
    sql.rows(4, values.collect())
        .push(" ON CONFLICT (kind, shard) DO NOTHING RETURNING kind, shard, epoch");
    tx.all(sql).await
}
