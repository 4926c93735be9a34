//! StoreLibrary: the reads of the HTTP interface, over the store's read pool.
//!
//! **Receives** calls of the port `Library`. **Sends** queries to the read pool only, so that no read
//! waits for a writer or another reader. **Limits** 1 to 200 items a page, 512 bytes a query, 10 s a read,
//! cached reads as `autoglm_models::CachedReads` says. **On restart** nothing is lost: caches fill again.

pub mod cursor;
pub mod reader_lists;

use crate::article_window::rows::view_of;
use crate::topic_desk::not_own;
use async_trait::async_trait;
use autoglm_domain::{
    ArticleId, Fault, FaultKind, Reader, ReaderId, ReaderTopic, ReaderTopicId, SourceId, StoryId,
};
use autoglm_inference::{Gazetteer, LiveTopics};
use autoglm_models::{
    ArticleFilter, ArticleRow, CachedReads, EntityFilter, EntityRow, MarkFilter, Store, StoryRow,
    SubscriptionRow,
};
use autoglm_protocol::gateway::GatewayStatus;
use autoglm_protocol::port::Library;
use autoglm_protocol::status::StatusCell;
use autoglm_protocol::view::{
    ArticleDetail, ArticleQuery, ArticleView, EntityView, MarkFilter as WantedMarks, Page,
    SourceView, Statistics, StoryView, TopicView,
};
use reader_lists::ReaderLists;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Items a page holds at most.
const LIMIT_MAX: usize = 200;
/// Items a page holds when nothing is said.
const LIMIT_DEFAULT: usize = 50;
/// Bytes of a search at most.
const QUERY_BYTES_MAX: usize = 512;
/// Ids in one query.
const IDS_MAX: usize = 500;
/// Articles shown of a story.
const STORY_ARTICLES_MAX: usize = 50;
/// Entities are counted in articles of this age at most.
const ENTITIES_WITHIN: Duration = Duration::from_hours(24 * 7);
/// No read is worth more of a reader's time.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The reads. Clones share caches.
#[derive(Clone, Debug)]
pub struct StoreLibrary {
    store: Store,
    topics: LiveTopics,
    lists: ReaderLists,
    names: Arc<Gazetteer>,
    gateway: StatusCell<GatewayStatus>,
    reads: CachedReads,
}

impl StoreLibrary {
    /// Over a store, with the list of topics, the lists of readers' own topics, known names, the
    /// status of this node's gateway and what the node's ports remember.
    #[must_use]
    pub fn new(
        store: Store,
        topics: LiveTopics,
        lists: ReaderLists,
        names: Arc<Gazetteer>,
        gateway: StatusCell<GatewayStatus>,
        reads: CachedReads,
    ) -> Self {
        Self { store, topics, lists, names, gateway, reads }
    }

    /// What is remembered of the store.
    #[must_use]
    pub fn reads(&self) -> &CachedReads {
        &self.reads
    }

    /// Articles by id as this reader sees them; those they may not see are left out.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` while the store is away.
    pub async fn articles_by_ids(
        &self,
        reader: ReaderId,
        ids: &[ArticleId],
    ) -> Result<HashMap<ArticleId, ArticleView>, Fault> {
        let ids = ids.get(..ids.len().min(IDS_MAX)).unwrap_or(ids);
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = in_time(self.store.articles_by_ids(Some(reader), ids)).await?;
        Ok(rows.into_iter().map(|row| (row.id, view_of(row))).collect())
    }

    /// The articles of a topic of the reader's own; `None` for a topic of the common list.
    async fn articles_of_own_topic(
        &self,
        reader: ReaderId,
        key: Option<&str>,
    ) -> Result<Option<Vec<ArticleId>>, Fault> {
        let Some(id) = key.and_then(ReaderTopicId::from_key) else { return Ok(None) };
        let topic = in_time(self.store.reader_topic(reader, id)).await?;
        let topic = topic.ok_or_else(|| not_own(id))?;
        Ok(Some(self.lists.members(&topic).await?.to_vec()))
    }

