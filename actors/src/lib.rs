//! The actors, one a file, each a thin shell over the rooms below; the ports of the node; and the
//! supervision tree.
//!
//! Way of an article: [`source`] → [`ingest`] → [`index`] → [`understand`] → [`story`] →
//! [`article_window`] → [`cache_shard`] → [`gateway`] → [`terminal`].
//! Way of a reader's event: [`readers`] → [`shard_host`] → [`cache_shard`] → [`recommender_shard`].
//! [`tree`] puts everything together.

pub mod access;
pub mod agent;
pub mod article_window;
pub mod cache_peers;
pub mod cache_shard;
pub mod catalog_models;
pub mod cluster_desk;
pub mod cluster_stores;
pub mod colleagues;
pub mod device_gauges;
pub mod figures;
pub mod gateway;
pub mod host_limiter;
pub mod images;
pub mod index;
pub mod inference;
pub mod inference_gateway;
pub mod inference_pool;
pub mod ingest;
pub mod janitor;
pub mod library;
pub mod live_models;
pub mod meter;
pub mod model_desk;
pub mod operations;
pub mod popularity;
pub mod readers;
mod readiness;
pub mod recommender_shard;
pub mod remote_engine;
pub mod reread;
pub mod rollout;
pub mod shard_host;
pub mod source;
pub mod source_commands;
pub mod source_preview;
pub mod source_supervisor;
pub mod stage;
pub mod story;
pub mod story_desk;
pub mod summaries;
pub mod supervisor;
pub mod terminal;
pub mod topic_desk;
pub mod topic_list;
pub mod trace;
pub mod tree;
pub mod understand;
pub mod web;
pub mod websub;
pub mod writer;

#[cfg(test)]
mod pipeline_testing;
#[cfg(test)]
mod testing_readers;
#[cfg(test)]
mod testing_sources;
