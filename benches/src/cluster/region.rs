//! What a request to a shard of another node costs, beside a call over bare ractor_cluster: two
//! processes for each way, asked in turns, so that both have the same minute of the machine.

use super::{Row, Scale};
use crate::helper::Helper;
use crate::link::{BYTES, Times, Way};
use anyhow::{Result, ensure};
use clap::ValueEnum as _;
use std::time::Duration;

/// Callers at once of the second load.
const MANY: usize = 64;

pub(super) fn measure(scale: &Scale) -> Result<Vec<Row>> {
    let mut pairs = Vec::new();
    for way in Way::value_variants() {
        pairs.push(Pair::start(*way)?);
    }
    for pair in &mut pairs {
        // Everything has been asked once before anything counts.
        pair.measure(MANY, scale.period)?;
    }
    let one = in_turns(&mut pairs, 1, scale)?;
    let many = in_turns(&mut pairs, MANY, scale)?;
    Ok(rows(&one, &many))
}

/// The processes of one way.
struct Pair {
    way: Way,
    caller: Helper,
}

impl Pair {
    fn start(way: Way) -> Result<Self> {
        let name = way.to_possible_value().map(|value| value.get_name().to_owned());
        let mut caller = Helper::start(["link", "caller", &name.unwrap_or_default()])?;
        let line = caller.line()?;
        ensure!(line == "ready", "the caller over {way:?} said {line:?}");
        Ok(Self { way, caller })
    }

    fn measure(&mut self, callers: usize, period: Duration) -> Result<Times> {
        self.caller.ask(&format!("{callers} {}", period.as_millis()))?.parse()
    }
}

/// What was measured of one way, in the middle of the rounds.
struct Measured {
    way: Way,
    times: Times,
}

/// One round of each way after the other, again and again.
fn in_turns(pairs: &mut [Pair], callers: usize, scale: &Scale) -> Result<Vec<Measured>> {
    let mut rounds: Vec<Vec<Times>> = pairs.iter().map(|_| Vec::new()).collect();
    for _ in 0..scale.rounds {
        for (pair, rounds) in pairs.iter_mut().zip(&mut rounds) {
            rounds.push(pair.measure(callers, scale.period)?);
        }
    }
    let measured = pairs.iter().zip(rounds);
    Ok(measured.map(|(pair, rounds)| Measured { way: pair.way, times: median(&rounds) }).collect())
}

/// The median of each figure by itself.
fn median(rounds: &[Times]) -> Times {
    let of = |figure: fn(&Times) -> f64| {
        let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
        crate::audience::percentile(&mut figures, 0.5)
    };
    Times {
        p50: of(|times| times.p50),
        p99: of(|times| times.p99),
        per_second: of(|times| times.per_second),
    }
}

fn rows(one: &[Measured], many: &[Measured]) -> Vec<Row> {
    let bare = one.iter().zip(many).find(|(one, _)| one.way == Way::Bare);
    let Some((bare_one, bare_many)) = bare else { return Vec::new() };
    let others = one.iter().zip(many).filter(|(one, _)| one.way != Way::Bare);
    others
        .flat_map(|(one, many)| {
            let (security, latency, throughput) = match one.way {
                Way::RegionTls => ("with certificates (TLS 1.3)", "reported", "reported"),
                _ => {
                    ("no TLS, as on loopback", "p50 ≤ 150 µs, p99 ≤ 2 ms", "at least half of bare")
                }
            };
            let what = format!("request of {BYTES} bytes to a shard of another node, {security}");
            [
                Row::new(&format!("{what}, 1 caller"), latency, beside(one.times, bare_one.times)),
                Row::new(
                    &format!("{what}, {MANY} callers"),
                    throughput,
                    beside(many.times, bare_many.times),
                ),
            ]
        })
        .collect()
}

fn beside(ours: Times, bare: Times) -> String {
    let shown = |times: Times| {
        format!("p50 {:.0} µs, p99 {:.0} µs, {:.0}/s", times.p50, times.p99, times.per_second)
    };
    let ratio = ours.per_second / bare.per_second;
    format!("{}; bare ractor_cluster {}; {ratio:.2} of bare", shown(ours), shown(bare))
}