    async fn counted(
        &self,
        reader: ReaderId,
        filter: EntityFilter,
    ) -> Result<Vec<EntityView>, Fault> {
        let since = self.store.now().minus(ENTITIES_WITHIN);
        let rows = in_time(self.store.entities(reader, EntityFilter { since, ..filter })).await?;
        Ok(rows.into_iter().map(|row| entity_view(row, &self.names)).collect())
    }
}

#[async_trait]
impl Library for StoreLibrary {
    async fn sources(&self, reader: ReaderId) -> Result<Vec<SourceView>, Fault> {
        let rows = in_time(self.store.subscriptions(reader)).await?;
        let mut views: Vec<SourceView> = rows.into_iter().map(source_view).collect();
        views.sort_by_cached_key(|view| {
            (view.folder.to_lowercase(), view.title.to_lowercase(), view.id)
        });
        Ok(views)
    }

    async fn source(&self, reader: ReaderId, id: SourceId) -> Result<SourceView, Fault> {
        let rows = in_time(self.store.subscriptions(reader)).await?;
        let row = rows.into_iter().find(|row| row.source.id == id);
        row.map(source_view).ok_or_else(|| not_followed(id))
    }

    async fn articles(
        &self,
        reader: ReaderId,
        query: ArticleQuery,
    ) -> Result<Page<ArticleView>, Fault> {
        let limit = clamped(query.limit);
        let only = self.articles_of_own_topic(reader, query.topic.as_deref()).await?;
        let filter = match only {
            None => filter_of(query, limit)?,
            only => ArticleFilter { only, topic: None, ..filter_of(query, limit)? },
        };
        let rows = in_time(self.store.articles(reader, filter)).await?;
        Ok(page_of(rows, limit))
    }

    async fn article(&self, reader: ReaderId, id: ArticleId) -> Result<ArticleDetail, Fault> {
        let row = in_time(self.store.article(reader, id)).await?;
        let row = row.ok_or_else(|| {
            Fault::not_found(format!("article {id} does not exist among your sources"))
        })?;
        Ok(ArticleDetail {
            article: view_of(row.article),
            content_html: row.content_html,
            model_version: row.model_version,
        })
    }

