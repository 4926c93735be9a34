//! The store's promises, each kept on SQLite and on PostgreSQL.

mod articles;
mod cluster;
mod crash;
mod lane;
mod readers;
mod search;
mod stages;
mod websub;
pub(crate) mod world;
