//! What the tests of the readers' side share: a store with placed articles, the actors of one
//! reader shard as a small house, and waiting for a condition.

use crate::article_window::{
    ArticleWindowActor, ArticleWindowArgs, ArticleWindowCell, ArticleWindowConfig, PlacedListeners,
    new_forward_memory, new_window_cell,
};
use crate::cache_shard::{CacheShardActor, CacheShardArgs, CacheShardConfig};
use crate::colleagues::{Colleagues, NoOwners};
use crate::figures::FigureBoard;
use crate::gateway::{GatewayActor, GatewayArgs, GatewayConfig, Gateways, Pace, Places};
use crate::library::StoreLibrary;
use crate::library::reader_lists::ReaderLists;
use crate::meter::PipelineMeter;
use crate::readers::saved_rankings::SavedRankings;
use crate::readers::{RegionReaders, RouteReader};
use crate::recommender_shard::{
    RecommenderShardActor, RecommenderShardArgs, RecommenderShardConfig,
};
use autoglm_cluster::MemoryNetwork;
use autoglm_domain::{
    ArticleDraft, ArticleId, ArticleIdentity, Clock, EMBEDDING_DIMENSIONS, Embedding, EventId,
    EventKind, EventTarget, Fault, Fence, IdentityKind, Incarnation, Language, MinHashSignature,
    QuantizedEmbedding, ReaderEvent, ReaderId, Shard, SourceId, SourceKind, SystemClock, Timestamp,
    TopicScore, Understanding,
};
use autoglm_inference::LiveTopics;
use autoglm_models::cache::Caches;
use autoglm_models::{
    DatabaseConfig, IndexEntry, NewSource, NodeState, PlacementRow, PlacementStory, SourceOrigin,
    Store,
};
use autoglm_protocol::Address;
use autoglm_protocol::article_window::ArticleWindowHandle;
use autoglm_protocol::cache_shard::{CacheShardHandle, CacheShardMessage};
use autoglm_protocol::figures::FIGURES_PERIOD;
use autoglm_protocol::gateway::{GatewayHandle, GatewayMessage};
use autoglm_protocol::inference_pool::InferencePoolHandle;
use autoglm_protocol::popularity::PopularityHandle;
use autoglm_protocol::port::Readers;
use autoglm_protocol::reader_request::{ReaderAnswer, ReaderRequest};
use autoglm_protocol::recommender_shard::{RecommenderShardHandle, RecommenderShardMessage};
use autoglm_protocol::shard_region::ShardRegionHandle;
use autoglm_protocol::status::StatusCell;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

/// Longer than any machine needs; only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A supervisor that lets its children die.
struct Onlooker;

impl Actor for Onlooker {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        _: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}

/// Waits until the condition holds.
pub(crate) async fn eventually<F: Future<Output = bool>>(
    what: &str,
    mut condition: impl FnMut() -> F,
) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "it never came true: {what}");
}

/// Something that must come.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("never came: {what}"))
}

/// A migrated store of its own; it is gone with the directory.
pub(crate) async fn store() -> (Store, TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("test.db");
    let config = DatabaseConfig::for_url(format!("sqlite://{}", path.display()));
    let store = Store::open(&config, Arc::new(SystemClock)).await.expect("a store");
    store.migrate().await.expect("a schema");
    (store, directory)
}

/// A source with this number.
pub(crate) async fn source(store: &Store, number: i64) -> SourceId {
    let url = format!("http://s{number}.demo/feed");
    let new = NewSource {
        kind: SourceKind::Feed,
        settings: autoglm_domain::SourceSettings::default(),
        private: None,
        title: format!("Source {number}"),
        url,
        interval: Duration::from_secs(300),
        origin: SourceOrigin::Reader,
    };
    store.add_source(new).await.expect("a source").source.id
}

