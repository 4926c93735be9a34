//! What the operator wants of nodes, by name so that it outlives a restart; what happened in the
//! cluster; and facts that every node must have the same.
//!
//! `node_wish` is absent for a node that nobody wished anything of: weight 1, not cordoned.
//! `cluster_event` keeps the newest thousand. `cluster_fact` holds the secret that links are opened
//! with, made by the first node.

use crate::statements::run;
use sea_orm_migration::prelude::{DbErr, DeriveMigrationName, MigrationTrait, SchemaManager};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: &str = "\
CREATE TABLE node_wish (
    name TEXT NOT NULL PRIMARY KEY,
    weight BIGINT NOT NULL,
    cordoned BOOLEAN NOT NULL
);
CREATE TABLE cluster_event (
    id BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    incarnation BIGINT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE TABLE cluster_fact (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('cluster_event', 0);
";
const DOWN: &str = "\
DELETE FROM counter WHERE name = 'cluster_event';
DROP TABLE cluster_fact;
DROP TABLE cluster_event;
DROP TABLE node_wish;
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
