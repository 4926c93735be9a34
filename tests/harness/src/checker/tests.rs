//! The checker finds what is wrong, and nothing in what is right.

use super::history::{Attempt, Histories, Operation, Outcome};
use super::measure::measure;
use super::ownership::{
    LeaseChange, OwnershipViolation, Registered, ShardName, Write, judge_ownership, owned_again,
};
use super::schedule::{Fault, Means, schedule};
use super::verdict::{EventViolation, StoredEvent, judge};
use crate::dice::Dice;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;

/// A history of one honest system: what was acknowledged is there, what nobody knows of may be.
struct World {
    histories: Histories,
    stored: Vec<StoredEvent>,
}

fn world(seed: u64, readers: usize, operations: usize) -> World {
    let mut dice = Dice::new(seed);
    let (mut histories, mut stored) = (Histories::new(), Vec::new());
    for reader in 1..=readers as i64 {
        let (mut now, mut seq, mut list) = (1_000, 0, Vec::new());
        let mut late = Vec::new();
        for _ in 0..operations {
            let events: Vec<_> = (0..dice.between(1, 3)).map(|_| dice.uuid()).collect();
            let failures = dice.between(0, 2);
            let done = dice.below(10) > 0;
            let mut attempts = Vec::new();
            for try_number in 0..=failures {
                let (started, ended) = (now, now + dice.between(1, 50));
                let last = try_number == failures && done;
                let outcome = if last { Outcome::Acknowledged } else { Outcome::TimedOut };
                attempts.push(Attempt { started, ended, node: dice.below(3), outcome });
                now = ended + 1;
            }
            // What nobody knows of is lost, there at once, or there later.
            let fate = if done { 1 } else { dice.below(3) };
            match fate {
                1 => store(&mut stored, reader, &mut seq, &events),
                2 => late.push(events.clone()),
                _ => {}
            }
            list.push(Operation { events, attempts });
        }
        for events in late {
            store(&mut stored, reader, &mut seq, &events);
        }
        histories.insert(reader, list);
    }
    World { histories, stored }
}

fn store(stored: &mut Vec<StoredEvent>, reader: i64, seq: &mut i64, events: &[uuid::Uuid]) {
    for id in events {
        *seq += 1;
        stored.push(StoredEvent { reader, seq: *seq, id: *id });
    }
}

/// Numbers the reader's events again, without gaps.
fn renumber(stored: &mut [StoredEvent]) {
    let mut last = std::collections::BTreeMap::<i64, i64>::new();
    for event in stored {
        let seq = last.entry(event.reader).or_default();
        *seq += 1;
        event.seq = *seq;
    }
}

/// Places in `stored` of events that were acknowledged.
fn acknowledged(world: &World) -> Vec<usize> {
    let operations = world.histories.values().flatten();
    let known: BTreeSet<_> = operations
        .filter(|operation| operation.acknowledged().is_some())
        .flat_map(|operation| operation.events.clone())
        .collect();
    let places = world.stored.iter().enumerate();
    places.filter(|(_, event)| known.contains(&event.id)).map(|(place, _)| place).collect()
}

