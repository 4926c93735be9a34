//! Who and what articles name, and their keywords.
//!
//! Of a reading they are columns, as JSON. `article_entity` holds those of the newest reading, to
//! find articles by: `entity` is a thing's key, `name` its name in that article.

use crate::statements::run;
use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &str = "\
ALTER TABLE understanding ADD COLUMN entities TEXT NOT NULL DEFAULT '[]';
ALTER TABLE understanding ADD COLUMN keywords TEXT NOT NULL DEFAULT '[]';
CREATE TABLE article_entity (
    entity TEXT NOT NULL,
    article_id BIGINT NOT NULL REFERENCES article (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (entity, article_id)
);
CREATE INDEX article_entity_article ON article_entity (article_id);
";
const DOWN: &str = "\
DROP TABLE article_entity;
ALTER TABLE understanding DROP COLUMN keywords;
ALTER TABLE understanding DROP COLUMN entities;
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
