//! Stories that the operator has changed are told anew from what the store has of them now, so that
//! a brain that has lived through a decision knows what one would that starts after it.

use super::{Brain, Seen};
use autoglm_domain::{ArticleId, Embedding, QuantizedEmbedding, StoryId};
use autoglm_models::{StatementRow, StoryMemberRow, StoryRelation};
use autoglm_ranking::StoryDecisions;
use autoglm_ranking::stories::{Named, Statement};
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What new articles heed of everything that was said.
pub(super) fn decisions(statements: &[StatementRow]) -> StoryDecisions {
    StoryDecisions::new(statements.iter().filter_map(|said| {
        let named = |article: &autoglm_models::NamedArticle| {
            article.story.map(|story| Named { article: article.id, story })
        };
        let articles = [named(&said.article)?, named(&said.other)?];
        Some(Statement { is_apart: said.relation == StoryRelation::Apart, articles })
    }))
}

impl Brain {
    /// Forgets these stories and takes in their members of the last days, newest first. Indexes
    /// that panic at it are doubtful from then on.
    pub(in super::super) fn retell(
        &mut self,
        changed: &[StoryId],
        members: &[StoryMemberRow],
        statements: &[StatementRow],
    ) {
        self.decisions = decisions(statements);
        let told = catch_unwind(AssertUnwindSafe(|| self.retell_stories(changed, members)));
        if told.is_err() {
            tracing::error!("stories that were changed cannot be indexed");
            self.doubtful = true;
        }
    }

    fn retell_stories(&mut self, changed: &[StoryId], members: &[StoryMemberRow]) {
        let changed: HashSet<StoryId> = changed.iter().copied().collect();
        for strand in self.names.strands_of(&changed, self.stories.stories()) {
            self.stories.close(strand);
            self.names.forget(strand);
        }
        let nothing = QuantizedEmbedding::from_embedding(&Embedding::zero());
        let mut groups: HashMap<ArticleId, ArticleId> = HashMap::new();
        for member in members.iter().rev() {
            let id = member.article_id;
            groups.insert(id, member.duplicate_of.unwrap_or(id));
            let strand = self.names.learn(member.story_id, member.strand);
            self.stories.add_again(strand, &Seen::of(member, &nothing).for_index(id));
        }
        self.copies.regroup(&groups);
    }
}
