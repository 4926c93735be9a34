//! The names of the actors, as the operator sees them in the tree and restarts them by.

/// Root of the tree.
pub const NODE_SUPERVISOR: &str = "node";
/// Renews this node's row and watches the view.
pub const MEMBERSHIP: &str = "membership";
/// Owns leases and starts shards.
pub const SHARD_REGION: &str = "shard-region";
/// Starts one actor per source.
pub const SOURCE_SUPERVISOR: &str = "sources";
/// Stores articles.
pub const INGEST: &str = "ingest";
/// Fills the search index.
pub const INDEX: &str = "index";
/// Brings stored articles to the models.
pub const UNDERSTAND: &str = "understand";
/// Batches texts for the devices.
pub const INFERENCE_POOL: &str = "inference-pool";
/// Holds the newest articles in memory.
pub const ARTICLE_WINDOW: &str = "article-window";
/// Places articles into stories.
pub const STORY: &str = "story";
/// Counts what is read.
pub const POPULARITY: &str = "popularity";
/// Finishes what a crash left.
pub const JANITOR: &str = "janitor";
/// Keeps the devices' models those of the rollout.
pub const ROLLOUT: &str = "rollout";
/// Shows the figures of graphics processors.
pub const DEVICE_GAUGES: &str = "device-gauges";
/// Has old articles read by new models.
pub const REREAD: &str = "reread";
/// Keeps the subscriptions at hubs.
pub const WEBSUB: &str = "websub";
/// Has summaries written.
pub const WRITER: &str = "writer";
/// Tells other nodes what they may want to know.
pub const AGENT: &str = "agent";
/// Measures this node and judges what is slow.
pub const FIGURES: &str = "figures";
/// Keeps the links to other nodes.
pub const TRANSPORT: &str = "transport";
/// Knows the connected terminals.
pub const GATEWAY: &str = "gateway";

/// Name of the actor of one source.
#[must_use]
pub fn source(id: autoglm_domain::SourceId) -> String {
    format!("source-{id}")
}

/// Name of the actor of one device.
#[must_use]
pub fn inference(device: &str) -> String {
    format!("inference-{device}")
}

/// Name of the actor of one remote engine.
#[must_use]
pub fn engine(name: &str) -> String {
    format!("engine-{name}")
}

/// Name of the cache actor of one reader shard.
#[must_use]
pub fn cache_shard(index: u16) -> String {
    format!("cache-shard-{index}")
}

/// Name of the recommender actor of one reader shard.
#[must_use]
pub fn recommender_shard(index: u16) -> String {
    format!("recommender-shard-{index}")
}
