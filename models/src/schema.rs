//! The schema's version: bringing it up to date, and refusing one from the future.

use crate::dialect::{Dialect, Sql};
use crate::error::{Error, Result};
use crate::lane::Tx;
use autoglm_domain::Timestamp;
use autoglm_migrations::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection};

/// Key of the advisory lock under which one node at a time migrates; any fixed number does.
const MIGRATION_LOCK: i64 = 0x6175_746f_676c_6d31;

/// Applies what is missing, in one transaction.
pub(crate) async fn migrate(writer: &DatabaseConnection, dialect: Dialect) -> Result<()> {
    let tx = Tx::begin(writer, dialect, Timestamp(0)).await?;
    if dialect == Dialect::Postgres {
        let sql = tx.sql("SELECT pg_advisory_xact_lock(?)").with(MIGRATION_LOCK);
        tx.execute(sql).await?;
    }
    if let Err(error) = apply(&tx, dialect).await {
        tx.rollback().await?;
        return Err(error);
    }
    tx.commit().await
}

async fn apply(tx: &Tx, dialect: Dialect) -> Result<()> {
    refuse_newer(tx.connection(), dialect).await?;
    Migrator::up(tx.connection(), None).await?;
    Ok(())
}

/// Refuses a database that has migrations this program does not know.
pub(crate) async fn refuse_newer<C: ConnectionTrait>(
    connection: &C,
    dialect: Dialect,
) -> Result<()> {
    let known = known();
    let applied = applied(connection, dialect).await?;
    match applied.into_iter().filter(|name| !known.contains(name)).max() {
        None => Ok(()),
        Some(found) => {
            let known = known.into_iter().max().unwrap_or_default();
            Err(Error::SchemaTooNew { found, known })
        }
    }
}

/// Refuses a database that is not exactly at this program's version.
pub(crate) async fn require_current<C: ConnectionTrait>(
    connection: &C,
    dialect: Dialect,
) -> Result<()> {
    refuse_newer(connection, dialect).await?;
    let applied = applied(connection, dialect).await?;
    match known().into_iter().find(|name| !applied.contains(name)) {
        None => Ok(()),
        Some(missing) => Err(Error::Conflict(format!(
            "the database lacks migration {missing}; run autoglm migrate"
        ))),
    }
}

fn known() -> Vec<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

async fn applied<C: ConnectionTrait>(connection: &C, dialect: Dialect) -> Result<Vec<String>> {
    let exists = match dialect {
        Dialect::Sqlite => "SELECT name FROM sqlite_master WHERE name = 'seaql_migrations'",
        Dialect::Postgres => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables \
             WHERE table_name = 'seaql_migrations' AND table_schema = current_schema()"
        }
    };
    let exists = Sql::new(dialect, exists).statement();
    if connection.query_one_raw(exists).await?.is_none() {
        return Ok(Vec::new());
    }
    let versions = Sql::new(dialect, "SELECT version FROM seaql_migrations").statement();
    let rows = connection.query_all_raw(versions).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}
