//! What makes a node a place for terminals.

use super::*;
use autoglm_protocol::figures::{FIGURES_FRESH, NodeFigures, NodeLoad};
use autoglm_protocol::membership::ClusterView;
use std::time::Duration;

const ME: Incarnation = Incarnation(1);

fn member(id: i64) -> Member {
    Member {
        incarnation: Incarnation(id),
        name: format!("n{id}"),
        address: String::new(),
        roles: vec!["all".to_owned()],
        weight: 1,
        state: MemberState::Up,
    }
}

fn places(members: Vec<Member>) -> Places {
    let view = ClusterView { version: 1, members };
    let membership = StatusCell::default();
    membership.set(MembershipStatus { incarnation: ME.0, view, ..MembershipStatus::default() });
    Places {
        me: ME,
        membership,
        figures: FigureBoard::default(),
        draining: watch::channel(false).1,
    }
}

fn says(places: &Places, id: i64, terminals: usize, ready: bool) {
    let load = NodeLoad { terminals, ready, ..NodeLoad::default() };
    places.figures.heard(Incarnation(id), NodeFigures { load, ..NodeFigures::default() });
}

fn others(places: &Places) -> Option<Vec<usize>> {
    places.standing(9).map(|standing| standing.others)
}

#[tokio::test]
async fn only_nodes_that_serve_and_are_ready_and_not_cordoned_take_terminals() {
    let cordoned = Member { weight: 0, ..member(3) };
    let fetching = Member { roles: vec!["fetch".to_owned()], ..member(4) };
    let leaving = Member { state: MemberState::Draining, ..member(5) };
    let serving = Member { roles: vec!["infer".to_owned(), "serve".to_owned()], ..member(6) };
    let places =
        places(vec![member(1), member(2), cordoned, fetching, leaving, serving, member(7)]);
    for id in 1..=6 {
        says(&places, id, 10 * id as usize, true);
    }
    says(&places, 7, 70, false);
    let expected = Standing { mine: 9, cordoned: false, others: vec![20, 60] };
    assert_eq!(places.standing(9), Some(expected));
}

#[tokio::test(start_paused = true)]
async fn nothing_can_be_said_until_every_place_has_said_how_it_is_and_once_that_is_old() {
    let places = places(vec![member(1), member(2), member(3)]);
    says(&places, 2, 20, true);
    assert_eq!(others(&places), None);
    says(&places, 3, 30, true);
    assert_eq!(others(&places), Some(vec![20, 30]));
    tokio::time::advance(FIGURES_FRESH + Duration::from_secs(1)).await;
    says(&places, 2, 20, true);
    assert_eq!(others(&places), None);
}

#[tokio::test]
async fn a_node_that_is_alone_cordoned_leaving_or_no_member_knows_it() {
    assert_eq!(others(&places(vec![member(1)])), Some(vec![]));
    let cordoned = places(vec![Member { weight: 0, ..member(1) }]);
    assert!(cordoned.standing(9).is_some_and(|standing| standing.cordoned));
    assert_eq!(others(&places(vec![])), None);
    let fetching = Member { roles: vec!["fetch".to_owned()], ..member(1) };
    assert_eq!(others(&places(vec![fetching])), None);
    let drained = Places { draining: watch::channel(true).1, ..places(vec![member(1)]) };
    assert_eq!(others(&drained), None);
    let fenced = places(vec![member(1)]);
    let status = (*fenced.membership.get()).clone();
    fenced.membership.set(MembershipStatus { fenced: true, ..status });
    assert_eq!(others(&fenced), None);
}