    async fn stories(
        &self,
        reader: ReaderId,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page<StoryView>, Fault> {
        let limit = clamped(limit);
        let place = cursor.as_deref().map(cursor::decode).transpose()?;
        let place = place.map(|(moment, id)| (moment, StoryId(id)));
        let rows = in_time(self.store.stories(reader, place, rows_wanted(limit))).await?;
        let more = rows.len() > limit;
        let items: Vec<StoryView> = rows.into_iter().take(limit).map(story_view).collect();
        let last = items.last().map(|view| (view.story.last_at, view.story.id.0));
        Ok(Page { next_cursor: last.filter(|_| more).map(cursor::encode), items })
    }

    async fn story(&self, reader: ReaderId, id: StoryId) -> Result<StoryView, Fault> {
        let row = in_time(self.store.story(reader, id)).await?;
        row.map(story_view).ok_or_else(|| {
            Fault::not_found(format!("story {id} has no article among your sources"))
        })
    }

    async fn search(
        &self,
        reader: ReaderId,
        query: &str,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page<ArticleView>, Fault> {
        if query.len() > QUERY_BYTES_MAX {
            return Err(Fault::invalid(format!(
                "a search has at most {QUERY_BYTES_MAX} bytes; use fewer words"
            )));
        }
        let limit = clamped(limit);
        let place = cursor.as_deref().map(cursor::decode).transpose()?;
        let place = place.map(|(moment, id)| (moment, ArticleId(id)));
        if query.trim().is_empty() {
            return Ok(Page { items: Vec::new(), next_cursor: None });
        }
        let rows = in_time(self.store.search(reader, query, place, rows_wanted(limit))).await?;
        Ok(page_of(rows, limit))
    }

    async fn entities(
        &self,
        reader: ReaderId,
        part: Option<String>,
        limit: usize,
    ) -> Result<Vec<EntityView>, Fault> {
        let part = part.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty());
        if part.as_ref().is_some_and(|part| part.len() > QUERY_BYTES_MAX) {
            return Err(Fault::invalid(format!(
                "what entities are searched for has at most {QUERY_BYTES_MAX} bytes"
            )));
        }
        if part.is_none() {
            let rows = self.reads.entities(reader).await?;
            let wanted = rows.iter().take(clamped(limit)).cloned();
            return Ok(wanted.map(|row| entity_view(row, &self.names)).collect());
        }
        let known = part.as_deref().and_then(|part| self.names.key_of(part));
        let part_key = known.map(str::to_owned);
        let limit = u32::try_from(clamped(limit)).unwrap_or(u32::MAX);
        let filter = EntityFilter { part, part_key, limit, ..EntityFilter::default() };
        self.counted(reader, filter).await
    }

    async fn entity(&self, reader: ReaderId, key: &str) -> Result<EntityView, Fault> {
        let filter =
            EntityFilter { key: Some(key.to_owned()), limit: 1, ..EntityFilter::default() };
        if let Some(view) = self.counted(reader, filter).await?.into_iter().next() {
            return Ok(view);
        }
        if let Some(names) = self.names.names_of(key) {
            let name = names.english.clone().or(names.chinese.clone()).unwrap_or_default();
            let row = EntityRow { key: key.to_owned(), kind: names.kind, name, articles: 0 };
            return Ok(entity_view(row, &self.names));
        }
        // Older articles may name it still.
        let filter =
            ArticleFilter { entity: Some(key.to_owned()), limit: 1, ..ArticleFilter::default() };
        let rows = in_time(self.store.articles(reader, filter)).await?;
        let named = rows.into_iter().flat_map(|row| row.entities).find(|one| one.key == key);
        let named = named.ok_or_else(|| {
            Fault::not_found("none of your articles names this entity".to_owned())
        })?;
        let row = EntityRow { key: named.key, kind: named.kind, name: named.name, articles: 0 };
        Ok(entity_view(row, &self.names))
    }

    async fn statistics(&self) -> Result<Statistics, Fault> {
        // Counting everything is the one slow read; a page that polls it shall not feel it.
        let counted = self.reads.statistics().await?;
        Ok(Statistics {
            sources: counted.sources,
            articles_stored: counted.articles,
            articles_understood: counted.understood,
            stories: counted.stories,
            readers: counted.readers,
            terminals: i64::try_from(self.gateway.get().terminals).unwrap_or(i64::MAX),
            backlog: counted.backlog,
        })
    }

    async fn topics(&self, reader: ReaderId) -> Result<Vec<TopicView>, Fault> {
        let own = in_time(self.store.reader_topics(reader)).await?;
        let taxonomy = self.topics.taxonomy();
        let common = taxonomy.topics().iter().map(|topic| TopicView {
            key: topic.key.clone(),
            english: topic.en.clone(),
            chinese: topic.zh.clone(),
            own: None,
        });
        Ok(common.chain(own.into_iter().map(own_view)).collect())
    }

    async fn reader(&self, id: ReaderId) -> Result<Reader, Fault> {
        let reader = self.reads.reader(id).await?;
        reader.ok_or_else(|| Fault::not_found(format!("reader {id} does not exist")))
    }
}

/// A read with its time limit.
pub(crate) async fn in_time<T>(
    read: impl Future<Output = autoglm_models::Result<T>>,
) -> Result<T, Fault> {
    match tokio::time::timeout(READ_TIMEOUT, read).await {
        Ok(result) => result.map_err(|error| error.fault()),
        Err(_elapsed) => Err(Fault::new(
            FaultKind::Timeout,
            format!("the database did not answer a read within {READ_TIMEOUT:?}; try again"),
        )),
    }
}

/// A reader's topic as its reader sees it.
#[must_use]
pub fn own_view(topic: ReaderTopic) -> TopicView {
    let name = topic.text.name.clone();
    let key = topic.id.to_string();
    TopicView { key, english: name.clone(), chinese: name, own: Some(topic.text) }
}

/// The fault for a source the reader does not follow.
pub(crate) fn not_followed(id: SourceId) -> Fault {
    Fault::not_found(format!("source {id} is not among your sources"))
}

/// A subscription as its reader sees it.
pub(crate) fn source_view(row: SubscriptionRow) -> SourceView {
    let own = row.title_override.filter(|title| !title.is_empty());
    SourceView {
        id: row.source.id,
        kind: row.source.kind,
        url: row.source.url,
        title: own.unwrap_or(row.source.title),
        site_url: row.source.site_url,
        folder: row.folder.unwrap_or_default(),
        unread: row.unread.max(0),
        health: row.health,
        interval_seconds: row.source.interval.as_secs(),
        paused: row.source.paused,
        settings: row.source.settings,
        private: row.source.private.is_some(),
        request: row.source.private.map_or_else(Vec::new, |own| own.request.names_set()),
        push: row.push,
    }
}

fn story_view(row: StoryRow) -> StoryView {
    // The store has them oldest first.
    let articles = row.articles.into_iter().rev().take(STORY_ARTICLES_MAX).collect();
    StoryView { story: row.story, articles }
}

fn entity_view(row: EntityRow, names: &Gazetteer) -> EntityView {
    let known = names.names_of(&row.key);
    EntityView {
        english: known.and_then(|known| known.english.clone()),
        chinese: known.and_then(|known| known.chinese.clone()),
        key: row.key,
        kind: row.kind,
        name: row.name,
        articles: row.articles,
    }
}

fn clamped(limit: usize) -> usize {
    if limit == 0 { LIMIT_DEFAULT } else { limit.min(LIMIT_MAX) }
}

/// One more than shown tells whether there is a next page.
fn rows_wanted(limit: usize) -> u32 {
    u32::try_from(limit + 1).unwrap_or(u32::MAX)
}

fn filter_of(query: ArticleQuery, limit: usize) -> Result<ArticleFilter, Fault> {
    let place = query.cursor.as_deref().map(cursor::decode).transpose()?;
    let marks = match query.marks {
        None => MarkFilter::default(),
        Some(WantedMarks::Unread) => MarkFilter { read: Some(false), ..MarkFilter::default() },
        Some(WantedMarks::Read) => MarkFilter { read: Some(true), ..MarkFilter::default() },
        Some(WantedMarks::Saved) => MarkFilter { saved: Some(true), ..MarkFilter::default() },
        Some(WantedMarks::Hidden) => MarkFilter { hidden: Some(true), ..MarkFilter::default() },
    };
    Ok(ArticleFilter {
        source: query.source,
        topic: query.topic,
        entity: query.entity,
        language: query.language,
        story: query.story,
        only: None,
        folder: None,
        marks,
        cursor: place.map(|(moment, id)| (moment, ArticleId(id))),
        limit: rows_wanted(limit),
    })
}

fn page_of(rows: Vec<ArticleRow>, limit: usize) -> Page<ArticleView> {
    let more = rows.len() > limit;
    let mut last = None;
    let mut items = Vec::with_capacity(rows.len().min(limit));
    for row in rows.into_iter().take(limit) {
        last = Some((row.sort_at, row.id.0));
        items.push(view_of(row));
    }
    Page { items, next_cursor: last.filter(|_| more).map(cursor::encode) }
}

#[cfg(test)]
mod tests;