/// Brings an article all the way to its place; `axis` is what it is about.
pub(crate) async fn place_article(
    store: &Store,
    source: SourceId,
    number: u64,
    axis: usize,
) -> ArticleId {
    let mut hash = [0; 16];
    hash[..8].copy_from_slice(&number.to_le_bytes());
    let now = SystemClock.now();
    let draft = ArticleDraft {
        source_id: source,
        identity: ArticleIdentity { hash, kind: IdentityKind::Guid },
        url: format!("http://s{source}.demo/{number}"),
        canonical_url: format!("http://s{source}.demo/{number}"),
        title: format!("Article {number}"),
        authors: Vec::new(),
        language: Some(Language::ENGLISH),
        published_at: Some(Timestamp(now.0 - 60_000)),
        fetched_at: now,
        content_html: format!("<p>Text {number}</p>"),
        content_text: format!("Text {number}"),
        content_hash: number,
        minhash: MinHashSignature::default(),
    };
    let outcome = store.insert_articles(vec![draft], None).await.expect("inserted");
    let id = outcome[0].article_id();
    let entry = IndexEntry { article_id: id, tokens: format!("article {number}") };
    store.finish_index(vec![entry]).await.expect("indexed");
    let mut vector = vec![0.01; EMBEDDING_DIMENSIONS];
    vector[axis] = 1.0;
    vector[100 + usize::try_from(number).expect("small") % 100] = 0.2;
    let understanding = Understanding {
        article_id: id,
        model_version: "test-1".into(),
        embedding: QuantizedEmbedding::from_embedding(&Embedding(vector).normalized()),
        topics: vec![TopicScore { name: format!("topic-{axis}"), score: 0.9 }],
        topic_list: 0,
        summary: String::new(),
        entities: Vec::new(),
        keywords: Vec::new(),
    };
    store.store_understandings(vec![understanding]).await.expect("understood");
    let row = PlacementRow {
        article_id: id,
        story: PlacementStory::New { key: number },
        strand: None,
        duplicate_of: None,
    };
    store.place_articles(vec![row], None).await.expect("placed");
    id
}

/// A reader's event about an article.
pub(crate) fn event(reader: ReaderId, kind: EventKind, article: ArticleId) -> ReaderEvent {
    ReaderEvent {
        id: EventId(Uuid::new_v4()),
        reader_id: reader,
        kind,
        target: EventTarget::Article(article),
        at: SystemClock.now(),
        dwell_ms: None,
    }
}

/// Brings requests to the two actors of the one shard there is.
#[derive(Debug, Clone)]
struct OneShard {
    cache: CacheShardHandle,
    recommender: RecommenderShardHandle,
}

#[async_trait::async_trait]
impl RouteReader for OneShard {
    async fn route(&self, request: ReaderRequest) -> Result<ReaderAnswer, Fault> {
        match request {
            ReaderRequest::Recommend { reader, limit, seed } => {
                let ranked = self.recommender.recommend(reader, limit, seed).await?;
                Ok(ReaderAnswer::Recommended(ranked))
            }
            request => self.cache.request(request).await,
        }
    }
}

/// How nodes spread their terminals.
pub(crate) fn pace() -> Pace {
    Pace::with_period(FIGURES_PERIOD)
}

/// A node that knows of no other.
pub(crate) fn places(me: Incarnation) -> Places {
    Places {
        me,
        membership: StatusCell::default(),
        figures: FigureBoard::default(),
        draining: watch::channel(false).1,
    }
}

/// The readers' side of a node that owns one reader shard.
pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) fence: Fence,
    pub(crate) reader: ReaderId,
    pub(crate) readers: Arc<dyn Readers>,
    pub(crate) saved: SavedRankings,
    pub(crate) library: StoreLibrary,
    pub(crate) gateway: GatewayHandle,
    pub(crate) gateway_actor: ActorCell,
    pub(crate) window: ArticleWindowHandle,
    pub(crate) cell: ArticleWindowCell,
    pub(crate) cache: (CacheShardArgs, ActorCell),
    pub(crate) recommender: (RecommenderShardArgs, ActorCell),
    pub(crate) window_actor: (ArticleWindowArgs, ActorCell),
    pub(crate) onlooker: ActorCell,
    _directory: TempDir,
}

