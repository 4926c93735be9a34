//! What a story is called in the index, and which of the store's stories it belongs to.
//!
//! The index knows strands. One that was opened here has a name below zero until the end, and later
//! also the number the store gave it; all others are called by their number. A strand belongs to the
//! story of its own number, or to the one an operator has merged that into.

use autoglm_domain::StoryId;
use std::collections::{HashMap, HashSet};

/// The names of the open strands.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Numbers of strands whose name is another.
    numbers: HashMap<StoryId, StoryId>,
    /// The reverse.
    names: HashMap<StoryId, StoryId>,
    /// By number of a strand: the story it was merged into.
    merged: HashMap<StoryId, StoryId>,
    opened: i64,
}

impl Names {
    /// A name for a strand that is opened here.
    pub(super) fn open(&mut self) -> StoryId {
        self.opened += 1;
        StoryId(-self.opened)
    }

    /// The number of a strand, once it has one.
    pub(super) fn number_of(&self, name: StoryId) -> Option<StoryId> {
        self.numbers.get(&name).copied().or_else(|| (name.0 > 0).then_some(name))
    }

    /// The story that a strand belongs to, once the store has it.
    pub(super) fn story_of(&self, name: StoryId) -> Option<StoryId> {
        let number = self.number_of(name)?;
        Some(self.merged.get(&number).copied().unwrap_or(number))
    }

    /// The strand that is called by its story's own number.
    pub(super) fn name_of(&self, story: StoryId) -> StoryId {
        self.names.get(&story).copied().unwrap_or(story)
    }

    /// Takes in how the store has an article: its story, and its strand where that is another;
    /// answers what the strand is called.
    pub(super) fn learn(&mut self, story: StoryId, strand: Option<StoryId>) -> StoryId {
        if let Some(strand) = strand.filter(|strand| *strand != story) {
            self.merged.insert(strand, story);
        }
        self.name_of(strand.unwrap_or(story))
    }

    /// Takes in to which story the store put an article of a strand: another than was thought when
    /// the strand is new, or when its story was gone.
    pub(super) fn placed(&mut self, name: StoryId, story: StoryId) {
        if self.story_of(name) == Some(story) {
            return;
        }
        match self.number_of(name).filter(|number| self.merged.contains_key(number)) {
            Some(number) => {
                self.merged.insert(number, story);
            }
            None => {
                self.numbers.insert(name, story);
                self.names.insert(story, name);
            }
        }
    }

    /// The strands among `open` that belong to one of these stories.
    pub(super) fn strands_of(
        &self,
        stories: &HashSet<StoryId>,
        open: impl Iterator<Item = StoryId>,
    ) -> Vec<StoryId> {
        open.filter(|name| self.story_of(*name).is_some_and(|story| stories.contains(&story)))
            .collect()
    }

    /// Forgets a strand.
    pub(super) fn forget(&mut self, name: StoryId) {
        let number = self.numbers.remove(&name).unwrap_or(name);
        self.names.remove(&number);
        self.merged.remove(&number);
    }

    /// Forgets all strands but these.
    pub(super) fn retain(&mut self, open: &HashSet<StoryId>) {
        self.numbers.retain(|name, _| open.contains(name));
        self.names.retain(|_, name| open.contains(name));
        let names = &self.names;
        let name_of = |number: &StoryId| names.get(number).copied().unwrap_or(*number);
        self.merged.retain(|number, _| open.contains(&name_of(number)));
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.numbers.len() + self.names.len() + self.merged.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strand_opened_here_keeps_its_name_and_follows_its_story_into_another() {
        let mut names = Names::default();
        let name = names.open();
        assert_eq!((names.number_of(name), names.story_of(name)), (None, None));
        names.placed(name, StoryId(40));
        assert_eq!(names.story_of(name), Some(StoryId(40)));
        assert_eq!(names.name_of(StoryId(40)), name);
        assert_eq!(names.learn(StoryId(30), Some(StoryId(40))), name);
        assert_eq!(names.story_of(name), Some(StoryId(30)));
        assert_eq!(names.number_of(name), Some(StoryId(40)));
        names.placed(name, StoryId(30));
        assert_eq!(names.number_of(name), Some(StoryId(40)), "it is still a strand of its own");
        let open = HashSet::from([StoryId(30)]);
        assert_eq!(names.strands_of(&open, [name, StoryId(7)].into_iter()), [name]);
        names.retain(&open);
        assert_eq!(names.len(), 0);
    }

    #[test]
    fn a_strand_whose_story_is_gone_goes_on_in_the_one_that_was_made_for_it() {
        let mut names = Names::default();
        let strand = names.learn(StoryId(30), Some(StoryId(40)));
        names.placed(strand, StoryId(50));
        assert_eq!(names.story_of(strand), Some(StoryId(50)));
        assert_eq!(names.number_of(strand), Some(StoryId(40)));
        names.forget(strand);
        assert_eq!(names.len(), 0);
    }
}
