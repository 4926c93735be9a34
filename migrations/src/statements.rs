//! Runs one schema text on both databases by replacing the few words in which they differ.

use sea_orm_migration::prelude::{DbErr, SchemaManager};
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// Runs statements separated by `;` (none of ours has one inside). `{bytes}` becomes the type for
/// raw bytes and `{id}` the type for a single-column key, which on SQLite has to be spelled
/// INTEGER for the key to be the row's own number; everything else is common to both.
pub(crate) async fn run(manager: &SchemaManager<'_>, text: &str) -> Result<(), DbErr> {
    let (bytes, id) = if is_postgres(manager) { ("BYTEA", "BIGINT") } else { ("BLOB", "INTEGER") };
    for statement in text.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
        let statement = statement.replace("{bytes}", bytes).replace("{id}", id);
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    Ok(())
}

/// Whether it runs on PostgreSQL.
pub(crate) fn is_postgres(manager: &SchemaManager<'_>) -> bool {
    manager.get_database_backend() == DbBackend::Postgres
}
