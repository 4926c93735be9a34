//! One request to a hub: what is due is written first, so that a hub that asks back before it
//! answers is expected, and so that a crash does not ask twice.

use super::registry::HubRegistry;
use crate::web::{PoliteWeb, Refusal};
use autoglm_domain::{Fault, HubSubscription, HubSubscriptionId};
use autoglm_feeds::websub::lease::{self, Step};
use autoglm_feeds::websub::{end_form, subscribe_form};
use autoglm_models::{HubChange, HubRow};
use std::time::Duration;

/// Counter of requests to hubs; label `outcome`: `taken` or `refused`.
const REQUESTS_TOTAL: &str = "autoglm_websub_requests_total";

/// What came of one subscription that was due.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) id: HubSubscriptionId,
    pub(super) hub: String,
    /// Whether a request was sent and taken, or why it was not.
    pub(super) outcome: Result<bool, String>,
}

/// Does what is due for one subscription.
pub(super) async fn ask(registry: HubRegistry, web: PoliteWeb, row: HubRow) -> Asked {
    let (id, hub) = (row.id, row.subscription.hub.clone());
    let outcome = match begin(&registry, &row).await {
        Ok(Some(form)) => send(&registry, &web, &row, &form).await,
        Ok(None) => Ok(false),
        Err(fault) => Err(fault.message),
    };
    Asked { id, hub, outcome }
}

/// Decides on what is stored now; the answer is the form to send, if any.
async fn begin(registry: &HubRegistry, row: &HubRow) -> Result<Option<String>, Fault> {
    let (now, random) = (registry.clock().now(), rand::random());
    let (keys, lease_wanted) = (row.keys.clone(), registry.lease_max());
    let decide = move |before: &HubSubscription| match lease::due(before, now, random) {
        Some(Step::Ask(next)) => {
            let form = subscribe_form(&next, &keys, lease_wanted);
            (HubChange::Keep(next), Some(form))
        }
        Some(Step::End(next)) => {
            let form = end_form(&next, &keys);
            (HubChange::Keep(next), Some(form))
        }
        Some(Step::Keep(next)) => (HubChange::Keep(next), None),
        Some(Step::Forget) => (HubChange::Forget, None),
        None => (HubChange::Leave, None),
    };
    Ok(registry.change(row.id, decide).await?.flatten())
}

async fn send(
    registry: &HubRegistry,
    web: &PoliteWeb,
    row: &HubRow,
    form: &str,
) -> Result<bool, String> {
    let Err(refusal) = web.post_form(&row.subscription.hub, form).await else {
        metrics::counter!(REQUESTS_TOTAL, "outcome" => "taken").increment(1);
        return Ok(true);
    };
    metrics::counter!(REQUESTS_TOTAL, "outcome" => "refused").increment(1);
    let (problem, wait) = (refusal.problem(), retry_after(&refusal));
    let (now, random, why) = (registry.clock().now(), rand::random(), problem.clone());
    let decide = move |before: &HubSubscription| {
        (HubChange::Keep(lease::refused(before, &why, wait, now, random)), ())
    };
    if let Err(fault) = registry.change(row.id, decide).await {
        // Then the request counts as one that nobody answered.
        tracing::debug!(%fault, "a hub's refusal could not be kept");
    }
    Err(problem)
}

fn retry_after(refusal: &Refusal) -> Option<Duration> {
    match refusal {
        Refusal::Failed(error) => error.retry_after(),
        Refusal::Busy(fault) => fault.retry_after,
        _ => None,
    }
}
