//! Test harness: throw-away PostgreSQL, an origin server with faults, nodes as processes.

pub mod node;
pub mod origin;
pub mod postgres;
pub mod skip;

pub use node::{NodeOptions, TestNode, wait_until};
pub use origin::{Behaviour, Item, Origin, rss, rss_of};
pub use postgres::ThrowawayPostgres;
pub use skip::{corpora, note_skip, skip};
