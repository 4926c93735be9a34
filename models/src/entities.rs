//! The tables as SeaORM sees them, one a file.
//!
//! They mirror the migrations (a test compares them on both databases) and serve the simple reads;
//! hot paths write their own SQL in `queries`.

pub mod article;
pub mod article_content;
pub mod article_entity;
pub mod article_revision;
pub mod article_tombstone;
pub mod article_topic;
pub mod cluster_event;
pub mod cluster_fact;
pub mod counter;
pub mod event;
pub mod folder;
pub mod mark;
pub mod model_version;
pub mod node;
pub mod node_wish;
pub mod outbox;
pub mod profile;
pub mod reader;
pub mod reader_topic;
pub mod rule;
pub mod shard_lease;
pub mod snapshot;
pub mod source;
pub mod source_health;
pub mod story;
pub mod story_decision;
pub mod story_member;
pub mod subscription;
pub mod tag;
pub mod token;
pub mod topic_list;
pub mod understanding;
pub mod view;
pub mod websub_subscription;
pub mod written_summary;
