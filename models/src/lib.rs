//! Everything that outlives a process: entities, queries, the write lane and caches.
//!
//! [`Store`] is the only door: reads go through a pool of their own and never wait for a writer,
//! writes go through one lane with group commit. SQLite and PostgreSQL behave the same.

pub mod cache;
mod cached;
mod config;
mod dialect;
pub mod entities;
mod error;
mod event_gatherer;
mod lane;
mod lock;
mod queries;
pub mod rows;
mod schema;
pub mod segmentation;
mod store;

pub use cached::CachedReads;
pub use config::DatabaseConfig;
pub use dialect::Dialect;
pub use error::{Error, Result};
pub use lane::{LaneStatus, WriteQueue};
pub use lock::DataDirectoryLock;
pub use rows::{
    AddedSource, Appended, ArticleDetailRow, ArticleFilter, ArticleRow, Claim, ClaimedArticle,
    ClusterEvent, ClusterEventKind, ClusterView, DecisionKind, EntityFilter, EntityRow,
    FetchResult, HubChange, HubRow, IndexEntry, InsertOutcome, MarkFilter, Member, NamedArticle,
    NewSource, NodeState, OperatedArticleRow, OperatedStoryRow, PlacedArticleRow, PlacementRow,
    PlacementStory, ProfileRow, Rearranged, RecentArticleRow, RenamedArticle, SequencedEvent,
    SortedArticle, SourceChange, SourceOrigin, StageCounts, StatementRow, Statistics,
    StoryDecisionRow, StoryMemberRow, StoryRelation, StoryRow, SubscriptionChange, SubscriptionRow,
    SummaryOutcome, SummaryWork, TokenOwner, TopicListOrigin, TopicListRow, Unasked, UnreadArticle,
    UnsortedArticle, UnwrittenArticle, WrittenSummaryRow,
};
pub use store::Store;

#[cfg(test)]
mod tests;
