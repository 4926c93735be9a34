//! Behaviour of the region's decisions, and a search through random histories.

use super::*;
use crate::testing::view_of;
use autoglm_domain::Epoch;
use proptest::prelude::*;

const STABLE: Duration = Duration::from_secs(5);

fn region() -> RegionState {
    RegionState::new(Incarnation(1), 8, STABLE)
}

fn fence(shard: Shard, epoch: i64) -> Fence {
    Fence { shard, owner: Incarnation(1), epoch: Epoch(epoch) }
}

/// A region alone that owns everything.
fn full(now: Instant) -> RegionState {
    let mut state = region();
    state.view_changed(&view_of(1, &[1]), now);
    let plan = state.plan(now);
    let granted: Vec<Fence> = plan.acquire.iter().map(|shard| fence(*shard, 1)).collect();
    assert_eq!(state.acquired(&plan.acquire, &granted, now), (vec![], After::Keep));
    state
}

#[test]
fn a_node_alone_asks_for_every_shard_at_once() {
    let mut state = region();
    let now = Instant::now();
    assert_eq!(state.plan(now), Plan::default(), "nothing before the first view");
    state.view_changed(&view_of(1, &[1]), now);
    assert_eq!(state.plan(now).acquire.len(), 516);
    assert_eq!(state.plan(now).acquire.len(), 0, "not twice while it is under way");
}

#[test]
fn a_second_member_gets_its_shards_eight_at_a_time_and_after_a_while() {
    let start = Instant::now();
    let mut state = full(start);
    state.view_changed(&view_of(2, &[1, 2]), start);
    assert_eq!(state.plan(start + Duration::from_secs(4)), Plan::default(), "not stable yet");
    let later = start + STABLE;
    let first = state.plan(later).release;
    assert_eq!(first.len(), 8);
    assert!(state.plan(later).release.is_empty(), "eight are moving");
    state.stopped(&first[..3], true, later);
    assert_eq!(state.plan(later).release.len(), 3);
}

#[test]
fn a_view_that_changes_nothing_for_us_does_not_delay_the_moves() {
    let start = Instant::now();
    let mut state = full(start);
    state.view_changed(&view_of(2, &[1, 2]), start);
    state.view_changed(&view_of(3, &[1, 2]), start + Duration::from_secs(4));
    assert_eq!(state.plan(start + STABLE).release.len(), 8);
}

#[test]
fn what_another_node_still_had_is_asked_for_again_at_every_new_view() {
    let now = Instant::now();
    let mut state = region();
    state.view_changed(&view_of(1, &[1]), now);
    let wanted = state.plan(now).acquire;
    state.acquired(&wanted, &[], now);
    assert!(state.plan(now).acquire.is_empty(), "somebody who leaves still has them");
    state.view_changed(&view_of(2, &[1]), now);
    assert_eq!(state.plan(now).acquire, wanted, "it is gone now");
    state.view_changed(&view_of(3, &[1]), now);
    state.acquired(&wanted, &[], now);
    assert_eq!(state.plan(now).acquire, wanted, "the view came while the store was asked");
}

#[test]
fn a_shard_that_another_node_still_has_is_served_there_and_one_that_nobody_has_is_missing() {
    let now = Instant::now();
    let mut state = region();
    state.view_changed(&view_of(1, &[1, 2]), now);
    let wanted = state.plan(now).acquire;
    assert_eq!(state.unserved(), wanted.len(), "nothing is known yet");
    state.acquired(&wanted, &[fence(wanted[0], 1)], now);
    assert_eq!(state.unserved(), 0, "the rest is the other node's");
    state.acquired(&wanted[1..], &[], now);
    state.unanswered(&wanted[1..]);
    assert_eq!(state.unserved(), wanted.len() - 1, "the store did not say whose they are");
    state.fence_all();
    assert_eq!(state.unserved(), wanted.len());
}

#[test]
fn a_fenced_shard_stops_alone_and_an_old_fence_stops_nothing() {
    let now = Instant::now();
    let mut state = full(now);
    let shard = Shard { kind: ShardKind::Reader, index: 7 };
    assert_eq!(state.fenced(fence(shard, 0)), None, "an older run of it");
    assert_eq!(state.fenced(fence(shard, 1)), Some(fence(shard, 1)));
    assert_eq!(state.owned().len(), 515);
    assert!(state.plan(now).acquire.is_empty(), "it is still stopping");
    state.stopped(&[fence(shard, 1)], true, now);
    assert_eq!(state.plan(now).acquire, [shard]);
}

