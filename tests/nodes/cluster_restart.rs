//! A planned restart of every node, one after the other, while readers read.

use crate::cluster::{Bench, check_shares};
use anyhow::{Result, ensure};
use autoglm_harness::checker::client::Manner;
use autoglm_harness::checker::schedule::{Fault, Step};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_loses_and_doubles_nothing_and_fails_nobody_who_tries_again() -> Result<()>
{
    let test = "a_rolling_restart_loses_and_doubles_nothing_and_fails_nobody_who_tries_again";
    let Some(bench) = Bench::start(test, 3, 12).await? else { return Ok(()) };
    check_shares(&bench, test, 3).await?;
    let steps = (0..3)
        .map(|node| Step {
            at: Duration::from_secs(1 + 6 * node as u64),
            fault: Fault::Restart(node),
        })
        .collect();
    // A busy machine answers late; that is not what is looked for here.
    let attempt_limit = Duration::from_secs(10);
    let manner = Manner { attempt_limit, pause: Duration::from_millis(200), ..Manner::default() };
    let report = bench.run(test, steps, manner).await?;
    let failed = report.measures.failed_after_one_retry;
    ensure!(failed == 0, "{failed} operations failed although they were tried again");
    Ok(())
}
