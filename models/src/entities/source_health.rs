//! Table `source_health`: how fetching goes.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "source_health")]
#[allow(missing_docs, reason = "the columns are documented in the migration and in `rows`")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: i64,
    #[sea_orm(column_type = "Text")]
    pub class: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub cause: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub problem: Option<String>,
    pub last_attempt_at: Option<i64>,
    pub last_success_at: Option<i64>,
    pub next_fetch_at: Option<i64>,
    pub consecutive_failures: i64,
    pub last_fetch_ms: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub moved_to: Option<String>,
    pub moved_since: Option<i64>,
    pub moved_seen: Option<i64>,
    pub rhythm_ms: Option<i64>,
    pub floor_ms: Option<i64>,
    pub quiet: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub offered_url: Option<String>,
}

/// None: joins are written where they are needed.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
