//! Counts that must hold for any number of nodes and terminals.

use super::*;
use proptest::prelude::*;

fn standing(mine: usize, others: &[usize]) -> Standing {
    Standing { mine, cordoned: false, others: others.to_vec() }
}

fn asked(step: Step) -> usize {
    match step {
        Step::Ask(count) => count,
        Step::Nothing | Step::Rest(_) => 0,
    }
}

/// Nodes behind a balancer; each asks by itself.
struct Cluster {
    nodes: Vec<(usize, Spread)>,
    next: usize,
    asked: usize,
}

impl Cluster {
    fn of(terminals: &[usize]) -> Self {
        let nodes = terminals.iter().map(|count| (*count, Spread::default())).collect();
        Self { nodes, next: 0, asked: 0 }
    }

    fn counts(&self) -> Vec<usize> {
        self.nodes.iter().map(|(count, _)| *count).collect()
    }

    fn surplus(&self) -> usize {
        (0..self.nodes.len()).map(|node| self.standing(node).surplus()).sum()
    }

    fn standing(&self, node: usize) -> Standing {
        let mut others = self.counts();
        let mine = others.remove(node);
        standing(mine, &others)
    }

    /// One period, after which whoever was asked is where `balancer` brings them: it is given the
    /// node they come from and a number that grows with every connection.
    fn period(&mut self, balancer: impl Fn(usize, usize) -> usize) -> usize {
        let standings: Vec<_> = (0..self.nodes.len()).map(|node| self.standing(node)).collect();
        let mut asked_now = 0;
        for (node, standing) in standings.iter().enumerate() {
            let count = asked(self.nodes[node].1.step(Some(standing)));
            self.nodes[node].1.were_asked(count);
            self.nodes[node].0 -= count;
            asked_now += count;
            for _ in 0..count {
                let place = balancer(node, self.next);
                self.nodes[place].0 += 1;
                self.next += 1;
            }
        }
        self.asked += asked_now;
        asked_now
    }
}

#[test]
fn a_node_that_just_came_gets_its_part_little_by_little() {
    let mut spread = Spread::default();
    assert_eq!(spread.step(Some(&standing(20_000, &[0]))), Step::Ask(64), "at most");
    assert_eq!(spread.step(Some(&standing(400, &[0]))), Step::Ask(10), "a part of 200");
    assert_eq!(spread.step(Some(&standing(34, &[0]))), Step::Ask(1), "at least");
}

#[test]
fn alone_within_the_band_or_without_news_nobody_is_asked() {
    let mut spread = Spread::default();
    assert_eq!(spread.step(Some(&standing(20_000, &[]))), Step::Nothing);
    assert_eq!(spread.step(Some(&standing(32, &[0]))), Step::Nothing, "16 above the mean");
    assert_eq!(spread.step(Some(&standing(1_250, &[750]))), Step::Nothing, "a quarter above");
    assert_eq!(spread.step(Some(&standing(0, &[500, 20]))), Step::Nothing);
    assert_eq!(spread.step(None), Step::Nothing);
}

#[test]
fn a_cordoned_node_sends_everybody_away_when_there_is_somewhere_to_go() {
    let cordoned = |mine, others: &[usize]| Standing { cordoned: true, ..standing(mine, others) };
    let mut spread = Spread::default();
    assert_eq!(spread.step(Some(&cordoned(100, &[500]))), Step::Ask(5));
    assert_eq!(spread.step(Some(&cordoned(1, &[500]))), Step::Ask(1));
    assert_eq!(spread.step(Some(&cordoned(0, &[500]))), Step::Nothing);
    assert_eq!(spread.step(Some(&cordoned(100, &[]))), Step::Nothing);
}

#[test]
fn a_balancer_that_brings_everybody_back_is_given_up_on_for_longer_and_longer() {
    let mut cluster = Cluster::of(&[1_000, 0]);
    let day = 24 * 60 * 6;
    for _ in 0..day {
        cluster.period(|from, _| from);
    }
    // Two periods of asking before each rest; the rests double from ten minutes to five hours.
    assert!((100..=600).contains(&cluster.asked), "{}", cluster.asked);
    // The balancer is set right: they spread after all.
    for _ in 0..day {
        cluster.period(|_, number| number % 2);
    }
    assert_eq!(cluster.surplus(), 0, "{:?}", cluster.counts());
}

#[test]
fn while_nobody_has_stayed_long_enough_to_be_asked_nothing_is_judged() {
    let mut spread = Spread::default();
    for _ in 0..1_000 {
        assert_eq!(spread.step(Some(&standing(400, &[0]))), Step::Ask(10));
        spread.were_asked(0);
    }
}

#[test]
fn those_who_have_stayed_longest_and_are_idle_go_first_and_newcomers_stay() {
    let pace = Pace::with_period(Duration::from_secs(10));
    let begin = Instant::now();
    let now = begin + Duration::from_secs(3_600);
    let before = |seconds| now - Duration::from_secs(seconds);
    let candidate = |id, since, active_at| Candidate { id, since, active_at };
    let candidates = [
        candidate("idle", before(700), Some(before(31))),
        candidate("reading", before(3_000), Some(before(29))),
        candidate("newcomer", before(599), None),
        candidate("longest", before(2_000), None),
        candidate("just long enough", before(600), None),
    ];
    let order = ["longest", "idle", "just long enough", "reading"];
    assert_eq!(choose(candidates, 9, pace, now), order);
    assert_eq!(choose(candidates, 2, pace, now), order[..2]);
    assert_eq!(choose(candidates, 0, pace, now), [""; 0]);
}

proptest! {
    #[test]
    fn never_more_is_asked_than_the_surplus_and_never_much_at_once(
        mine in 0_usize..100_000,
        others in proptest::collection::vec(0_usize..100_000, 0..8),
        cordoned: bool,
    ) {
        let standing = Standing { mine, cordoned, others: others.clone() };
        let count = asked(Spread::default().step(Some(&standing)));
        prop_assert!(count <= standing.surplus() && count <= ASKED_MAX && count <= mine);
        prop_assert_eq!(count > 0, standing.surplus() > 0);
        if others.is_empty() {
            prop_assert_eq!(count, 0);
        }
        if !cordoned && count > 0 {
            let mean = standing.mean();
            prop_assert!((mine - count) as f64 >= mean, "{} below {}", mine - count, mean);
        }
    }

    #[test]
    fn an_even_balancer_brings_every_node_into_the_band_and_then_nobody_is_asked(
        terminals in proptest::collection::vec(0_usize..3_000, 2..7),
        start in 0_usize..7,
    ) {
        let mut cluster = Cluster::of(&terminals);
        cluster.next = start;
        let (nodes, surplus) = (terminals.len(), cluster.surplus());
        let even = |_: usize, number: usize| number % nodes;
        let mut periods = 0;
        while cluster.period(even) > 0 {
            periods += 1;
            prop_assert!(periods < 5_000, "{:?}", cluster.counts());
        }
        prop_assert_eq!(cluster.surplus(), 0);
        prop_assert_eq!(cluster.period(even), 0);
        // With two nodes half of those who are asked come back.
        prop_assert!(cluster.asked <= 2 * surplus + 2 * nodes, "{} of {}", cluster.asked, surplus);
        prop_assert_eq!(cluster.counts().iter().sum::<usize>(), terminals.iter().sum::<usize>());
    }

    #[test]
    fn counts_that_cannot_be_are_no_reason_to_panic(mine: usize, others: Vec<usize>) {
        let standing = Standing { mine, cordoned: false, others };
        prop_assert!(asked(Spread::default().step(Some(&standing))) <= ASKED_MAX);
    }
}
