//! What is hot and what is not, over windows as they might come.

use super::*;
use proptest::prelude::*;

const STAGE: &str = "request";

fn latency(p99_ms: f64) -> Latency {
    Latency { count: 100, p50_ms: p99_ms / 2.0, p99_ms }
}

fn peer(p99_ms: f64, usual_ms: f64) -> PeerLatency {
    PeerLatency { window: latency(p99_ms), usual_ms: Some(usual_ms) }
}

/// A node on which the stage has taken so long for a quarter of an hour.
fn seasoned(usual_ms: f64) -> HotSpots {
    let mut spots = HotSpots::default();
    for _ in 0..HISTORY_MAX {
        spots.judge(STAGE, latency(usual_ms), &[]);
    }
    spots
}

/// What is hot after windows like this one.
fn after(spots: &mut HotSpots, windows: u32, own: Latency, peers: &[PeerLatency]) -> Option<Hot> {
    (0..windows).map(|_| spots.judge(STAGE, own, peers).hot).last().flatten()
}

#[test]
fn a_node_that_leaves_its_past_and_its_peers_is_hot_after_two_windows() {
    let mut spots = seasoned(35.0);
    let peers = [peer(40.0, 38.0), peer(45.0, 44.0)];
    assert_eq!(spots.judge(STAGE, latency(480.0), &peers).hot, None);
    let hot = Hot {
        kind: HotKind::Node,
        p99_ms: 480.0,
        usual_ms: 35.0,
        others_ms: Some(40.0),
        seconds: 20,
    };
    let judged = spots.judge(STAGE, latency(480.0), &peers);
    assert_eq!((judged.hot, judged.change), (Some(hot), Some(Change::Began(hot))));
    let judged = spots.judge(STAGE, latency(500.0), &peers);
    let later = Hot { p99_ms: 500.0, seconds: 30, ..hot };
    assert_eq!((judged.hot, judged.change), (Some(later), None));
}

#[test]
fn a_single_slow_window_is_nothing() {
    let mut spots = seasoned(35.0);
    for _ in 0..20 {
        assert_eq!(spots.judge(STAGE, latency(900.0), &[]).hot, None);
        assert_eq!(spots.judge(STAGE, latency(35.0), &[]).hot, None);
    }
}

#[test]
fn it_is_over_after_three_good_windows_in_a_row_and_that_is_told_once() {
    let mut spots = seasoned(35.0);
    after(&mut spots, 2, latency(480.0), &[]);
    assert!(after(&mut spots, 2, latency(35.0), &[]).is_some());
    assert!(after(&mut spots, 1, latency(480.0), &[]).is_some(), "the row begins anew");
    assert!(after(&mut spots, 2, latency(35.0), &[]).is_some());
    let judged = spots.judge(STAGE, latency(35.0), &[]);
    assert_eq!(judged.hot, None);
    let Some(Change::Ended(hot)) = judged.change else { panic!("it is over: {judged:?}") };
    assert_eq!((hot.p99_ms, hot.seconds), (480.0, 80));
    assert_eq!(
        spots.judge(STAGE, latency(35.0), &[]),
        Judged { usual_ms: Some(35.0), ..Judged::default() }
    );
}

#[test]
fn when_most_nodes_slow_down_it_is_the_stage() {
    let mut spots = seasoned(35.0);
    let all = [peer(450.0, 40.0), peer(500.0, 30.0)];
    let hot = after(&mut spots, 2, latency(480.0), &all).expect("hot");
    assert_eq!((hot.kind, hot.others_ms), (HotKind::Stage, Some(450.0)));
    let rest = [peer(40.0, 40.0), peer(30.0, 30.0)];
    let hot = after(&mut spots, 1, latency(480.0), &rest).expect("still hot");
    assert_eq!(hot.kind, HotKind::Node, "the others are well again");
}

#[test]
fn one_of_two_peers_that_is_slow_too_does_not_hide_the_node() {
    let mut spots = seasoned(35.0);
    let hot = after(&mut spots, 2, latency(480.0), &[peer(500.0, 35.0), peer(35.0, 35.0)]);
    assert_eq!(hot.map(|hot| hot.kind), Some(HotKind::Node));
}

#[test]
fn a_node_that_becomes_as_slow_as_the_others_always_were_is_not_hot() {
    let mut spots = seasoned(35.0);
    let slower_machines = [peer(400.0, 390.0), peer(420.0, 400.0)];
    assert_eq!(after(&mut spots, 10, latency(300.0), &slower_machines), None);
}

#[test]
fn peers_with_little_to_do_say_nothing() {
    let mut spots = seasoned(35.0);
    let window = Latency { count: SAMPLES_MIN - 1, p50_ms: 400.0, p99_ms: 500.0 };
    let idle = PeerLatency { window, usual_ms: Some(35.0) };
    let hot = after(&mut spots, 2, latency(480.0), &[idle]).expect("hot");
    assert_eq!((hot.kind, hot.others_ms), (HotKind::Node, None));
}

