//! Frozen schema history for SQLite and PostgreSQL; imports nothing of ours, because a migration
//! must mean the same thing in five years.

mod m20261122_000001_first;
mod m20261126_000002_source_settings;
mod m20261126_000003_websub;
mod m20261126_000004_private_source;
mod m20261126_000005_story_decision;
mod m20261126_000006_source_care;
mod m20261126_000007_topics;
mod m20261126_000008_entities;
mod m20261126_000009_written_summary;
mod m20261126_000010_cluster;
mod statements;

pub use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait};

/// The migrations in order. A published one is never changed again.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

#[sea_orm_migration::async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_first::Migration),
            Box::new(m20261126_000002_source_settings::Migration),
            Box::new(m20261126_000003_websub::Migration),
            Box::new(m20261126_000004_private_source::Migration),
            Box::new(m20261126_000005_story_decision::Migration),
            Box::new(m20261126_000006_source_care::Migration),
            Box::new(m20261126_000007_topics::Migration),
            Box::new(m20261126_000008_entities::Migration),
            Box::new(m20261126_000009_written_summary::Migration),
            Box::new(m20261126_000010_cluster::Migration),
        ]
    }
}
