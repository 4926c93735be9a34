//! What StoryActor knows of the last three days: copies, open stories, which number the store gave
//! to a story that was opened here, and what the operator decided.

mod names;
mod retelling;

use autoglm_domain::{
    ArticleId, Embedding, MinHashSignature, QuantizedEmbedding, SourceId, StoryId, Timestamp,
};
use autoglm_models::{ClaimedArticle, PlacementRow, PlacementStory, StatementRow, StoryMemberRow};
use autoglm_ranking::{
    NearDuplicateIndex, NearDuplicateLimits, Placement, StoryArticle, StoryDecisions, StoryIndex,
    StoryLimits,
};
use names::Names;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Characters of an article's text that count; as many as the store keeps for a restart.
const LEAD_CHARS: usize = 500;

/// Members left out of a restart because the indexes panic at them.
const SKIPPED_MAX: usize = 8;

/// Where one article is to go, before the store has said so too.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) row: PlacementRow,
    /// The story's name in the index: its number, or below zero when it was opened here.
    index_story: StoryId,
    /// Whether the store knew its story before: then its answer says nothing about ours.
    kept: bool,
}

/// The near-duplicate and story indexes with the names of stories in them. A story opened here is
/// indexed before the store has numbered it, so that the next article of the same batch finds it.
#[derive(Debug)]
pub(super) struct Brain {
    copies: NearDuplicateIndex,
    /// Its stories are strands: more than one of the store's where an operator has merged some.
    stories: StoryIndex,
    names: Names,
    decisions: StoryDecisions,
    doubtful: bool,
}

impl Brain {
    pub(super) fn new(copies: NearDuplicateLimits, stories: StoryLimits) -> Self {
        Self {
            copies: NearDuplicateIndex::new(copies),
            stories: StoryIndex::new(stories),
            names: Names::default(),
            decisions: StoryDecisions::default(),
            doubtful: false,
        }
    }

    /// Indexes with the members of recent stories as the store has them, newest first. A member at
    /// which the indexes panic is left out and the work begun anew, at most [`SKIPPED_MAX`] times.
    pub(super) fn restored(
        copies: NearDuplicateLimits,
        stories: StoryLimits,
        members: &[StoryMemberRow],
        statements: &[StatementRow],
    ) -> Self {
        let mut skipped = HashSet::new();
        loop {
            let mut brain = Self::new(copies, stories);
            brain.decisions = retelling::decisions(statements);
            match brain.restore(members, &skipped) {
                Some(poisonous) if skipped.len() < SKIPPED_MAX => skipped.insert(poisonous),
                _ => return brain,
            };
        }
    }

    /// Answers the member at which the indexes panicked, if they did.
    fn restore(
        &mut self,
        members: &[StoryMemberRow],
        skipped: &HashSet<ArticleId>,
    ) -> Option<ArticleId> {
        let nothing = QuantizedEmbedding::from_embedding(&Embedding::zero());
        let oldest_first = members.iter().rev();
        for member in oldest_first.filter(|member| !skipped.contains(&member.article_id)) {
            let added = catch_unwind(AssertUnwindSafe(|| self.restore_one(member, &nothing)));
            if added.is_err() {
                tracing::error!(article = member.article_id.0, "an article cannot be indexed");
                return Some(member.article_id);
            }
        }
        None
    }

    fn restore_one(&mut self, member: &StoryMemberRow, nothing: &QuantizedEmbedding) {
        let (id, at) = (member.article_id, member.sort_at);
        self.copies.restore(id, member.duplicate_of, &member.minhash, at);
        let strand = self.names.learn(member.story_id, member.strand);
        self.stories.add(strand, &Seen::of(member, nothing).for_index(id));
    }

    /// Decides for a batch, oldest first; what is decided is remembered at once. An article at
    /// which the indexes panic gets a story of its own, and the indexes are doubtful from then on.
    pub(super) fn decide(&mut self, articles: &[ClaimedArticle]) -> Vec<Choice> {
        articles
            .iter()
            .map(|claimed| {
                let decided = catch_unwind(AssertUnwindSafe(|| self.decide_one(claimed)));
                decided.unwrap_or_else(|_panic| {
                    tracing::error!(article = claimed.id.0, "an article cannot be compared");
                    self.doubtful = true;
                    self.alone(claimed.id)
                })
            })
            .collect()
    }

    /// Whether the indexes have panicked and should be built again.
    pub(super) fn is_doubtful(&self) -> bool {
        self.doubtful
    }

