//! What is slow in the cluster, from what every node says of itself.

use autoglm_protocol::cluster_desk::HotSpot;
use autoglm_protocol::figures::{Hot, HotKind, NodeFigures};
use autoglm_protocol::stage::TIMED;

/// The hot spots of these nodes: one for each node and stage, but a stage that is slow everywhere
/// once, with all who say so and the worst of their figures. In order of the way, then by node.
#[must_use]
pub fn gathered<'a>(nodes: impl Iterator<Item = (&'a str, &'a NodeFigures)>) -> Vec<HotSpot> {
    let mut spots: Vec<HotSpot> = Vec::new();
    for (node, figures) in nodes {
        for stage in &figures.stages {
            let Some(hot) = stage.hot else { continue };
            let same = spots.iter_mut().find(|spot| {
                hot.kind == HotKind::Stage && spot.hot.kind == hot.kind && spot.stage == stage.name
            });
            match same {
                Some(spot) => {
                    spot.nodes.push(node.to_owned());
                    spot.hot = worse(spot.hot, hot);
                }
                None => spots.push(HotSpot {
                    stage: stage.name.clone(),
                    nodes: vec![node.to_owned()],
                    hot,
                }),
            }
        }
    }
    let place = |stage: &str| TIMED.iter().position(|name| *name == stage).unwrap_or(TIMED.len());
    spots.iter_mut().for_each(|spot| spot.nodes.sort());
    spots.sort_by_cached_key(|spot| (place(&spot.stage), spot.nodes.clone()));
    spots
}

fn worse(one: Hot, other: Hot) -> Hot {
    let seconds = one.seconds.max(other.seconds);
    let worst = if other.p99_ms > one.p99_ms { other } else { one };
    Hot { seconds, ..worst }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_protocol::figures::StageFigures;

    fn hot(kind: HotKind, p99_ms: f64, seconds: u64) -> Hot {
        Hot { kind, p99_ms, usual_ms: 35.0, others_ms: Some(40.0), seconds }
    }

    fn figures(stages: &[(&str, Hot)]) -> NodeFigures {
        let stage = |(name, hot): &(&str, Hot)| StageFigures {
            name: (*name).to_owned(),
            hot: Some(*hot),
            ..StageFigures::default()
        };
        NodeFigures { stages: stages.iter().map(stage).collect(), ..NodeFigures::default() }
    }

    #[test]
    fn a_stage_that_is_slow_everywhere_is_one_spot_and_nodes_are_one_each() {
        let (node, stage) = (HotKind::Node, HotKind::Stage);
        let b = figures(&[("request", hot(node, 480.0, 40)), ("store", hot(stage, 200.0, 60))]);
        let a = figures(&[("store", hot(stage, 300.0, 20)), ("request", hot(node, 500.0, 20))]);
        let nodes = [("b", &b), ("a", &a)];
        let spots = gathered(nodes.into_iter());
        let named: Vec<_> =
            spots.iter().map(|spot| (spot.stage.as_str(), spot.nodes.join(" "))).collect();
        let each = [("store", "a b"), ("request", "a"), ("request", "b")];
        assert_eq!(named, each.map(|(stage, nodes)| (stage, nodes.to_owned())));
        assert_eq!(spots[0].hot, hot(stage, 300.0, 60), "the worst, and the longest");
    }

    #[test]
    fn where_all_is_well_there_is_none() {
        let well = NodeFigures { stages: vec![StageFigures::default()], ..NodeFigures::default() };
        assert_eq!(gathered([("a", &well)].into_iter()), []);
    }
}
