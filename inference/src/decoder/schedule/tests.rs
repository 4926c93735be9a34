//! The schedule by itself: single sentences, and random comings and goings against a plain record.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn schedule(slots: usize, waiting: usize, part: usize) -> Schedule {
    Schedule::new(ScheduleLimits { slots, waiting, part })
}

#[test]
fn a_prompt_is_read_in_parts_and_then_its_request_writes() {
    let mut schedule = schedule(1, 4, 4);
    let id = schedule.join(6).unwrap();
    assert_eq!(schedule.seat(), Some((0, id)));
    assert_eq!(schedule.turn(), Turn::Read { slot: 0, id, from: 0, count: 4 });
    schedule.was_read(id, 4);
    assert_eq!(schedule.turn(), Turn::Read { slot: 0, id, from: 4, count: 2 });
    schedule.was_read(id, 2);
    assert_eq!(schedule.turn(), Turn::Write { writers: vec![(0, id)] });
}

#[test]
fn readers_and_writers_take_turns() {
    let mut schedule = schedule(2, 4, 2);
    let first = schedule.join(1).unwrap();
    let second = schedule.join(6).unwrap();
    while schedule.seat().is_some() {}
    schedule.was_read(first, 1);
    assert_eq!(schedule.turn(), Turn::Write { writers: vec![(0, first)] });
    schedule.was_written();
    assert_eq!(schedule.turn(), Turn::Read { slot: 1, id: second, from: 0, count: 2 });
    schedule.was_read(second, 2);
    assert_eq!(schedule.turn(), Turn::Write { writers: vec![(0, first)] });
}

#[test]
fn whoever_leaves_makes_room_at_once() {
    let mut schedule = schedule(1, 2, 8);
    let first = schedule.join(3).unwrap();
    let second = schedule.join(3).unwrap();
    let third = schedule.join(3);
    assert_eq!(third, Err(QueueFull { waiting: 2 }));
    assert_eq!(schedule.seat(), Some((0, first)));
    assert_eq!(schedule.seat(), None);
    schedule.leave(first);
    assert_eq!(schedule.seat(), Some((0, second)));
    schedule.leave(second);
    assert_eq!(schedule.turn(), Turn::Idle);
}

#[test]
fn what_is_known_of_a_prompt_is_skipped_but_never_its_last_token() {
    let mut schedule = schedule(1, 2, 8);
    let id = schedule.join(5).unwrap();
    schedule.seat();
    schedule.skip(id, 5);
    assert_eq!(schedule.turn(), Turn::Read { slot: 0, id, from: 4, count: 1 });
}

/// What may happen.
#[derive(Debug, Clone)]
enum Event {
    Join(usize),
    Turn,
    Leave(usize),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        2 => (1_usize..20).prop_map(Event::Join),
        5 => Just(Event::Turn),
        1 => any::<prop::sample::Index>().prop_map(|at| Event::Leave(at.index(64))),
    ];
    prop::collection::vec(event, 1..80)
}

/// What the test knows of a request: tokens read, of how many, and tokens written.
type Record = BTreeMap<RequestId, (usize, usize, usize)>;

/// Does one turn as an engine would; requests leave after three tokens.
fn take_turn(schedule: &mut Schedule, record: &mut Record, slots: usize) -> bool {
    while schedule.seat().is_some() {}
    match schedule.turn() {
        Turn::Idle => {
            assert_eq!(schedule.waiting(), 0, "somebody waits beside free slots");
            return false;
        }
        Turn::Read { slot, id, from, count } => {
            let known = record.get_mut(&id).expect("a request that joined and has not left");
            assert!(slot < slots && count > 0);
            assert_eq!(from, known.0, "nothing is read twice or left out");
            known.0 += count;
            assert!(known.0 <= known.1);
            schedule.was_read(id, count);
        }
        Turn::Write { writers } => {
            assert!(writers.len() <= slots);
            assert!(writers.is_sorted_by(|a, b| a.0 < b.0), "a slot has one request");
            schedule.was_written();
            for (_, id) in writers {
                let known = record.get_mut(&id).expect("a request that joined and has not left");
                assert_eq!(known.0, known.1, "nobody writes before its prompt is read");
                known.2 += 1;
                if known.2 == 3 {
                    record.remove(&id);
                    schedule.leave(id);
                }
            }
        }
    }
    true
}

proptest! {
    #[test]
    fn no_request_is_lost_and_none_starves(
        events in events(), slots in 1_usize..5, part in 1_usize..8
    ) {
        let mut schedule = schedule(slots, 16, part);
        let mut record = Record::new();
        for event in events {
            match event {
                Event::Join(prompt) => match schedule.join(prompt) {
                    Ok(id) => { record.insert(id, (0, prompt, 0)); }
                    Err(full) => prop_assert_eq!(full.waiting, 16),
                },
                Event::Turn => { take_turn(&mut schedule, &mut record, slots); }
                Event::Leave(at) => {
                    let id = record.keys().nth(at % record.len().max(1)).copied();
                    if let Some(id) = id {
                        record.remove(&id);
                        schedule.leave(id);
                    }
                }
            }
        }
        // Every part read costs one turn and may be followed by one of writing; three more write.
        let parts: usize = record.values().map(|(_, prompt, _)| prompt.div_ceil(part)).sum();
        let bound = 2 * parts + 3 * record.len() + 3;
        let turns = (0..).take_while(|_| take_turn(&mut schedule, &mut record, slots)).count();
        prop_assert!(record.is_empty(), "left over: {:?}", record);
        prop_assert!(turns <= bound, "{} turns, at most {}", turns, bound);
    }
}
