//! The store's promises, each kept on SQLite and on PostgreSQL.

mod appends;
mod articles;
mod cluster;
mod crash;
mod engine_spaces;
mod entities;
mod lane;
mod private;
mod readers;
mod rollouts;
mod search;
mod stages;
mod stories;
mod topics;
mod websub;
pub(crate) mod world;
mod written_summaries;
