//! Whole nodes as processes: what the product promises to readers and operators, and what it
//! survives. Everything happens on loopback; every origin is ours.

#![allow(clippy::print_stderr, reason = "a test tells the seed and the counts of its run")]

#[path = "nodes/articles.rs"]
mod articles;
#[path = "nodes/chat_engine.rs"]
mod chat_engine;
#[path = "nodes/cluster.rs"]
mod cluster;
#[path = "nodes/cluster_checker.rs"]
mod cluster_checker;
#[path = "nodes/cluster_faults.rs"]
mod cluster_faults;
#[path = "nodes/cluster_restart.rs"]
mod cluster_restart;
#[path = "nodes/cluster_spread.rs"]
mod cluster_spread;
#[path = "nodes/command_line.rs"]
mod command_line;
#[path = "nodes/configuration.rs"]
mod configuration;
#[path = "nodes/disk_full.rs"]
mod disk_full;
#[path = "nodes/figures.rs"]
mod figures;
#[path = "nodes/health.rs"]
mod health;
#[path = "nodes/hostile_feeds.rs"]
mod hostile_feeds;
#[path = "nodes/kill.rs"]
mod kill;
#[path = "nodes/model_hub.rs"]
mod model_hub;
#[path = "nodes/models.rs"]
mod models;
#[path = "nodes/other_ids.rs"]
mod other_ids;
#[path = "nodes/panics.rs"]
mod panics;
#[path = "nodes/postgres.rs"]
mod postgres;
#[path = "nodes/private_sources.rs"]
mod private_sources;
#[path = "nodes/ranking.rs"]
mod ranking;
#[path = "nodes/real_feeds.rs"]
mod real_feeds;
#[path = "nodes/refusals.rs"]
mod refusals;
#[path = "nodes/security.rs"]
mod security;
#[path = "nodes/shutdown.rs"]
mod shutdown;
#[path = "nodes/source_kinds.rs"]
mod source_kinds;
#[path = "nodes/stories.rs"]
mod stories;
#[path = "nodes/support.rs"]
mod support;
#[path = "nodes/terminal.rs"]
mod terminal;
#[path = "nodes/topics.rs"]
mod topics;
#[path = "nodes/traces.rs"]
mod traces;
#[path = "nodes/websub.rs"]
mod websub;
#[path = "nodes/writing.rs"]
mod writing;
