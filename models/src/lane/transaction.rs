//! The transaction an operation of the lane runs in.

use crate::dialect::{Dialect, Sql};
use crate::error::{Error, Result};
use crate::queries::decode::{get, shard};
use autoglm_domain::{Epoch, Fence, Incarnation, Timestamp};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, QueryResult, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use std::collections::HashSet;
use std::sync::Arc;

/// A handle on the running transaction; its clones must be gone before the commit.
#[derive(Debug, Clone)]
pub(crate) struct Tx {
    inner: Arc<DatabaseTransaction>,
    pub(crate) dialect: Dialect,
    /// The moment the transaction began, by the store's clock.
    pub(crate) now: Timestamp,
}

impl Tx {
    pub(crate) async fn begin(
        writer: &DatabaseConnection,
        dialect: Dialect,
        now: Timestamp,
    ) -> Result<Self> {
        // Immediate: a deferred transaction that turns into a writer can fail half-way.
        let options = TransactionOptions {
            sqlite_transaction_mode: (dialect == Dialect::Sqlite)
                .then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let inner = Arc::new(writer.begin_with_options(options).await?);
        Ok(Self { inner, dialect, now })
    }

    pub(crate) async fn commit(self) -> Result<()> {
        Ok(self.take()?.commit().await?)
    }

    pub(crate) async fn rollback(self) -> Result<()> {
        Ok(self.take()?.rollback().await?)
    }

    fn take(self) -> Result<DatabaseTransaction> {
        Arc::try_unwrap(self.inner).map_err(|_| {
            Error::unreadable("an operation kept its transaction; the group was rolled back")
        })
    }

    pub(crate) fn connection(&self) -> &DatabaseTransaction {
        &self.inner
    }

    pub(crate) fn sql(&self, text: &'static str) -> Sql {
        Sql::new(self.dialect, text)
    }

    pub(crate) async fn execute(&self, sql: Sql) -> Result<u64> {
        Ok(self.inner.execute_raw(sql.statement()).await?.rows_affected())
    }

    pub(crate) async fn one(&self, sql: Sql) -> Result<Option<QueryResult>> {
        Ok(self.inner.query_one_raw(sql.statement()).await?)
    }

    pub(crate) async fn all(&self, sql: Sql) -> Result<Vec<QueryResult>> {
        Ok(self.inner.query_all_raw(sql.statement()).await?)
    }

    /// Refuses unless the fence's owner still holds the shard under its epoch.
    pub(crate) async fn check(&self, fence: Fence) -> Result<()> {
        if self.held(&HashSet::from([fence])).await?.contains(&fence) {
            return Ok(());
        }
        Err(Error::Fenced { shard: fence.shard, epoch: fence.epoch.0 })
    }

    /// Those of these fences whose owners still hold their shards under their epochs. On PostgreSQL
    /// the rows are held against a take-over until this transaction ends.
    pub(crate) async fn held(&self, fences: &HashSet<Fence>) -> Result<HashSet<Fence>> {
        if fences.is_empty() {
            return Ok(HashSet::new());
        }
        let kinds = fences.iter().map(|fence| fence.shard.kind.name().into()).collect();
        let shards = fences.iter().map(|fence| i64::from(fence.shard.index).into()).collect();
        let owners = fences.iter().map(|fence| fence.owner.0.into()).collect();
        let epochs = fences.iter().map(|fence| fence.epoch.0.into()).collect();
        let mut sql = self.sql("WITH ");
        sql.table("wanted(kind, shard, owner, epoch)", vec![kinds, shards, owners, epochs]);
        sql.push(
            " SELECT lease.kind, lease.shard, lease.owner, lease.epoch FROM wanted \
             JOIN shard_lease lease ON lease.kind = wanted.kind AND lease.shard = wanted.shard \
             AND lease.owner = wanted.owner AND lease.epoch = wanted.epoch",
        );
        if self.dialect == Dialect::Postgres {
            sql.push(" FOR SHARE OF lease");
        }
        let rows = self.all(sql).await?;
        rows.iter().map(fence_of).collect()
    }

    /// What ends a `SELECT` whose rows nobody else may change until this transaction ends. SQLite
    /// has one writer, who is this.
    pub(crate) fn for_update(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => "",
            // Rows that refer to them may still come.
            Dialect::Postgres => " FOR NO KEY UPDATE",
        }
    }

    /// The last number the named counter has handed out in a committed transaction or in this one.
    pub(crate) async fn number(&self, counter: &'static str) -> Result<i64> {
        let sql = self.sql("SELECT value FROM counter WHERE name = ?").with(counter);
        let row = self.one(sql).await?.ok_or_else(|| missing(counter))?;
        Ok(row.try_get_by_index(0)?)
    }

    /// Hands out `count` dense numbers of the named counter; the first of them is returned. The
    /// counter's row stays locked until the transaction ends, so no number is ever skipped.
    pub(crate) async fn take_numbers(&self, counter: &'static str, count: i64) -> Result<i64> {
        let sql = self
            .sql("UPDATE counter SET value = value + ? WHERE name = ? RETURNING value")
            .with(count)
            .with(counter);
        let row = self.one(sql).await?.ok_or_else(|| missing(counter))?;
        let last: i64 = row.try_get_by_index(0)?;
        Ok(last - count + 1)
    }

    /// Waits until no other transaction is handing out numbers of this counter, and keeps others from
    /// it until this one ends: what was looked for before and not found is looked for again
    /// afterwards, because another node may have added the same meanwhile.
    pub(crate) async fn hold_numbers(&self, counter: &'static str) -> Result<()> {
        self.take_numbers(counter, 0).await.map(drop)
    }

    /// The moment by which leases are judged: the server's clock on PostgreSQL, since nodes' own
    /// clocks differ; the store's clock on SQLite, where there is one node.
    pub(crate) async fn lease_now(&self) -> Result<Timestamp> {
        if self.dialect == Dialect::Sqlite {
            return Ok(self.now);
        }
        let sql = self.sql("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)");
        match self.one(sql).await? {
            Some(row) => Ok(Timestamp(row.try_get_by_index(0)?)),
            None => Err(Error::unreadable("the server did not tell the time")),
        }
    }
}

fn fence_of(row: &QueryResult) -> Result<Fence> {
    let (owner, epoch): (i64, i64) = (get(row, "owner")?, get(row, "epoch")?);
    let shard = shard(row)?;
    Ok(Fence { shard, owner: Incarnation(owner), epoch: Epoch(epoch) })
}

fn missing(counter: &str) -> Error {
    Error::unreadable(format!("counter {counter} is missing; is the schema migrated"))
}
