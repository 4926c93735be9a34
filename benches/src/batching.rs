//! Dynamic batches against one at a time and fixed batches, in virtual time: the same requests for
//! each, arriving whatever the device does. Everything follows from the seed.

use autoglm_inference::batch::simulate::{
    Arrivals, Latencies, Policy, Report, Scenario, SimulatedDevice,
};
use comfy_table::Table;
use std::time::Duration;

/// Offered loads, as shares of what the device can do in full batches without padding.
const LOADS: [f64; 7] = [0.1, 0.25, 0.5, 0.8, 0.9, 1.0, 1.2];

/// Prints the tables.
pub(crate) fn run(seed: u64) {
    println!("GPU: 0.8 ms a batch and 1.2 us a token, padded in even steps; objective 50 ms");
    sweep(seed, SimulatedDevice::GPU, Arrivals::Poisson);
    println!("the same, arriving in bursts: 50 ms at three times the rate, 100 ms of nothing");
    sweep(seed, SimulatedDevice::GPU, Arrivals::Bursty);
    println!("CPU: 0.6 ms a batch and 105 us a token: there batches gain nothing, order does");
    sweep(seed, SimulatedDevice::CPU, Arrivals::Poisson);
    recovery(seed);
}

fn sweep(seed: u64, device: SimulatedDevice, arrivals: Arrivals) {
    let mut table = Table::new();
    table.set_header([
        "load",
        "batches",
        "good answers/s",
        "interactive p50/p95/p99 ms",
        "ingest p50/p95/p99 ms",
        "backfill p50/p95/p99 ms",
        "shed",
        "padding",
        "mean batch",
        "busy",
    ]);
    for load in LOADS {
        let scenario = Scenario { seed, arrivals, ..Scenario::news(device, load) };
        let rows = [
            (Policy::Ours, scenario.run(Policy::Ours)),
            scenario.best_unbatched(),
            scenario.best_fixed(),
        ];
        for (policy, report) in rows {
            table.add_row(row(load, policy, &report));
        }
    }
    println!("{table}");
}

fn row(load: f64, policy: Policy, report: &Report) -> Vec<String> {
    let [interactive, ingest, backfill] = report.latencies;
    vec![
        format!("{:.0} %", load * 100.0),
        policy.to_string(),
        format!("{:.0}", report.goodput),
        milliseconds(interactive),
        milliseconds(ingest),
        milliseconds(backfill),
        format!("{:.1} %", report.shed_share() * 100.0),
        format!("{:.1} %", report.padding_share * 100.0),
        format!("{:.1}", report.mean_batch),
        format!("{:.0} %", report.busy_share * 100.0),
    ]
}

fn milliseconds(latencies: Latencies) -> String {
    let show = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1e3);
    format!("{} / {} / {}", show(latencies.p50), show(latencies.p95), show(latencies.p99))
}

/// After a second at one and a half times what the device can do, out of four at half of it.
fn recovery(seed: u64) {
    let lasts = Duration::from_secs(4);
    let device = SimulatedDevice::GPU;
    let scenario =
        Scenario { seed, lasts, arrivals: Arrivals::Surge, ..Scenario::news(device, 0.5) };
    let mut table = Table::new();
    table.set_header(["batches", "persons are in time again, ms after the surge", "shed"]);
    let fixed = Policy::Fixed { size: 64, timeout: Duration::ZERO, queue: 10_000 };
    for policy in [Policy::Ours, fixed] {
        let report = scenario.run(policy);
        let after = report.recovered_at().map_or(0, |at| (at.0 / 1_000).saturating_sub(2_000));
        let shed = format!("{:.1} %", report.shed_share() * 100.0);
        table.add_row([policy.to_string(), after.to_string(), shed]);
    }
    println!("{table}");
}