#[test]
fn what_nobody_waits_for_is_not_hot() {
    let mut spots = seasoned(0.5);
    assert_eq!(after(&mut spots, 10, latency(FLOOR_MS), &[]), None);
    assert!(after(&mut spots, 2, latency(FLOOR_MS + 1.0), &[]).is_some());
}

#[test]
fn nothing_is_hot_before_it_is_known_what_is_usual() {
    let mut spots = HotSpots::default();
    for _ in 1..HISTORY_MIN {
        spots.judge(STAGE, latency(35.0), &[]);
    }
    assert_eq!(spots.judge(STAGE, latency(35.0), &[]), Judged::default());
    assert_eq!(spots.judge(STAGE, latency(35.0), &[]).usual_ms, Some(35.0));
}

#[test]
fn what_is_so_slow_that_little_gets_done_stays_hot_for_a_minute() {
    let mut spots = seasoned(35.0);
    let few = Latency { count: 3, p50_ms: 900.0, p99_ms: 900.0 };
    spots.judge(STAGE, latency(480.0), &[]);
    spots.judge(STAGE, few, &[]);
    assert!(after(&mut spots, 1, latency(480.0), &[]).is_some(), "silence ends no row");
    assert!(after(&mut spots, SILENT_AFTER - 1, few, &[]).is_some());
    let judged = spots.judge(STAGE, few, &[]);
    assert!(matches!((judged.hot, judged.change), (None, Some(Change::Ended(_)))), "{judged:?}");
}

#[test]
fn alone_a_change_for_good_becomes_what_is_usual() {
    let mut spots = seasoned(35.0);
    let windows = HISTORY_MAX as u32 / 2;
    assert!(after(&mut spots, windows, latency(480.0), &[]).is_some());
    assert_eq!(after(&mut spots, CALM_AFTER + 1, latency(480.0), &[]), None);
}

#[test]
fn beside_well_peers_a_slow_node_stays_hot_however_long_it_takes() {
    let mut spots = seasoned(35.0);
    let peers = [peer(40.0, 40.0)];
    let hot = after(&mut spots, 3 * HISTORY_MAX as u32, latency(480.0), &peers).expect("hot");
    assert_eq!((hot.usual_ms, hot.seconds), (35.0, 2_700));
}

#[test]
fn a_stage_nobody_knows_is_not_judged() {
    let mut spots = HotSpots::default();
    assert_eq!(spots.judge("lunch", latency(9_000.0), &[]), Judged::default());
}

/// A base with noise of a fifth for each window, own first.
fn noisy(nodes: usize, windows: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    proptest::collection::vec(proptest::collection::vec(0.8..1.2_f64, nodes), windows)
}

proptest! {
    #[test]
    fn noise_of_a_fifth_is_never_hot(
        base in 0.1..60_000.0_f64,
        counts in proptest::collection::vec(0_u64..60, 150),
        noise in noisy(3, 150),
    ) {
        let mut spots = HotSpots::default();
        for (noise, count) in noise.iter().zip(counts) {
            let peers: Vec<_> = noise[1..].iter().map(|by| peer(base * by, base)).collect();
            let own = Latency { count, ..latency(base * noise[0]) };
            let judged = spots.judge(STAGE, own, &peers);
            prop_assert_eq!((judged.hot, judged.change), (None, None));
        }
    }

    #[test]
    fn ten_times_as_long_is_always_hot_after_two_windows(
        base in 7.0..60_000.0_f64,
        others in 0_usize..5,
        seen in HISTORY_MIN..2 * HISTORY_MAX,
        noise in noisy(6, 2 * HISTORY_MAX + 2),
    ) {
        let mut spots = HotSpots::default();
        let (calm, slow) = noise.split_at(seen);
        let peers = |noise: &[f64]| -> Vec<PeerLatency> {
            noise[1..=others].iter().map(|by| peer(base * by, base)).collect()
        };
        for noise in calm {
            spots.judge(STAGE, latency(base * noise[0]), &peers(noise));
        }
        let hot: Vec<bool> = slow[..2]
            .iter()
            .map(|noise| {
                let own = latency(10.0 * base * noise[0]);
                spots.judge(STAGE, own, &peers(noise)).hot.is_some()
            })
            .collect();
        prop_assert_eq!(hot, [false, true]);
    }

    #[test]
    fn whatever_comes_memory_is_bounded_and_changes_are_told_in_turn(
        windows in proptest::collection::vec((0_u64..40, 0.0..1_000.0_f64, 0.0..1_000.0_f64), 400),
    ) {
        let (mut spots, mut was_hot) = (HotSpots::default(), false);
        for (count, p99_ms, of_peer) in windows {
            let own = Latency { count, ..latency(p99_ms) };
            let judged = spots.judge(STAGE, own, &[peer(of_peer, 100.0)]);
            let told = match judged.change {
                Some(Change::Began(_)) => !was_hot && judged.hot.is_some(),
                Some(Change::Ended(_)) => was_hot && judged.hot.is_none(),
                None => was_hot == judged.hot.is_some(),
            };
            prop_assert!(told, "{judged:?}");
            was_hot = judged.hot.is_some();
            prop_assert!(spots.stages.iter().all(|stage| stage.history.len() <= HISTORY_MAX));
        }
    }
}
