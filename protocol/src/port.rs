//! Ports: what the HTTP interface and the command line may ask that is not one actor's mailbox.
//!
//! `actors` implements them over the store's read pool and the shard region; the composition root
//! injects them. Every method that takes a reader answers only what that reader may see.

use crate::inference_pool::DeviceStatus;
use crate::reader_request::{ReaderAnswer, ReaderRequest};
use crate::stage::StageReport;
use crate::status::ActorReport;
use crate::view::{
    ArticleDetail, ArticleQuery, ArticleView, EntityView, Page, RankedList, SourceView, Statistics,
    StoryView, TopicView,
};
use async_trait::async_trait;
use autoglm_domain::{
    ArticleId, Fault, Health, Reader, ReaderEvent, ReaderId, RequestChange, Source, SourceId,
    SourceKind, SourceRequest, SourceSettings, StoryId, Timestamp,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

/// Reads: lists, articles, search, statistics. Never waits for a writer or another reader.
#[async_trait]
pub trait Library: Send + Sync + Debug {
    /// The reader's sources, by folder and title.
    async fn sources(&self, reader: ReaderId) -> Result<Vec<SourceView>, Fault>;
    /// One of the reader's sources. `NotFound` for any other.
    async fn source(&self, reader: ReaderId, id: SourceId) -> Result<SourceView, Fault>;
    /// A list of articles, newest first. `Invalid` for a cursor that is not ours.
    async fn articles(
        &self,
        reader: ReaderId,
        query: ArticleQuery,
    ) -> Result<Page<ArticleView>, Fault>;
    /// One article with its content. `NotFound` when the reader does not follow its source.
    async fn article(&self, reader: ReaderId, id: ArticleId) -> Result<ArticleDetail, Fault>;
    /// Stories, the one with the newest article first.
    async fn stories(
        &self,
        reader: ReaderId,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page<StoryView>, Fault>;
    /// One story.
    async fn story(&self, reader: ReaderId, id: StoryId) -> Result<StoryView, Fault>;
    /// Articles that contain all words of the query, newest first.
    async fn search(
        &self,
        reader: ReaderId,
        query: &str,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page<ArticleView>, Fault>;
    /// What the reader's articles of the last week name, most often named first. With `part` only
    /// what is called so, in part, in either language. `limit` is at most 200; 0 means 50.
    async fn entities(
        &self,
        reader: ReaderId,
        part: Option<String>,
        limit: usize,
    ) -> Result<Vec<EntityView>, Fault>;
    /// One of them by its key. `NotFound` when no article of theirs names it and it is not known
    /// otherwise.
    async fn entity(&self, reader: ReaderId, key: &str) -> Result<EntityView, Fault>;
    /// Numbers about the whole installation.
    async fn statistics(&self) -> Result<Statistics, Fault>;
    /// The topics of the common list, then the reader's own.
    async fn topics(&self, reader: ReaderId) -> Result<Vec<TopicView>, Fault>;
    /// One reader.
    async fn reader(&self, id: ReaderId) -> Result<Reader, Fault>;
}

/// Adds a source.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AddSource {
    /// Absolute http(s) address, or a route of RSSHub.
    pub url: String,
    /// What is there; a feed when nothing is said, unless the site is a known one.
    pub kind: Option<SourceKind>,
    /// How to read it.
    pub settings: SourceSettings,
    /// How to ask it; anything but nothing makes it the reader's own source.
    pub request: SourceRequest,
    /// The reader's own title.
    pub title: Option<String>,
    /// The reader's folder.
    pub folder: Option<String>,
    /// Wanted time between fetches, at least one minute.
    pub interval: Option<Duration>,
}

/// What a person has in hand when they want to follow something.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PreviewSource {
    /// An address of a feed, page, programming interface or sitemap; or a handle.
    pub url: String,
    /// Read it as this; found out when not given.
    pub kind: Option<SourceKind>,
    /// Read it so; found out where the kind needs more.
    pub settings: SourceSettings,
    /// Ask it so.
    pub request: SourceRequest,
}

/// What following it would bring; giving `url`, `kind` and `settings` back adds it.
#[derive(Debug, Clone, PartialEq)]
pub struct SourcePreview {
    /// Where it would be fetched.
    pub url: String,
    /// What is there.
    pub kind: SourceKind,
    /// How it would be read; the proposals that were found out included.
    pub settings: SourceSettings,
    /// As it calls itself, or empty.
    pub title: String,
    /// Its web page, or empty.
    pub site_url: String,
    /// Articles it has now.
    pub article_count: usize,
    /// The first of them.
    pub articles: Vec<PreviewArticle>,
    /// Feeds of the same page, the one shown included.
    pub feeds: Vec<OfferedFeed>,
    /// What could not be read, for people.
    pub problems: Vec<String>,
}

/// One article of a preview, as it would be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewArticle {
    /// The title.
    pub title: String,
    /// The address, or empty.
    pub url: String,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// The beginning of its text, plain.
    pub text: String,
}

/// A feed that a page announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedFeed {
    /// Its address.
    pub url: String,
    /// As the page calls it, or empty.
    pub title: String,
}

/// Changes a source or the reader's subscription to it; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChangeSource {
    /// The reader's own title; empty for the source's.
    pub title: Option<String>,
    /// The reader's folder; empty for none.
    pub folder: Option<String>,
    /// Wanted time between fetches.
    pub interval: Option<Duration>,
    /// Stop or go on fetching.
    pub paused: Option<bool>,
    /// Whether new articles get the text of their pages.
    pub full_text: Option<bool>,
    /// Another address. Whoever else follows the source follows it there, too: so it must be one
    /// the source itself or our own search has named, unless the reader follows it alone.
    pub url: Option<String>,
    /// How it is read, as a whole; only for a reader who follows it alone.
    pub settings: Option<SourceSettings>,
    /// How it is asked from now on. A shared source stays as it is for the others: the reader gets
    /// one of their own instead, under another id.
    pub request: Option<RequestChange>,
}

