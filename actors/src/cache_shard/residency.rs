//! Which readers are in memory: loaded when watched, forgotten when idle or when there are too many.

use super::CacheShardState;
use super::reader_state::{Loaded, ReaderState};
use super::ring::Ring;
use autoglm_domain::{Fault, ReaderId, SourceId};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// Marks this old are not pushed any more.
const MARKS_SINCE: Duration = Duration::from_secs(7 * 24 * 3600);
/// Share of the readers dropped at once when there are too many: one in so many.
const DROP_SHARE: usize = 50;

impl CacheShardState {
    /// Reads a reader into memory unless they are there.
    pub(super) async fn load(&mut self, reader: ReaderId) -> Result<(), Fault> {
        if self.readers.contains_key(&reader) {
            return Ok(());
        }
        let now = self.args.clock.now();
        let sources = self.sources(reader).await?;
        let muted = self.args.store.muted(reader).await?;
        let marks = self.args.store.marks_of(reader, now.minus(MARKS_SINCE)).await?;
        self.make_room();
        self.last_life = now.0.max(self.last_life + 1);
        let ring =
            Ring::starting(self.args.fence.epoch.0, self.last_life, self.args.config.ring_max);
        let loaded = Loaded { sources, muted, marks };
        self.readers.insert(reader, ReaderState::new(reader, loaded, ring, now));
        Ok(())
    }

    pub(super) async fn sources(
        &self,
        reader: ReaderId,
    ) -> Result<HashMap<SourceId, Option<String>>, Fault> {
        let rows = self.args.store.subscriptions(reader).await?;
        Ok(rows.into_iter().map(|row| (row.source.id, row.title_override)).collect())
    }

    /// Forgets readers nobody watched for long.
    pub(super) fn passivate(&mut self) {
        let now = self.args.clock.now();
        let (ttl, idle) = (self.args.config.watch_ttl, self.args.config.idle);
        self.readers.retain(|_, state| {
            state.expire_watchers(ttl, now);
            state.is_watched() || now.since(state.last_watched()) < idle
        });
        self.watched = self.readers.values().filter(|state| state.is_watched()).count();
        self.publish();
    }

    /// Drops the readers not watched for longest when the memory is full, watched ones last.
    fn make_room(&mut self) {
        let limit = self.args.config.readers_max.max(1);
        if self.readers.len() < limit {
            return;
        }
        let mut ages: Vec<_> = self
            .readers
            .iter()
            .map(|(reader, state)| (state.is_watched(), state.last_watched(), *reader))
            .collect();
        ages.sort_unstable();
        let drop: HashSet<ReaderId> =
            ages.iter().take(limit / DROP_SHARE + 1).map(|(_, _, reader)| *reader).collect();
        self.readers.retain(|reader, _| !drop.contains(reader));
        self.watched = self.readers.values().filter(|state| state.is_watched()).count();
    }
}
