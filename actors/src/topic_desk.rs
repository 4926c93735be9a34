//! NodeTopicDesk: topics that people edit, as they see and change them.
//!
//! **Receives** calls of the port `TopicDesk`. **Sends** lists and readers' topics to the store,
//! `Look` to RolloutActor. **Limits** a change is one small transaction; other nodes notice it within
//! seconds, RereadActor sorts the articles. **On restart** it keeps nothing.

use crate::colleagues::Colleagues;
use crate::rollout::{LoadModels, current_rollout};
use crate::topic_list::follow;
use async_trait::async_trait;
use autoglm_domain::{
    Fault, ReaderId, ReaderTopic, ReaderTopicId, ReaderTopicText, TopicDefinition,
};
use autoglm_inference::LiveTopics;
use autoglm_models::{Store, TopicListOrigin as Stored};
use autoglm_protocol::agent::AgentHint;
use autoglm_protocol::rollout::RolloutHandle;
use autoglm_protocol::topic_desk::{ChangeTopic, TopicDesk, TopicList, TopicListOrigin};
use std::sync::Arc;

/// The desk of one node.
#[derive(Debug, Clone)]
pub struct NodeTopicDesk {
    /// Where topics are.
    pub store: Store,
    /// By which this node sorts.
    pub topics: LiveTopics,
    /// What this node has.
    pub loader: Arc<dyn LoadModels>,
    /// Who is told of changes.
    pub rollout: RolloutHandle,
    /// Who else is.
    pub colleagues: Colleagues,
}

impl NodeTopicDesk {
    async fn save(&self, topics: Option<Vec<TopicDefinition>>) -> Result<TopicList, Fault> {
        self.store.save_topic_list(Stored::Page, topics).await?;
        self.rollout.look();
        self.colleagues.tell_all(&AgentHint::RolloutChanged);
        self.list().await
    }
}

#[async_trait]
impl TopicDesk for NodeTopicDesk {
    async fn list(&self) -> Result<TopicList, Fault> {
        let taxonomy = follow(&self.topics, &self.store).await?;
        let row = self.store.topic_list().await?;
        let origin = match row.as_ref().map(|row| row.origin) {
            None => TopicListOrigin::BuiltIn,
            Some(Stored::Config) => TopicListOrigin::Config,
            Some(Stored::Page) => TopicListOrigin::Page,
        };
        let rollout = current_rollout(&self.store, self.loader.as_ref()).await?;
        let version = rollout.active.version();
        Ok(TopicList {
            origin,
            changed_at: row.map(|row| row.changed_at),
            topics: taxonomy.topics().to_vec(),
            waiting: self.store.count_unsorted(&version, taxonomy.revision()).await?,
        })
    }

    async fn replace(&self, topics: Vec<TopicDefinition>) -> Result<TopicList, Fault> {
        self.save(Some(topics)).await
    }

    async fn reset(&self) -> Result<TopicList, Fault> {
        self.save(None).await
    }

    async fn add(&self, reader: ReaderId, text: ReaderTopicText) -> Result<ReaderTopic, Fault> {
        Ok(self.store.save_reader_topic(reader, None, text).await?)
    }

    async fn change(
        &self,
        reader: ReaderId,
        id: ReaderTopicId,
        change: ChangeTopic,
    ) -> Result<ReaderTopic, Fault> {
        let known = self.store.reader_topic(reader, id).await?;
        let known = known.ok_or_else(|| not_own(id))?.text;
        let text = ReaderTopicText {
            name: change.name.unwrap_or(known.name),
            description: change.description.unwrap_or(known.description),
            seeds: change.seeds.unwrap_or(known.seeds),
            width: change.width.unwrap_or(known.width),
        };
        Ok(self.store.save_reader_topic(reader, Some(id), text).await?)
    }

    async fn remove(&self, reader: ReaderId, id: ReaderTopicId) -> Result<(), Fault> {
        Ok(self.store.remove_reader_topic(reader, id).await?)
    }
}

/// The fault for a topic that is not the reader's.
pub(crate) fn not_own(id: ReaderTopicId) -> Fault {
    Fault::not_found(format!("topic {id} is not among your own"))
}