proptest! {
    #[test]
    fn an_honest_history_is_found_right(seed: u64) {
        let world = world(seed, 3, 30);
        prop_assert_eq!(judge(&world.histories, &world.stored), []);
    }

    #[test]
    fn a_lost_event_is_found(seed: u64) {
        let mut world = world(seed, 2, 30);
        let mut dice = Dice::new(seed);
        let place = *dice.one_of(&acknowledged(&world)).expect("some are acknowledged");
        let lost = world.stored.remove(place);
        renumber(&mut world.stored);
        let wanted = EventViolation::Lost { reader: lost.reader, event: lost.id };
        prop_assert!(judge(&world.histories, &world.stored).contains(&wanted));
    }

    #[test]
    fn a_doubled_event_is_found(seed: u64) {
        let mut world = world(seed, 2, 30);
        let mut dice = Dice::new(seed);
        let twice = dice.one_of(&world.stored).expect("some are stored").clone();
        let last = world.stored.iter().rposition(|event| event.reader == twice.reader);
        world.stored.insert(last.unwrap_or(0) + 1, twice.clone());
        renumber(&mut world.stored);
        let found = judge(&world.histories, &world.stored);
        let doubled = |one: &EventViolation| {
            matches!(one, EventViolation::Doubled { event, seqs, .. }
                if *event == twice.id && seqs.len() == 2)
        };
        prop_assert!(found.iter().any(doubled), "{found:?}");
    }

    #[test]
    fn swapped_events_are_found(seed: u64) {
        let mut world = world(seed, 1, 30);
        let mut dice = Dice::new(seed);
        let known = acknowledged(&world);
        let first = dice.below(known.len() - 1);
        let second = first + 1 + dice.below(known.len() - 1 - first);
        let (one, other) = (known[first], known[second]);
        let (id, later) = (world.stored[one].id, world.stored[other].id);
        (world.stored[one].id, world.stored[other].id) = (later, id);
        let found = judge(&world.histories, &world.stored);
        let swapped = |one: &EventViolation| matches!(one, EventViolation::Disordered { .. });
        prop_assert!(found.iter().any(swapped), "{found:?}");
    }

    #[test]
    fn a_gap_a_stranger_and_a_torn_request_are_found(seed: u64) {
        let honest = world(seed, 1, 20);
        let mut gap = honest.stored.clone();
        gap.last_mut().expect("some are stored").seq += 1;
        let found = judge(&honest.histories, &gap);
        prop_assert!(matches!(found.as_slice(), [EventViolation::Gap { .. }]), "{found:?}");

        let mut strange = honest.stored.clone();
        let (seq, event) = (strange.len() as i64 + 1, uuid::Uuid::nil());
        strange.push(StoredEvent { reader: 1, seq, id: event });
        let found = judge(&honest.histories, &strange);
        prop_assert_eq!(found, [EventViolation::Stranger { reader: 1, event, seq }]);
    }

    #[test]
    fn faults_leave_a_node_whole_and_are_over_in_time(seed: u64, nodes in 1_usize..5) {
        let length = Duration::from_secs(120);
        let means = Means {
            nodes,
            links: seed.is_multiple_of(2),
            gates: seed.is_multiple_of(5),
            redis: seed.is_multiple_of(3),
            durable: false,
            lease: Duration::from_secs(4),
        };
        let steps = schedule(&mut Dice::new(seed), length, means);
        prop_assert_eq!(&steps, &schedule(&mut Dice::new(seed), length, means));
        for step in &steps {
            prop_assert!(step.at + step.fault.lasts() < length);
            prop_assert!(means.redis
                || !matches!(step.fault, Fault::PauseRedis(_) | Fault::KillRedis(_)));
            prop_assert!(means.links
                || !matches!(step.fault, Fault::Cut(..) | Fault::Isolate(..)));
            prop_assert!(means.gates || !matches!(step.fault, Fault::CutOffStore(..)));
            prop_assert!(!matches!(step.fault, Fault::StopPostgres(_)));
            // At the moment a fault begins somebody is untouched.
            let touched: BTreeSet<usize> = steps
                .iter()
                .filter(|other| other.at <= step.at && step.at <= other.at + other.fault.lasts())
                .flat_map(|other| other.fault.nodes())
                .collect();
            prop_assert!(touched.len() < nodes.max(1), "{step:?}");
        }
    }
}

#[test]
fn a_torn_request_is_found() {
    let mut dice = Dice::new(1);
    let events = vec![dice.uuid(), dice.uuid()];
    let outcome = Outcome::Unreachable;
    let attempts = vec![Attempt { started: 1, ended: 2, node: 0, outcome }];
    let stored = [StoredEvent { reader: 1, seq: 1, id: events[0] }];
    let (there, missing) = (events[0], events[1]);
    let histories = Histories::from([(1, vec![Operation { events, attempts }])]);
    let torn = EventViolation::Torn { reader: 1, there, missing };
    assert_eq!(judge(&histories, &stored), [torn]);
}

#[test]
fn events_of_one_request_keep_their_order() {
    let mut dice = Dice::new(1);
    let events = vec![dice.uuid(), dice.uuid()];
    let outcome = Outcome::Acknowledged;
    let attempts = vec![Attempt { started: 1, ended: 2, node: 0, outcome }];
    let stored = [
        StoredEvent { reader: 1, seq: 1, id: events[1] },
        StoredEvent { reader: 1, seq: 2, id: events[0] },
    ];
    let histories = Histories::from([(1, vec![Operation { events, attempts }])]);
    assert!(matches!(
        judge(&histories, &stored).as_slice(),
        [EventViolation::Disordered { reader: 1, .. }]
    ));
}

fn shard() -> ShardName {
    ("reader".to_owned(), 7)
}

fn change(owner: Option<i64>, epoch: i64, committed: u64) -> LeaseChange {
    LeaseChange { shard: shard(), owner, epoch, committed }
}

