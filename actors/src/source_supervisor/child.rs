//! One source under its supervisor: where it stands, and what is said of it when it is parked.

use crate::supervisor::{RestartConfig, RestartPolicy};
use autoglm_domain::{FailureCause, Health, HealthClass, Host, Shard, Source};
use autoglm_models::FetchResult;
use autoglm_protocol::Address;
use autoglm_protocol::source::{SourceMessage, SourceStatus};
use autoglm_protocol::status::StatusCell;
use ractor::ActorCell;
use std::time::Duration;

/// How sources are run.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceSupervisorConfig {
    /// How often and how soon a source that fails by our own defect is started again.
    pub restart: RestartConfig,
    /// Time between the first fetches of sources that are due at once.
    pub start_spacing: Duration,
    /// Nobody waits longer than this for its first fetch.
    pub start_spread_max: Duration,
    /// Time between two looks at the store without a hint.
    pub sweep_every: Duration,
    /// Time between two writes of the health log.
    pub save_every: Duration,
}

impl Default for SourceSupervisorConfig {
    fn default() -> Self {
        Self {
            restart: RestartConfig {
                backoff_min: Duration::from_secs(1),
                backoff_max: Duration::from_secs(60),
                restarts_max: 4,
                window: Duration::from_secs(600),
                park_on_exceed: true,
                ..RestartConfig::default()
            },
            start_spacing: Duration::from_millis(10),
            start_spread_max: Duration::from_secs(60),
            sweep_every: Duration::from_secs(60),
            save_every: Duration::from_secs(1),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It runs.
    Running,
    /// It waits for its restart.
    Waiting,
    /// It failed too often.
    Parked,
}

#[derive(Debug)]
pub(super) struct Child {
    pub(super) source: Source,
    pub(super) address: Address<SourceMessage>,
    pub(super) status: StatusCell<SourceStatus>,
    pub(super) cell: Option<ActorCell>,
    pub(super) phase: Phase,
    pub(super) policy: RestartPolicy,
    pub(super) generation: u64,
}

impl Child {
    /// Passes new settings on; title, health and validators are not settings.
    pub(super) fn change(&mut self, source: &Source) {
        if self.source == *source {
            return;
        }
        let same = source.url == self.source.url
            && source.interval == self.source.interval
            && source.kind == self.source.kind
            && source.settings == self.source.settings
            && source.private == self.source.private;
        if !same && self.phase == Phase::Running {
            // A source that restarts meanwhile takes its settings from `self.source`.
            let message = SourceMessage::Changed(Box::new(source.clone()));
            self.address.cast(message).unwrap_or_default();
        }
        self.source = source.clone();
    }
}

/// The shard that decides who fetches a source. One without a host (built in, or an address that
/// cannot be fetched, which its health will say) belongs to a shard all the same.
pub(crate) fn shard_of(source: &Source) -> Shard {
    shard_of_url(if source.kind.is_fetched() { &source.url } else { "" })
}

/// The same for the address of a source that is fetched.
pub(crate) fn shard_of_url(url: &str) -> Shard {
    Shard::of_host(&Host::of_url(url).unwrap_or_else(|| Host::new("", 0)))
}

/// What the source's health says from now on, until a person refreshes it.
pub(super) fn parked(source: &Source, before: Health, reason: &str) -> FetchResult {
    let problem = format!(
        "our own code failed repeatedly on this source and it is parked: {reason}; refresh it to \
         try again, and please report it"
    );
    FetchResult {
        source_id: source.id,
        health: Health {
            class: HealthClass::Failing,
            cause: Some(FailureCause::Parked.name().to_owned()),
            problem: Some(problem),
            next_fetch_at: None,
            ..before
        },
        etag: source.etag.clone(),
        last_modified: source.last_modified.clone(),
        title: None,
        site_url: None,
        adopt_url: None,
    }
}
