//! The child that fetches: SourceSupervisor with the tools all sources share.

use super::children::Shared;
use crate::source::health_log::{HealthLog, SourceStore};
use crate::source::schedule::ScheduleConfig;
use crate::source::{SourceFaults, SourceTools};
use crate::source_preview::SourcePreviewer;
use crate::source_supervisor::{
    SourceSupervisorActor, SourceSupervisorArgs, SourceSupervisorConfig,
};
use crate::supervisor::{ChildSpec, Restart};
use async_trait::async_trait;
use autoglm_domain::{Fault, Health, Source, SourceId};
use autoglm_models::{FetchResult, RecentArticleRow, RenamedArticle, Store};
use autoglm_protocol::ingest::IngestHandle;
use autoglm_protocol::name;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

impl Shared {
    /// SourceSupervisor; it fetches nothing until it is told which hosts are ours.
    pub(super) fn source_supervisor_child(&self) -> ChildSpec {
        let store: Arc<dyn SourceStore> = match self.args.config.fetch_interval_override {
            Some(every) => Arc::new(Hurried { inner: self.args.store.clone(), every }),
            None => Arc::new(self.args.store.clone()),
        };
        let args = SourceSupervisorArgs {
            tools: self.source_tools(&store),
            store,
            owned: Arc::clone(&self.owned_hosts),
            config: SourceSupervisorConfig::default(),
            board: self.board.clone(),
            address: self.addresses.sources.clone(),
            status: self.addresses.sources_status.clone(),
        };
        let status = args.status.clone();
        ChildSpec::new(name::SOURCE_SUPERVISOR, Restart::Permanent, &status, move |supervisor| {
            Box::pin(SourceSupervisorActor::spawn(args.clone(), supervisor))
        })
    }

    fn source_tools(&self, store: &Arc<dyn SourceStore>) -> SourceTools {
        let config = &self.args.config;
        let interval_min = match config.fetch_interval_override {
            // Room for the jitter below the wished interval.
            Some(every) => every / 2,
            None => ScheduleConfig::default().interval_min,
        };
        let (clock, permits) = (Arc::clone(&self.args.clock), Arc::clone(&self.parse_permits));
        SourceTools {
            web: self.web.clone(),
            previewer: SourcePreviewer::new(self.web.clone(), clock, permits),
            parse_permits: Arc::clone(&self.parse_permits),
            ingest: IngestHandle(self.addresses.ingest.clone()),
            store: Arc::clone(store),
            log: HealthLog::new(Arc::clone(store), Arc::clone(&self.args.clock)),
            clock: Arc::clone(&self.args.clock),
            meter: self.meter.clone(),
            schedule: ScheduleConfig {
                interval_min,
                interval_default: config.fetch_interval,
                adaptive_max: config.adaptive_max,
                slow_after: config.slow_after,
                ..ScheduleConfig::default()
            },
            hubs: self.hubs.clone(),
            built_in: self.args.built_in.clone(),
            faults: SourceFaults::panicking(std::slice::from_ref(&config.panic_source)),
        }
    }
}

/// The store with every source in a hurry, for measuring.
#[derive(Debug)]
struct Hurried {
    inner: Store,
    every: Duration,
}

#[async_trait]
impl SourceStore for Hurried {
    async fn active_sources(&self) -> Result<Vec<(Source, Health)>, Fault> {
        let mut sources = SourceStore::active_sources(&self.inner).await?;
        for (source, _health) in &mut sources {
            source.interval = self.every;
        }
        Ok(sources)
    }

    async fn save_fetch_results(&self, results: Vec<FetchResult>) -> Result<(), Fault> {
        SourceStore::save_fetch_results(&self.inner, results).await
    }

    async fn known_identities(
        &self,
        source: SourceId,
        identities: &[[u8; 16]],
    ) -> Result<HashSet<[u8; 16]>, Fault> {
        SourceStore::known_identities(&self.inner, source, identities).await
    }

    async fn recent_articles(
        &self,
        source: SourceId,
        limit: usize,
    ) -> Result<Vec<RecentArticleRow>, Fault> {
        SourceStore::recent_articles(&self.inner, source, limit).await
    }

    async fn rename_articles(
        &self,
        source: SourceId,
        articles: Vec<RenamedArticle>,
    ) -> Result<u64, Fault> {
        SourceStore::rename_articles(&self.inner, source, articles).await
    }
}
