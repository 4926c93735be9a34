//! Table `article`: articles without their content.

use sea_orm::entity::prelude::*;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "article")]
#[allow(missing_docs, reason = "the columns are documented in the migration and in `rows`")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub source_id: i64,
    pub identity: Vec<u8>,
    pub identity_kind: i16,
    #[sea_orm(column_type = "Text")]
    pub url: String,
    #[sea_orm(column_type = "Text")]
    pub canonical_url: String,
    #[sea_orm(column_type = "Text")]
    pub title: String,
    #[sea_orm(column_type = "Text")]
    pub authors: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub language: Option<String>,
    pub published_at: Option<i64>,
    pub fetched_at: i64,
    pub sort_at: i64,
    pub content_hash: i64,
    pub minhash: Vec<u8>,
    pub stage: i16,
    pub claimed_until: i64,
    pub claimed_by: Option<i64>,
    pub story_id: Option<i64>,
    pub duplicate_of: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub model_version: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub trace_parent: Option<String>,
    pub placed_at: Option<i64>,
    pub updated_at: i64,
}

/// None: joins are written where they are needed.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
