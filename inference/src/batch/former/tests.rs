//! What callers of the batch former rely on.

use super::super::cost_model::CostModel;
use super::super::ladder::Padding;
use super::super::pace::{DevicePace, Rival};
use super::*;
use autoglm_domain::Priority;
use proptest::prelude::*;

const MS: Duration = Duration::from_millis(1);

fn entry(priority: Priority, tokens: usize, payload: usize) -> Entry<usize> {
    Entry { priority, tokens, arrived_at: Moment(0), deadline: None, payload }
}

fn at(arrived_at: u64, entry: Entry<usize>) -> Entry<usize> {
    Entry { arrived_at: Moment(arrived_at), ..entry }
}

fn limits() -> BatchLimits {
    BatchLimits {
        queued_entries_max: 100,
        queued_tokens_max: 10_000,
        batch_entries_max: 8,
        batch_tokens_max: 100,
        ..BatchLimits::default()
    }
}

/// A device with 1 ms a batch and so many microseconds a token.
fn device(padding: Padding, token_micros: u64) -> DevicePace {
    let cost = CostModel::starting_at(MS, Duration::from_micros(token_micros));
    DevicePace::new(padding, usize::MAX).with_cost(cost)
}

fn quick() -> DevicePace {
    device(Padding::None, 1)
}

fn next(former: &mut BatchFormer<usize>, now: u64, pace: &DevicePace) -> Option<Batch<usize>> {
    let device = IdleDevice { pace, idle_since: Moment(now), rivals: &[] };
    match former.next(Moment(now), &device, |payload| *payload >= 1_000_000) {
        Next::Run(batch) => Some(batch),
        Next::Wait(until) => {
            let device = IdleDevice { idle_since: Moment(0), ..device };
            match former.next(until, &device, |_| false) {
                Next::Run(batch) => Some(batch),
                other => panic!("waiting ended in {other:?}"),
            }
        }
        Next::Nothing => None,
    }
}

fn payloads(former: &mut BatchFormer<usize>, now: u64, pace: &DevicePace) -> Vec<usize> {
    let batch = next(former, now, pace);
    batch
        .map(|batch| batch.entries.into_iter().map(|entry| entry.payload).collect())
        .unwrap_or_default()
}

#[test]
fn an_idle_device_gets_a_single_request_at_once() {
    let mut former = BatchFormer::new(limits());
    former.push(at(10, entry(Priority::Ingest, 5, 1))).unwrap();
    let device = IdleDevice { pace: &quick(), idle_since: Moment(0), rivals: &[] };
    let Next::Run(batch) = former.next(Moment(10), &device, |_| false) else { panic!("waits") };
    assert_eq!((batch.entries.len(), batch.ticket.began), (1, Moment(10)));
    assert_eq!(former.next(Moment(10), &device, |_| false), Next::Nothing);
}

#[test]
fn a_small_batch_before_a_dense_stream_waits_for_more_and_not_for_ever() {
    let mut former = BatchFormer::new(BatchLimits { queued_entries_max: 10_000, ..limits() });
    let pace = quick();
    for number in 0..5_000 {
        former.push(at(number * 100, entry(Priority::Ingest, 1, number as usize))).unwrap();
        if number < 4_999 {
            former.shelf.take_all(|_| true);
        }
    }
    let device = IdleDevice { pace: &pace, idle_since: Moment(499_950), rivals: &[] };
    let waits = former.next(Moment(499_960), &device, |_| false);
    assert_eq!(waits, Next::Wait(Moment(500_950)));
    assert!(matches!(former.next(Moment(500_950), &device, |_| false), Next::Run(_)));
}

#[test]
fn a_person_who_waits_goes_before_older_ingest_work_that_had_its_share() {
    let mut former = BatchFormer::new(limits());
    for payload in 0..20 {
        former.push(entry(Priority::Ingest, 50, payload)).unwrap();
    }
    next(&mut former, 0, &quick());
    former.push(entry(Priority::Interactive, 10, 99)).unwrap();
    assert_eq!(payloads(&mut former, 1, &quick())[0], 99);
}

#[test]
fn old_work_moves_even_while_persons_wait() {
    let mut former = BatchFormer::new(limits());
    for payload in 0..40 {
        former.push(entry(Priority::Interactive, 10, payload)).unwrap();
    }
    former.push(entry(Priority::Backfill, 10, 100)).unwrap();
    let first = payloads(&mut former, 0, &quick());
    let second = payloads(&mut former, 0, &quick());
    assert!(first.iter().chain(&second).any(|payload| *payload == 100), "{first:?} {second:?}");
}