impl House {
    /// With reader 1 and nothing else.
    pub(crate) async fn new() -> Self {
        Self::linked(&MemoryNetwork::default()).await
    }

    /// The same, with links to other nodes.
    #[expect(clippy::too_many_lines, reason = "one house, put together in one place")]
    pub(crate) async fn linked(network: &MemoryNetwork) -> Self {
        let (store, directory) = store().await;
        let reader = store.ensure_local_reader().await.expect("a reader").id;
        let node = store.register_node("test", "", &["all".to_owned()]).await.expect("a node");
        store.set_node_state(node, NodeState::Up).await.expect("up");
        let shard = Shard::of_reader(reader);
        let fence = store.acquire_leases(node, &[shard]).await.expect("a lease")[0];
        let onlooker = Actor::spawn(None, Onlooker, ()).await.expect("an onlooker").0.get_cell();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let meter = PipelineMeter::new(Arc::clone(&clock));
        let config = ArticleWindowConfig { articles_max: 1_000, ..ArticleWindowConfig::default() };
        let cell = new_window_cell(config.articles_max);
        let peers = Arc::new(network.join(node));
        let colleagues = Colleagues::new(node, peers, Arc::new(NoOwners));
        let (listeners, gateways) = (PlacedListeners::default(), Gateways::of(colleagues));
        let window_args = ArticleWindowArgs {
            space: crate::live_models::VectorSpace::default(),
            memory: new_forward_memory(&config),
            config,
            store: store.clone(),
            cell: Arc::clone(&cell),
            listeners: listeners.clone(),
            clock: Arc::clone(&clock),
            address: Address::new("article-window", 16),
            status: StatusCell::default(),
        };
        let region = ShardRegionHandle(Address::new("shard-region", 16));
        let recommender_args = RecommenderShardArgs {
            space: crate::live_models::VectorSpace::default(),
            config: RecommenderShardConfig::default(),
            fence,
            store: store.clone(),
            window: Arc::clone(&cell),
            rankings: Arc::new(Semaphore::new(2)),
            region: region.clone(),
            clock: Arc::clone(&clock),
            meter: meter.clone(),
            address: Address::new("recommender", 64),
            status: StatusCell::default(),
        };
        let cache_args = CacheShardArgs {
            config: CacheShardConfig::default(),
            fence,
            store: store.clone(),
            recommender: RecommenderShardHandle(recommender_args.address.clone()),
            popularity: PopularityHandle(Address::new("popularity", 16)).into(),
            region,
            listeners,
            gateways: gateways.clone(),
            clock,
            address: Address::new("cache", 64),
            status: StatusCell::default(),
        };
        let route = OneShard {
            cache: CacheShardHandle(cache_args.address.clone()),
            recommender: RecommenderShardHandle(recommender_args.address.clone()),
        };
        // Without a pool behind it: nobody makes vectors here.
        let lists = ReaderLists::new(
            Arc::clone(&cell),
            InferencePoolHandle(Address::new("inference-pool", 1)).into(),
            crate::live_models::VectorSpace::default(),
        );
        let topics = LiveTopics::built_in().expect("built in");
        let names = autoglm_inference::Gazetteer::built_in().expect("names");
        let status = StatusCell::default();
        let reads = autoglm_models::CachedReads::new(store.clone(), &Caches::alone());
        let library = StoreLibrary::new(store.clone(), topics, lists, names, status, reads);
        let saved = SavedRankings::new(
            store.clone(),
            Arc::clone(&cell),
            crate::live_models::VectorSpace::default(),
            Arc::new(SystemClock),
            Arc::clone(&recommender_args.rankings),
        );
        let readers: Arc<dyn Readers> =
            Arc::new(RegionReaders::new(Arc::new(route), library.clone(), saved.clone()));
        let gateway_args = GatewayArgs {
            config: GatewayConfig { terminals_max: 3, incarnation: node, pace: pace() },
            readers: Arc::clone(&readers),
            gateways,
            places: places(node),
            meter,
            address: Address::<GatewayMessage>::new("gateway", 64),
            status: StatusCell::default(),
        };
        let gateway = GatewayHandle(gateway_args.address.clone());
        let window = ArticleWindowHandle(window_args.address.clone());
        let spawned = ArticleWindowActor::spawn(window_args.clone(), onlooker.clone()).await;
        let window_actor = (window_args, spawned.expect("a window"));
        let spawned = GatewayActor::spawn(gateway_args, onlooker.clone()).await;
        let gateway_actor = spawned.expect("a gateway");
        let spawned =
            RecommenderShardActor::spawn(recommender_args.clone(), onlooker.clone()).await;
        let recommender = (recommender_args, spawned.expect("a recommender"));
        let spawned = CacheShardActor::spawn(cache_args.clone(), onlooker.clone()).await;
        let cache = (cache_args, spawned.expect("a cache shard"));
        Self {
            store,
            fence,
            reader,
            readers,
            saved,
            library,
            gateway,
            gateway_actor,
            window,
            cell,
            cache,
            recommender,
            window_actor,
            onlooker,
            _directory: directory,
        }
    }

