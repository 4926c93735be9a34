//! What hubs have to do with a source: which one its document names, what one sends, and how that
//! changes when the source is fetched.

use super::SourceState;
use super::fetch::{Fetch, Taken, Visit};
use super::schedule::Outcome;
use autoglm_domain::{Fault, HubPlace, SourceKind, Timestamp};
use autoglm_feeds::FetchMeta;
use autoglm_feeds::websub::announced;
use autoglm_protocol::Reply;
use autoglm_protocol::source::SourceMessage;
use autoglm_protocol::websub::PushedDocument;
use bytes::Bytes;
use ractor::{ActorProcessingErr, ActorRef};
use std::time::Duration;

/// A document that cannot be read, sent by a hub, means that there is something to fetch; but no
/// hub makes us fetch more often than this.
const HURRY_MIN: Duration = Duration::from_secs(60);

/// Which hub a good answer named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Announcement {
    /// Nothing was looked at: no document, or nobody wants to know.
    #[default]
    Unread,
    /// The document names none.
    NoHub,
    /// This one.
    Hub(HubPlace),
}

impl Fetch<'_> {
    /// Looks for a hub in a whole answer, when there is a use for one: feeds are pushed, no others.
    pub(super) async fn announcement(
        &self,
        body: &Bytes,
        content_type: Option<&str>,
        meta: &FetchMeta,
    ) -> Result<Announcement, String> {
        if self.tools.hubs.is_none() || meta.truncated {
            return Ok(Announcement::Unread);
        }
        // A hub would get to know the address of a private one, and its pushes come without secrets.
        if self.source.kind != SourceKind::Feed || self.source.private.is_some() {
            return Ok(Announcement::NoHub);
        }
        let (body, content_type) = (body.clone(), content_type.map(str::to_owned));
        let (links, asked) = (meta.links.clone(), self.source.url.clone());
        let answered = meta.final_url.clone();
        let look = move || announced(&links, &body, content_type.as_deref(), &asked, &answered);
        let found = self.compute(look).await?;
        Ok(found.map_or(Announcement::NoHub, Announcement::Hub))
    }

    /// Reads and stores what a hub sent, like a fetched document; the inner answer tells what came
    /// of it.
    async fn pushed(&self, document: PushedDocument) -> Result<Taken, String> {
        let PushedDocument { body, content_type, room } = document;
        let taken = self.take_document(body.into(), content_type, self.source.url.clone()).await;
        drop(room);
        taken
    }
}

impl SourceState {
    /// Takes a document from the source's hub.
    ///
    /// # Errors
    /// Only when our own code failed on this document: the supervisor must know.
    pub(super) async fn pushed(
        &mut self,
        myself: &ActorRef<SourceMessage>,
        document: PushedDocument,
        reply: Reply<usize>,
    ) -> Result<(), ActorProcessingErr> {
        self.tools.faults.strike(&self.source.url);
        let answer = match Fetch::new(&self.source, &self.tools).pushed(document).await? {
            Taken::Stored(inserted) => {
                self.articles_total += inserted as u64;
                Ok(inserted)
            }
            Taken::Unreadable(problem) => {
                tracing::debug!(source = self.source.id.0, problem, "a push could not be read");
                self.hurry(myself);
                Ok(0)
            }
            Taken::StoreAway(fault) => Err(fault),
        };
        self.show();
        // Whoever asked may have stopped waiting.
        reply.send(answer).unwrap_or_default();
        Ok(())
    }

    /// Fetches soon, unless the source is failing and has a wait of its own.
    fn hurry(&mut self, myself: &ActorRef<SourceMessage>) {
        if self.health.consecutive_failures > 0 {
            return;
        }
        let now = self.tools.clock.now();
        let earliest = self.health.last_attempt_at.map_or(now, |last| last.plus(HURRY_MIN));
        self.fetch_no_later_than(myself, earliest.max(now));
    }

    /// The hub no longer stands in for fetches: back to the time without it.
    pub(super) fn push_lost(&mut self, myself: &ActorRef<SourceMessage>) {
        if let Some(next) = self.next_without_hub.take() {
            self.fetch_no_later_than(myself, next.max(self.tools.clock.now()));
        }
    }

    fn fetch_no_later_than(&mut self, myself: &ActorRef<SourceMessage>, latest: Timestamp) {
        if self.health.next_fetch_at.is_some_and(|next| next > latest) {
            self.health.next_fetch_at = Some(latest);
            self.arm(myself, Some(latest.since(self.tools.clock.now())));
            self.show();
        }
    }

    /// Tells what a visit means for the source's hub. What goes wrong here costs the visit nothing.
    pub(super) async fn tell_hubs(&self, visit: &Visit) {
        let Some(hubs) = &self.tools.hubs else { return };
        if !matches!(visit.outcome, Outcome::Good { .. }) {
            return;
        }
        let told = async {
            match &visit.announcement {
                Announcement::Unread => {}
                Announcement::NoHub => hubs.announced(self.source.id, None).await?,
                Announcement::Hub(place) => {
                    hubs.announced(self.source.id, Some(place.clone())).await?;
                }
            }
            if visit.inserted > 0 {
                hubs.found_by_fetch(self.source.id).await?;
            }
            Ok::<(), Fault>(())
        };
        if let Err(fault) = told.await {
            tracing::debug!(%fault, source = self.source.id.0, "a hub's part could not be noted");
        }
    }

    /// Lengthens the wait after a good visit while the source's hub can be trusted to push, unless
    /// a person chose how often to fetch.
    pub(super) fn rely_on_hub(&mut self, now: Timestamp) {
        let schedule = &self.tools.schedule;
        let is_chosen = self.source.interval != schedule.interval_default;
        let (Some(hubs), Some(next), false) =
            (&self.tools.hubs, self.health.next_fetch_at, is_chosen)
        else {
            return;
        };
        if let Some(until) = hubs.trusted_until(self.source.id, now) {
            self.next_without_hub = Some(next);
            self.health.next_fetch_at = Some(relied(next, now.plus(schedule.adaptive_max), until));
        }
    }
}

/// When to fetch while a hub pushes: as seldom as a quiet source, but not later than the hub's
/// promise ends, and never sooner than without a hub.
fn relied(without: Timestamp, seldom: Timestamp, until: Timestamp) -> Timestamp {
    without.max(seldom.min(until))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_makes_fetches_rarer_until_its_promise_ends() {
        let [soon, later, late] = [1, 2, 3].map(|hour| Timestamp(hour * 3_600_000));
        assert_eq!(relied(soon, later, late), later);
        assert_eq!(relied(soon, late, later), later, "not after the promise");
        assert_eq!(relied(later, late, soon), later, "not sooner than without it");
        assert_eq!(relied(late, soon, soon), late, "a quiet source stays so");
    }
}