/// What came of a list of subscriptions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportedList {
    /// Subscriptions in the list.
    pub total: usize,
    /// New for this reader.
    pub added: usize,
    /// Followed before.
    pub known: usize,
    /// What was not taken over, at most 2,000.
    pub problems: Vec<ImportProblem>,
    /// Problems beyond those.
    pub problems_left_out: usize,
}

/// Something in a list that was not taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportProblem {
    /// The subscription's address; empty when it is about the list.
    pub url: String,
    /// Its title.
    pub title: String,
    /// What and why, for people.
    pub problem: String,
    /// Whether it is followed all the same.
    pub imported: bool,
}

/// Commands about sources: durable when answered.
#[async_trait]
pub trait SourceCommands: Send + Sync + Debug {
    /// Finds out what is at an address and what following it would bring; changes nothing.
    /// `Invalid` when nothing there can be followed, `Unavailable` when it cannot be reached.
    async fn preview(&self, command: PreviewSource) -> Result<SourcePreview, Fault>;
    /// Subscribes the reader, adding the source if nobody had it. The flag tells whether it is
    /// new for this reader. `Invalid` for an address that cannot be a source. What is asked with
    /// settings of one's own is one's own source, whoever else has the same address.
    async fn add(&self, reader: ReaderId, command: AddSource) -> Result<(SourceView, bool), Fault>;
    /// Changes settings.
    async fn change(
        &self,
        reader: ReaderId,
        id: SourceId,
        command: ChangeSource,
    ) -> Result<SourceView, Fault>;
    /// Ends the subscription; the last reader's leaving ends the source.
    async fn remove(&self, reader: ReaderId, id: SourceId) -> Result<(), Fault>;
    /// Fetches now; answers with the number of new articles.
    async fn refresh(&self, reader: ReaderId, id: SourceId) -> Result<usize, Fault>;
    /// The reader's subscriptions as OPML, with every setting but secrets.
    async fn export_list(&self, reader: ReaderId) -> Result<String, Fault>;
    /// Subscribes the reader to what an OPML document lists. `Invalid` when it is none.
    async fn import_list(&self, reader: ReaderId, document: Vec<u8>)
    -> Result<ImportedList, Fault>;
}

/// Everything that goes to the owner of one reader.
#[async_trait]
pub trait Readers: Send + Sync + Debug {
    /// Routes a request to the owner of its reader. `Unavailable` without a reachable owner.
    async fn ask(&self, request: ReaderRequest) -> Result<ReaderAnswer, Fault>;
    /// The ranked list with its articles; stale while the reader has no reachable owner.
    async fn recommendations(&self, reader: ReaderId, limit: usize) -> Result<RankedList, Fault>;
    /// Makes events durable: (accepted, duplicates).
    async fn append_events(
        &self,
        reader: ReaderId,
        events: Vec<ReaderEvent>,
    ) -> Result<(usize, usize), Fault>;
}

/// Who holds a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal {
    /// A reader.
    Reader(ReaderId),
    /// The operator.
    Operator,
}

/// Whom a request speaks for.
#[async_trait]
pub trait Access: Send + Sync + Debug {
    /// The holder of a token; `None` for an unknown one. Compared by hash, in constant time.
    async fn principal(&self, token: &str) -> Result<Option<Principal>, Fault>;
    /// The reader of requests without a token; `None` when a token is required.
    fn anonymous_reader(&self) -> Option<ReaderId>;
}

/// An image fetched for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Always `image/…`, never SVG.
    pub content_type: String,
    /// At most 8 MiB.
    pub bytes: Vec<u8>,
}

/// Fetches pictures for articles, so that a reader's browser talks to nobody else.
#[async_trait]
pub trait Images: Send + Sync + Debug {
    /// Fetches one picture through the guarded client.
    async fn image(&self, url: &str) -> Result<Image, Fault>;
}

/// One source as the operator sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct OperatorSource {
    /// The source.
    pub source: Source,
    /// How fetching goes.
    pub health: Health,
}

/// Rates and queues at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct PipelineSample {
    /// When.
    pub at: Timestamp,
    /// Items per second by stage.
    pub rates: BTreeMap<&'static str, f64>,
    /// Waiting items by stage.
    pub queues: BTreeMap<&'static str, u64>,
}

/// The way of an article in figures.
#[derive(Debug, Clone)]
pub struct PipelineReport {
    /// When.
    pub at: Timestamp,
    /// In order of the way.
    pub stages: Vec<StageReport>,
    /// The last 15 minutes, one every 5 s, oldest first.
    pub history: Vec<PipelineSample>,
}

/// What the operator may see and do.
#[async_trait]
pub trait Operations: Send + Sync + Debug {
    /// Every actor of this node.
    fn actors(&self) -> Vec<ActorReport>;
    /// Restarts one actor.
    async fn restart(&self, name: &str) -> Result<(), Fault>;
    /// The inference devices of this node.
    fn devices(&self) -> Vec<DeviceStatus>;
    /// The way of an article in figures.
    fn pipeline(&self) -> PipelineReport;
    /// Every source with its health.
    async fn sources(&self) -> Result<Vec<OperatorSource>, Fault>;
    /// Begins an orderly shutdown.
    fn drain(&self);
    /// Whether the node may be sent requests; the text says why not.
    async fn ready(&self) -> Result<(), String>;
}
