//! Subscriptions at hubs: who pushes which source's document, until when, and how that goes.

use crate::statements::run;
use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// `token_hash` is the SHA-256 of the last part of `callback`, by which a call is looked up. A source
/// has one subscription that is wanted, and any number that are being ended.
const UP: &str = "\
CREATE TABLE websub_subscription (
    token_hash {bytes} NOT NULL PRIMARY KEY,
    source_id BIGINT NOT NULL REFERENCES source (id),
    hub TEXT NOT NULL,
    topic TEXT NOT NULL,
    callback TEXT NOT NULL,
    secret TEXT NOT NULL,
    stage TEXT NOT NULL,
    lease_until BIGINT,
    next_at BIGINT NOT NULL,
    last_push_at BIGINT,
    missed_at BIGINT,
    failures BIGINT NOT NULL,
    forgeries BIGINT NOT NULL,
    problem TEXT
);
CREATE UNIQUE INDEX websub_source ON websub_subscription (source_id) WHERE stage <> 'ending';
";
const DOWN: &str = "\
DROP TABLE websub_subscription;
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
