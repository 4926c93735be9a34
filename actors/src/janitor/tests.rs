//! What the janitor makes good, beside a whole line of stages.

use super::*;
use crate::pipeline_testing::line::{built_in, janitor, line, owned};
use crate::pipeline_testing::{draft, eventually, onlooker, store};

#[tokio::test]
async fn the_janitor_wakes_a_stage_whose_hint_was_lost_and_shows_the_backlog() {
    let (store, _directory) = store().await;
    let mut line = line(&store, owned(&store).await, built_in());
    line.ingest.on_stored = Hint::none();
    line.understand.config.paused = true;
    let _cells = line.start().await;
    let args = janitor(&line);
    let janitor = JanitorActor::spawn(args.clone(), onlooker().await).await.expect("an actor");
    line.ingest().store(vec![draft(1, 1)], None).await.expect("stored");
    let waiting = || {
        let stages = line.meter.report().stages;
        stages.iter().find(|stage| stage.name == "understand").map(|stage| stage.queue)
    };
    eventually("the backlog of a paused stage is shown", || async { waiting() == Some(1) }).await;
    janitor.stop(None);
    let is_forgotten = || async { waiting() == Some(0) };
    eventually("another node counts from now on", is_forgotten).await;
    assert!(line.understand.status.get().paused);
    assert_eq!(args.status.get().last_error, None);
}

#[tokio::test]
async fn the_janitor_removes_what_is_older_than_is_kept() {
    let (store, _directory) = store().await;
    let line = line(&store, owned(&store).await, built_in());
    let mut old = draft(1, 1);
    old.fetched_at = old.fetched_at.minus(Duration::from_secs(100 * 24 * 3_600));
    old.published_at = Some(old.fetched_at);
    store.insert_articles(vec![old, draft(1, 2)], None).await.expect("stored");
    let args = janitor(&line);
    JanitorActor::spawn(args.clone(), onlooker().await).await.expect("an actor");
    eventually("one is removed", || async { args.status.get().removed_total == 1 }).await;
}
