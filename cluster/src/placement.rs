//! Which member should own a shard: weighted rendezvous hashing, the same on every node.
//!
//! Each member draws a number for each shard from a stable hash, the lowest wins. Whoever joins or
//! leaves moves only its own shards. A wrong or late view costs a failed attempt, nothing else: the
//! lease decides.

use autoglm_domain::{Incarnation, Shard, ShardKind};
use autoglm_protocol::membership::{ClusterView, MemberState};
use xxhash_rust::xxh3::xxh3_64;

/// The role that runs everything.
const ROLE_ALL: &str = "all";

/// A member that may own shards of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Which start of which node.
    pub incarnation: Incarnation,
    /// Its share relative to others; 0 takes none.
    pub weight: u32,
}

/// The role a node needs to own shards of this kind.
#[must_use]
pub fn role_of(kind: ShardKind) -> &'static str {
    match kind {
        ShardKind::Host => "fetch",
        ShardKind::Reader | ShardKind::Single => "recommend",
    }
}

/// The members that may own shards of this kind: up, of its role or of role `all`.
#[must_use]
pub fn candidates(view: &ClusterView, kind: ShardKind) -> Vec<Candidate> {
    let role = role_of(kind);
    view.members
        .iter()
        .filter(|member| member.state == MemberState::Up && member.weight > 0)
        .filter(|member| member.roles.iter().any(|name| name == role || name == ROLE_ALL))
        .map(|member| Candidate { incarnation: member.incarnation, weight: member.weight })
        .collect()
}

/// The candidate that should own the shard; `None` without candidates.
#[must_use]
pub fn owner_of(shard: Shard, candidates: &[Candidate]) -> Option<Incarnation> {
    candidates
        .iter()
        .filter(|candidate| candidate.weight > 0)
        .min_by(|a, b| {
            let order = draw(shard, **a).total_cmp(&draw(shard, **b));
            order.then_with(|| a.incarnation.cmp(&b.incarnation))
        })
        .map(|candidate| candidate.incarnation)
}

/// Exponentially distributed with rate `weight`: the lowest of several such numbers belongs to each
/// with probability proportional to its weight (Schindelhauer and Schomaker, weighted rendezvous).
fn draw(shard: Shard, candidate: Candidate) -> f64 {
    let mut key = [0_u8; 11];
    key[0] = match shard.kind {
        ShardKind::Reader => 0,
        ShardKind::Host => 1,
        ShardKind::Single => 2,
    };
    key[1..3].copy_from_slice(&shard.index.to_le_bytes());
    key[3..].copy_from_slice(&candidate.incarnation.0.to_le_bytes());
    // 53 bits fill a double exactly; the half keeps the logarithm away from zero.
    let uniform = ((xxh3_64(&key) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    -uniform.ln() / f64::from(candidate.weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_protocol::membership::Member;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn equal(incarnations: impl IntoIterator<Item = i64>) -> Vec<Candidate> {
        let candidate = |id| Candidate { incarnation: Incarnation(id), weight: 1 };
        incarnations.into_iter().map(candidate).collect()
    }

    fn plan(candidates: &[Candidate]) -> BTreeMap<Shard, Option<Incarnation>> {
        Shard::all().map(|shard| (shard, owner_of(shard, candidates))).collect()
    }

    fn share(plan: &BTreeMap<Shard, Option<Incarnation>>, id: i64) -> usize {
        plan.values().filter(|owner| **owner == Some(Incarnation(id))).count()
    }

    #[test]
    fn nobody_owns_anything_without_candidates() {
        assert_eq!(owner_of(Shard { kind: ShardKind::Reader, index: 0 }, &[]), None);
        let none = [Candidate { incarnation: Incarnation(1), weight: 0 }];
        assert_eq!(owner_of(Shard { kind: ShardKind::Reader, index: 0 }, &none), None);
    }

    #[test]
    fn placement_never_changes_between_releases() {
        // Frozen: nodes of two releases must agree while one replaces the other.
        let three = equal([1, 2, 3]);
        let owner = |kind, index| owner_of(Shard { kind, index }, &three).map(|owner| owner.0);
        let found: Vec<_> = (0..6).map(|index| owner(ShardKind::Reader, index)).collect();
        assert_eq!(found, FROZEN.map(Some));
    }
    const FROZEN: [i64; 6] = [3, 3, 2, 3, 3, 3];

    #[test]
    fn a_member_of_double_weight_gets_about_twice_as_much() {
        let heavy = Candidate { incarnation: Incarnation(9), weight: 2 };
        let mut candidates = equal([1, 2]);
        candidates.push(heavy);
        let plan = plan(&candidates);
        let (single, double) = (share(&plan, 1) + share(&plan, 2), share(&plan, 9));
        // 516 shards, expectation 257.5, standard deviation 11.3: five of them.
        assert!(double.abs_diff(single) < 114, "{double} against {single}");
    }

    #[test]
    fn only_members_that_are_up_and_of_the_role_are_candidates() {
        let member = |id, state, role: &str| Member {
            incarnation: Incarnation(id),
            name: format!("n{id}"),
            address: String::new(),
            roles: vec![role.to_owned()],
            weight: 1,
            state,
        };
        let view = ClusterView {
            version: 1,
            members: vec![
                member(1, MemberState::Up, "all"),
                member(2, MemberState::Draining, "all"),
                member(3, MemberState::Up, "fetch"),
                member(4, MemberState::Joining, "all"),
                member(5, MemberState::Up, "serve"),
            ],
        };
        let ids = |kind| -> Vec<i64> {
            candidates(&view, kind).iter().map(|candidate| candidate.incarnation.0).collect()
        };
        assert_eq!(ids(ShardKind::Host), [1, 3]);
        assert_eq!(ids(ShardKind::Reader), [1]);
    }

    proptest! {
        #[test]
        fn who_leaves_moves_only_its_own_shards(
            ids in proptest::collection::btree_set(1_i64..1_000_000, 2..12),
            pick in any::<proptest::sample::Index>(),
        ) {
            let leaving = *pick.get(&ids.iter().copied().collect::<Vec<_>>());
            let before = plan(&equal(ids.iter().copied()));
            let after = plan(&equal(ids.iter().copied().filter(|id| *id != leaving)));
            for (shard, owner) in &before {
                if *owner != Some(Incarnation(leaving)) {
                    prop_assert_eq!(after[shard], *owner);
                }
            }
        }

        #[test]
        fn every_member_gets_about_its_share(
            ids in proptest::collection::btree_set(1_i64..1_000_000, 1..9),
        ) {
            let count = ids.len() as f64;
            let plan = plan(&equal(ids.iter().copied()));
            // Binomial with 516 draws; six standard deviations and a shard.
            let expected = 516.0 / count;
            let spread = 6.0 * (516.0 / count * (1.0 - 1.0 / count)).sqrt() + 1.0;
            for id in &ids {
                let got = share(&plan, *id) as f64;
                prop_assert!((got - expected).abs() <= spread, "{} of {}", got, expected);
            }
        }

        #[test]
        fn the_order_of_members_does_not_matter(
            ids in proptest::collection::btree_set(1_i64..1_000, 1..9),
        ) {
            let ids: BTreeSet<i64> = ids;
            let forwards = plan(&equal(ids.iter().copied()));
            let backwards = plan(&equal(ids.iter().rev().copied()));
            prop_assert_eq!(forwards, backwards);
        }
    }
}
