//! RegionReaders: brings everything about one reader to that reader's owner.
//!
//! **Receives** calls of the port `Readers`. **Sends** requests by the shard region; joins rankings with their
//! articles, and ranks by the saved profile while nobody owns the reader. **Limits** 200 recommendations, 500
//! events, 10 s a request, 3 s a ranking; the region bounds what is under way.
//! **On restart** nothing is lost: it keeps nothing.

pub mod saved_rankings;

use crate::library::StoreLibrary;
use async_trait::async_trait;
use autoglm_cluster::{Router, ShardHost};
use autoglm_domain::{ArticleId, Fault, FaultKind, ReaderEvent, ReaderId, Recommendation};
use autoglm_protocol::port::Readers;
use autoglm_protocol::reader_request::{ReaderAnswer, ReaderRequest};
use autoglm_protocol::view::{RankedList, RecommendedArticle};
use saved_rankings::SavedRankings;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

/// Places in a ranked list at most.
const RECOMMENDATIONS_MAX: usize = 200;
/// How long a request may take, routing included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a ranking is waited for before the saved profile has to do: an owner that is frozen
/// answers nothing, and is noticed only after some seconds.
const RANKING_TIMEOUT: Duration = Duration::from_secs(3);

/// The way of a request to the owner of its reader.
#[async_trait]
pub trait RouteReader: Send + Sync + Debug {
    /// Asks the owner. `Unavailable` without a reachable one.
    async fn route(&self, request: ReaderRequest) -> Result<ReaderAnswer, Fault>;
}

#[async_trait]
impl<H> RouteReader for Router<H>
where
    H: ShardHost<Request = ReaderRequest, Answer = ReaderAnswer>,
{
    async fn route(&self, request: ReaderRequest) -> Result<ReaderAnswer, Fault> {
        let limit = match request {
            ReaderRequest::Recommend { .. } => RANKING_TIMEOUT,
            _ => REQUEST_TIMEOUT,
        };
        self.request(request, limit).await
    }
}

/// The port over the shard region.
#[derive(Clone, Debug)]
pub struct RegionReaders {
    route: Arc<dyn RouteReader>,
    library: StoreLibrary,
    saved: SavedRankings,
}

impl RegionReaders {
    /// Over a route, the library that knows the articles, and what stands in for an owner.
    #[must_use]
    pub fn new(route: Arc<dyn RouteReader>, library: StoreLibrary, saved: SavedRankings) -> Self {
        Self { route, library, saved }
    }

    /// A ranking by the owner; else, and then stale, by what was saved.
    async fn ranking(
        &self,
        reader: ReaderId,
        limit: usize,
    ) -> Result<(Vec<Recommendation>, bool), Fault> {
        let seed = rand::random();
        match self.ask(ReaderRequest::Recommend { reader, limit, seed }).await {
            Ok(ReaderAnswer::Recommended(ranked)) => Ok((ranked, false)),
            Ok(_) => Err(unexpected("a ranking")),
            Err(fault) if matches!(fault.kind, FaultKind::Unavailable | FaultKind::Timeout) => {
                metrics::counter!("autoglm_rankings_stale_total").increment(1);
                tracing::debug!(%reader, why = %fault.message, "ranking by the saved profile");
                let ranked = self.saved.rank(reader, limit, seed).await;
                ranked.map(|ranked| (ranked, true))
            }
            Err(fault) => Err(fault),
        }
    }
}

#[async_trait]
impl Readers for RegionReaders {
    async fn ask(&self, request: ReaderRequest) -> Result<ReaderAnswer, Fault> {
        let answer = self.route.route(request).await;
        // To the caller a shard that has just moved is one that is away for a moment.
        answer.map_err(|fault| match fault.kind {
            FaultKind::Fenced => Fault::unavailable(fault.message, Duration::from_secs(1)),
            _ => fault,
        })
    }

    async fn recommendations(&self, reader: ReaderId, limit: usize) -> Result<RankedList, Fault> {
        let limit = limit.clamp(1, RECOMMENDATIONS_MAX);
        let (ranked, stale) = self.ranking(reader, limit).await?;
        let ids: Vec<ArticleId> = ranked.iter().map(|place| place.article_id).collect();
        let mut views = self.library.articles_by_ids(reader, &ids).await?;
        let items = ranked.into_iter().filter_map(|recommendation| {
            let article = views.remove(&recommendation.article_id)?;
            Some(RecommendedArticle { article, recommendation })
        });
        Ok(RankedList { items: items.collect(), stale })
    }

    async fn append_events(
        &self,
        reader: ReaderId,
        events: Vec<ReaderEvent>,
    ) -> Result<(usize, usize), Fault> {
        if events.is_empty() {
            return Ok((0, 0));
        }
        match self.ask(ReaderRequest::AppendEvents { reader, events }).await? {
            ReaderAnswer::Appended { accepted, duplicates } => Ok((accepted, duplicates)),
            _ => Err(unexpected("an acknowledgement")),
        }
    }
}

fn unexpected(wanted: &str) -> Fault {
    Fault::internal(format!("a reader's shard answered something else than {wanted}"))
}

#[cfg(test)]
mod tests;
