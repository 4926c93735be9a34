//! Leases: which incarnation owns which shard, under which epoch.

use crate::error::{Error, Result};
use crate::lane::{Admission, Tx, WriteQueue};
use crate::queries::decode::get;
use crate::store::Store;
use autoglm_domain::{Epoch, Fence, Incarnation, Shard, ShardKind};
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
    let values = shards.iter().flat_map(|shard| {
        let index = i64::from(shard.index);
        [Value::from(shard.kind.name()), index.into(), incarnation.0.into(), 1_i64.into()]
    });
    let mut sql = tx.sql("INSERT INTO shard_lease (kind, shard, owner, epoch) VALUES ");
    sql.rows(4, values.collect()).push(
        " ON CONFLICT (kind, shard) DO UPDATE SET owner = excluded.owner, epoch = shard_lease.epoch + 1 \
         WHERE shard_lease.owner IS NULL OR shard_lease.owner NOT IN \
         (SELECT incarnation FROM node WHERE state <> 'down' AND lease_until > ?) \
         RETURNING kind, shard, epoch",
    );
    sql.bind(now.0);
    let rows = tx.all(sql).await?;
    rows.iter()
        .map(|row| {
            Ok(Fence { shard: shard(row)?, owner: incarnation, epoch: Epoch(get(row, "epoch")?) })
        })
        .collect()
}

fn shard(row: &QueryResult) -> Result<Shard> {
    let (kind, index): (String, i64) = (get(row, "kind")?, get(row, "shard")?);
    let known = ShardKind::from_name(&kind).zip(u16::try_from(index).ok());
    let (kind, index) =
        known.ok_or_else(|| Error::unreadable(format!("unknown shard {kind}/{index}")))?;
    Ok(Shard { kind, index })
}
