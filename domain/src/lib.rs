//! Plain values every room of the house shares: ids, sources, articles, stories, readers, events.
//!
//! Nothing here does input or output, waits, or knows an actor, a database or HTTP.
//! The words are those of the glossary in ARCHITECTURE.md.

pub mod article;
pub mod clock;
pub mod embedding;
pub mod entity;
pub mod event;
pub mod fault;
pub mod hub;
pub mod id;
pub mod language;
pub mod priority;
pub mod quiet_times;
pub mod reader;
pub mod recommendation;
pub mod rollout;
pub mod secret;
pub mod shard;
pub mod source;
pub mod source_request;
pub mod source_settings;
pub mod story;
pub mod topic;
pub mod understanding;

pub use article::{
    ArticleDraft, ArticleIdentity, ArticleStage, IdentityKind, MINHASH_PERMUTATIONS,
    MinHashSignature,
};
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use embedding::{EMBEDDING_DIMENSIONS, Embedding, QuantizedEmbedding};
pub use entity::{
    ENTITIES_MAX, ENTITY_KEY_BYTES_MAX, Entity, EntityKind, KEYWORDS_MAX, entity_key,
};
pub use event::{EventKind, EventTarget, ReaderEvent};
pub use fault::{Fault, FaultKind};
pub use hub::{HubKeys, HubPlace, HubStage, HubSubscription, HubSubscriptionId};
pub use id::{ArticleId, EventId, ReaderId, SourceId, StoryId};
pub use language::Language;
pub use priority::Priority;
pub use quiet_times::QuietTimes;
pub use reader::{Marks, Reader};
pub use recommendation::{Reason, ReasonKind, Recommendation};
pub use rollout::{Candidate, ModelChoice, Rollout, RolloutRefusal};
pub use secret::Secret;
pub use shard::{Epoch, Fence, Incarnation, SHARD_COUNT, Shard, ShardKind, Single};
pub use source::{FailureCause, FetchWishes, Health, HealthClass, Host, Moved, Source, SourceKind};
pub use source_request::{BasicCredentials, Private, RequestChange, SourceRequest};
pub use source_settings::{JsonMapping, PageRule, PageSelectors, SourceSettings};
pub use story::Story;
pub use topic::{
    ReaderTopic, ReaderTopicId, ReaderTopicText, TopicDefinition, TopicDescription, TopicProblem,
    TopicWidth,
};
pub use understanding::{TopicScore, Understanding};
