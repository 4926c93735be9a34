//! A subscription through good and bad days.

use super::*;
use crate::websub::{Question, Verdict, judge};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_790_000_000_000);
const HOUR: Duration = Duration::from_secs(3_600);
const LEASE: Duration = Duration::from_secs(864_000);
const TOPIC: &str = "https://news.example/feed";

fn fresh() -> HubSubscription {
    let place = HubPlace { hub: "https://hub.example/".into(), topic: TOPIC.into() };
    wanted(SourceId(1), place, NOW)
}

fn asked(before: &HubSubscription, now: Timestamp) -> HubSubscription {
    match due(before, now, 0.0) {
        Some(Step::Ask(asked)) => asked,
        other => panic!("it is not asked: {other:?}"),
    }
}

#[test]
fn a_hub_is_asked_once_and_again_before_the_lease_ends() {
    let asked_once = asked(&fresh(), NOW);
    assert_eq!(due(&asked_once, NOW.plus(HOUR / 10), 0.0), None, "it may ask back");
    let active = granted(&asked_once, Some(HOUR * 9), LEASE, NOW, 0.0);
    assert_eq!(due(&active, NOW.plus(HOUR * 5), 0.0), None);
    let renewing = asked(&active, NOW.plus(HOUR * 6));
    assert!(renewing.is_live(NOW.plus(HOUR * 8)), "the old lease goes on");
    let renewed = granted(&renewing, Some(HOUR * 9), LEASE, NOW.plus(HOUR * 6), 0.0);
    assert!(renewed.is_live(NOW.plus(HOUR * 14)));
}

#[test]
fn a_lease_is_never_longer_than_we_wish_and_a_tiny_one_is_not_renewed_in_a_rush() {
    let long = granted(&fresh(), Some(HOUR * 10_000), LEASE, NOW, 0.0);
    assert_eq!(long.lease_until, Some(NOW.plus(LEASE)));
    let unsaid = granted(&fresh(), None, LEASE, NOW, 0.0);
    assert_eq!(unsaid.lease_until, Some(NOW.plus(LEASE)));
    let tiny = granted(&fresh(), Some(Duration::ZERO), LEASE, NOW, 1.0);
    assert_eq!(tiny.next_at, NOW.plus(RENEW_MIN));
    assert!(!tiny.is_live(NOW));
}

#[test]
fn a_hub_that_never_asks_back_is_asked_less_and_less_often() {
    let mut subscription = fresh();
    let (mut now, mut waits) = (NOW, Vec::new());
    for _ in 0..12 {
        subscription = asked(&subscription, now);
        now = subscription.next_at;
        let Some(Step::Keep(failed)) = due(&subscription, now, 0.0) else { panic!("it waits") };
        assert!(failed.problem.as_deref().is_some_and(|problem| problem.contains("public_url")));
        waits.push(failed.next_at.since(now).as_secs() / 60);
        (subscription, now) = (failed.clone(), failed.next_at);
    }
    assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 1_440, 1_440, 1_440]);
}

#[test]
fn a_failed_renewal_keeps_the_lease_but_not_the_trust() {
    let active = pushed(&granted(&fresh(), Some(HOUR * 9), LEASE, NOW, 0.0), NOW);
    let later = NOW.plus(HOUR * 6);
    assert!(active.is_trusted(later));
    let renewing = asked(&active, later);
    assert!(renewing.is_trusted(later));
    let failed = refused(&renewing, "it answered 500", Some(HOUR), later, 0.0);
    assert!(failed.is_live(later) && !failed.is_trusted(later));
    assert_eq!(failed.next_at, later.plus(HOUR), "no sooner than it asked for");
    let renewed = granted(&asked(&failed, failed.next_at), None, LEASE, failed.next_at, 0.0);
    assert!(renewed.is_trusted(failed.next_at) && renewed.problem.is_none());
}

#[test]
fn a_hub_that_asked_back_before_its_answer_failed_has_taken_the_request() {
    let active = granted(&asked(&fresh(), NOW), None, LEASE, NOW, 0.0);
    assert_eq!(refused(&active, "no answer in time", None, NOW, 0.0), active);
}

#[test]
fn a_refusal_is_taken_for_a_week() {
    let refusing = denied(&asked(&fresh(), NOW), Some("no"), NOW);
    assert_eq!(due(&refusing, NOW.plus(HOUR * 24 * 6), 0.0), None);
    asked(&refusing, NOW.plus(HOUR * 24 * 7));
}

