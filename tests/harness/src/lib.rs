//! Test harness: throw-away PostgreSQL and Redis, an origin server with faults, a hub, a collector of
//! traces, nodes and whole clusters as processes, and a checker of what a cluster did.

pub mod checker;
pub mod cluster;
pub mod collector;
pub mod dice;
pub mod guardian;
pub mod hub;
mod kept;
pub mod node;
pub mod origin;
pub mod postgres;
pub mod redis;
pub mod skip;

pub use cluster::{ClusterOptions, TestCluster};
pub use collector::{CollectedSpan, Collector};
pub use dice::Dice;
pub use node::{NodeOptions, TestNode, wait_until};
pub use origin::{Behaviour, Item, Origin, rss, rss_of};
pub use postgres::ThrowawayPostgres;
pub use redis::ThrowawayRedis;
pub use skip::{corpora, note_skip, skip, test_model};
