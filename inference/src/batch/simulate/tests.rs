//! What the simulator must not get wrong, and what our way must be better at. Virtual time only.

use super::super::ladder::Padding;
use super::*;

fn gpu(load: f64) -> Scenario {
    Scenario { lasts: Duration::from_secs(2), ..Scenario::news(SimulatedDevice::GPU, load) }
}

#[test]
fn the_same_seed_is_the_same_run_and_every_request_comes_to_an_end() {
    for policy in
        [Policy::Ours, Policy::Fixed { size: 8, timeout: Duration::from_millis(5), queue: 512 }]
    {
        let (once, twice) = (gpu(1.1).run(policy), gpu(1.1).run(policy));
        assert_eq!((once.goodput, once.latencies), (twice.goodput, twice.latencies));
        let answers: usize = once.latencies.iter().map(|latencies| latencies.answers).sum();
        assert_eq!((answers + once.shed, once.left), (once.offered, 0), "{policy}");
    }
}

#[test]
fn at_eighty_percent_ours_answers_in_time_what_others_cannot() {
    let scenario = gpu(0.8);
    let ours = scenario.run(Policy::Ours);
    let (unbatched, without) = scenario.best_unbatched();
    let (fixed, best) = scenario.best_fixed();
    assert!(ours.goodput >= 4.0 * without.goodput, "{ours:?} against {unbatched}: {without:?}");
    assert!(ours.goodput >= 1.2 * best.goodput, "{ours:?} against {fixed}: {best:?}");
    assert!(ours.padding_share <= 0.10, "{ours:?}");
    assert_eq!(ours.shed, 0, "{ours:?}");
    assert!(ours.latencies[0].p95 <= scenario.objective, "{ours:?}");
}

#[test]
fn without_padding_the_same_holds_closer_to_the_limit() {
    let device = SimulatedDevice { padding: Padding::None, ..SimulatedDevice::GPU };
    let scenario = Scenario { devices: vec![device], ..gpu(0.9) };
    let report = scenario.run(Policy::Ours);
    assert!(report.goodput >= 0.99 * report.offered as f64 / 2.0, "{report:?}");
}

#[test]
fn a_light_load_is_answered_at_once() {
    let report = gpu(0.05).run(Policy::Ours);
    let alone = SimulatedDevice::GPU.takes(super::super::shape::Shape::of(64));
    assert!(report.latencies[0].p50 <= 2 * alone, "{report:?}");
    assert_eq!(report.shed, 0);
}

#[test]
fn bursts_are_absorbed() {
    let report = Scenario { arrivals: Arrivals::Bursty, ..gpu(0.5) }.run(Policy::Ours);
    assert_eq!(report.shed, 0);
    assert!(report.latencies[0].p95 <= Duration::from_millis(50), "{report:?}");
}

#[test]
fn under_overload_persons_are_still_answered_in_time_and_the_queue_stays_bounded() {
    let scenario = Scenario { lasts: Duration::from_secs(4), ..gpu(1.5) };
    let report = scenario.run(Policy::Ours);
    assert!(report.latencies[0].p95 <= scenario.objective, "{report:?}");
    assert!(report.shed > 0 && report.left == 0, "{report:?}");
}

#[test]
fn after_a_surge_persons_are_soon_in_time_again() {
    let lasts = Duration::from_secs(4);
    let scenario = Scenario { arrivals: Arrivals::Surge, lasts, ..gpu(0.5) };
    let over = Moment::after_start(lasts / 2);
    let ours =
        scenario.run(Policy::Ours).recovered_at().map_or(Duration::ZERO, |at| at.since(over));
    let short = Policy::Fixed { size: 64, timeout: Duration::ZERO, queue: 10_000 };
    let fixed = scenario.run(short).recovered_at().map_or(Duration::ZERO, |at| at.since(over));
    assert!(ours <= Duration::from_millis(300), "{ours:?}, fixed batches {fixed:?}");
    assert!(ours < fixed, "{ours:?}, fixed batches {fixed:?}");
}

#[test]
fn a_slow_device_beside_a_quick_one_makes_nobody_late() {
    let quick = gpu(0.4);
    let both =
        Scenario { devices: vec![SimulatedDevice::CPU, SimulatedDevice::GPU], ..quick.clone() };
    let (alone, together) = (quick.run(Policy::Ours), both.run(Policy::Ours));
    let late = |report: &Report| report.latencies[0].p99;
    assert!(late(&together) <= Duration::from_millis(50), "{together:?} against {alone:?}");
}
