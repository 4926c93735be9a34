//! What the search finds: nothing while every rule holds, and what each of them is for.

use super::properties::{
    ALL, Property, an_epoch_has_one_writer, two_nodes_never_both_have_a_write_accepted,
    who_leaves_in_order_leaves_no_lease,
};
use super::search::search;
use super::steps::Fault;
use super::*;

/// What happens to processes and their clocks.
const PROCESSES: &[Fault] = &[Fault::Freeze, Fault::Crash, Fault::ClockLags, Fault::RenewalIsSlow];
const CLOCKS: &[Fault] = &[Fault::ClockLags, Fault::RenewalIsSlow];
/// What happens to calls, answers and starts.
const CALLS: &[Fault] = &[
    Fault::CallFails,
    Fault::CallIsLate,
    Fault::ReaderGivesUp,
    Fault::StartFails,
    Fault::RegionRestarts,
    Fault::LookIsSlow,
];
/// What happens to shards on their way.
const MOVES: &[Fault] = &[Fault::Drain, Fault::StopIsCutOff, Fault::CallFails, Fault::CallIsLate];

/// The shard goes to the second node as soon as that is seen.
fn two_nodes(kinds: &'static [Fault], faults: u8) -> Bounds {
    let shards = vec![shard_going_to(&[1, 2])];
    Bounds { nodes: 2, starts: 4, shards, events: 1, faults, kinds }
}

/// One shard goes to each node that comes.
fn three_nodes(kinds: &'static [Fault], faults: u8, events: u8) -> Bounds {
    let shards = vec![shard_going_to(&[1, 2, 3])];
    Bounds { nodes: 3, starts: 3, shards, events, faults, kinds }
}

/// Calm steps from any world until every shard is served and every reader answered.
const STEPS_TO_SETTLE: usize = 25;

/// Every property holds in every world, and there are more than so many of them, but not twice as many.
fn holds(bounds: Bounds, floor: usize) {
    match search(bounds, Rules::real(), ALL, floor * 2) {
        Ok(seen) => {
            assert!(seen.worlds > floor, "only {} worlds", seen.worlds);
            assert!(seen.steps_to_settle <= STEPS_TO_SETTLE, "{} steps", seen.steps_to_settle);
            println!("{seen:?}");
        }
        Err(counterexample) => panic!("\n{counterexample}"),
    }
}

#[test]
fn it_holds_whatever_process_freezes_dies_or_renews_late() {
    holds(two_nodes(PROCESSES, 1), 56_000);
}

#[test]
fn it_holds_whatever_call_is_lost_or_late() {
    holds(two_nodes(CALLS, 1), 19_000);
}

#[test]
fn it_holds_whoever_leaves_and_whatever_does_not_stop() {
    holds(two_nodes(MOVES, 1), 32_000);
}

#[test]
fn it_holds_for_a_reader_with_several_events() {
    let kinds = &[Fault::CallIsLate, Fault::ReaderGivesUp];
    holds(Bounds { events: 3, starts: 3, ..two_nodes(kinds, 1) }, 8_000);
}

#[test]
fn it_holds_for_two_shards_of_which_one_moves() {
    let shards = vec![shard_going_to(&[1, 2]), shard_going_to(&[1, 1])];
    let kinds = &[Fault::Freeze, Fault::RenewalIsSlow, Fault::CallIsLate, Fault::StartFails];
    holds(Bounds { events: 0, starts: 3, shards, ..two_nodes(kinds, 1) }, 42_000);
}

#[test]
fn it_holds_for_two_shards_that_move_together() {
    let shards = vec![shard_going_to(&[1, 2, 2]), shard_going_to(&[1, 2, 3])];
    let kinds = &[Fault::CallFails, Fault::Drain];
    holds(Bounds { events: 0, starts: 2, shards, ..two_nodes(kinds, 1) }, 36_000);
}

#[test]
fn it_holds_for_three_nodes_that_come_one_after_the_other() {
    holds(three_nodes(&[], 0, 1), 24_000);
}

#[test]
fn it_holds_for_three_nodes_and_two_shards() {
    let shards = vec![shard_going_to(&[1, 2, 2]), shard_going_to(&[1, 1, 3])];
    holds(Bounds { shards, ..three_nodes(&[], 0, 0) }, 27_000);
}

#[test]
fn it_holds_for_three_nodes_of_which_one_dies() {
    holds(three_nodes(&[Fault::Crash], 1, 0), 40_000);
}

#[test]
fn it_holds_when_a_node_dies_and_calls_of_the_other_do_not_reach_the_store() {
    let kinds = &[Fault::Crash, Fault::CallFails];
    holds(Bounds { events: 0, starts: 3, ..two_nodes(kinds, 2) }, 29_000);
}

#[test]
fn a_node_that_leaves_in_order_leaves_no_lease_behind() {
    let property = &[Property::Step(who_leaves_in_order_leaves_no_lease)];
    let seen = search(two_nodes(&[Fault::Drain], 1), Rules::real(), property, 40_000);
    assert!(seen.is_ok_and(|seen| seen.worlds > 1_000));
}

#[test]
#[ignore = "six minutes and 1.5 GB; for whoever changes how ownership moves"]
fn it_holds_when_two_things_go_wrong() {
    let two = |kinds| Bounds { starts: 3, ..two_nodes(kinds, 2) };
    holds(two(CALLS), 330_000);
    holds(two(MOVES), 620_000);
    holds(two(PROCESSES), 2_900_000);
    holds(three_nodes(PROCESSES, 1, 0), 900_000);
}

