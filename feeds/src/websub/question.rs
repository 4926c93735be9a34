//! A hub asks back: did we mean it?

use super::lease;
use autoglm_domain::{HubStage, HubSubscription, Timestamp};
use std::time::Duration;

/// Longest challenge that is repeated, in bytes.
const CHALLENGE_BYTES_MAX: usize = 1_024;

/// What a hub asks, or says, at our callback.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Question<'a> {
    /// `subscribe`, `unsubscribe` or `denied`.
    pub mode: &'a str,
    /// The topic it is about.
    pub topic: &'a str,
    /// To be repeated as the answer.
    pub challenge: Option<&'a str>,
    /// The lease it grants.
    pub lease: Option<Duration>,
    /// Why it refuses.
    pub reason: Option<&'a str>,
}

/// What to answer, and the subscription from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Repeat the challenge: it pushes.
    Granted(String, HubSubscription),
    /// Repeat the challenge: it pushes no more, and the subscription is forgotten.
    Ended(String),
    /// It refuses.
    Denied(HubSubscription),
    /// We did not mean that.
    NotOurs,
}

/// Judges a question about this subscription. Whoever knows the callback and the topic is the hub:
/// both are told to nobody else. `random` is uniform in [0, 1).
#[must_use]
pub fn judge(
    before: &HubSubscription,
    question: Question<'_>,
    lease_max: Duration,
    now: Timestamp,
    random: f64,
) -> Verdict {
    if question.topic != before.topic {
        return Verdict::NotOurs;
    }
    let challenge = question.challenge.filter(|challenge| is_challenge(challenge));
    let is_ending = before.stage == HubStage::Ending;
    match (question.mode, challenge) {
        ("subscribe", Some(challenge)) if !is_ending => {
            let after = lease::granted(before, question.lease, lease_max, now, random);
            Verdict::Granted(challenge.to_owned(), after)
        }
        ("unsubscribe", Some(challenge)) if is_ending => Verdict::Ended(challenge.to_owned()),
        ("denied", _) if !is_ending => Verdict::Denied(lease::denied(before, question.reason, now)),
        _ => Verdict::NotOurs,
    }
}

fn is_challenge(text: &str) -> bool {
    (1..=CHALLENGE_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::{HubPlace, SourceId};

    const NOW: Timestamp = Timestamp(1_790_000_000_000);
    const DAY: Duration = Duration::from_secs(86_400);
    const TOPIC: &str = "https://news.example/feed";

    fn wanted() -> HubSubscription {
        let place = HubPlace { hub: "https://hub.example/".into(), topic: TOPIC.into() };
        lease::wanted(SourceId(1), place, NOW)
    }

    fn question(mode: &'static str) -> Question<'static> {
        Question { mode, topic: TOPIC, challenge: Some("abc"), lease: Some(DAY), reason: None }
    }

    fn ask(before: &HubSubscription, question: Question<'_>) -> Verdict {
        judge(before, question, 10 * DAY, NOW, 0.5)
    }

    #[test]
    fn what_we_asked_for_is_confirmed_with_the_lease_that_is_granted() {
        let Verdict::Granted(challenge, after) = ask(&wanted(), question("subscribe")) else {
            panic!("not granted")
        };
        assert_eq!(challenge, "abc");
        assert_eq!((after.stage, after.lease_until), (HubStage::Active, Some(NOW.plus(DAY))));
    }

    #[test]
    fn what_we_did_not_ask_for_is_not_confirmed() {
        let other = Question { topic: "https://news.example/other", ..question("subscribe") };
        assert_eq!(ask(&wanted(), other), Verdict::NotOurs);
        assert_eq!(ask(&wanted(), question("unsubscribe")), Verdict::NotOurs);
        assert_eq!(ask(&wanted(), question("publish")), Verdict::NotOurs);
        let ending = lease::ending(&wanted(), NOW);
        assert_eq!(ask(&ending, question("subscribe")), Verdict::NotOurs);
        assert_eq!(ask(&ending, question("denied")), Verdict::NotOurs);
        assert_eq!(ask(&ending, question("unsubscribe")), Verdict::Ended("abc".into()));
    }

    #[test]
    fn a_challenge_that_is_none_is_not_repeated() {
        let long = "a".repeat(CHALLENGE_BYTES_MAX + 1);
        for challenge in [None, Some(""), Some("a\nb"), Some("\u{7f}"), Some(long.as_str())] {
            let odd = Question { challenge, ..question("subscribe") };
            assert_eq!(ask(&wanted(), odd), Verdict::NotOurs, "{challenge:?}");
        }
    }

    #[test]
    fn a_refusal_ends_the_lease_and_says_why_in_one_line() {
        let active = lease::granted(&wanted(), None, DAY, NOW, 0.0);
        let reason = Some("not\r\nfor\u{0} you");
        let Verdict::Denied(after) =
            ask(&active, Question { reason, challenge: None, ..question("denied") })
        else {
            panic!("not denied")
        };
        assert_eq!((after.stage, after.lease_until), (HubStage::Denied, None));
        let problem = after.problem.expect("a problem");
        assert!(problem.contains("not") && !problem.contains(['\n', '\r', '\0']), "{problem:?}");
    }
}