    /// Another reader of the same shard.
    pub(crate) async fn neighbour(&self) -> ReaderId {
        for number in 0..10_000 {
            let name = format!("reader {number}");
            let reader = self.store.add_reader(&name, Language::ENGLISH).await.expect("a reader");
            if Shard::of_reader(reader.id) == self.fence.shard {
                return reader.id;
            }
        }
        panic!("no reader of 10,000 belongs to shard {}", self.fence.shard)
    }

    /// A source the reader follows.
    pub(crate) async fn followed(&self, number: i64) -> SourceId {
        let id = source(&self.store, number).await;
        self.store.subscribe(self.reader, id, None, None).await.expect("subscribed");
        let changed = ReaderRequest::SubscriptionsChanged { reader: self.reader };
        self.readers.ask(changed).await.expect("told");
        id
    }

    /// Places an article and hints at it.
    pub(crate) async fn place(&self, source: SourceId, number: u64, axis: usize) -> ArticleId {
        let id = place_article(&self.store, source, number, axis).await;
        self.window.articles_placed(Arc::from([id]));
        eventually("the article is in the window", || async {
            self.cell.load().find(id).is_some()
        })
        .await;
        id
    }

    /// The ids of the ranked list.
    pub(crate) async fn ranked(&self, seed: u64) -> Vec<ArticleId> {
        let request = ReaderRequest::Recommend { reader: self.reader, limit: 50, seed };
        match self.readers.ask(request).await.expect("a ranking") {
            ReaderAnswer::Recommended(list) => list.iter().map(|one| one.article_id).collect(),
            other => panic!("{other:?}"),
        }
    }

    /// Kills the cache shard and starts it again, as its supervisor would.
    pub(crate) async fn restart_cache(&mut self) {
        self.cache.1.kill();
        let address: &Address<CacheShardMessage> = &self.cache.0.address;
        address.withdraw();
        let spawned = CacheShardActor::spawn(self.cache.0.clone(), self.onlooker.clone()).await;
        self.cache.1 = spawned.expect("a cache shard");
    }

    /// Kills the recommender, whatever it had not saved, and starts it again.
    pub(crate) async fn restart_recommender(&mut self) {
        self.recommender.1.kill();
        let address: &Address<RecommenderShardMessage> = &self.recommender.0.address;
        address.withdraw();
        let args = self.recommender.0.clone();
        let spawned = RecommenderShardActor::spawn(args, self.onlooker.clone()).await;
        self.recommender.1 = spawned.expect("a recommender");
    }
}