#[test]
fn an_end_is_told_once_and_then_forgotten() {
    let active = granted(&fresh(), None, LEASE, NOW, 0.0);
    let ended = ending(&HubSubscription { failures: 3, ..active }, NOW);
    assert!(!ended.is_live(NOW));
    let Some(Step::End(told)) = due(&ended, NOW, 0.0) else { panic!("nobody is told") };
    assert_eq!(due(&told, NOW, 0.0), None);
    assert_eq!(due(&told, told.next_at, 0.0), Some(Step::Forget));
    assert_eq!(refused(&told, "no", None, NOW, 0.0), told);
}

#[test]
fn wrong_signatures_are_a_problem_when_they_persist_and_a_right_one_ends_it() {
    let mut subscription = pushed(&granted(&fresh(), None, LEASE, NOW, 0.0), NOW);
    for _ in 1..FORGERIES_MAX {
        subscription = forged(&subscription);
    }
    assert!(subscription.is_trusted(NOW) && subscription.problem.is_none());
    subscription = forged(&subscription);
    assert!(!subscription.is_trusted(NOW) && subscription.problem.is_some());
    subscription = pushed(&subscription, NOW);
    assert!(subscription.is_trusted(NOW) && subscription.problem.is_none());
}

#[test]
fn a_missed_push_costs_the_trust_until_the_next_one() {
    let active = pushed(&granted(&fresh(), None, LEASE, NOW, 0.0), NOW);
    let doubted = missed(&active, NOW.plus(HOUR));
    assert!(!doubted.is_trusted(NOW.plus(HOUR)));
    assert!(pushed(&doubted, NOW.plus(HOUR * 2)).is_trusted(NOW.plus(HOUR * 2)));
}

/// One thing that can happen to a subscription.
fn happening(
    before: &HubSubscription,
    kind: u8,
    seconds: u64,
    now: Timestamp,
    random: f64,
) -> Option<HubSubscription> {
    let span = Duration::from_secs(seconds);
    let question = |mode| Question {
        mode,
        topic: TOPIC,
        challenge: Some("c"),
        lease: Some(span),
        reason: Some("\n"),
    };
    let mode = match kind {
        0 => "subscribe",
        1 => "denied",
        2 => "unsubscribe",
        3 => return Some(refused(before, "no", Some(span), now, random)),
        4 => return Some(pushed(before, now)),
        5 => return Some(forged(before)),
        6 => return Some(missed(before, now)),
        7 if seconds.is_multiple_of(5) => return Some(ending(before, now)),
        _ => {
            return match due(before, now, random) {
                Some(Step::Ask(next) | Step::Keep(next) | Step::End(next)) => Some(next),
                Some(Step::Forget) => None,
                None => Some(before.clone()),
            };
        }
    };
    match judge(before, question(mode), LEASE, now, random) {
        Verdict::Granted(_, after) | Verdict::Denied(after) => Some(after),
        Verdict::Ended(_) => None,
        Verdict::NotOurs => Some(before.clone()),
    }
}

proptest! {
    #[test]
    fn no_history_makes_us_hammer_a_hub_or_trust_it_for_ever(
        steps in proptest::collection::vec((0_u8..12, 0_u64..200_000, 0.0_f64..1.0), 1..80),
    ) {
        let (mut subscription, mut now) = (fresh(), NOW);
        let mut asked_at: Option<Timestamp> = None;
        for (kind, seconds, random) in steps {
            now = now.plus(Duration::from_secs(seconds / 4));
            let Some(after) = happening(&subscription, kind, seconds, now, random) else {
                prop_assert_eq!(subscription.stage, HubStage::Ending, "only what ends is forgotten");
                break;
            };
            if subscription.stage == HubStage::Ending {
                prop_assert_eq!(after.stage, HubStage::Ending, "what ends does not come back");
            }
            if after.stage == HubStage::Asked && subscription.stage != HubStage::Asked {
                prop_assert!(asked_at.is_none_or(|before| now.since(before) >= RENEW_MIN));
                asked_at = Some(now);
            }
            let until = after.lease_until.unwrap_or(now);
            prop_assert!(until.since(now) <= LEASE, "no lease is longer than wished");
            prop_assert!(after.next_at.since(now) <= DENIED_FOR, "something is always due");
            prop_assert!(!after.is_trusted(until.max(now)), "no trust without a lease");
            prop_assert_eq!(&after.topic, TOPIC);
            prop_assert!(after.problem.as_ref().is_none_or(|problem| !problem.contains('\n')));
            subscription = after;
        }
    }
}