#[test]
fn a_fenced_node_stops_all_and_starts_again_when_its_lease_lives() {
    let now = Instant::now();
    let mut state = full(now);
    let all = state.fence_all();
    assert_eq!(all.len(), 516);
    assert_eq!(state.plan(now), Plan::default());
    state.view_changed(&view_of(2, &[1]), now);
    assert_eq!(state.plan(now), Plan::default(), "a view alone is no lease");
    state.unfence();
    assert!(state.plan(now).acquire.is_empty(), "they are still stopping");
    state.stopped(&all, true, now);
    assert_eq!(state.plan(now).acquire.len(), 516);
}

#[test]
fn leases_granted_after_the_node_was_fenced_do_not_start() {
    let now = Instant::now();
    let mut state = region();
    state.view_changed(&view_of(1, &[1]), now);
    let asked = state.plan(now).acquire;
    state.fence_all();
    let granted: Vec<Fence> = asked.iter().map(|shard| fence(*shard, 1)).collect();
    assert_eq!(state.acquired(&asked, &granted, now), (granted.clone(), After::Keep));
    assert!(state.owned().is_empty());
}

#[test]
fn a_released_region_is_empty_only_when_every_lease_is_free() {
    let now = Instant::now();
    let mut state = full(now);
    let all = state.release_all();
    state.stopped(&all, false, now);
    assert!(!state.is_empty(), "the database was away");
    assert!(state.plan(now).free.is_empty(), "not again at once");
    let free = state.plan(now + RETRY_AFTER).free;
    assert_eq!(free.len(), 516);
    state.freed(&free);
    assert!(state.is_empty());
    assert_eq!(state.plan(now), Plan::default());
}

#[test]
fn leases_left_from_before_a_restart_are_freed_unless_wanted() {
    let now = Instant::now();
    let mut state = region();
    state.view_changed(&view_of(1, &[1, 2]), now);
    let wanted = state.plan(now).acquire;
    let left: Vec<Fence> = Shard::all().map(|shard| fence(shard, 4)).collect();
    let stop = state.found(&left);
    assert_eq!(stop.len(), 516 - wanted.len());
    assert!(state.found(&left).is_empty(), "they are stopping already");
    let of_another = Fence { owner: Incarnation(2), ..stop[0] };
    state.stopped(&stop, true, now);
    assert!(state.found(&[of_another]).is_empty());
}

#[test]
fn a_lease_kept_through_a_fencing_is_freed_when_placement_gives_it_elsewhere_meanwhile() {
    let now = Instant::now();
    let mut state = full(now);
    let all = state.fence_all();
    assert!(state.found(&all).is_empty(), "they are still stopping");
    state.stopped(&all, true, now);
    state.view_changed(&view_of(2, &[1, 2]), now);
    state.unfence();
    let asked = state.plan(now).acquire;
    let given = state.found(&all);
    assert_eq!(given.len() + asked.len(), 516);
    assert!(given.iter().all(|fence| !asked.contains(&fence.shard)));
}

#[test]
fn a_shard_that_another_node_holds_is_asked_for_once_a_second() {
    let now = Instant::now();
    let mut state = region();
    state.view_changed(&view_of(1, &[1]), now);
    let asked = state.plan(now).acquire;
    state.acquired(&asked, &[], now);
    assert!(state.plan(now).acquire.is_empty());
    assert_eq!(state.plan(now + RETRY_AFTER).acquire.len(), 516);
}

#[test]
fn a_shard_that_does_not_start_is_left_alone_for_a_while() {
    let now = Instant::now();
    let mut state = region();
    state.view_changed(&view_of(1, &[1]), now);
    let asked = state.plan(now).acquire;
    let bad = asked[0];
    let granted: Vec<Fence> = asked[1..].iter().map(|shard| fence(*shard, 1)).collect();
    state.acquired(&asked, &granted, now);
    state.refused(bad, now);
    assert_eq!(state.plan(now), Plan { free: vec![bad], ..Plan::default() });
    state.freed(&[bad]);
    assert!(state.plan(now).acquire.is_empty());
    assert_eq!(state.plan(now + AVOID_FOR).acquire, [bad]);
}

#[derive(Debug, Clone)]
enum Step {
    View(usize),
    Plan,
    Grant(bool),
    Stopped(bool),
    Freed,
    FenceAll,
    Unfence,
    FencedOne(u16),
    ReleaseAll,
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (1_usize..4).prop_map(Step::View),
        6 => Just(Step::Plan),
        4 => any::<bool>().prop_map(Step::Grant),
        4 => any::<bool>().prop_map(Step::Stopped),
        2 => Just(Step::Freed),
        1 => Just(Step::FenceAll),
        2 => Just(Step::Unfence),
        1 => (0_u16..256).prop_map(Step::FencedOne),
        1 => Just(Step::ReleaseAll),
        3 => (0_u64..8).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..80)
}

