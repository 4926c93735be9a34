//! A store on each database, with articles to put into it.

use crate::{DatabaseConfig, Dialect, NewSource, SourceOrigin, Store};
use autoglm_domain::{
    ArticleDraft, ArticleId, ArticleIdentity, Embedding, Entity, EntityKind, EventId, EventKind,
    EventTarget, IdentityKind, Language, MINHASH_PERMUTATIONS, ManualClock, MinHashSignature,
    QuantizedEmbedding, ReaderEvent, ReaderId, SourceId, SourceKind, SourceSettings, Timestamp,
    TopicScore, Understanding,
};
use autoglm_harness::ThrowawayPostgres;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use uuid::Uuid;

pub(crate) const START: Timestamp = Timestamp(1_790_000_000_000);

/// One server for all tests that run at the same time; gone when none does.
static SERVER: Mutex<Weak<ThrowawayPostgres>> = Mutex::new(Weak::new());
static DATABASES: AtomicU32 = AtomicU32::new(0);

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) config: DatabaseConfig,
    runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
    _server: Option<Arc<ThrowawayPostgres>>,
}

/// A fresh store on every database there is.
pub(crate) fn worlds(test: &str) -> Vec<World> {
    let mut worlds = vec![sqlite()];
    worlds.extend(server(test).map(postgres));
    worlds
}

pub(crate) fn sqlite() -> World {
    let folder = tempfile::tempdir().expect("temporary folder");
    let url = format!("sqlite://{}/test.db", folder.path().display());
    World::open(DatabaseConfig::for_url(url), folder, None)
}

pub(crate) fn server(test: &str) -> Option<Arc<ThrowawayPostgres>> {
    let mut shared = SERVER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(server) = shared.upgrade() {
        return Some(server);
    }
    let server = Arc::new(ThrowawayPostgres::start_or_skip(test).expect("PostgreSQL or a skip")?);
    *shared = Arc::downgrade(&server);
    Some(server)
}

pub(crate) fn postgres(server: Arc<ThrowawayPostgres>) -> World {
    let name = format!("store_{}", DATABASES.fetch_add(1, Ordering::SeqCst));
    let mut config = DatabaseConfig::for_url(server.create_database(&name).expect("database"));
    config.read_connections = 3;
    World::open(config, tempfile::tempdir().expect("temporary folder"), Some(server))
}

impl World {
    fn open(
        config: DatabaseConfig,
        folder: tempfile::TempDir,
        server: Option<Arc<ThrowawayPostgres>>,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("runtime");
        let clock = Arc::new(ManualClock::at(START));
        let store = runtime.block_on(async {
            let store = Store::open(&config, clock.clone()).await.expect("opened");
            store.migrate().await.expect("migrated");
            store.migrate().await.expect("migrating twice is harmless");
            store.ping().await.expect("answers");
            store
        });
        Self { store, clock, config, runtime, _folder: folder, _server: server }
    }

    /// Runs a test's story; nothing of the kind takes a minute unless it hangs.
    pub(crate) fn run<T>(&self, story: impl Future<Output = T>) -> T {
        self.runtime.block_on(async {
            tokio::time::timeout(Duration::from_mins(2), story).await.expect("does not hang")
        })
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.store.dialect() == Dialect::Postgres
    }

    pub(crate) async fn source(&self, name: &str) -> SourceId {
        self.store
            .add_source(new_source(name, SourceOrigin::Reader))
            .await
            .expect("added")
            .source
            .id
    }

    /// The local reader, reading this source.
    pub(crate) async fn reader_of(&self, source: SourceId) -> ReaderId {
        let reader = self.store.ensure_local_reader().await.expect("reader").id;
        self.store.subscribe(reader, source, None, None).await.expect("subscribed");
        reader
    }

