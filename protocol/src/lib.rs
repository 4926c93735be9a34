//! Contracts between actors, and between actors and the HTTP interface.
//!
//! One file per actor with its messages, typed handle and status; read and command ports that are
//! not mailboxes live in [`port`]. A caller needs a contract, never an implementation: no two
//! actors import each other.
//!
//! Delivery inside a node is at most once and in order per sender. Messages are hints: whatever is
//! lost is found again in the store.

pub mod address;
pub mod agent;
pub mod article_window;
pub mod cache_shard;
pub mod cluster_desk;
pub mod device_gauges;
pub mod figures;
pub mod gateway;
pub mod index;
pub mod inference;
pub mod inference_pool;
pub mod ingest;
pub mod janitor;
pub mod membership;
pub mod model_desk;
pub mod name;
pub mod popularity;
pub mod port;
pub mod push;
pub mod reader_request;
pub mod recommender_shard;
pub mod remote_engine;
pub mod reread;
pub mod rollout;
pub mod shard_region;
pub mod source;
pub mod source_supervisor;
pub mod stage;
pub mod status;
pub mod story;
pub mod story_desk;
pub mod supervisor;
pub mod terminal;
pub mod topic_desk;
pub mod transport;
pub mod understand;
pub mod view;
pub mod websub;
pub mod wire;
pub mod writer;

pub use address::{Address, Permit, Reply};
pub use autoglm_domain as domain;
