//! How often one thing may appear in a list.

use crate::id_set::{IdMap, IdSet};
use crate::window::Row;
use autoglm_domain::{ArticleId, SourceId, StoryId};

/// Articles of one story in a list, and within its first places.
const STORY_MAX: usize = 2;
const STORY_MAX_AT_TOP: usize = 1;
/// What "first places" are.
const TOP: usize = 10;
/// Each further article of a source keeps this share of its relevance above the floor.
const SOURCE_DECAY: f32 = 0.7;
const SOURCE_FLOOR: f32 = 0.2;

/// Counts of what was chosen so far.
#[derive(Debug, Default)]
pub(super) struct Caps {
    groups: IdSet<ArticleId>,
    stories: IdMap<StoryId, usize>,
    sources: IdMap<SourceId, i32>,
    chosen: usize,
}

impl Caps {
    /// Whether the article may take the next place.
    pub(super) fn allow(&self, row: Row<'_>) -> bool {
        let most = if self.chosen < TOP { STORY_MAX_AT_TOP } else { STORY_MAX };
        let told = row.story_id().and_then(|story| self.stories.get(&story)).copied().unwrap_or(0);
        told < most && !self.groups.contains(&row.group())
    }

    /// `(1 − floor) · decay^k + floor` for a source that was chosen k times.
    pub(super) fn source_share(&self, row: Row<'_>) -> f32 {
        let times = self.sources.get(&row.source_id()).copied().unwrap_or(0);
        (1.0 - SOURCE_FLOOR) * SOURCE_DECAY.powi(times) + SOURCE_FLOOR
    }

    /// Counts the article as chosen.
    pub(super) fn choose(&mut self, row: Row<'_>) {
        self.groups.insert(row.group());
        if let Some(story) = row.story_id() {
            *self.stories.entry(story).or_default() += 1;
        }
        *self.sources.entry(row.source_id()).or_default() += 1;
        self.chosen += 1;
    }
}
