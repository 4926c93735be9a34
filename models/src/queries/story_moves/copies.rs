//! Copies of one article that no longer share a story are no longer copies of one article.
//!
//! Near-duplicates are kept as groups that name their first article; a new copy goes to the story of
//! that one. When an operator takes some of a group out of a story, they need a first article of
//! their own, or their next copy would go to the story they were taken out of.

use std::collections::{BTreeMap, HashSet};

/// An article of a story with the one it is a copy of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Copy {
    pub(super) article: i64,
    pub(super) of: Option<i64>,
}

/// What the members of a story are to be copies of once `taken` have left it: those whose value
/// changes, each with its first article, `None` for the first itself. Articles whose group lies on
/// one side stay as they are; the first article keeps its side, the other side gets the article with
/// the smallest id. When the first article is in neither side, the side that stays keeps it.
pub(super) fn regrouped(members: &[Copy], taken: &HashSet<i64>) -> Vec<(i64, Option<i64>)> {
    let mut groups: BTreeMap<i64, [Vec<i64>; 2]> = BTreeMap::new();
    for member in members {
        let first = member.of.unwrap_or(member.article);
        let side = usize::from(taken.contains(&member.article));
        groups.entry(first).or_default()[side].push(member.article);
    }
    let mut changed = Vec::new();
    for (first, [staying, leaving]) in groups {
        let side =
            if staying.contains(&first) || !leaving.contains(&first) { leaving } else { staying };
        // Alone with its first article elsewhere, it still needs to be told apart from that one.
        let Some(new_first) = side.iter().copied().min() else { continue };
        changed.extend(
            side.into_iter().map(|article| (article, (article != new_first).then_some(new_first))),
        );
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn copy(article: i64, of: i64) -> Copy {
        Copy { article, of: (of != article).then_some(of) }
    }

    #[test]
    fn copies_that_leave_get_a_first_article_of_their_own() {
        let members = [copy(1, 1), copy(2, 1), copy(3, 1), copy(4, 4)];
        let taken = HashSet::from([2, 3]);
        assert_eq!(regrouped(&members, &taken), [(2, None), (3, Some(2))]);
    }

    #[test]
    fn copies_that_stay_get_one_when_their_first_leaves() {
        let members = [copy(1, 1), copy(2, 1), copy(3, 1)];
        assert_eq!(regrouped(&members, &HashSet::from([1])), [(2, None), (3, Some(2))]);
    }

    #[test]
    fn a_group_whose_first_is_elsewhere_keeps_it_for_those_that_stay() {
        let members = [copy(5, 2), copy(6, 2)];
        assert_eq!(regrouped(&members, &HashSet::from([6])), [(6, None)]);
    }

    proptest! {
        #[test]
        fn afterwards_no_group_lies_on_both_sides_and_every_group_names_one_of_its_own_or_one_elsewhere(
            groups in prop::collection::vec(0_i64..5, 1..14),
            sides in prop::collection::vec(any::<bool>(), 14),
        ) {
            // The first article of groups 0 and 1 is not in this story.
            let elsewhere = |group: i64| (group < 2).then_some(100 + group);
            let mut firsts: HashMap<i64, i64> = HashMap::new();
            let members: Vec<Copy> = groups.iter().zip(1..).map(|(group, article)| {
                let first = elsewhere(*group).unwrap_or(*firsts.entry(*group).or_insert(article));
                copy(article, first)
            }).collect();
            let taken: HashSet<i64> = members.iter().zip(&sides)
                .filter(|(_, side)| **side).map(|(member, _)| member.article).collect();
            let changes: HashMap<i64, Option<i64>> =
                regrouped(&members, &taken).into_iter().collect();
            let after: Vec<Copy> = members.iter().map(|member| Copy {
                of: changes.get(&member.article).copied().unwrap_or(member.of), ..*member
            }).collect();
            let mut side_of: HashMap<i64, bool> = HashMap::new();
            for member in &after {
                let first = member.of.unwrap_or(member.article);
                let side = taken.contains(&member.article);
                prop_assert_eq!(*side_of.entry(first).or_insert(side), side);
                let is_first = after.iter().any(|other| other.article == first && other.of.is_none());
                prop_assert!(first > 99 || is_first);
            }
            // Whoever shared a group and a side still does.
            for (left, before) in after.iter().zip(&members) {
                for (right, other) in after.iter().zip(&members) {
                    let shared = before.of.unwrap_or(before.article) == other.of.unwrap_or(other.article);
                    if shared && taken.contains(&left.article) == taken.contains(&right.article) {
                        prop_assert_eq!(left.of.unwrap_or(left.article), right.of.unwrap_or(right.article));
                    }
                }
            }
            prop_assert_eq!(regrouped(&after, &taken), vec![]);
        }
    }
}
