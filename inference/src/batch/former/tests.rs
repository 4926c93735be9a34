//! What callers of the batch former rely on.

use super::*;
use proptest::prelude::*;
use std::time::Duration;

fn entry(priority: Priority, tokens: usize, payload: usize) -> Entry<usize> {
    Entry { priority, tokens, arrived_at: Timestamp(0), deadline: None, payload }
}

fn limits() -> BatchLimits {
    BatchLimits {
        queued_entries_max: 100,
        queued_tokens_max: 10_000,
        batch_entries_max: 8,
        batch_tokens_max: 100,
        backfill_tokens_max: 50,
        ..BatchLimits::default()
    }
}

fn payloads(batch: Option<Vec<Entry<usize>>>) -> Vec<usize> {
    batch.unwrap_or_default().into_iter().map(|entry| entry.payload).collect()
}

#[test]
fn an_idle_device_gets_a_single_request_at_once() {
    let mut former = BatchFormer::new(limits());
    former.push(entry(Priority::Ingest, 5, 1)).unwrap();
    assert_eq!(payloads(former.next_batch(Timestamp(0), |_| false)), [1]);
    assert!(former.next_batch(Timestamp(0), |_| false).is_none());
}

#[test]
fn a_person_who_waits_goes_before_older_ingest_work_that_had_its_share() {
    let mut former = BatchFormer::new(limits());
    for payload in 0..20 {
        former.push(entry(Priority::Ingest, 50, payload)).unwrap();
    }
    former.next_batch(Timestamp(0), |_| false);
    former.push(entry(Priority::Interactive, 10, 99)).unwrap();
    assert_eq!(payloads(former.next_batch(Timestamp(1), |_| false))[0], 99);
}

#[test]
fn old_work_moves_even_while_persons_wait() {
    let mut former = BatchFormer::new(limits());
    for payload in 0..40 {
        former.push(entry(Priority::Interactive, 10, payload)).unwrap();
    }
    former.push(entry(Priority::Backfill, 10, 100)).unwrap();
    let mut batches = 0;
    while let Some(batch) = former.next_batch(Timestamp(0), |_| false) {
        batches += 1;
        if batch.iter().any(|entry| entry.payload == 100) {
            assert!(batches <= 2, "backfill came only in batch {batches}");
            return;
        }
    }
    panic!("backfill never came");
}

#[test]
fn whoever_waited_too_long_goes_first() {
    let mut former = BatchFormer::new(limits());
    former.push(entry(Priority::Backfill, 60, 7)).unwrap();
    for payload in 0..3 {
        let mut fresh = entry(Priority::Interactive, 60, payload);
        fresh.arrived_at = Timestamp(29_900);
        former.push(fresh).unwrap();
    }
    former.virtual_time[2] = u64::MAX / 2;
    assert_eq!(payloads(former.next_batch(Timestamp(30_000), |_| false))[0], 7);
}

#[test]
fn expired_and_cancelled_requests_never_reach_the_device() {
    let mut former = BatchFormer::new(limits());
    let mut late = entry(Priority::Interactive, 5, 1);
    late.deadline = Some(Timestamp(10));
    former.push(late.clone()).unwrap();
    former.push(entry(Priority::Interactive, 5, 2)).unwrap();
    former.push(entry(Priority::Interactive, 5, 3)).unwrap();
    assert_eq!(payloads(former.next_batch(Timestamp(11), |payload| *payload == 2)), [3]);
    assert_eq!((former.stats().expired, former.stats().cancelled), (1, 1));
    former.push(late).unwrap();
    assert_eq!(former.take_expired(Timestamp(11)).len(), 1);
    assert!(former.is_empty());
}

#[test]
fn a_filling_queue_turns_old_work_away_first() {
    let mut former = BatchFormer::new(limits());
    for payload in 0..50 {
        former.push(entry(Priority::Ingest, 1, payload)).unwrap();
    }
    let refused = former.push(entry(Priority::Backfill, 1, 99)).unwrap_err();
    assert_eq!(refused.entry.payload, 99);
    former.push(entry(Priority::Interactive, 1, 100)).unwrap();
}

#[test]
fn padding_counts_where_the_device_pads() {
    let mut former = BatchFormer::new(BatchLimits { cost: PaddingCost::Padded, ..limits() });
    for tokens in [40, 10, 10] {
        former.push(entry(Priority::Ingest, tokens, tokens)).unwrap();
    }
    assert_eq!(payloads(former.next_batch(Timestamp(0), |_| false)), [40, 10]);
    assert_eq!(former.stats().padding, 30);
}

fn any_priority() -> impl Strategy<Value = Priority> {
    prop_oneof![Just(Priority::Interactive), Just(Priority::Ingest), Just(Priority::Backfill)]
}

proptest! {
    #[test]
    fn every_admitted_request_is_served_once_within_the_limits(
        arrivals in prop::collection::vec((any_priority(), 1_usize..300, any::<bool>()), 0..150)
    ) {
        let limits = limits();
        let mut former = BatchFormer::new(limits);
        let (mut admitted, mut served) = (Vec::new(), Vec::new());
        let drain = |former: &mut BatchFormer<usize>, served: &mut Vec<usize>| {
            let Some(batch) = former.next_batch(Timestamp(5), |_| false) else { return Ok(false) };
            let tokens: usize = batch.iter().map(|entry| entry.tokens).sum();
            prop_assert!(batch.len() <= limits.batch_entries_max);
            prop_assert!(tokens <= limits.batch_tokens_max || batch.len() == 1);
            served.extend(batch.into_iter().map(|entry| entry.payload));
            Ok(true)
        };
        for (payload, (priority, tokens, serve)) in arrivals.into_iter().enumerate() {
            if former.push(entry(priority, tokens, payload)).is_ok() {
                admitted.push(payload);
            }
            prop_assert!(former.stats().queued_entries <= limits.queued_entries_max);
            if serve {
                drain(&mut former, &mut served)?;
            }
        }
        while drain(&mut former, &mut served)? {}
        served.sort_unstable();
        prop_assert_eq!(admitted, served);
        prop_assert_eq!(former.stats().queued_tokens, 0);
    }

    #[test]
    fn busy_priorities_share_the_device_by_their_weights(tokens in 1_usize..20) {
        let mut former = BatchFormer::new(BatchLimits {
            queued_entries_max: 10_000, queued_tokens_max: 1_000_000,
            aging: Duration::from_secs(3600), ..limits()
        });
        for payload in 0..1000 {
            for priority in [Priority::Interactive, Priority::Ingest, Priority::Backfill] {
                former.push(entry(priority, tokens, payload)).unwrap();
            }
        }
        for _ in 0..100 {
            former.next_batch(Timestamp(0), |_| false);
        }
        let served = former.stats().served;
        let total: u64 = served.iter().sum();
        prop_assert!(served[0] * 100 >= total * 65 && served[2] * 100 >= total * 3, "{:?}", served);
    }
}