    fn decide_one(&mut self, claimed: &ClaimedArticle) -> Choice {
        if claimed.is_private {
            // Neither compared nor remembered: a story shared with others would tell them of it.
            return self.alone(claimed.id);
        }
        let nothing = QuantizedEmbedding::from_embedding(&Embedding::zero());
        let article = Seen {
            id: claimed.id,
            source: claimed.source_id,
            text: text_of(&claimed.title, &claimed.content_text),
            embedding: claimed.embedding.as_ref().unwrap_or(&nothing),
            at: claimed.sort_at,
        };
        self.put(&article, &claimed.minhash, claimed.story_id)
    }

    /// A new story for an article that nothing is known of, or that nobody else may know of.
    fn alone(&mut self, article_id: ArticleId) -> Choice {
        let index_story = self.names.open();
        Choice { row: self.row(article_id, index_story, None), index_story, kept: false }
    }

    fn put(
        &mut self,
        article: &Seen<'_>,
        minhash: &MinHashSignature,
        stored_story: Option<StoryId>,
    ) -> Choice {
        let stories = &self.stories;
        let is_other = |original| stories.tells_otherwise(&article.for_index(article.id), original);
        let duplicate_of = self.copies.insert_unless(article.id, minhash, article.at, is_other);
        let index_story = match stored_story {
            Some(story) => self.names.name_of(story),
            None => self.place(article, duplicate_of),
        };
        self.stories.add(index_story, &article.for_index(article.id));
        let row = self.row(article.id, index_story, duplicate_of);
        Choice { row, index_story, kept: stored_story.is_some() }
    }

    /// A copy goes where its original is. When that is no longer remembered, a decision may still
    /// tell; else the copy's own words do.
    fn place(&mut self, article: &Seen<'_>, duplicate_of: Option<ArticleId>) -> StoryId {
        let (names, decisions) = (&self.names, &self.decisions);
        let are_apart = |one, other| match (names.story_of(one), names.story_of(other)) {
            (Some(one), Some(other)) => decisions.are_apart(one, other),
            _ => false,
        };
        let original = duplicate_of.unwrap_or(article.id);
        let told = duplicate_of.filter(|original| !self.stories.knows(*original));
        if let Some(story) = told.and_then(|original| decisions.story_of(original)) {
            return names.name_of(story);
        }
        match self.stories.place_between(&article.for_index(original), are_apart) {
            Placement::Existing(story) => story,
            Placement::New => self.names.open(),
        }
    }

    fn row(
        &self,
        article_id: ArticleId,
        index_story: StoryId,
        duplicate_of: Option<ArticleId>,
    ) -> PlacementRow {
        let (number, story) = (self.names.number_of(index_story), self.names.story_of(index_story));
        let placement = match story {
            Some(story) => PlacementStory::Existing(story),
            None => PlacementStory::New { key: index_story.0.unsigned_abs() },
        };
        PlacementRow {
            article_id,
            story: placement,
            strand: number.filter(|number| story != Some(*number)),
            duplicate_of,
        }
    }

    /// Notes which numbers the store gave to the stories.
    pub(super) fn placed(&mut self, choices: &[Choice], placed: &[(ArticleId, StoryId)]) {
        let stories: HashMap<ArticleId, StoryId> = placed.iter().copied().collect();
        for choice in choices.iter().filter(|choice| !choice.kept) {
            if let Some(story) = stories.get(&choice.row.article_id) {
                self.names.placed(choice.index_story, *story);
            }
        }
    }

    /// Forgets stories that have been quiet for too long.
    pub(super) fn forget_quiet(&mut self, now: Timestamp) {
        self.stories.close_quiet(now);
        let open = self.stories.stories().collect();
        self.names.retain(&open);
    }

    /// Open stories.
    pub(super) fn open_stories(&self) -> usize {
        self.stories.len()
    }
}

/// An article as the indexes look at it.
struct Seen<'a> {
    id: ArticleId,
    source: SourceId,
    text: String,
    embedding: &'a QuantizedEmbedding,
    at: Timestamp,
}

impl<'a> Seen<'a> {
    fn of(member: &'a StoryMemberRow, nothing: &'a QuantizedEmbedding) -> Self {
        Self {
            id: member.article_id,
            source: member.source_id,
            text: text_of(&member.title, &member.lead),
            embedding: member.embedding.as_ref().unwrap_or(nothing),
            at: member.sort_at,
        }
    }

    fn for_index(&self, article_id: ArticleId) -> StoryArticle<'_> {
        StoryArticle {
            article_id,
            source_id: self.source,
            text: &self.text,
            embedding: self.embedding,
            published_at: self.at,
        }
    }
}

fn text_of(title: &str, lead: &str) -> String {
    let end = lead.char_indices().nth(LEAD_CHARS).map_or(lead.len(), |(at, _)| at);
    format!("{title}\n{}", &lead[..end])
}

#[cfg(test)]
mod tests;
