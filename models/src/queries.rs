//! The questions and commands of the store, one table a file; all are methods of [`crate::Store`].

mod articles;
mod claims;
mod decode;
mod engine_spaces;
mod events;
mod leases;
mod nodes;
mod operated_stories;
mod placement;
mod profiles;
mod readers;
mod retention;
mod rollouts;
mod search;
mod sources;
mod statistics;
mod stories;
mod story_decisions;
mod story_moves;
mod subscriptions;
mod tokens;
mod understandings;
mod websub;
mod window;
mod written_summaries;
