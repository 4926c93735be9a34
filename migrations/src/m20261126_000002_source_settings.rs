//! How a source that is no feed is read; where a source says it has moved; how often it publishes.

use crate::statements::run;
use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// `settings` is JSON, absent for a feed.
const UP: &str = "\
ALTER TABLE source ADD COLUMN settings TEXT;
ALTER TABLE source_health ADD COLUMN moved_to TEXT;
ALTER TABLE source_health ADD COLUMN moved_since BIGINT;
ALTER TABLE source_health ADD COLUMN moved_seen BIGINT;
ALTER TABLE source_health ADD COLUMN rhythm_ms BIGINT;
";
const DOWN: &str = "\
ALTER TABLE source_health DROP COLUMN rhythm_ms;
ALTER TABLE source_health DROP COLUMN moved_seen;
ALTER TABLE source_health DROP COLUMN moved_since;
ALTER TABLE source_health DROP COLUMN moved_to;
ALTER TABLE source DROP COLUMN settings;
";

#[allow(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature elides it, and both must agree"
)]
#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, DOWN).await
    }
}
