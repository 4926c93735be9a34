//! Sources that belong to one reader, and how they are asked for that reader.

use crate::statements::run;
use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// `owner_reader` is absent for a source that everybody shares: the same address may be shared and,
/// besides, private to any number of readers, each with a source of their own. No reader has the
/// number 0. `request` is JSON with secrets in it.
const UP: &str = "\
ALTER TABLE source ADD COLUMN owner_reader BIGINT;
ALTER TABLE source ADD COLUMN request TEXT;
DROP INDEX source_url;
CREATE UNIQUE INDEX source_url ON source (url, (COALESCE(owner_reader, 0)));
";
/// What was private must not become everybody's: such sources go out of use, under an address that
/// nobody can add.
const DOWN: &str = "\
DELETE FROM subscription WHERE source_id IN (SELECT id FROM source WHERE owner_reader IS NOT NULL);
DELETE FROM source_health WHERE source_id IN (SELECT id FROM source WHERE owner_reader IS NOT NULL);
UPDATE source SET removed_at = updated_at, url = url || '#' || id WHERE owner_reader IS NOT NULL;
DROP INDEX source_url;
CREATE UNIQUE INDEX source_url ON source (url);
ALTER TABLE source DROP COLUMN request;
ALTER TABLE source DROP COLUMN owner_reader;
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
