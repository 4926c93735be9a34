//! The first schema.
//!
//! All ids are BIGINT and handed out by `counter`; all times are milliseconds in BIGINT. The
//! content of an article lies apart from its row, so that moving a row through its stages does not
//! copy the text each time.

use crate::statements::{is_postgres, run};
use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager};

mod cluster;
mod content;
mod readers;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[allow(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature elides it, and both must agree"
)]
#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for text in [content::TABLES, readers::TABLES, cluster::TABLES] {
            run(manager, text).await?;
        }
        run(
            manager,
            if is_postgres(manager) { content::SEARCH_POSTGRES } else { content::SEARCH_SQLITE },
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for text in [readers::DROP, content::DROP, cluster::DROP] {
            run(manager, text).await?;
        }
        Ok(())
    }
}