    /// Inserts, indexes, understands and places one article each of these numbers.
    pub(crate) async fn placed(&self, source: SourceId, numbers: &[u64]) -> Vec<ArticleId> {
        let drafts = numbers.iter().map(|number| draft(source, *number)).collect();
        let ids: Vec<ArticleId> = self.insert(drafts).await;
        let entries = ids.iter().map(|id| crate::IndexEntry {
            article_id: *id,
            tokens: crate::segmentation::tokens(&["words of an article"]),
        });
        self.store.finish_index(entries.collect()).await.expect("indexed");
        let readings = ids.iter().map(|id| understanding(*id)).collect();
        self.store.store_understandings(readings).await.expect("understood");
        let placements = ids.iter().map(|id| crate::PlacementRow {
            article_id: *id,
            story: crate::PlacementStory::New { key: id.0.unsigned_abs() },
            strand: None,
            duplicate_of: None,
        });
        self.store.place_articles(placements.collect(), None).await.expect("placed");
        ids
    }

    pub(crate) async fn insert(&self, drafts: Vec<ArticleDraft>) -> Vec<ArticleId> {
        let outcomes = self.store.insert_articles(drafts, None).await.expect("inserted");
        outcomes.into_iter().map(crate::InsertOutcome::article_id).collect()
    }

    pub(crate) async fn count(&self, table: &'static str) -> i64 {
        let mut sql = self.store.sql("SELECT COUNT(*) FROM ");
        sql.push(table);
        let row = self.store.one("counting", sql).await.expect("counted").expect("a row");
        row.try_get_by_index(0).expect("a number")
    }
}

pub(crate) fn new_source(name: &str, origin: SourceOrigin) -> NewSource {
    NewSource {
        kind: SourceKind::Feed,
        url: format!("https://{name}.example/feed"),
        settings: SourceSettings::default(),
        private: None,
        title: String::new(),
        interval: Duration::from_mins(30),
        origin,
    }
}

pub(crate) fn draft(source_id: SourceId, number: u64) -> ArticleDraft {
    let mut hash = [7_u8; 16];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    ArticleDraft {
        source_id,
        identity: ArticleIdentity { hash, kind: IdentityKind::Guid },
        url: format!("https://site.example/{number}"),
        canonical_url: format!("https://site.example/{number}"),
        title: format!("Article {number}"),
        authors: vec!["A. Writer".into(), "B\0 Writer".into()],
        language: Some(Language::ENGLISH),
        published_at: Some(
            START.minus(Duration::from_secs(1_000)).plus(Duration::from_secs(number)),
        ),
        fetched_at: START,
        content_html: format!("<p>Text\0 {number}</p>"),
        content_text: format!("Text {number}"),
        content_hash: u64::MAX - number,
        minhash: MinHashSignature(vec![number as u32; MINHASH_PERMUTATIONS]),
    }
}

pub(crate) fn understanding(article_id: ArticleId) -> Understanding {
    let mut embedding = Embedding::zero();
    embedding.0[0] = 1.0;
    Understanding {
        article_id,
        model_version: "baseline-1".into(),
        embedding: QuantizedEmbedding::from_embedding(&embedding),
        topics: vec![TopicScore { name: "technology".into(), score: 0.75 }],
        topic_list: 0,
        summary: format!("Summary of {article_id}"),
        entities: vec![
            entity("nvidia", "Nvidia", EntityKind::Company),
            entity(&format!("thing-{article_id}"), "A\0 thing", EntityKind::Model),
        ],
        keywords: vec!["chips".into()],
    }
}

pub(crate) fn entity(key: &str, name: &str, kind: EntityKind) -> Entity {
    Entity { key: key.into(), name: name.into(), kind, count: 1 }
}

pub(crate) fn event(reader_id: ReaderId, kind: EventKind, target: EventTarget) -> ReaderEvent {
    let id = EventId(Uuid::new_v4());
    ReaderEvent { id, reader_id, kind, target, at: START, dwell_ms: Some(5) }
}
