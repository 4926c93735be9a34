//! Contract of the agents of nodes: what nodes tell and ask each other beside requests to shards.
//!
//! Hints may be lost and need no answer: whatever they are about is found again in the store, by a
//! sweep or by a renewal. Asks are answered by the node that owns what they are about. Both travel
//! as [`crate::wire`] writes them, within 256 KiB; variants and fields keep their names for ever.

use crate::figures::NodeFigures;
use crate::push::Delivery;
use crate::story::{StoryDecided, StoryDecision};
use autoglm_domain::{ArticleId, Incarnation, ReaderEvent, Shard, SourceId};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Who owns a shard at the moment, as far as this node knows. Never waits; a wrong or late answer
/// costs an attempt, for the owner itself knows better.
pub trait Owners: Send + Sync + fmt::Debug + 'static {
    /// The owner; `None` while nobody owns the shard, or nothing is known yet.
    fn owner_of(&self, shard: Shard) -> Option<Incarnation>;

    /// The owner that was named could not be reached, or says that it is none any more: what is
    /// known should be read anew.
    fn doubt(&self) {}
}

/// Something another node may want to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AgentHint {
    /// Items for terminals of the node. From the reader's shard.
    Deliver(Delivery),
    /// The sender owns this reader shard now, and it knows no watchers yet.
    ShardStarted(Shard),
    /// Articles reached the end of their way, at most 500. From the owner of stories.
    Placed(Vec<ArticleId>),
    /// The operator moved articles to other stories.
    StoriesChanged,
    /// There may be articles at this place of their way.
    Waiting(WaitingFor),
    /// Sources were added, changed or removed.
    SourcesChanged,
    /// Models or topics that are in use were changed.
    RolloutChanged,
    /// Readers did something; to the owner of popularity.
    Clicked(Vec<ReaderEvent>),
    /// Decayed click rates, the highest where there are too many; from the owner of popularity.
    /// They replace those before.
    Popularity(Vec<(ArticleId, f32)>),
    /// How much the sender's devices have to do.
    Load(LoadReport),
    /// How long things take at the sender, and how much it has to do. Every ten seconds; they
    /// replace those before.
    Figures(NodeFigures),
}

/// A stage that may have work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WaitingFor {
    /// Stored articles wait for the search index.
    Index,
    /// Indexed articles wait for the models.
    Understanding,
    /// Understood articles wait for the owner of stories.
    Placing,
}

/// How much a node's devices have to do. Sent every 500 ms.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoadReport {
    /// Working devices; with none nothing is taken.
    pub devices: u32,
    /// What they all read with, topics included; empty while they differ.
    pub models: String,
    /// Milliseconds a text that comes now waits until it is answered, as expected.
    pub expected_wait_ms: u32,
    /// Requests that wait.
    pub queue: u32,
    /// Tokens a second of all devices together; 0 before anything was measured.
    pub tokens_per_second: f32,
}

/// Something only the owner of a shard can do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AgentAsk {
    /// Fetch a source now.
    Refresh {
        /// Its host's shard: who does not own it answers `Unavailable`.
        shard: Shard,
        /// Which one.
        source: SourceId,
    },
    /// Read a document that a hub sent. Answered when its articles are durable.
    Push {
        /// As in `Refresh`.
        shard: Shard,
        /// Which source.
        source: SourceId,
        /// As the hub declared it.
        content_type: Option<String>,
        /// As it was sent.
        body: Bytes,
    },
    /// Merge or split stories. Durable when answered.
    Decide(StoryDecision),
    /// Forget the decision with this number.
    ForgetDecision(i64),
}

/// The answer, by ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentAnswer {
    /// To `Refresh` and `Push`: so many new articles.
    Stored(usize),
    /// To `Decide`.
    Decided(StoryDecided),
    /// To the others.
    Done,
}

/// Bytes that travel as they are, not as a list of numbers.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} bytes", self.0.len())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(BytesVisitor)
    }
}

struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Bytes;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("bytes")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(Bytes(bytes.to_vec()))
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
        Ok(Bytes(bytes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Bytes, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = items.next_element()? {
            bytes.push(byte);
        }
        Ok(Bytes(bytes))
    }
}

/// What an agent shows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AgentStatus {
    /// Nodes that can be reached.
    pub peers: usize,
    /// Hints taken since the start.
    pub heard_total: u64,
    /// Asks answered since the start.
    pub answered_total: u64,
    /// What could not be read: from a node of a newer release, or a defect.
    pub unreadable_total: u64,
}

/// Messages of AgentActor.
#[derive(Debug)]
pub enum AgentMessage {
    /// Internal: send what was held back, and how much there is to do here.
    Tick,
}

impl ractor::Message for AgentMessage {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use autoglm_domain::{ReaderId, ShardKind, StoryId};
    use std::sync::Arc;

    #[test]
    fn hints_and_asks_come_back_as_they_were() {
        let shard = Shard { kind: ShardKind::Reader, index: 7 };
        let delivery = Delivery {
            reader_id: ReaderId(1),
            stream: u64::MAX,
            seq: 9,
            items: Arc::from([crate::push::PushItem::Story {
                story_id: StoryId(4),
                article_id: ArticleId(5),
            }]),
        };
        for hint in [
            AgentHint::Deliver(delivery),
            AgentHint::ShardStarted(shard),
            AgentHint::Placed(vec![ArticleId(1), ArticleId(1 << 40)]),
            AgentHint::StoriesChanged,
            AgentHint::Waiting(WaitingFor::Placing),
            AgentHint::Popularity(vec![(ArticleId(3), 0.25)]),
            AgentHint::Load(LoadReport { devices: 2, models: "m".into(), ..LoadReport::default() }),
            AgentHint::Figures(NodeFigures::default()),
        ] {
            assert_eq!(decode::<AgentHint>(&encode(&hint).expect("written")), Ok(hint));
        }
        let ask = AgentAsk::Decide(StoryDecision::Merge { stories: vec![StoryId(1), StoryId(2)] });
        assert_eq!(decode::<AgentAsk>(&encode(&ask).expect("written")), Ok(ask));
    }

    #[test]
    fn a_document_travels_as_long_as_it_is() {
        let shard = Shard { kind: ShardKind::Host, index: 7 };
        let body = Bytes(vec![0xff; 200_000]);
        let ask = AgentAsk::Push { shard, source: SourceId(1), content_type: None, body };
        let bytes = encode(&ask).expect("written");
        assert!(bytes.len() < 200_200, "{}", bytes.len());
        assert_eq!(decode::<AgentAsk>(&bytes), Ok(ask));
    }

    #[test]
    fn what_an_earlier_release_says_is_understood() {
        #[derive(Serialize)]
        enum Earlier {
            StoriesChanged,
            Load(Report),
        }
        #[derive(Serialize)]
        struct Report {
            devices: u32,
            models: &'static str,
            expected_wait_ms: u32,
            queue: u32,
            tokens_per_second: f32,
        }
        let report = LoadReport {
            devices: 1,
            models: "m".into(),
            expected_wait_ms: 2,
            queue: 3,
            tokens_per_second: 4.0,
        };
        let load = Earlier::Load(Report {
            devices: 1,
            models: "m",
            expected_wait_ms: 2,
            queue: 3,
            tokens_per_second: 4.0,
        });
        for (said, heard) in
            [(Earlier::StoriesChanged, AgentHint::StoriesChanged), (load, AgentHint::Load(report))]
        {
            assert_eq!(decode::<AgentHint>(&encode(&said).expect("written")), Ok(heard));
        }
    }

    #[test]
    fn what_a_later_release_says_is_refused_never_misread() {
        #[derive(Serialize)]
        enum Later {
            Unheard { of: u8 },
        }
        let bytes = encode(&Later::Unheard { of: 1 }).expect("written");
        assert!(decode::<AgentHint>(&bytes).is_err());
    }
}
