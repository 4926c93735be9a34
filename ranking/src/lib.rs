//! Ranking: what each reader wants, which articles are the same, and which belong to one story.
//!
//! Pure and synchronous: nothing here spawns, waits, asks for the time or draws from a global
//! random generator; the caller gives the time and a seed. An event costs O(d); a request one
//! cheap pass over the window and a full score of the best 500.

pub mod candidate;
pub mod decay;
pub mod evaluate;
pub mod feature;
pub mod features;
pub mod filters;
pub mod freshness;
pub mod hydrators;
mod id_set;
pub mod kernel;
pub mod near_duplicates;
pub mod pipeline;
pub mod popularity;
pub mod profile;
pub mod recommend;
pub mod rules;
pub mod scorers;
pub mod selectors;
pub mod sources;
mod stop_words;
pub mod stories;
mod text;
pub mod topic_probe;
pub mod window;

pub use features::ArticleFeatures;
pub use id_set::{IdMap, IdSet};
pub use near_duplicates::{NearDuplicateIndex, NearDuplicateLimits};
pub use popularity::{PopularityCounters, PopularityValue};
pub use profile::{PROFILE_BYTES_MAX, PROFILE_VERSION, Profile, ProfileError};
pub use recommend::{RankRequest, recommend};
pub use rules::{Rule, RuleAction, RuleCondition, RuleSubject, fired_actions};
pub use stories::{Placement, StoryArticle, StoryDecisions, StoryIndex, StoryLimits};
pub use window::{WINDOW_ARTICLES_DEFAULT, WindowSnapshot};

#[cfg(test)]
mod testing;