fn write(writer: &str, owner: i64, epoch: i64, committed: u64) -> Write {
    let (shard, writer) = (shard(), writer.to_owned());
    Write { reader: 3, seq: 1, shard, writer, owner: Some(owner), epoch, committed }
}

fn nodes() -> Vec<Registered> {
    let node = |incarnation, writer: &str| Registered { incarnation, writer: writer.to_owned() };
    vec![node(1, "n0.1"), node(2, "n1.1"), node(3, "n0.1")]
}

/// Taken by 1, given back, taken by 2, taken from the dead by 3.
fn leases() -> Vec<LeaseChange> {
    vec![
        change(Some(1), 1, 10),
        change(None, 1, 20),
        change(Some(2), 2, 30),
        change(Some(3), 3, 40),
    ]
}

#[test]
fn owners_one_after_the_other_are_right() {
    let writes = [
        write("n0.1", 1, 1, 10),
        write("n0.1", 1, 1, 20),
        write("n1.1", 2, 2, 35),
        write("n0.1", 3, 3, 99),
    ];
    assert_eq!(judge_ownership(&leases(), &nodes(), &writes), []);
}

#[test]
fn an_epoch_that_goes_back_and_one_with_two_owners_are_found() {
    let mut back = leases();
    back.push(change(Some(1), 2, 50));
    let found = judge_ownership(&back, &nodes(), &[]);
    let owners = BTreeSet::from([1, 2]);
    assert_eq!(
        found,
        [
            OwnershipViolation::EpochWentBack { shard: shard(), from: 3, to: 2 },
            OwnershipViolation::TwoOwners { shard: shard(), epoch: 2, owners },
        ]
    );
}

#[test]
fn whoever_writes_without_owning_is_found() {
    let strange = write("n0.1", 2, 2, 35);
    assert_eq!(
        judge_ownership(&leases(), &nodes(), std::slice::from_ref(&strange)),
        [OwnershipViolation::NotTheOwner { write: strange }]
    );
    let nobody = Write { owner: None, ..write("n0.1", 1, 1, 15) };
    let found = judge_ownership(&leases(), &nodes(), &[nobody]);
    assert!(matches!(found.as_slice(), [OwnershipViolation::NotTheOwner { .. }]), "{found:?}");
}

#[test]
fn a_write_that_appears_after_its_owners_term_is_found() {
    let late = write("n1.1", 2, 2, 41);
    assert_eq!(
        judge_ownership(&leases(), &nodes(), std::slice::from_ref(&late)),
        [OwnershipViolation::OutsideTheTerm { write: late, term: (30, 40) }]
    );
}

#[test]
fn the_time_without_an_owner_ends_with_the_last_shard_that_is_taken() {
    let other = ("host".to_owned(), 1);
    let mut changes = leases();
    changes.push(LeaseChange { shard: other.clone(), owner: Some(2), epoch: 1, committed: 12 });
    assert_eq!(owned_again(&changes, 2, 35), None, "one shard has no owner yet");
    changes.push(LeaseChange { shard: other, owner: Some(3), epoch: 2, committed: 47 });
    assert_eq!(owned_again(&changes, 2, 35), Some((12, 2)));
    assert_eq!(owned_again(&changes, 1, 35), Some((0, 0)), "it owned nothing then");
}

#[test]
fn a_pause_is_from_the_first_failure_to_the_next_success() {
    let attempt = |started, ended, outcome| Attempt { started, ended, node: 0, outcome };
    let operation = |attempts| Operation { events: Vec::new(), attempts };
    let operations = vec![
        operation(vec![attempt(0, 10, Outcome::Acknowledged)]),
        operation(vec![
            attempt(20, 25, Outcome::Refused(503)),
            attempt(25, 30, Outcome::Acknowledged),
        ]),
        operation(vec![attempt(40, 45, Outcome::Unreachable), attempt(45, 50, Outcome::TimedOut)]),
        operation(vec![attempt(60, 65, Outcome::Acknowledged)]),
    ];
    let measures = measure(&Histories::from([(1, operations)]), 0, 100);
    assert_eq!((measures.operations, measures.acknowledged), (4, 3));
    assert_eq!((measures.failed_attempts, measures.failed_after_one_retry), (3, 1));
    assert_eq!(measures.pauses, [25, 10]);
    let story = "n0 Unreachable 0.00 s, n0 TimedOut 0.00 s, n0 Acknowledged 0.00 s";
    assert_eq!(measures.story(), story, "the longest one is told try by try");
    assert_eq!(measures.time_of(0.5), 10);
}
