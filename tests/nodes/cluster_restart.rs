//! A planned restart of every node, one after the other, while readers read.

use crate::cluster::{Bench, LINKS};
use anyhow::{Result, ensure};
use autoglm_harness::checker::client::Manner;
use autoglm_harness::checker::schedule::{Fault, Step};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_loses_and_doubles_nothing_and_fails_nobody_who_tries_again() -> Result<()>
{
    let test = "a_rolling_restart_loses_and_doubles_nothing_and_fails_nobody_who_tries_again";
    let Some(bench) = Bench::start(test, 3, 12).await? else { return Ok(()) };
    // One begins when the one before is over on any machine that can be worked with.
    let steps = (0..3)
        .map(|node| Step {
            at: Duration::from_secs(2 + 20 * node as u64),
            fault: Fault::Restart(node),
        })
        .collect();
    // A busy machine answers late; that is not what is looked for here.
    let attempt_limit = Duration::from_secs(10);
    let manner = Manner { attempt_limit, pause: Duration::from_millis(200), ..Manner::default() };
    let report = bench.run(test, steps, manner).await?;
    let failed = report.measures.failed_after_one_retry;
    // Without links only the owner answers, and finding it takes more than one try.
    ensure!(!LINKS || failed == 0, "{failed} operations failed although they were tried again");
    Ok(())
}
