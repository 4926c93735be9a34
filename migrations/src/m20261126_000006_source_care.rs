//! What a source's document asks of those who fetch it; the feed that was found for a source that fails.

use crate::statements::run;
use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// `quiet` has an hour of the day in each of its 24 low bits and a day of the week in the seven above.
const UP: &str = "\
ALTER TABLE source_health ADD COLUMN floor_ms BIGINT;
ALTER TABLE source_health ADD COLUMN quiet BIGINT;
ALTER TABLE source_health ADD COLUMN offered_url TEXT;
";
const DOWN: &str = "\
ALTER TABLE source_health DROP COLUMN offered_url;
ALTER TABLE source_health DROP COLUMN quiet;
ALTER TABLE source_health DROP COLUMN floor_ms;
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
