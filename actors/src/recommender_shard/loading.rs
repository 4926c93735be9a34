//! Brings readers into memory: the saved profile, the events after it, marks and subscriptions.

use super::RecommenderShardState;
use super::reader::{Learned, ReaderProfile, article_of};
use super::stored::{followed, stored_reader};
use crate::article_window::rows::features_of;
use autoglm_domain::{ArticleId, Fault, ReaderEvent, ReaderId, SourceId};
use autoglm_ranking::ArticleFeatures;
use std::collections::{HashMap, HashSet};

/// Events read by one query of a replay.
const REPLAY_PAGE: u32 = 1_000;
/// Articles read by one query.
const ARTICLES_PAGE: usize = 500;

impl RecommenderShardState {
    /// Loads a reader unless they are in memory, and replays what the saved profile lacks.
    pub(super) async fn load(&mut self, reader: ReaderId) -> Result<(), Fault> {
        if self.readers.contains_key(&reader) {
            return Ok(());
        }
        self.make_room()?;
        let (now, window) = (self.args.clock.now(), self.args.window.load_full());
        let state = stored_reader(&self.args.store, reader, self.space, &window, now).await?;
        self.readers.insert(reader, state);
        if let Err(fault) = self.replay(reader).await {
            self.readers.remove(&reader);
            return Err(fault);
        }
        Ok(())
    }

    /// Replays what was missed; without the store the ranking goes on with what is known.
    pub(super) async fn catch_up(&mut self, reader: ReaderId) {
        if self.readers.get(&reader).is_some_and(|state| state.behind)
            && let Err(fault) = self.replay(reader).await
        {
            tracing::warn!(%fault, %reader, "missed events could not be replayed; they are later");
        }
    }

    /// Learns everything after the last event learned, page by page.
    async fn replay(&mut self, reader: ReaderId) -> Result<(), Fault> {
        loop {
            let Some(seq) = self.readers.get(&reader).map(ReaderProfile::learned_seq) else {
                return Ok(());
            };
            let page = self.args.store.events_after(reader, seq, REPLAY_PAGE).await?;
            let is_last = page.len() < REPLAY_PAGE as usize;
            let page: Vec<(i64, ReaderEvent)> =
                page.into_iter().map(|event| (event.seq, event.event)).collect();
            let features = self.features(reader, page.iter().map(|(_, event)| event)).await?;
            let now = self.args.clock.now();
            let Some(state) = self.readers.get_mut(&reader) else {
                return Ok(());
            };
            match state.learn(&page, &features, now) {
                Learned::New(new) => self.replayed_total += new as u64,
                Learned::Gap => {
                    let message = format!("the log of reader {reader} has a gap after event {seq}");
                    return Err(Fault::internal(message));
                }
            }
            if is_last {
                state.behind = false;
                return Ok(());
            }
        }
    }

    /// What ranking knows about the articles of events: from the window, else from the store.
    pub(super) async fn features<'a>(
        &self,
        reader: ReaderId,
        events: impl Iterator<Item = &'a ReaderEvent>,
    ) -> Result<HashMap<ArticleId, ArticleFeatures>, Fault> {
        let window = self.args.window.load_full();
        let mut features = HashMap::new();
        let mut missing = Vec::new();
        for article in events.filter_map(article_of) {
            if features.contains_key(&article) || missing.contains(&article) {
                continue;
            }
            match window.features(article) {
                Some(known) => {
                    features.insert(article, known);
                }
                None => missing.push(article),
            }
        }
        for part in missing.chunks(ARTICLES_PAGE) {
            let rows = self.args.store.placed_articles(part).await?;
            features.extend(rows.iter().map(|row| (row.article.id, features_of(row))));
        }
        self.leave_out_what_is_others(reader, &mut features).await?;
        Ok(features)
    }

    /// An event can name any article by its number, and what is learned from one shows in reasons:
    /// so nothing is learned from other readers' own sources.
    async fn leave_out_what_is_others(
        &self,
        reader: ReaderId,
        features: &mut HashMap<ArticleId, ArticleFeatures>,
    ) -> Result<(), Fault> {
        let profile = self.readers.get(&reader);
        let follows = |source| profile.is_some_and(|profile| profile.follows(source));
        let sources = features.values().map(|article| article.source_id);
        let strange: HashSet<SourceId> = sources.filter(|source| !follows(*source)).collect();
        let others = self.args.store.private_to_others(reader, &strange).await?;
        features.retain(|_, article| !others.contains(&article.source_id));
        Ok(())
    }

    /// Reads the reader's subscriptions again, if the reader is in memory.
    pub(super) async fn follow(&mut self, reader: ReaderId) {
        if !self.readers.contains_key(&reader) {
            return;
        }
        let followed = followed(&self.args.store, reader).await;
        let Some(state) = self.readers.get_mut(&reader) else {
            return;
        };
        match followed {
            Ok(followed) => state.follow(followed),
            Err(fault) => {
                tracing::warn!(%fault, %reader, "subscriptions could not be read; they are later");
                state.followed_stale = true;
            }
        }
    }
}
