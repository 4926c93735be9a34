//! What an operator decided about stories, as far as articles that are still to come heed it.
//!
//! A decision names articles, not stories, and moves them when it is made; nothing but a later
//! decision moves them again. So where the two articles of a statement are now tells whether it
//! holds: the order in which statements are read never matters, and an earlier one that a later one
//! contradicts says nothing.

use autoglm_domain::{ArticleId, StoryId};
use std::collections::{HashMap, HashSet};

/// An article that a decision names, with the story it is in now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The article.
    pub article: ArticleId,
    /// Its story.
    pub story: StoryId,
}

/// What was said about two articles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// Whether they are about different events; else about the same.
    pub is_apart: bool,
    /// The two.
    pub articles: [Named; 2],
}

/// Where the articles are that decisions name, and which stories are held apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoryDecisions {
    places: HashMap<ArticleId, StoryId>,
    /// The smaller number first.
    apart: HashSet<(StoryId, StoryId)>,
}

impl StoryDecisions {
    /// Of everything that was said, in any order.
    #[must_use]
    pub fn new(statements: impl IntoIterator<Item = Statement>) -> Self {
        let mut decisions = Self::default();
        for Statement { is_apart, articles: [one, other] } in statements {
            decisions.places.insert(one.article, one.story);
            decisions.places.insert(other.article, other.story);
            if is_apart && one.story != other.story {
                decisions.apart.insert(ordered(one.story, other.story));
            }
        }
        decisions
    }

    /// The story of an article that a decision names: there its copies go, even after the story has
    /// been quiet for so long that nothing else is remembered of it.
    #[must_use]
    pub fn story_of(&self, article: ArticleId) -> Option<StoryId> {
        self.places.get(&article).copied()
    }

    /// Whether somebody took articles of one of these stories out of the other.
    #[must_use]
    pub fn are_apart(&self, one: StoryId, other: StoryId) -> bool {
        !self.apart.is_empty() && self.apart.contains(&ordered(one, other))
    }
}

fn ordered(one: StoryId, other: StoryId) -> (StoryId, StoryId) {
    (one.min(other), one.max(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What an operator does to groups of articles.
    #[derive(Debug, Clone)]
    enum Act {
        Merge(usize, usize),
        Split(usize, u16),
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let act = prop_oneof![
            (0_usize..30, 0_usize..30).prop_map(|(one, other)| Act::Merge(one, other)),
            (0_usize..30, any::<u16>()).prop_map(|(story, taken)| Act::Split(story, taken)),
        ];
        prop::collection::vec(act, 0..24)
    }

    /// Articles by story, and what was said, as the store keeps both.
    #[derive(Debug)]
    struct World {
        stories: Vec<Vec<i64>>,
        said: Vec<(bool, i64, i64)>,
    }

    impl World {
        fn lived(acts: Vec<Act>) -> Self {
            let mut world =
                Self { stories: (1..=12).map(|id| vec![id]).collect(), said: Vec::new() };
            acts.into_iter().for_each(|act| world.decide(act));
            world
        }

        fn decide(&mut self, act: Act) {
            match act {
                Act::Merge(one, other) => {
                    let [one, other] = [one, other].map(|at| at % self.stories.len());
                    if one == other {
                        return;
                    }
                    let moved = std::mem::take(&mut self.stories[other]);
                    if let (Some(a), Some(b)) = (self.stories[one].first(), moved.first()) {
                        self.said.push((false, *a, *b));
                    }
                    self.stories[one].extend(moved);
                }
                Act::Split(story, taken) => {
                    let story = story % self.stories.len();
                    let is_taken = |id: &i64| taken & (1 << id) != 0;
                    let (leaving, staying): (Vec<i64>, Vec<i64>) =
                        self.stories[story].iter().partition(|id| is_taken(id));
                    let (Some(a), Some(b)) = (leaving.first(), staying.first()) else { return };
                    self.said.push((true, *a, *b));
                    self.said.extend(leaving.iter().skip(1).map(|other| (false, *a, *other)));
                    self.stories[story] = staying;
                    self.stories.push(leaving);
                }
            }
        }

        fn place(&self, article: i64) -> StoryId {
            let at = self.stories.iter().position(|story| story.contains(&article));
            StoryId(at.map_or(0, |at| at as i64 + 1))
        }

        fn statements(&self) -> Vec<Statement> {
            let named = |id| Named { article: ArticleId(id), story: self.place(id) };
            let said = self.said.iter();
            said.map(|(is_apart, a, b)| Statement {
                is_apart: *is_apart,
                articles: [named(*a), named(*b)],
            })
            .collect()
        }
    }

    proptest! {
        #[test]
        fn what_the_latest_decision_says_of_two_articles_is_what_counts(acts in acts()) {
            let world = World::lived(acts);
            let decisions = StoryDecisions::new(world.statements());
            let mut settled = HashSet::new();
            for (is_apart, a, b) in world.said.iter().rev() {
                let pair = (a.min(b), a.max(b));
                let places = [a, b].map(|id| decisions.story_of(ArticleId(*id)));
                prop_assert_eq!(places, [a, b].map(|id| Some(world.place(*id))));
                if settled.insert(pair) && *is_apart && places[0] != places[1] {
                    prop_assert!(decisions.are_apart(world.place(*a), world.place(*b)));
                }
            }
            // No story is held apart from itself, whatever was said before it became one.
            for story in 1..=world.stories.len() as i64 {
                prop_assert!(!decisions.are_apart(StoryId(story), StoryId(story)));
            }
        }

        #[test]
        fn the_order_of_reading_changes_nothing_and_neither_does_reading_twice(
            acts in acts(), seed in any::<u64>()
        ) {
            let statements = World::lived(acts).statements();
            let mut shuffled = [statements.clone(), statements.clone()].concat();
            shuffled.sort_by_key(|statement| {
                statement.articles[0].article.0.wrapping_mul(seed as i64 | 1)
            });
            prop_assert_eq!(StoryDecisions::new(shuffled), StoryDecisions::new(statements));
        }
    }

    #[test]
    fn stories_apart_that_were_merged_later_are_one_and_the_split_before_says_nothing() {
        let world = World::lived(vec![Act::Merge(0, 1), Act::Split(0, 1 << 2), Act::Merge(0, 12)]);
        let decisions = StoryDecisions::new(world.statements());
        assert_eq!(decisions.story_of(ArticleId(1)), decisions.story_of(ArticleId(2)));
        assert_eq!(decisions.apart.len(), 0);
    }
}
