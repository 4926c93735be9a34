//! HubRegistry: the subscriptions at hubs as this node knows them, in front of the store.
//!
//! Every change is decided within a transaction of the store, by a pure rule of
//! [`autoglm_feeds::websub`]; what is kept here only spares questions, and a sweep makes good what
//! other nodes changed. When a hub no longer stands in for fetches, its source is told.

use autoglm_domain::{
    Clock, Fault, HubPlace, HubStage, HubSubscription, HubSubscriptionId, SourceId, Timestamp,
};
use autoglm_feeds::websub::lease;
use autoglm_models::{HubChange, HubRow, Store};
use autoglm_protocol::source_supervisor::SourceSupervisorHandle;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The path of a callback, before its token.
const CALLBACK_PATH: &str = "/websub/";

/// What a registry is made of.
#[derive(Debug, Clone)]
pub struct HubRegistryArgs {
    /// Where subscriptions are.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Whom to tell when a hub no longer stands in for fetches.
    pub sources: SourceSupervisorHandle,
    /// The address under which hubs reach this installation.
    pub public_url: String,
    /// The lease that is asked for, and the longest that is believed.
    pub lease_max: Duration,
}

#[derive(Debug, Default)]
struct Known {
    rows: HashMap<HubSubscriptionId, HubRow>,
    /// The one of a source that is not being ended.
    of_source: HashMap<SourceId, HubSubscriptionId>,
}

#[derive(Debug)]
struct Inner {
    args: HubRegistryArgs,
    known: Mutex<Known>,
}

/// The subscriptions; cloning shares them.
#[derive(Debug, Clone)]
pub struct HubRegistry(Arc<Inner>);

impl HubRegistry {
    /// One that knows nothing yet.
    #[must_use]
    pub fn new(args: HubRegistryArgs) -> Self {
        Self(Arc::new(Inner { args, known: Mutex::default() }))
    }

