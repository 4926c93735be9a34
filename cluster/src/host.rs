//! What a shard region needs to know about the things it hosts.

use async_trait::async_trait;
use autoglm_domain::{Fault, Fence, Shard};
use std::time::Duration;

/// How long a request waits for a shard between two owners: a planned change of hands takes less
/// than a second.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Runs the shards this node owns. All methods may be called concurrently for different shards.
#[async_trait]
pub trait ShardHost: Send + Sync + 'static {
    /// What may be asked of a shard. Copied so that it can follow a shard that is just leaving.
    type Request: Clone + Send + 'static;
    /// What a shard answers.
    type Answer: Send + 'static;

    /// Begins to own a shard. Replaces an earlier run of the same shard under an older fence, so
    /// that a region which has lost its memory can start all over.
    ///
    /// # Errors
    /// Anything: the lease is then given back, and tried again later.
    async fn start(&self, fence: Fence) -> Result<(), Fault>;

    /// Finishes, saves and stops a shard. Whatever is not saved when this is cut off by its
    /// deadline must be derivable from the store. Harmless for a shard that does not run.
    async fn stop(&self, fence: Fence);

    /// Answers one request. Called concurrently and cancelled at the request's deadline.
    ///
    /// # Errors
    /// Whatever the shard answers.
    async fn deliver(&self, fence: Fence, request: Self::Request) -> Result<Self::Answer, Fault>;

    /// The shard a request belongs to, for ever.
    fn shard_of(request: &Self::Request) -> Shard;

    /// Whether asking twice does no harm, so that a request whose outcome is unknown may be sent
    /// again.
    fn is_repeatable(request: &Self::Request) -> bool;

    /// How long a request waits for a shard that is between two owners, at most its deadline. Less
    /// for what the caller can do without.
    fn patience(_request: &Self::Request) -> Duration {
        PATIENCE
    }

    /// Writes a request for another node.
    ///
    /// # Errors
    /// `Internal` when it cannot be written, which is a defect.
    fn encode_request(request: &Self::Request) -> Result<Vec<u8>, Fault>;

    /// Reads a request of another node.
    ///
    /// # Errors
    /// `Invalid` for what is none.
    fn decode_request(bytes: &[u8]) -> Result<Self::Request, Fault>;

    /// Writes an answer for another node.
    ///
    /// # Errors
    /// `Internal` when it cannot be written, which is a defect.
    fn encode_answer(answer: &Self::Answer) -> Result<Vec<u8>, Fault>;

    /// Reads an answer of another node.
    ///
    /// # Errors
    /// `Invalid` for what is none.
    fn decode_answer(bytes: &[u8]) -> Result<Self::Answer, Fault>;
}
