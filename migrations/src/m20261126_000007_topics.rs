//! Lists of topics that people edit, and which list sorted an article.
//!
//! `topic_list.origin` is `config` for the list of the configuration's file and `page` for the
//! operator's own, which goes before it. `understanding.topic_list` is the revision of the list its
//! topics are from, 0 for readings older than this; `sorted_at` when they were last changed by
//! another list. A `reader_topic` is one reader's alone.

use crate::statements::run;
use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &str = "\
CREATE TABLE topic_list (
    origin TEXT NOT NULL PRIMARY KEY,
    topics TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE TABLE reader_topic (
    id {id} NOT NULL PRIMARY KEY,
    reader_id BIGINT NOT NULL REFERENCES reader (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    seeds TEXT NOT NULL,
    width TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE (reader_id, name)
);
INSERT INTO counter (name, value) VALUES ('reader_topic', 0);
ALTER TABLE understanding ADD COLUMN topic_list BIGINT NOT NULL DEFAULT 0;
ALTER TABLE understanding ADD COLUMN sorted_at BIGINT;
CREATE INDEX understanding_sorted ON understanding (sorted_at) WHERE sorted_at IS NOT NULL;
";
const DOWN: &str = "\
DROP INDEX understanding_sorted;
ALTER TABLE understanding DROP COLUMN sorted_at;
ALTER TABLE understanding DROP COLUMN topic_list;
DELETE FROM counter WHERE name = 'reader_topic';
DROP TABLE reader_topic;
DROP TABLE topic_list;
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
