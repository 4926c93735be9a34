//! Where texts are understood: a pure decision on what is known of this node and the others.

use autoglm_domain::Incarnation;
use autoglm_protocol::agent::LoadReport;

/// Up to this wait texts stay here, whoever has less to do: a hop costs as much.
const PATIENCE_MS: u32 = 300;
/// Another node must be better than this one by a factor, or two nodes would swap their texts.
const WORTH: u32 = 2;

/// Where texts are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On this node.
    Here,
    /// On another one.
    At(Incarnation),
}

/// Chooses: here while the wait is short, else the better of two others at random, if it is worth
/// the way. `models` is what the texts must be read with. `draws` are two numbers from 0 to 1.
#[must_use]
pub fn choose(
    own: &LoadReport,
    models: &str,
    others: &[(Incarnation, LoadReport)],
    draws: [f64; 2],
) -> Place {
    let is_able = |report: &LoadReport| report.devices > 0 && !report.models.is_empty();
    let can_here = own.devices > 0;
    if can_here && own.expected_wait_ms <= PATIENCE_MS {
        return Place::Here;
    }
    let able: Vec<&(Incarnation, LoadReport)> = others
        .iter()
        .filter(|(_, report)| is_able(report) && is_same_models(&report.models, models))
        .collect();
    let Some(best) = better_of_two(&able, draws) else { return Place::Here };
    let is_worth = best.1.expected_wait_ms.saturating_mul(WORTH) < own.expected_wait_ms;
    if can_here && !is_worth { Place::Here } else { Place::At(best.0) }
}

/// Two different ones where there are two: with the best of all, everybody would run to it at once.
fn better_of_two<'a>(
    able: &[&'a (Incarnation, LoadReport)],
    draws: [f64; 2],
) -> Option<&'a (Incarnation, LoadReport)> {
    let at =
        |draw: f64, count: usize| ((draw * count as f64) as usize).min(count.saturating_sub(1));
    let first = at(draws[0], able.len());
    let mut second = at(draws[1], able.len().saturating_sub(1));
    if second >= first {
        second += 1;
    }
    let pair = [able.get(first), able.get(second)];
    pair.into_iter().flatten().copied().min_by_key(|(_, report)| report.expected_wait_ms)
}

/// Whether two nodes read with the same models and topics; a candidate that also reads, for
/// comparison only, makes no difference.
#[must_use]
pub fn is_same_models(one: &str, other: &str) -> bool {
    let in_use = |label: &str| label.split(", beside it").next().unwrap_or_default().to_owned();
    !one.is_empty() && in_use(one) == in_use(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn report(devices: u32, models: &str, expected_wait_ms: u32) -> LoadReport {
        LoadReport { devices, models: models.into(), expected_wait_ms, ..LoadReport::default() }
    }

    fn node(id: i64, report: LoadReport) -> (Incarnation, LoadReport) {
        (Incarnation(id), report)
    }

    #[test]
    fn texts_stay_here_while_the_wait_is_short() {
        let others = [node(2, report(8, "m", 0))];
        assert_eq!(choose(&report(1, "m", 300), "m", &others, [0.0, 0.0]), Place::Here);
        let place = choose(&report(1, "m", 301), "m", &others, [0.0, 0.0]);
        assert_eq!(place, Place::At(Incarnation(2)));
    }

    #[test]
    fn texts_stay_here_when_others_are_hardly_better() {
        let others = [node(2, report(1, "m", 900))];
        assert_eq!(choose(&report(1, "m", 1_000), "m", &others, [0.5, 0.5]), Place::Here);
    }

    #[test]
    fn a_node_without_devices_asks_whoever_has_the_models() {
        let others = [node(2, report(1, "other", 0)), node(3, report(1, "m, beside it c", 60_000))];
        let place = choose(&report(0, "", u32::MAX), "m", &others, [0.0, 0.9]);
        assert_eq!(place, Place::At(Incarnation(3)));
        assert_eq!(choose(&report(0, "", 0), "none", &others, [0.0, 0.9]), Place::Here);
    }

    proptest! {
        #[test]
        fn whatever_is_reported_only_the_same_models_read_and_never_the_worst_of_three(
            own in (0_u32..3, 0_u32..5_000),
            waits in proptest::collection::vec((0_u32..3, any::<bool>(), 0_u32..100_000), 0..6),
            draws in [0.0..1.0, 0.0..1.0],
        ) {
            let others: Vec<_> = waits
                .iter()
                .zip(2..)
                .map(|((devices, same, wait), id)| {
                    node(id, report(*devices, if *same { "m" } else { "n" }, *wait))
                })
                .collect();
            if let Place::At(chosen) = choose(&report(own.0, "m", own.1), "m", &others, draws) {
                let able: Vec<_> = others
                    .iter()
                    .filter(|(_, report)| report.devices > 0 && report.models == "m")
                    .collect();
                let found = able.iter().find(|(id, _)| *id == chosen);
                prop_assert!(found.is_some());
                let wait = found.expect("checked").1.expected_wait_ms;
                let worse = able.iter().filter(|(_, other)| other.expected_wait_ms >= wait);
                prop_assert!(able.len() < 2 || worse.count() >= 2);
            }
        }
    }
}
