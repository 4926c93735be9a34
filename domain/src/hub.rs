//! A subscription at a hub (WebSub): the hub sends a source's document here whenever it changes.

use crate::{SourceId, Timestamp};
use std::fmt;

/// So many wrongly signed pushes in a row are no accident.
pub const FORGERIES_MAX: i32 = 3;

/// How far a subscription at a hub has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HubStage {
    /// The hub is to be asked when it is due: at first, or after a failure.
    Wanted,
    /// It has been asked and has not asked back yet.
    Asked,
    /// The hub has asked back; it is asked again before the lease ends.
    Active,
    /// The hub refuses; it is asked again after a long time.
    Denied,
    /// Nobody wants it any more; the hub is told, then it is forgotten.
    Ending,
}

impl HubStage {
    /// All stages.
    pub const ALL: [Self; 5] =
        [Self::Wanted, Self::Asked, Self::Active, Self::Denied, Self::Ending];

    /// The name in the database and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::Asked => "asked",
            Self::Active => "active",
            Self::Denied => "denied",
            Self::Ending => "ending",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

/// A hub, and what it knows a document by: what a feed names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HubPlace {
    /// Where the hub takes requests: absolute http(s).
    pub hub: String,
    /// The topic: absolute http(s), on the site that was fetched.
    pub topic: String,
}

/// Which subscription: the SHA-256 of the last part of its callback, which says nothing about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HubSubscriptionId(pub [u8; 32]);

/// A subscription at a hub, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubSubscription {
    /// Whose document is pushed.
    pub source_id: SourceId,
    /// Where the hub takes requests.
    pub hub: String,
    /// What the hub knows the document by.
    pub topic: String,
    /// How far it has come.
    pub stage: HubStage,
    /// Until then the hub pushes.
    pub lease_until: Option<Timestamp>,
    /// When something is to be done: ask, give up waiting, ask again, forget.
    pub next_at: Timestamp,
    /// The last push with a right signature.
    pub last_push_at: Option<Timestamp>,
    /// When a fetch last found articles that should have been pushed.
    pub missed_at: Option<Timestamp>,
    /// Requests in a row that came to nothing.
    pub failures: i32,
    /// Pushes in a row with a wrong signature.
    pub forgeries: i32,
    /// What is wrong, for people.
    pub problem: Option<String>,
}

impl HubSubscription {
    /// Whether it is for this place.
    #[must_use]
    pub fn is_at(&self, place: &HubPlace) -> bool {
        self.hub == place.hub && self.topic == place.topic
    }

    /// How it stands, in one word for people: `asked`, `active`, `renewing`, `failing`, `denied` or
    /// `ending`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self.stage {
            HubStage::Wanted if self.failures > 0 => "failing",
            HubStage::Asked if self.lease_until.is_some() => "renewing",
            HubStage::Wanted | HubStage::Asked => "asked",
            HubStage::Active => "active",
            HubStage::Denied => "denied",
            HubStage::Ending => "ending",
        }
    }

    /// Whether the hub has promised to push at this moment.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        !matches!(self.stage, HubStage::Denied | HubStage::Ending)
            && self.lease_until.is_some_and(|until| until > now)
    }

    /// Whether its pushes may stand in for some of the fetches: it has pushed, and since then
    /// neither missed an article, nor failed to renew, nor signed wrongly again and again.
    #[must_use]
    pub fn is_trusted(&self, now: Timestamp) -> bool {
        self.is_live(now)
            && self.failures == 0
            && self.forgeries < FORGERIES_MAX
            && self.last_push_at.is_some_and(|push| self.missed_at.is_none_or(|miss| miss < push))
    }
}

/// What proves that a message comes from the hub; never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct HubKeys {
    /// The whole address the hub calls, whose last part nobody else knows.
    pub callback: String,
    /// What the hub signs with.
    pub secret: String,
}

impl fmt::Debug for HubKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HubKeys(<hidden>)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn active() -> HubSubscription {
        HubSubscription {
            source_id: SourceId(1),
            hub: "https://hub.example/".to_owned(),
            topic: "https://news.example/feed".to_owned(),
            stage: HubStage::Active,
            lease_until: Some(Timestamp(NOW.0 + 10)),
            next_at: Timestamp(NOW.0 + 5),
            last_push_at: Some(Timestamp(NOW.0 - 5)),
            missed_at: None,
            failures: 0,
            forgeries: 0,
            problem: None,
        }
    }

    #[test]
    fn only_a_hub_that_pushes_and_misses_nothing_is_trusted() {
        assert!(active().is_trusted(NOW));
        let doubts = [
            HubSubscription { last_push_at: None, ..active() },
            HubSubscription { missed_at: Some(NOW), ..active() },
            HubSubscription { lease_until: Some(NOW), ..active() },
            HubSubscription { lease_until: None, ..active() },
            HubSubscription { stage: HubStage::Denied, ..active() },
            HubSubscription { stage: HubStage::Ending, ..active() },
            HubSubscription { failures: 1, ..active() },
            HubSubscription { forgeries: FORGERIES_MAX, ..active() },
        ];
        for doubt in doubts {
            assert!(!doubt.is_trusted(NOW), "{doubt:?}");
        }
        let made_up_for = HubSubscription { missed_at: Some(Timestamp(NOW.0 - 9)), ..active() };
        assert!(made_up_for.is_trusted(NOW));
    }

    #[test]
    fn keys_are_never_printed() {
        let keys = HubKeys { callback: "https://n.example/t0ken".into(), secret: "s3cret".into() };
        let shown = format!("{keys:?}");
        assert!(!shown.contains("t0ken") && !shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn stages_are_read_as_they_are_written() {
        for stage in HubStage::ALL {
            assert_eq!(HubStage::from_name(stage.name()), Some(stage));
        }
    }
}
