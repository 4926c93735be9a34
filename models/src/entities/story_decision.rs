//! Table `story_decision`: what the operator said about two articles.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "story_decision")]
#[allow(missing_docs, reason = "the columns are documented in the migration and in `rows`")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub decision: i64,
    pub is_split: bool,
    pub is_apart: bool,
    pub article_id: i64,
    pub other_id: i64,
    pub merged: Option<i64>,
    #[sea_orm(column_type = "Text")]
    pub decided_by: String,
    pub decided_at: i64,
}

/// None: joins are written where they are needed.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
