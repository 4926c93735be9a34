//! What StoryActor knows of the last three days: copies, open stories, and which number the store
//! gave to a story that was opened here.

use autoglm_domain::{
    ArticleId, Embedding, MinHashSignature, QuantizedEmbedding, SourceId, StoryId, Timestamp,
};
use autoglm_models::{ClaimedArticle, PlacementRow, PlacementStory, StoryMemberRow};
use autoglm_ranking::{
    NearDuplicateIndex, NearDuplicateLimits, Placement, StoryArticle, StoryIndex, StoryLimits,
};
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Characters of an article's text that count; as many as the store keeps for a restart.
const LEAD_CHARS: usize = 500;

/// Members left out of a restart because the indexes panic at them.
const SKIPPED_MAX: usize = 8;

/// Where one article was put, before the store has said so too.
#[derive(Debug, Clone)]
pub(super) struct Decision {
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
    stories: StoryIndex,
    /// The store's number of stories whose name in the index is another.
    numbers: HashMap<StoryId, StoryId>,
    /// The reverse.
    names: HashMap<StoryId, StoryId>,
    opened: i64,
    doubtful: bool,
}

impl Brain {
    pub(super) fn new(copies: NearDuplicateLimits, stories: StoryLimits) -> Self {
        Self {
            copies: NearDuplicateIndex::new(copies),
            stories: StoryIndex::new(stories),
            numbers: HashMap::new(),
            names: HashMap::new(),
            opened: 0,
            doubtful: false,
        }
    }

    /// Indexes with the members of recent stories as the store has them, newest first. A member at
    /// which the indexes panic is left out and the work begun anew, at most [`SKIPPED_MAX`] times.
    pub(super) fn restored(
        copies: NearDuplicateLimits,
        stories: StoryLimits,
        members: &[StoryMemberRow],
    ) -> Self {
        let mut skipped = HashSet::new();
        loop {
            let mut brain = Self::new(copies, stories);
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
        let article = Seen {
            id,
            source: member.source_id,
            text: text_of(&member.title, &member.lead),
            embedding: member.embedding.as_ref().unwrap_or(nothing),
            at,
        };
        self.stories.add(member.story_id, &article.for_index(id));
    }

    /// Decides for a batch, oldest first; what is decided is remembered at once. An article at
    /// which the indexes panic gets a story of its own, and the indexes are doubtful from then on.
    pub(super) fn decide(&mut self, articles: &[ClaimedArticle]) -> Vec<Decision> {
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

    fn decide_one(&mut self, claimed: &ClaimedArticle) -> Decision {
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
    fn alone(&mut self, article_id: ArticleId) -> Decision {
        let index_story = self.open();
        let story = self.stored(index_story);
        let row = PlacementRow { article_id, story, duplicate_of: None };
        Decision { row, index_story, kept: false }
    }

    fn put(
        &mut self,
        article: &Seen<'_>,
        minhash: &MinHashSignature,
        stored_story: Option<StoryId>,
    ) -> Decision {
        let stories = &self.stories;
        let is_other = |original| stories.tells_otherwise(&article.for_index(article.id), original);
        let duplicate_of = self.copies.insert_unless(article.id, minhash, article.at, is_other);
        let index_story = match stored_story {
            Some(story) => self.names.get(&story).copied().unwrap_or(story),
            // A copy goes where its original is. When that is no longer remembered, the copy's own
            // words decide.
            None => {
                match self.stories.place(&article.for_index(duplicate_of.unwrap_or(article.id))) {
                    Placement::Existing(story) => story,
                    Placement::New => self.open(),
                }
            }
        };
        self.stories.add(index_story, &article.for_index(article.id));
        let row =
            PlacementRow { article_id: article.id, story: self.stored(index_story), duplicate_of };
        Decision { row, index_story, kept: stored_story.is_some() }
    }

    /// Notes which numbers the store gave to the stories.
    pub(super) fn placed(&mut self, decisions: &[Decision], placed: &[(ArticleId, StoryId)]) {
        let stories: HashMap<ArticleId, StoryId> = placed.iter().copied().collect();
        for decision in decisions.iter().filter(|decision| !decision.kept) {
            let Some(number) = stories.get(&decision.row.article_id) else { continue };
            if *number != decision.index_story {
                self.numbers.insert(decision.index_story, *number);
                self.names.insert(*number, decision.index_story);
            }
        }
    }

    /// Forgets stories that have been quiet for too long.
    pub(super) fn forget_quiet(&mut self, now: Timestamp) {
        self.stories.close_quiet(now);
        let stories = &self.stories;
        self.numbers.retain(|name, _| stories.sources(*name) > 0);
        self.names.retain(|_, name| stories.sources(*name) > 0);
    }

    /// Open stories.
    pub(super) fn open_stories(&self) -> usize {
        self.stories.len()
    }

    fn open(&mut self) -> StoryId {
        self.opened += 1;
        StoryId(-self.opened)
    }

    fn stored(&self, index_story: StoryId) -> PlacementStory {
        match self.numbers.get(&index_story) {
            Some(number) => PlacementStory::Existing(*number),
            None if index_story.0 > 0 => PlacementStory::Existing(index_story),
            None => PlacementStory::New { key: index_story.0.unsigned_abs() },
        }
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

impl Seen<'_> {
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
