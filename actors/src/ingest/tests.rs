//! What sources rely on: acknowledged means stored, and nobody waits for ever.

use super::*;
use crate::pipeline_testing::{draft, eventually, onlooker, store};
use autoglm_domain::{FaultKind, SystemClock};
use autoglm_protocol::ingest::IngestHandle;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Ingest {
    handle: IngestHandle,
    args: IngestArgs,
    cell: ActorCell,
    hints: Arc<AtomicUsize>,
}

async fn ingest(store: Store, limit: usize) -> Ingest {
    let hints = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&hints);
    let args = IngestArgs {
        store,
        config: IngestConfig::default(),
        meter: PipelineMeter::new(Arc::new(SystemClock)),
        on_stored: Hint::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
        }),
        address: Address::new("ingest", limit),
        status: StatusCell::default(),
    };
    let cell = IngestActor::spawn(args.clone(), onlooker().await).await.expect("an actor");
    Ingest { handle: IngestHandle(args.address.clone()), args, cell, hints }
}

#[tokio::test]
async fn a_draft_is_stored_once_and_known_the_second_time() {
    let (store, _directory) = store().await;
    let ingest = ingest(store, 8).await;
    let drafts = vec![draft(1, 1), draft(1, 2)];
    let first = ingest.handle.store(drafts.clone(), None).await.expect("stored");
    assert_eq!((first.inserted.len(), first.known), (2, 0));
    let second = ingest.handle.store(drafts, None).await.expect("stored");
    assert_eq!((second.inserted.len(), second.known), (0, 2));
    eventually("the figures are shown", || async { ingest.args.status.get().known_total == 2 })
        .await;
    assert_eq!(ingest.hints.load(Ordering::SeqCst), 1, "nothing new, no hint");
    assert_eq!(ingest.args.meter.items_total("store"), 2);
}

#[tokio::test]
async fn callers_that_come_together_each_get_their_own_answer() {
    let (store, _directory) = store().await;
    let ingest = ingest(store, 4).await;
    let mut waiting = Vec::new();
    for number in 0..40 {
        let handle = ingest.handle.clone();
        // Fewer places than callers: the rest wait for one, none is refused.
        waiting.push(tokio::spawn(async move {
            handle.store(vec![draft(1, number), draft(2, number)], None).await
        }));
    }
    let mut ids = Vec::new();
    for one in waiting {
        let stored = one.await.expect("a task").expect("stored");
        assert_eq!(stored.inserted.len(), 2);
        ids.extend(stored.inserted);
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 80);
    assert_eq!(ingest.args.address.rejected(), 0);
}

#[tokio::test]
async fn a_large_batch_is_written_in_pieces_and_one_too_large_is_refused() {
    let (store, _directory) = store().await;
    let ingest = ingest(store, 4).await;
    let drafts = (0..1_200).map(|number| draft(1, number)).collect();
    assert_eq!(ingest.handle.store(drafts, None).await.expect("stored").inserted.len(), 1_200);
    let drafts = (0..=BATCH_MAX as u64).map(|number| draft(1, number)).collect();
    let fault = ingest.handle.store(drafts, None).await.expect_err("too large");
    assert_eq!(fault.kind, FaultKind::Invalid);
}

#[tokio::test]
async fn a_source_that_is_gone_fails_its_own_batch_and_no_other() {
    let (store, _directory) = store().await;
    let good = vec![draft(1, 1)];
    let bad = vec![draft(99, 1)];
    let (one, other) = (waiting(good), waiting(bad));
    let (one_answer, other_answer) = (one.1, other.1);
    let ended = write_group(&store, 500, vec![one.0, other.0]).await;
    assert_eq!(ended.len(), 2);
    assert_eq!(one_answer.await.expect("an answer").expect("stored").inserted.len(), 1);
    assert!(
        !other_answer.await.expect("an answer").is_ok_and(|stored| !stored.inserted.is_empty())
    );
}

#[tokio::test]
async fn a_store_that_is_away_answers_a_fault_and_shows_it() {
    let (store, _directory) = store().await;
    let ingest = ingest(store.clone(), 4).await;
    store.close().await;
    let fault = ingest.handle.store(vec![draft(1, 1)], None).await.expect_err("closed");
    assert_eq!(fault.kind, FaultKind::Unavailable);
    eventually("the complaint is shown", || async {
        ingest.args.status.get().last_error.is_some()
    })
    .await;
    assert_eq!(ingest.cell.get_status(), ractor::ActorStatus::Running);
}

#[tokio::test]
async fn after_an_orderly_stop_everything_acknowledged_is_there_and_the_rest_is_told() {
    let (store, _directory) = store().await;
    let ingest = ingest(store.clone(), 64).await;
    let asked: Vec<_> = (0..20)
        .map(|number| {
            let handle = ingest.handle.clone();
            tokio::spawn(async move { handle.store(vec![draft(1, number)], None).await })
        })
        .collect();
    tokio::task::yield_now().await;
    ingest.cell.stop(None);
    let mut acknowledged = 0;
    for one in asked {
        match one.await.expect("a task") {
            Ok(stored) => acknowledged += stored.inserted.len() as i64,
            Err(fault) => assert_eq!(fault.kind, FaultKind::Unavailable),
        }
    }
    assert!(store.stage_counts().await.expect("counts").stored >= acknowledged);
}

#[tokio::test]
async fn after_a_kill_callers_are_told_and_the_next_actor_takes_their_drafts() {
    let (store, _directory) = store().await;
    let ingest = ingest(store, 64).await;
    let asked: Vec<_> = (0..20)
        .map(|number| {
            let handle = ingest.handle.clone();
            tokio::spawn(async move { handle.store(vec![draft(1, number)], None).await })
        })
        .collect();
    tokio::task::yield_now().await;
    ingest.cell.kill();
    let mut told = Vec::new();
    for one in asked {
        told.push(one.await.expect("a task").map_err(|fault| fault.kind));
    }
    let cell = IngestActor::spawn(ingest.args.clone(), onlooker().await).await.expect("an actor");
    for (number, outcome) in told.into_iter().enumerate() {
        let again = ingest.handle.store(vec![draft(1, number as u64)], None).await.expect("stored");
        match outcome {
            // Acknowledged before the kill: it is there.
            Ok(_stored) => assert_eq!(again.known, 1),
            Err(kind) => assert_eq!(kind, FaultKind::Unavailable),
        }
    }
    cell.stop(None);
}

type Answer = tokio::sync::oneshot::Receiver<Result<Stored, Fault>>;

fn waiting(drafts: Vec<ArticleDraft>) -> (Waiting, Answer) {
    let (reply, answer) = tokio::sync::oneshot::channel();
    let permit = Address::<IngestMessage>::new("test", 1).permit().expect("a place");
    let batch = Batch { drafts, trace_parent: None };
    (Waiting { batch, received: Instant::now(), reply: reply.into(), _permit: permit }, answer)
}
