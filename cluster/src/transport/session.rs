//! What the transport knows of its connections and of the peers it dials: decisions without a
//! runtime.

use super::liveness::Liveness;
use super::stream::Cut;
use super::tls::PeerName;
use autoglm_domain::Incarnation;
use autoglm_protocol::membership::{ClusterView, Member, MemberState};
use ractor::ActorRef;
use ractor_cluster::NodeSessionMessage;
use std::time::Duration;
use tokio::time::Instant;

/// A connection that is no link after so long is given up.
pub(crate) const LINKED_WITHIN: Duration = Duration::from_secs(5);
/// Pauses between two attempts to reach a peer: doubled from the first to the last.
const PAUSE_FIRST: Duration = Duration::from_millis(200);
const PAUSE_LAST: Duration = Duration::from_secs(5);
/// Pause after a peer cannot be worked with: only a person changes that.
const PAUSE_REFUSED: Duration = Duration::from_secs(30);

/// What is known of a connection before its session is open.
#[derive(Debug)]
pub(crate) struct Entering {
    /// Whom its certificate names, if it has one.
    pub(crate) name: Option<PeerName>,
    /// Whom we have dialled; `None` for one that came in.
    pub(crate) dialled: Option<Incarnation>,
    pub(crate) cut: Cut,
}

/// One session of ractor_cluster.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) actor: ActorRef<NodeSessionMessage>,
    pub(crate) entering: Entering,
    pub(crate) since: Instant,
    /// Who it says it is, once it knows the cluster's secret.
    pub(crate) claimed: Option<Incarnation>,
    /// Whether both sides have told their doors.
    pub(crate) ready: bool,
    /// Whether a greeting is under way.
    pub(crate) greeting: bool,
    /// Whether requests go over it.
    pub(crate) linked: bool,
    pub(crate) liveness: Liveness,
}

impl Session {
    pub(crate) fn new(
        actor: ActorRef<NodeSessionMessage>,
        entering: Entering,
        now: Instant,
    ) -> Self {
        let liveness = Liveness::new(now);
        let (claimed, ready, greeting, linked) = (None, false, false, false);
        Self { actor, entering, since: now, claimed, ready, greeting, linked, liveness }
    }

    /// Who is at the other end: `None` while that is not known yet.
    ///
    /// # Errors
    /// Why it is not who it says it is.
    pub(crate) fn identity(&self, view: &ClusterView) -> Result<Option<Incarnation>, String> {
        let Some(claimed) = self.claimed else { return Ok(None) };
        if self.entering.dialled.is_some_and(|dialled| dialled != claimed) {
            return Err(format!("it says that it is node {claimed}, but another one was dialled"));
        }
        // A node that has just joined is in our next view.
        let Some(member) = member(view, claimed) else { return Ok(None) };
        match &self.entering.name {
            Some(name) if !name.is(&member.name) => Err(format!(
                "node {claimed} is {:?}, but its certificate names {:?}",
                member.name, name.names
            )),
            _ => Ok(Some(claimed)),
        }
    }

    /// Whether it must be given up because it does not become a link.
    pub(crate) fn is_overdue(&self, now: Instant) -> bool {
        !self.linked && now.saturating_duration_since(self.since) >= LINKED_WITHIN
    }
}

/// A member by its incarnation.
pub(crate) fn member(view: &ClusterView, incarnation: Incarnation) -> Option<&Member> {
    view.members.iter().find(|member| member.incarnation == incarnation)
}

/// Who a session of ractor_cluster says it is: nodes are called `nINCARNATION@nINCARNATION`.
pub(crate) fn incarnation_of(name: &str) -> Option<Incarnation> {
    let number = name.split('@').next()?.strip_prefix('n')?;
    number.parse().ok().map(Incarnation)
}

/// The members that this node has links to, and whether it dials them: of two nodes the one that
/// started first dials, so that they never do it at once.
pub(crate) fn peers_of(
    me: Incarnation,
    view: &ClusterView,
) -> impl Iterator<Item = (&Member, bool)> {
    view.members
        .iter()
        .filter(move |member| member.incarnation != me && member.state != MemberState::Down)
        .filter(|member| !member.address.is_empty())
        .map(move |member| (member, member.incarnation > me))
}

/// How dialling one peer goes.
#[derive(Debug)]
pub(crate) struct Dialling {
    pub(crate) under_way: bool,
    next: Instant,
    pause: Duration,
    pub(crate) refused: Option<String>,
    pub(crate) failed: Option<String>,
    pub(crate) links: u64,
}

impl Dialling {
    pub(crate) fn new(now: Instant) -> Self {
        let (under_way, refused, failed) = (false, None, None);
        Self { under_way, next: now, pause: PAUSE_FIRST, refused, failed, links: 0 }
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        !self.under_way && now >= self.next
    }

    /// There is a link: the next loss is followed by an attempt soon.
    pub(crate) fn linked(&mut self) {
        self.links += 1;
        self.pause = PAUSE_FIRST;
        self.refused = None;
        self.failed = None;
    }

    /// An attempt failed or a link was lost; `random` is uniform in [0, 1).
    pub(crate) fn failed(&mut self, now: Instant, random: f64, why: Option<String>) {
        self.under_way = false;
        self.failed = why.or_else(|| self.failed.take());
        let pause = if self.refused.is_some() { PAUSE_REFUSED } else { self.pause };
        self.next = now + pause.mul_f64(0.5 + random / 2.0);
        self.pause = (self.pause * 2).min(PAUSE_LAST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::view_of;

    #[test]
    fn of_two_nodes_the_one_that_started_first_dials() {
        let mut view = view_of(1, &[1, 2, 3]);
        for member in &mut view.members {
            member.address = format!("127.0.0.1:{}", member.incarnation);
        }
        let dials = |me| {
            let peers = peers_of(Incarnation(me), &view);
            peers.map(|(member, dials)| (member.incarnation.0, dials)).collect::<Vec<_>>()
        };
        assert_eq!(dials(1), [(2, true), (3, true)]);
        assert_eq!(dials(2), [(1, false), (3, true)]);
        view.members[0].address.clear();
        assert_eq!(peers_of(Incarnation(3), &view).count(), 1, "one has no links");
    }

    #[test]
    fn attempts_come_soon_after_a_loss_and_rarely_after_many_failures() {
        let now = Instant::now();
        let mut dialling = Dialling::new(now);
        assert!(dialling.is_due(now));
        for _ in 0..10 {
            dialling.failed(now, 0.0, Some("refused".into()));
        }
        assert!(!dialling.is_due(now + PAUSE_LAST / 2 - Duration::from_millis(1)));
        assert!(dialling.is_due(now + PAUSE_LAST / 2));
        dialling.linked();
        dialling.failed(now, 0.999, None);
        assert!(dialling.is_due(now + PAUSE_FIRST));
        dialling.refused = Some("another number of shards".into());
        dialling.failed(now, 0.999, None);
        assert!(!dialling.is_due(now + PAUSE_LAST));
    }

    #[test]
    fn a_name_tells_the_incarnation() {
        assert_eq!(incarnation_of("n12@n12"), Some(Incarnation(12)));
        assert_eq!(incarnation_of("somebody@else"), None);
    }
}
