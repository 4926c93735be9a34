//! The questions and commands of the store, one table a file; all are methods of [`crate::Store`].

mod articles;
mod claims;
mod decode;
mod events;
mod leases;
mod nodes;
mod operated_stories;
mod placement;
mod profiles;
mod reader_topics;
mod readers;
mod retention;
mod rollouts;
mod search;
mod sorting;
mod sources;
mod statistics;
mod stories;
mod story_decisions;
mod story_moves;
mod subscriptions;
mod tokens;
mod topic_lists;
mod understandings;
mod websub;
mod window;