/// With a rule taken away, what is the shortest history that goes wrong?
fn breaks(
    take_away: impl Fn(&mut Rules),
    bounds: Bounds,
    properties: &'static [Property],
) -> (usize, String, String) {
    let mut rules = Rules::real();
    take_away(&mut rules);
    let mut found = search(bounds, rules, properties, 200_000).expect_err("nothing goes wrong");
    println!("{found}");
    (found.steps.len(), found.steps.pop().expect("a step"), found.broken)
}

#[test]
fn without_the_fence_in_the_write_a_frozen_node_writes_under_an_old_epoch() {
    let (steps, last, broken) =
        breaks(|rules| rules.writes_are_fenced = false, two_nodes(&[Fault::Freeze], 1), ALL);
    assert_eq!(last, "the store gets A's write of event 1 to reader/0 under epoch 1");
    assert!(broken.contains("was accepted while its lease has epoch 2"), "{broken}");
    assert!(steps <= 12, "{steps} steps");
}

#[test]
fn when_a_node_uses_its_whole_time_to_live_and_writes_are_not_fenced_two_nodes_write() {
    let take_away = |rules: &mut Rules| {
        rules.writes_are_fenced = false;
        // Of which two thirds are what others grant.
        rules.trusted_ttl = TICK * u32::from(TTL_TICKS) * 3 / 2;
    };
    let property = &[Property::World(two_nodes_never_both_have_a_write_accepted)];
    let (steps, last, broken) = breaks(take_away, two_nodes(CLOCKS, 2), property);
    assert_eq!(last, "B has the answer to its wish for leases");
    assert!(broken.contains("both would have a write accepted"), "{broken}");
    assert!(steps <= 10, "{steps} steps");
}

#[test]
fn when_a_node_uses_its_whole_time_to_live_two_nodes_let_requests_in() {
    let take_away = |rules: &mut Rules| rules.trusted_ttl = TICK * u32::from(TTL_TICKS) * 3 / 2;
    let (steps, last, broken) = breaks(take_away, two_nodes(CLOCKS, 2), ALL);
    assert_eq!(last, "B has the answer to its wish for leases");
    assert!(broken.contains("two nodes let requests in"), "{broken}");
    assert!(steps <= 10, "{steps} steps");
}

#[test]
fn when_taking_a_lease_does_not_raise_the_epoch_two_owners_share_one() {
    let (steps, last, broken) =
        breaks(|rules| rules.taking_raises_the_epoch = false, two_nodes(&[], 0), ALL);
    assert_eq!(last, "the store takes up the leases B asked for");
    assert!(broken.contains("has a new owner under the old epoch 1"), "{broken}");
    assert!(steps <= 9, "{steps} steps");
}

#[test]
fn when_taking_a_lease_does_not_raise_the_epoch_two_nodes_write_under_one() {
    let property = &[Property::Step(an_epoch_has_one_writer)];
    let bounds = Bounds { events: 2, ..two_nodes(&[], 0) };
    let (steps, last, broken) =
        breaks(|rules| rules.taking_raises_the_epoch = false, bounds, property);
    assert_eq!(last, "the store gets B's write of event 2 to reader/0 under epoch 1");
    assert!(broken.contains("two nodes wrote to reader/0 under epoch 1"), "{broken}");
    assert!(steps <= 17, "{steps} steps");
}

#[test]
fn when_the_lease_is_freed_before_the_last_flush_a_shard_still_runs() {
    let (steps, last, broken) =
        breaks(|rules| rules.flush_before_free = false, two_nodes(&[], 0), ALL);
    assert_eq!(last, "the store frees leases for A");
    assert!(broken.contains("was freed while the shard still runs"), "{broken}");
    assert!(steps <= 9, "{steps} steps");
}

#[test]
fn when_a_nodes_calls_overtake_each_other_a_late_one_frees_a_lease_taken_again() {
    let bounds = Bounds { events: 0, ..two_nodes(&[Fault::CallIsLate], 2) };
    let (steps, last, broken) = breaks(|rules| rules.calls_keep_their_order = false, bounds, ALL);
    assert_eq!(last, "the store frees leases for A");
    assert!(broken.contains("was freed while the shard still runs"), "{broken}");
    assert!(steps <= 11, "{steps} steps");
}

#[test]
fn when_events_are_not_told_apart_by_their_keys_one_is_stored_twice() {
    let (steps, last, broken) =
        breaks(|rules| rules.events_have_keys = false, two_nodes(&[Fault::CallIsLate], 1), ALL);
    assert_eq!(last, "the store gets A's write of event 1 to reader/0 under epoch 1");
    assert!(broken.contains("event 1 of reader/0 was stored twice"), "{broken}");
    assert!(steps <= 10, "{steps} steps");
}

#[test]
fn when_a_reader_is_answered_before_the_event_is_stored_it_can_be_lost() {
    let (steps, last, broken) =
        breaks(|rules| rules.stored_before_answered = false, two_nodes(&[Fault::Crash], 1), ALL);
    assert_eq!(last, "A sends a write of reader/0");
    assert!(broken.contains("was acknowledged and is not stored"), "{broken}");
    assert!(steps <= 5, "{steps} steps");
}
