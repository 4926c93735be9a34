//! Click rates for the window of a node on which popularity is not counted: sent by the owner of the
//! counters, and read from its last save when nothing came for a while.

use super::AgentArgs;
use crate::popularity::saved_rates;
use autoglm_domain::Single;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// The owner publishes at least once a minute.
const SILENCE_MAX: Duration = Duration::from_secs(90);

/// When rates last came.
#[derive(Debug)]
pub(super) struct Rates {
    heard: watch::Receiver<Option<Instant>>,
    read_at: Option<Instant>,
}

impl Rates {
    pub(super) fn new(heard: watch::Receiver<Option<Instant>>) -> Self {
        Self { heard, read_at: None }
    }

    /// Reads the saved rates when it is time: at first, and after silence.
    pub(super) async fn look(&mut self, args: &AgentArgs) {
        let newest = (*self.heard.borrow()).max(self.read_at);
        if newest.is_some_and(|at| at.elapsed() < SILENCE_MAX) {
            return;
        }
        if args.colleagues.owner_elsewhere(Single::Popularity.shard()).is_none() {
            return;
        }
        self.read_at = Some(Instant::now());
        match args.store.load_popularity().await {
            Ok(saved) => {
                let rates = saved_rates(&saved.unwrap_or_default(), args.clock.now());
                args.service.show_rates(Arc::from(rates));
            }
            Err(error) => tracing::debug!(%error, "click rates could not be read"),
        }
    }
}