    pub(super) fn store(&self) -> &Store {
        &self.0.args.store
    }

    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.args.clock
    }

    pub(super) fn sources(&self) -> &SourceSupervisorHandle {
        &self.0.args.sources
    }

    pub(super) fn lease_max(&self) -> Duration {
        self.0.args.lease_max
    }

    fn callback_prefix(&self) -> String {
        format!("{}{CALLBACK_PATH}", self.0.args.public_url.trim_end_matches('/'))
    }

    /// Whether a callback leads to where hubs reach this installation now.
    pub(super) fn is_own_callback(&self, callback: &str) -> bool {
        callback.starts_with(&self.callback_prefix())
    }

    /// A good fetch named this hub, or none any more.
    ///
    /// # Errors
    /// What the store says; the next good fetch that brings a document says it again.
    pub async fn announced(&self, source: SourceId, place: Option<HubPlace>) -> Result<(), Fault> {
        let living = self.of_source(source);
        if let (Some(living), Some(place)) = (&living, &place)
            && living.subscription.is_at(place)
        {
            return Ok(());
        }
        if let Some(living) = living {
            self.end(living.id).await?;
        }
        if let Some(place) = place {
            self.add(lease::wanted(source, place, self.clock().now())).await?;
        }
        Ok(())
    }

    /// A fetch found articles that were new; a hub that had promised to push missed them.
    ///
    /// # Errors
    /// What the store says.
    pub async fn found_by_fetch(&self, source: SourceId) -> Result<(), Fault> {
        let now = self.clock().now();
        match self.of_source(source).filter(|row| row.subscription.is_live(now)) {
            Some(row) => {
                let missed = move |before: &HubSubscription| {
                    (HubChange::Keep(lease::missed(before, now)), ())
                };
                self.change(row.id, missed).await.map(|_known| ())
            }
            None => Ok(()),
        }
    }

    /// Until when a source's hub stands in for some of its fetches.
    #[must_use]
    pub fn trusted_until(&self, source: SourceId, now: Timestamp) -> Option<Timestamp> {
        let subscription = self.of_source(source)?.subscription;
        subscription.lease_until.filter(|_| subscription.is_trusted(now))
    }

    /// Keeps a new subscription, unless its source has one.
    pub(super) async fn add(&self, wanted: HubSubscription) -> Result<(), Fault> {
        let added = self.store().add_hub_subscription(wanted, &self.callback_prefix()).await?;
        if let Some(row) = added {
            self.with(|known| known.insert(row));
        }
        Ok(())
    }

    /// Nobody wants it any more: its hub will be told.
    pub(super) async fn end(&self, id: HubSubscriptionId) -> Result<(), Fault> {
        let now = self.clock().now();
        let end = move |before: &HubSubscription| match before.stage {
            HubStage::Ending => (HubChange::Leave, ()),
            _ => (HubChange::Keep(lease::ending(before, now)), ()),
        };
        self.change(id, end).await.map(|_known| ())
    }

    /// Changes one as `decide` says on what is stored; `None` when there is none any more.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        id: HubSubscriptionId,
        decide: impl Fn(&HubSubscription) -> (HubChange, T) + Send + Sync + 'static,
    ) -> Result<Option<T>, Fault> {
        let changed = self.store().change_hub_subscription(id, decide).await?;
        let now = self.clock().now();
        let (lost, answer) = self.with(|known| match changed {
            Some((HubChange::Leave, answer)) => (None, Some(answer)),
            Some((HubChange::Keep(after), answer)) => (known.keep(id, after, now), Some(answer)),
            Some((HubChange::Forget, answer)) => (known.forget(id, now), Some(answer)),
            None => (known.forget(id, now), None),
        });
        if let Some(source) = lost {
            self.sources().push_lost(source);
        }
        Ok(answer)
    }

    /// Reads everything again.
    pub(super) async fn reload(&self) -> Result<(), Fault> {
        let rows = self.store().hub_subscriptions().await?;
        let now = self.clock().now();
        let lost = self.with(|known| {
            let mut fresh = Known::default();
            rows.into_iter().for_each(|row| fresh.insert(row));
            let before = std::mem::replace(known, fresh);
            let lost = |source: &&SourceId| {
                before.is_trusted(**source, now) && !known.is_trusted(**source, now)
            };
            before.of_source.keys().filter(lost).copied().collect::<Vec<_>>()
        });
        lost.into_iter().for_each(|source| self.sources().push_lost(source));
        Ok(())
    }

    /// Up to `limit` of those that are due and match, the longest due first.
    pub(super) fn due(
        &self,
        now: Timestamp,
        limit: usize,
        matches: impl Fn(&HubRow) -> bool,
    ) -> Vec<HubRow> {
        self.with(|known| {
            let is_due = |row: &&HubRow| row.subscription.next_at <= now && matches(row);
            let mut due: Vec<&HubRow> = known.rows.values().filter(is_due).collect();
            due.sort_by_key(|row| row.subscription.next_at);
            due.into_iter().take(limit).cloned().collect()
        })
    }

    pub(super) fn rows(&self) -> Vec<HubRow> {
        self.with(|known| known.rows.values().cloned().collect())
    }

    /// How many there are, and how many of them are live.
    pub(super) fn count(&self, now: Timestamp) -> (usize, usize) {
        self.with(|known| {
            let live = known.rows.values().filter(|row| row.subscription.is_live(now)).count();
            (known.rows.len(), live)
        })
    }

    fn of_source(&self, source: SourceId) -> Option<HubRow> {
        self.with(|known| known.of_source(source).cloned())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Known) -> T) -> T {
        work(&mut self.0.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Known {
    fn of_source(&self, source: SourceId) -> Option<&HubRow> {
        self.rows.get(self.of_source.get(&source)?)
    }

    fn is_trusted(&self, source: SourceId, now: Timestamp) -> bool {
        self.of_source(source).is_some_and(|row| row.subscription.is_trusted(now))
    }

    fn insert(&mut self, row: HubRow) {
        if row.subscription.stage != HubStage::Ending {
            self.of_source.insert(row.subscription.source_id, row.id);
        }
        self.rows.insert(row.id, row);
    }

    /// The answer is the source whose hub was trusted and no longer is.
    fn keep(
        &mut self,
        id: HubSubscriptionId,
        after: HubSubscription,
        now: Timestamp,
    ) -> Option<SourceId> {
        let row = self.rows.get_mut(&id)?;
        let source = after.source_id;
        let lost = row.subscription.is_trusted(now) && !after.is_trusted(now);
        if after.stage == HubStage::Ending && self.of_source.get(&source) == Some(&id) {
            self.of_source.remove(&source);
        }
        row.subscription = after;
        lost.then_some(source)
    }

    fn forget(&mut self, id: HubSubscriptionId, now: Timestamp) -> Option<SourceId> {
        let row = self.rows.remove(&id)?;
        let source = row.subscription.source_id;
        if self.of_source.get(&source) == Some(&id) {
            self.of_source.remove(&source);
        }
        row.subscription.is_trusted(now).then_some(source)
    }
}
