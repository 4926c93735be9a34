//! What the operator decided about stories: which articles belong together and which do not.
//!
//! Statements are about articles, because stories come and go. Those of one merge or split share a
//! `decision`; `merged` is the story that a merge ended. `strand` is the story an article was in
//! before that one was merged into another, and `moved_at` when an operator moved it.

use crate::statements::run;
use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &str = "\
CREATE TABLE story_decision (
    id {id} NOT NULL PRIMARY KEY,
    decision BIGINT NOT NULL,
    is_split BOOLEAN NOT NULL,
    is_apart BOOLEAN NOT NULL,
    article_id BIGINT NOT NULL REFERENCES article (id) ON DELETE CASCADE,
    other_id BIGINT NOT NULL REFERENCES article (id) ON DELETE CASCADE,
    merged BIGINT,
    decided_by TEXT NOT NULL,
    decided_at BIGINT NOT NULL
);
CREATE INDEX story_decision_decision ON story_decision (decision, id);
CREATE INDEX story_decision_article ON story_decision (article_id);
CREATE INDEX story_decision_other ON story_decision (other_id);
INSERT INTO counter (name, value) VALUES ('story_decision', 0);
ALTER TABLE story_member ADD COLUMN strand BIGINT;
ALTER TABLE story_member ADD COLUMN moved_at BIGINT;
CREATE INDEX story_member_moved ON story_member (moved_at) WHERE moved_at IS NOT NULL;
";
const DOWN: &str = "\
DROP INDEX story_member_moved;
ALTER TABLE story_member DROP COLUMN moved_at;
ALTER TABLE story_member DROP COLUMN strand;
DELETE FROM counter WHERE name = 'story_decision';
DROP TABLE story_decision;
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