/// What runs according to the orders given, kept beside the state.
#[derive(Default)]
struct World {
    running: BTreeMap<Shard, Fence>,
    asked: Option<Vec<Shard>>,
    stopping: Vec<Fence>,
    free: Vec<Shard>,
    rebalancing: BTreeSet<Shard>,
    epoch: i64,
}

impl World {
    fn stop(&mut self, fences: &[Fence]) {
        self.stopping.extend(fences);
    }

    fn obey(&mut self, plan: Plan) {
        if !plan.acquire.is_empty() {
            assert!(self.asked.is_none(), "two acquisitions at a time");
            for shard in &plan.acquire {
                assert!(!self.running.contains_key(shard), "asked for a shard that still runs");
            }
            self.asked = Some(plan.acquire);
        }
        self.rebalancing.extend(plan.release.iter().map(|fence| fence.shard));
        self.stop(&plan.release);
        self.free = plan.free;
        for shard in &self.free {
            assert!(!self.running.contains_key(shard), "freed a shard that still runs");
        }
    }

    fn apply(&mut self, state: &mut RegionState, step: &Step, now: &mut Instant, version: i64) {
        match step {
            Step::View(members) => {
                let ids: Vec<i64> = (1..=i64::try_from(*members).unwrap()).collect();
                state.view_changed(&view_of(version, &ids), *now);
            }
            Step::Plan => {
                let plan = state.plan(*now);
                self.obey(plan);
            }
            Step::Grant(all) => {
                let Some(asked) = self.asked.take() else { return };
                self.epoch += 1;
                let part = if *all { asked.len() } else { asked.len() / 2 };
                let granted: Vec<Fence> =
                    asked[..part].iter().map(|shard| fence(*shard, self.epoch)).collect();
                self.running.extend(granted.iter().map(|fence| (fence.shard, *fence)));
                let (stop, _) = state.acquired(&asked, &granted, *now);
                self.stop(&stop);
            }
            Step::Stopped(freed) => {
                let done = std::mem::take(&mut self.stopping);
                for fence in &done {
                    self.running.remove(&fence.shard);
                    self.rebalancing.remove(&fence.shard);
                }
                state.stopped(&done, *freed, *now);
            }
            Step::Freed => state.freed(&std::mem::take(&mut self.free)),
            Step::Unfence => state.unfence(),
            Step::FenceAll => self.stopping.extend(state.fence_all()),
            Step::FencedOne(index) => {
                let shard = Shard { kind: ShardKind::Reader, index: *index };
                let fence = self.running.get(&shard).copied();
                self.stopping.extend(fence.and_then(|fence| state.fenced(fence)));
            }
            Step::ReleaseAll => self.stopping.extend(state.release_all()),
            Step::Wait(seconds) => *now += Duration::from_secs(*seconds),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_the_region_believes_to_own_always_runs_under_the_same_fence(steps in steps()) {
        let mut state = region();
        let mut world = World::default();
        let mut now = Instant::now();
        for (number, step) in steps.iter().enumerate() {
            world.apply(&mut state, step, &mut now, i64::try_from(number).unwrap() + 1);
            for (shard, fence) in state.owned() {
                prop_assert_eq!(world.running.get(shard), Some(fence));
            }
            prop_assert!(world.rebalancing.len() <= 8, "{} shards move", world.rebalancing.len());
            if state.mode() != Mode::Serving {
                prop_assert!(state.owned().is_empty());
            }
        }
    }

    #[test]
    fn whatever_happened_the_region_ends_with_what_placement_says(steps in steps()) {
        let mut state = region();
        let mut world = World::default();
        let mut now = Instant::now();
        for (number, step) in steps.iter().filter(|step| !matches!(step, Step::ReleaseAll)).enumerate() {
            world.apply(&mut state, step, &mut now, i64::try_from(number).unwrap() + 1);
        }
        for _ in 0..3 {
            let calm = [
                Step::Unfence, Step::View(1), Step::Grant(true), Step::Stopped(true), Step::Plan, Step::Freed,
                Step::Wait(10), Step::Plan, Step::Grant(true),
            ];
            for step in &calm {
                world.apply(&mut state, step, &mut now, 1_000);
            }
        }
        prop_assert_eq!(state.owned().len(), 516);
        prop_assert_eq!(&world.running, state.owned());
    }
}
