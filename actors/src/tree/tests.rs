//! Two nodes in one process, on one PostgreSQL, linked in memory.

use super::*;
use crate::catalog_models::CatalogModels;
use crate::testing_readers::{eventually, soon};
use crate::testing_sources::{Page, Site};
use autoglm_cluster::MemoryNetwork;
use autoglm_domain::{FaultKind, SHARD_COUNT, SystemClock};
use autoglm_feeds::{ClientConfig, install_crypto_provider};
use autoglm_harness::ThrowawayPostgres;
use autoglm_inference::Catalog;
use autoglm_models::DatabaseConfig;
use autoglm_protocol::port::AddSource;

const FEED: &str = r#"<rss version="2.0"><channel><title>Harbour</title>
<item><guid>1</guid><title>The bridge over the river opens</title>
<description>After two years of work the bridge opens on Monday.</description></item>
</channel></rss>"#;

fn config(name: &str) -> TreeConfig {
    TreeConfig {
        node_name: name.to_owned(),
        roles: vec!["all".to_owned()],
        lease: Duration::from_secs(15),
        fetch_interval: Duration::from_secs(3_600),
        fetch_concurrency: 4,
        host_concurrency: 2,
        host_spacing: Duration::ZERO,
        unspaced_hosts: Vec::new(),
        user_agent: "test".to_owned(),
        rsshub_servers: Vec::new(),
        adaptive_max: Duration::ZERO,
        slow_after: Duration::from_secs(10),
        understanding_paused: false,
        inference_queue_max: 256,
        inference_batch_tokens_max: 16_384,
        inference_objective: Duration::from_millis(200),
        visible_devices: String::new(),
        engines: Vec::new(),
        writer: None,
        window_articles_max: 1_000,
        keep_days: 0,
        terminals_max: 16,
        figures_period: Duration::from_secs(10),
        websub: None,
        panic_source: String::new(),
        panic_once: String::new(),
        fetch_interval_override: None,
    }
}

async fn tree(name: &str, url: &str, peers: Arc<dyn Peers>) -> Tree {
    tree_by(Arc::new(SystemClock), name, url, peers).await
}

async fn tree_by(clock: Arc<dyn Clock>, name: &str, url: &str, peers: Arc<dyn Peers>) -> Tree {
    install_crypto_provider();
    let store = Store::open(&DatabaseConfig::for_url(url.to_owned()), Arc::clone(&clock)).await;
    let store = store.expect("a store");
    store.migrate().await.expect("a schema");
    let loopback = std::net::IpAddr::from([127, 0, 0, 1]);
    let client =
        ClientConfig { resolve: vec![("*.demo".into(), loopback)], ..ClientConfig::default() };
    let client = GuardedClient::new(&client).expect("a client");
    let topics = LiveTopics::built_in().expect("topics");
    let models = Arc::new(CatalogModels::new(Catalog::new("/nowhere")).with_topics(topics.clone()));
    let caches = Caches::shared(None);
    let reads = CachedReads::new(store.clone(), &caches);
    let args = TreeArgs {
        store,
        reads,
        caches,
        clock,
        images: client.clone(),
        client,
        topics,
        decoders: Arc::clone(&models) as _,
        models,
        peers,
        links: None,
        built_in: BuiltInArticles::new(|_source| Vec::new()),
        draining: watch::Sender::new(false),
        config: config(name),
    };
    Tree::start(args).await.expect("a tree")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_does_for_its_readers_what_only_another_one_can_and_goes_on_alone() {
    let test = "a_node_does_for_its_readers_what_only_another_one_can_and_goes_on_alone";
    let Some(server) = ThrowawayPostgres::start_or_skip(test).expect("PostgreSQL or a skip") else {
        return;
    };
    let url = server.create_database("two_nodes").expect("a database");
    let network = MemoryNetwork::default();
    // Numbers are handed out in order; the first node takes every shard before the second comes.
    let (first, second) = (Incarnation(1), Incarnation(2));
    let one = tree("one", &url, Arc::new(network.join(first))).await;
    eventually("the first is ready", || async { one.ready().await.is_ok() }).await;
    let other = tree("other", &url, Arc::new(network.join(second))).await;
    eventually("the other is ready", || async { other.ready().await.is_ok() }).await;
    let reader = other.store.ensure_local_reader().await.expect("a reader").id;

    // A source that is added on the other node is fetched by the one that owns its host.
    let site = Site::start(vec![("/feed", Page::feed(FEED))]).await;
    let command = AddSource { url: site.url("/feed"), ..AddSource::default() };
    let (source, is_new) = other.sources().add(reader, command).await.expect("added");
    assert!(is_new);
    soon("a fetch", other.sources().refresh(reader, source.id)).await.expect("fetched");
    eventually("both windows have the article", || async {
        let count = |tree: &Tree| tree.addresses.window_status.get().articles;
        (count(&one), count(&other)) == (1, 1)
    })
    .await;
    let running = |tree: &Tree| tree.addresses.sources_status.get().running;
    eventually("one node fetches it", || async { running(&one) + running(&other) == 1 }).await;

    // A decision about stories reaches their owner, who says that there is no such one.
    let fault = other.stories().forget(7).await.expect_err("never decided");
    assert_eq!(fault.kind, FaultKind::NotFound, "{fault}");

    // The first leaves; the other takes everything, and needs nobody.
    one.release_shards(Duration::from_secs(20)).await;
    one.stop(Duration::from_secs(20)).await;
    network.leave(first);
    let slices = usize::from(SHARD_COUNT);
    eventually("the other owns every shard", || async {
        let region = other.addresses.shard_region_status.get();
        (region.reader_shards, region.host_shards) == (slices, slices)
    })
    .await;
    soon("a fetch", other.sources().refresh(reader, source.id)).await.expect("fetched here");
    let fault = other.stories().forget(7).await.expect_err("never decided");
    assert_eq!(fault.kind, FaultKind::NotFound, "{fault}");
    other.release_shards(Duration::from_secs(20)).await;
    other.stop(Duration::from_secs(20)).await;
}

/// A node that lost its membership starts again in the same process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tree_that_has_stopped_leaves_nothing_in_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/a.db", folder.path().display());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let peers = MemoryNetwork::default().join(Incarnation(1));
    let tree = tree_by(Arc::clone(&clock), "one", &url, Arc::new(peers)).await;
    eventually("it is ready", || async { tree.ready().await.is_ok() }).await;
    let reader = tree.store.ensure_local_reader().await.expect("a reader").id;
    tree.readers().recommendations(reader, 5).await.expect("a list from a shard that runs");
    assert!(Arc::strong_count(&clock) > 1);
    tree.release_shards(Duration::from_secs(10)).await;
    tree.stop(Duration::from_secs(10)).await;
    tree.store.close().await;
    drop(tree);
    eventually("nothing is left", || async { Arc::strong_count(&clock) == 1 }).await;
}
