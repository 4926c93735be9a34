//! Table `websub_subscription`: which hub pushes which source's document.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "websub_subscription")]
#[allow(missing_docs, reason = "the columns are documented in the migration and in `rows`")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: Vec<u8>,
    pub source_id: i64,
    #[sea_orm(column_type = "Text")]
    pub hub: String,
    #[sea_orm(column_type = "Text")]
    pub topic: String,
    #[sea_orm(column_type = "Text")]
    pub callback: String,
    #[sea_orm(column_type = "Text")]
    pub secret: String,
    #[sea_orm(column_type = "Text")]
    pub stage: String,
    pub lease_until: Option<i64>,
    pub next_at: i64,
    pub last_push_at: Option<i64>,
    pub missed_at: Option<i64>,
    pub failures: i64,
    pub forgeries: i64,
    #[sea_orm(column_type = "Text", nullable)]
    pub problem: Option<String>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither callback nor secret.
        formatter.debug_struct("Model").field("source_id", &self.source_id).finish_non_exhaustive()
    }
}

/// None: joins are written where they are needed.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
