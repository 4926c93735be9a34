//! What goes into the store and what comes out of it, as plain values.

mod articles;
mod cluster;
mod readers;
mod sources;
mod stories;
mod topics;
mod websub;
mod written_summaries;

pub use articles::{
    ArticleDetailRow, ArticleFilter, ArticleRow, ClaimedArticle, EntityFilter, EntityRow,
    IndexEntry, InsertOutcome, MarkFilter, PlacedArticleRow, PlacementRow, PlacementStory,
    RecentArticleRow, RenamedArticle, StageCounts, Statistics, StoryMemberRow, StoryRow,
    UnreadArticle,
};
pub use cluster::{ClusterEvent, ClusterEventKind, ClusterView, Member, NodeState};
pub use readers::{
    Appended, ProfileRow, SequencedEvent, SubscriptionChange, SubscriptionRow, TokenOwner,
};
pub use sources::{AddedSource, FetchResult, NewSource, SourceChange, SourceOrigin};
pub use stories::{
    DecisionKind, NamedArticle, OperatedArticleRow, OperatedStoryRow, Rearranged, StatementRow,
    StoryDecisionRow, StoryRelation,
};
pub use topics::{SortedArticle, TopicListOrigin, TopicListRow, UnsortedArticle};
pub use websub::{HubChange, HubRow};
pub use written_summaries::{
    Claim, SummaryOutcome, SummaryWork, Unasked, UnwrittenArticle, WrittenSummaryRow,
};