#[test]
fn whoever_waited_too_long_goes_first() {
    let mut former = BatchFormer::new(limits());
    former.push(entry(Priority::Backfill, 60, 7)).unwrap();
    for payload in 0..3 {
        former.push(at(29_900_000, entry(Priority::Interactive, 60, payload))).unwrap();
    }
    former.fair.served(2, 1_000_000);
    assert_eq!(payloads(&mut former, 30_000_000, &quick())[0], 7);
}

#[test]
fn expired_and_cancelled_requests_are_handed_back_and_never_reach_the_device() {
    let mut former = BatchFormer::new(limits());
    let late = Entry { deadline: Some(Moment(10)), ..entry(Priority::Interactive, 5, 1) };
    former.push(late.clone()).unwrap();
    former.push(entry(Priority::Interactive, 5, 1_000_000)).unwrap();
    former.push(entry(Priority::Interactive, 5, 3)).unwrap();
    assert_eq!(payloads(&mut former, 11, &quick()), [3]);
    let dropped: Vec<usize> = former.take_dropped().iter().map(|entry| entry.payload).collect();
    assert_eq!(dropped, [1, 1_000_000]);
    assert_eq!((former.stats().expired, former.stats().cancelled), (1, 1));
    former.push(late).unwrap();
    assert_eq!(former.take_expired(Moment(11)).len(), 1);
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
fn a_batch_is_as_large_as_keeps_everybody_in_time() {
    let roomy = BatchLimits { batch_entries_max: 256, batch_tokens_max: 100_000, ..limits() };
    let mut former = BatchFormer::new(roomy);
    // 100 µs a token: 1 ms and 1 ms for each. The first has 14 ms left, of which 2 are margin.
    let pace = device(Padding::None, 100);
    for payload in 0..60 {
        former.push(entry(Priority::Interactive, 10, payload)).unwrap();
    }
    let batch = next(&mut former, 36_000, &pace).expect("a batch");
    assert_eq!(batch.entries.len(), 11);
    assert_eq!(batch.ticket.promised, Some(Moment(50_000)));
    let batch = next(&mut former, 20_000, &pace).expect("a batch");
    assert_eq!(batch.entries.len(), 24, "half of what a person waits for: 25 ms");
}

#[test]
fn what_nobody_waits_for_goes_in_slices() {
    let roomy = BatchLimits { batch_entries_max: 256, batch_tokens_max: 100_000, ..limits() };
    let mut former = BatchFormer::new(roomy);
    for payload in 0..40 {
        former.push(entry(Priority::Backfill, 10, payload)).unwrap();
    }
    let batch = next(&mut former, 0, &device(Padding::None, 100)).expect("a batch");
    assert_eq!(batch.entries.len(), 9, "10 ms");
    let dear = CostModel::starting_at(200 * MS, Duration::from_micros(100));
    let dear = DevicePace::new(Padding::None, 100_000).with_cost(dear);
    assert_eq!(payloads(&mut former, 0, &dear).len(), 31, "an overhead is never paid for little");
}

#[test]
fn under_load_those_who_can_still_be_in_time_go_first_and_the_late_still_move() {
    let mut former = BatchFormer::new(BatchLimits { batch_entries_max: 1, ..limits() });
    for payload in 0..4 {
        former.push(entry(Priority::Interactive, 10, payload)).unwrap();
        former.push(at(100_000, entry(Priority::Interactive, 10, 10 + payload))).unwrap();
    }
    let order: Vec<usize> = (0..4).flat_map(|_| payloads(&mut former, 100_000, &quick())).collect();
    assert_eq!(order, [10, 11, 12, 0]);
}

#[test]
fn a_padding_device_gets_texts_of_one_length_when_many_wait() {
    let many = BatchLimits { queued_entries_max: 1_000, queued_tokens_max: 1_000_000, ..limits() };
    let mut former = BatchFormer::new(BatchLimits { batch_tokens_max: 8_000, ..many });
    for payload in 0..200 {
        let tokens = if payload % 2 == 0 { 16 } else { 200 };
        former.push(entry(Priority::Ingest, tokens, payload)).unwrap();
    }
    while next(&mut former, 0, &device(Padding::Steps, 10)).is_some() {}
    assert!(former.stats().padding_share() < 0.05, "{:?}", former.stats());
    former.push(entry(Priority::Ingest, 16, 0)).unwrap();
    former.push(entry(Priority::Ingest, 24, 1)).unwrap();
    assert_eq!(payloads(&mut former, 0, &device(Padding::Steps, 10)).len(), 2, "few go together");
}

#[test]
fn a_slow_device_leaves_what_only_a_quick_one_can_do_in_time() {
    let (slow, quick) = (device(Padding::None, 10_000), quick());
    let mut former = BatchFormer::new(limits());
    former.push(entry(Priority::Interactive, 10, 1)).unwrap();
    former.push(entry(Priority::Backfill, 10, 2)).unwrap();
    let mut ask = |free_at| {
        let rivals = [Rival { pace: &quick, free_at: Moment(free_at) }];
        let device = IdleDevice { pace: &slow, idle_since: Moment(0), rivals: &rivals };
        former.next(Moment(0), &device, |_| false)
    };
    let Next::Run(batch) = ask(20_000) else { panic!("there is old work") };
    assert_eq!(batch.entries.iter().map(|entry| entry.payload).collect::<Vec<_>>(), [2]);
    assert_eq!(ask(20_000), Next::Nothing);
    assert!(matches!(ask(60_000), Next::Run(_)), "late there, too: better begun here");
}

fn any_priority() -> impl Strategy<Value = Priority> {
    prop_oneof![Just(Priority::Interactive), Just(Priority::Ingest), Just(Priority::Backfill)]
}

fn any_padding() -> impl Strategy<Value = Padding> {
    prop_oneof![
        Just(Padding::None),
        Just(Padding::Longest),
        Just(Padding::Steps),
        Just(Padding::Ladder)
    ]
}

proptest! {
    #[test]
    fn every_admitted_request_is_served_once_within_the_limits(
        arrivals in prop::collection::vec((any_priority(), 1_usize..300, any::<bool>()), 0..150),
        padding in any_padding(), token_micros in 0_u64..2_000,
    ) {
        let limits = BatchLimits { aging: MS, ..limits() };
        let pace = device(padding, token_micros);
        let mut former = BatchFormer::new(limits);
        let (mut admitted, mut served, mut now) = (Vec::new(), Vec::new(), 0);
        let mut drain = |former: &mut BatchFormer<usize>, now: &mut u64| {
            let Some(batch) = next(former, *now, &pace) else { return Ok(false) };
            let shape = batch.ticket.shape;
            prop_assert!(batch.entries.len() <= limits.batch_entries_max);
            prop_assert!(shape.padded_tokens(padding) <= limits.batch_tokens_max
                || batch.entries.len() == 1);
            *now = batch.ticket.ends.0;
            served.extend(batch.entries.into_iter().map(|entry| entry.payload));
            Ok(true)
        };
        for (payload, (priority, tokens, serve)) in arrivals.into_iter().enumerate() {
            if former.push(at(now, entry(priority, tokens, payload))).is_ok() {
                admitted.push(payload);
            }
            prop_assert!(former.stats().queued_entries <= limits.queued_entries_max);
            if serve {
                drain(&mut former, &mut now)?;
            }
        }
        while drain(&mut former, &mut now)? {}
        served.sort_unstable();
        prop_assert_eq!(admitted, served);
        prop_assert_eq!(former.stats().queued_tokens, 0);
    }

    #[test]
    fn busy_priorities_share_the_device_by_their_weights(tokens in 1_usize..20) {
        let mut former = BatchFormer::new(BatchLimits {
            queued_entries_max: 10_000, queued_tokens_max: 1_000_000, ..limits()
        });
        for payload in 0..1000 {
            for priority in [Priority::Interactive, Priority::Ingest, Priority::Backfill] {
                former.push(entry(priority, tokens, payload)).unwrap();
            }
        }
        for _ in 0..100 {
            next(&mut former, 0, &device(Padding::None, 0));
        }
        let served = former.stats().served;
        let total: u64 = served.iter().sum();
        prop_assert!(served[0] * 100 >= total * 65 && served[2] * 100 >= total * 3, "{:?}", served);
    }

    #[test]
    fn a_promise_is_kept_by_a_device_that_does_as_it_was_measured(
        arrivals in prop::collection::vec((any_priority(), 1_usize..300, 0_u64..20_000), 1..60),
    ) {
        let pace = device(Padding::Steps, 20);
        let mut former = BatchFormer::new(BatchLimits { batch_tokens_max: 4_000, ..limits() });
        let mut now = 0;
        for (payload, (priority, tokens, gap)) in arrivals.into_iter().enumerate() {
            now += gap;
            // A full queue is another test's matter.
            former.push(at(now, entry(priority, tokens, payload))).ok();
            if let Some(batch) = next(&mut former, now, &pace) {
                let ticket = batch.ticket;
                let efficient = ticket.ends.since(ticket.began) <= MS * 10;
                prop_assert!(efficient || ticket.promised.is_none_or(|due| ticket.ends <= due));
                now = ticket.ends.0;
            }
        }
    }
}
