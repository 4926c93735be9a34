//! Summaries that a writer made in its own words, beside the article and its understanding.
//!
//! A row is one writer's work on one article in one language: claimed until `claimed_until` while
//! neither `text` nor `refused` is there. It is about the content with `content_hash`; when the
//! article changes, the row is out of date. `is_asked` when a reader asked for it.

use crate::statements::run;
use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &str = "\
CREATE TABLE written_summary (
    article_id BIGINT NOT NULL REFERENCES article (id) ON DELETE CASCADE,
    language TEXT NOT NULL,
    writer TEXT NOT NULL,
    content_hash BIGINT NOT NULL,
    text TEXT,
    refused TEXT,
    is_asked BOOLEAN NOT NULL,
    claimed_by BIGINT,
    claimed_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (article_id, language, writer)
);
CREATE INDEX written_summary_unasked ON written_summary (created_at) WHERE NOT is_asked;
";
const DOWN: &str = "\
DROP TABLE written_summary;
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
