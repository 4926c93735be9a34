//! One subscription at a hub from wish to end: what is due, and what follows from every answer.
//!
//! ```text
//! wanted ─ask─► asked ─asked back─► active ─two thirds of the lease─► asked ─► …
//!   ▲             │ refused, or nobody asked back        denied ─a week─► asked
//!   └─ back-off ──┘
//! any ─► ending ─told─► forgotten
//! ```
//!
//! A renewal that fails keeps the lease there is until its end.

use autoglm_domain::hub::FORGERIES_MAX;
use autoglm_domain::{HubPlace, HubStage, HubSubscription, SourceId, Timestamp};
use std::time::Duration;

/// A hub that was asked asks back within this time, or it did not take the request.
pub const VERIFY_WITHIN: Duration = Duration::from_secs(10 * 60);
/// Wait after the first failure; doubles with each.
const BACKOFF_MIN: Duration = Duration::from_secs(5 * 60);
/// Longest wait after failures.
const BACKOFF_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// A hub that refuses is asked again after this time: its owner may have changed their mind.
const DENIED_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// A hub that grants less is not asked more often than this.
const RENEW_MIN: Duration = Duration::from_secs(5);
/// Longest problem kept, in characters.
const PROBLEM_CHARS_MAX: usize = 300;

/// What is due, with the subscription as it is to be kept before anything is done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask the hub for pushes.
    Ask(HubSubscription),
    /// Nothing but keeping it: the hub has not asked back in time.
    Keep(HubSubscription),
    /// Tell the hub that no pushes are wanted.
    End(HubSubscription),
    /// Forget it.
    Forget,
}

/// A new wish; due at once.
#[must_use]
pub fn wanted(source_id: SourceId, place: HubPlace, now: Timestamp) -> HubSubscription {
    HubSubscription {
        source_id,
        hub: place.hub,
        topic: place.topic,
        stage: HubStage::Wanted,
        lease_until: None,
        next_at: now,
        last_push_at: None,
        missed_at: None,
        failures: 0,
        forgeries: 0,
        problem: None,
    }
}

/// What is due now, if anything. `random` is uniform in [0, 1).
#[must_use]
pub fn due(before: &HubSubscription, now: Timestamp, random: f64) -> Option<Step> {
    if before.next_at > now {
        return None;
    }
    let waiting = HubSubscription { next_at: now.plus(VERIFY_WITHIN), ..before.clone() };
    Some(match before.stage {
        HubStage::Wanted | HubStage::Active | HubStage::Denied => {
            Step::Ask(HubSubscription { stage: HubStage::Asked, ..waiting })
        }
        HubStage::Asked => {
            let problem = "the hub took the request and never asked back; check that \
                 server.public_url can be reached from outside";
            Step::Keep(failed(before, problem, None, now, random))
        }
        // Told once: a hub that does not listen stops when the lease ends.
        HubStage::Ending if before.failures == 0 => {
            Step::End(HubSubscription { failures: 1, ..waiting })
        }
        HubStage::Ending => Step::Forget,
    })
}

/// After the hub did not take a request. One that has asked back meanwhile did take it.
#[must_use]
pub fn refused(
    before: &HubSubscription,
    problem: &str,
    retry_after: Option<Duration>,
    now: Timestamp,
    random: f64,
) -> HubSubscription {
    match before.stage {
        HubStage::Asked => failed(before, problem, retry_after, now, random),
        _ => before.clone(),
    }
}

fn failed(
    before: &HubSubscription,
    problem: &str,
    retry_after: Option<Duration>,
    now: Timestamp,
    random: f64,
) -> HubSubscription {
    let failures = before.failures.saturating_add(1);
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(16);
    let backoff = BACKOFF_MIN.saturating_mul(2_u32.saturating_pow(doublings));
    let wait = backoff.max(retry_after.unwrap_or_default()).min(BACKOFF_MAX);
    HubSubscription {
        stage: HubStage::Wanted,
        failures,
        problem: Some(line(problem)),
        // Only ever later: never sooner than the hub asked for.
        next_at: now.plus(wait.mul_f64(1.0 + 0.2 * random.clamp(0.0, 1.0))),
        ..before.clone()
    }
}

/// After the hub has asked back: a lease of what it grants, at most `lease_max`, is renewed at two
/// thirds of it or somewhat earlier.
#[must_use]
pub fn granted(
    before: &HubSubscription,
    lease: Option<Duration>,
    lease_max: Duration,
    now: Timestamp,
    random: f64,
) -> HubSubscription {
    // What asks back without a term keeps to what it was asked for.
    let lease = lease.unwrap_or(lease_max).min(lease_max);
    let renew_after = lease.mul_f64(2.0 / 3.0 - 0.1 * random.clamp(0.0, 1.0)).max(RENEW_MIN);
    HubSubscription {
        stage: HubStage::Active,
        lease_until: Some(now.plus(lease)),
        next_at: now.plus(renew_after),
        failures: 0,
        problem: None,
        ..before.clone()
    }
}

/// After the hub has refused for good.
#[must_use]
pub fn denied(before: &HubSubscription, reason: Option<&str>, now: Timestamp) -> HubSubscription {
    let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    HubSubscription {
        stage: HubStage::Denied,
        lease_until: None,
        next_at: now.plus(DENIED_FOR),
        problem: Some(line(&format!("the hub refuses to push this source{why}"))),
        ..before.clone()
    }
}

/// After a push with the right signature.
#[must_use]
pub fn pushed(before: &HubSubscription, now: Timestamp) -> HubSubscription {
    let problem = before.problem.clone().filter(|_| before.forgeries < FORGERIES_MAX);
    HubSubscription { last_push_at: Some(now), forgeries: 0, problem, ..before.clone() }
}

/// After a push with a wrong signature, which is ignored.
#[must_use]
pub fn forged(before: &HubSubscription) -> HubSubscription {
    let forgeries = before.forgeries.saturating_add(1);
    let problem = if forgeries < FORGERIES_MAX {
        before.problem.clone()
    } else {
        Some(format!("the last {forgeries} pushes were signed wrongly and are ignored"))
    };
    HubSubscription { forgeries, problem, ..before.clone() }
}

/// After a fetch found articles that the hub, which had promised to, did not push.
#[must_use]
pub fn missed(before: &HubSubscription, now: Timestamp) -> HubSubscription {
    HubSubscription { missed_at: Some(now), ..before.clone() }
}

/// Nobody wants it any more; the hub is told at once.
#[must_use]
pub fn ending(before: &HubSubscription, now: Timestamp) -> HubSubscription {
    let stage = HubStage::Ending;
    HubSubscription { stage, lease_until: None, next_at: now, failures: 0, ..before.clone() }
}

/// A stranger's text as one line of bounded length.
fn line(text: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    words.join(" ").chars().take(PROBLEM_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
