//! A whole run: readers at work, things going wrong, peace again, and the verdict.

use super::client::{Clients, Manner, Participant, now};
use super::history::{Histories, Micros, describe};
use super::measure::{Measures, measure};
use super::nemesis::{Journal, carry_out};
use super::ownership::judge_ownership;
use super::schedule::Step;
use super::verdict::judge;
use crate::cluster::TestCluster;
use crate::dice::Dice;
use anyhow::{Result, bail};
use std::time::Duration;

/// Faults shown of a run that has many.
const SHOWN: usize = 10;

/// What a run is made of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Who takes part; their shards are known to the evidence already.
    pub readers: Vec<Participant>,
    /// How they behave.
    pub manner: Manner,
    /// What goes wrong.
    pub steps: Vec<Step>,
    /// How long readers go on after the last fault.
    pub peace: Duration,
}

/// What came out of a run without a fault.
#[derive(Debug, Clone)]
pub struct Report {
    /// When it began.
    pub began: Micros,
    /// When it ended.
    pub ended: Micros,
    /// What readers felt.
    pub measures: Measures,
    /// Stored events of its readers.
    pub events: usize,
    /// Changes of hands while it ran.
    pub lease_changes: usize,
    /// What was really done when.
    pub journal: String,
}

/// Runs the plan and judges what the database has afterwards.
///
/// # Errors
/// Every broken promise, with the history of the first reader concerned; or what kept it from
/// running.
pub async fn run(cluster: &TestCluster, plan: &Plan, dice: &mut Dice) -> Result<Report> {
    let journal = Journal::default();
    let began = now();
    let clients = Clients::start(&plan.readers, &cluster.addresses(), &plan.manner, dice)?;
    let carried_out = carry_out(cluster, &plan.steps, &journal).await;
    let whole = match carried_out {
        Ok(()) => settle(cluster, plan.peace).await,
        Err(error) => Err(error),
    };
    let histories = clients.finish().await;
    let ended = now();
    let text = journal.describe(began);
    if let Err(error) = whole {
        bail!("{error:#}\nwhat was done:\n{text}");
    }
    judged(cluster, &histories?, (began, ended), text)
}

/// Waits until everything is whole again, and lets readers work in peace for a while.
async fn settle(cluster: &TestCluster, peace: Duration) -> Result<()> {
    cluster.wait_until_all_ready().await?;
    cluster.wait_until_served().await?;
    tokio::time::sleep(peace).await;
    Ok(())
}

fn judged(
    cluster: &TestCluster,
    histories: &Histories,
    (began, ended): (Micros, Micros),
    journal: String,
) -> Result<Report> {
    let evidence = cluster.evidence();
    let (stored, leases) = (evidence.events()?, evidence.leases()?);
    let events = judge(histories, &stored);
    let ownership = judge_ownership(&leases, &evidence.nodes()?, &evidence.writes()?);
    let measures = measure(histories, began, ended);
    if !events.is_empty() || !ownership.is_empty() {
        let mut text = format!("{} broken promises", events.len() + ownership.len());
        for violation in events.iter().take(SHOWN) {
            text.push_str(&format!("\n{violation}"));
        }
        for violation in ownership.iter().take(SHOWN) {
            text.push_str(&format!("\n{violation}"));
        }
        if let Some(reader) = events.first().map(super::verdict::EventViolation::reader) {
            let history = histories.get(&reader).map(Vec::as_slice).unwrap_or_default();
            text.push_str(&format!("\nreader {reader}:\n{}", describe(history, began)));
        }
        bail!("{text}\nwhat was done:\n{journal}");
    }
    if measures.acknowledged == 0 {
        bail!("nothing was ever acknowledged: {measures}\nwhat was done:\n{journal}");
    }
    let events = stored.iter().filter(|event| histories.contains_key(&event.reader)).count();
    let within = |moment: Micros| (began..ended).contains(&moment);
    let lease_changes = leases.iter().filter(|change| within(change.committed)).count();
    Ok(Report { began, ended, measures, events, lease_changes, journal })
}
