//! What the operator decides about stories: made durable together with what it moves, then taken
//! in by the indexes, so that articles to come heed it.

use super::{MEMBERS_MAX, REMEMBERED, StoryState, Trouble};
use autoglm_domain::StoryId;
use autoglm_protocol::Reply;
use autoglm_protocol::agent::AgentHint;
use autoglm_protocol::story::{StoryDecided, StoryDecision, StoryMessage};
use ractor::{ActorProcessingErr, ActorRef};

/// Who decides: there is one operator's token.
const OPERATOR: &str = "operator";

impl StoryState {
    pub(super) async fn carry_out(
        &mut self,
        decision: StoryDecision,
    ) -> Result<StoryDecided, Trouble> {
        // What was decided about new articles before must not meet stories that are gone.
        self.save().await?;
        let (store, fence) = (&self.args.store, Some(self.args.fence));
        let done = match &decision {
            StoryDecision::Merge { stories } => store.merge_stories(stories, OPERATOR, fence).await,
            StoryDecision::Split { story, articles } => {
                store.split_story(*story, articles, OPERATOR, fence).await
            }
        }?;
        tracing::info!(
            ?decision,
            number = done.decision,
            moved = done.moved,
            "the operator decided"
        );
        self.args.window.stories_changed();
        self.args.colleagues.tell_all(&AgentHint::StoriesChanged);
        self.take_in(&done.changed).await?;
        Ok(StoryDecided { decision: done.decision, story: done.story, moved: done.moved })
    }

    pub(super) async fn forget(&mut self, decision: i64) -> Result<(), Trouble> {
        self.save().await?;
        let fence = Some(self.args.fence);
        let changed = self.args.store.forget_story_decision(decision, fence).await?;
        tracing::info!(decision, "the operator took a decision about stories back");
        self.take_in(&changed).await
    }

    /// Tells the indexes what has become of these stories. Where that fails they are built again
    /// before the next batch: the decision itself is durable.
    async fn take_in(&mut self, changed: &[StoryId]) -> Result<(), Trouble> {
        let Some(mut brain) = self.brain.take() else { return Ok(()) };
        let (store, since) = (&self.args.store, self.args.clock.now().minus(REMEMBERED));
        let read = async {
            let members = store.recent_members_of(changed, since, MEMBERS_MAX).await?;
            Ok((members, store.story_statements().await?))
        };
        let (members, statements) = match read.await {
            Ok(read) => read,
            Err(error) => {
                let error: autoglm_models::Error = error;
                tracing::warn!(%error, "changed stories could not be read; all are read again");
                return Ok(());
            }
        };
        let changed = changed.to_vec();
        // Thousands of articles are seconds of pure computation: not on the runtime.
        let told = tokio::task::spawn_blocking(move || {
            brain.retell(&changed, &members, &statements);
            brain
        });
        let brain = told.await.map_err(|failure| Trouble::Lost(failure.to_string()))?;
        self.brain = Some(brain).filter(|brain| !brain.is_doubtful());
        Ok(())
    }

    /// Answers whoever asked; what concerns the actor itself is dealt with as in a round. Tells
    /// whether the actor goes on.
    pub(super) fn answer<T: Send + 'static>(
        &self,
        myself: &ActorRef<StoryMessage>,
        reply: Reply<T>,
        outcome: Result<T, Trouble>,
    ) -> Result<bool, ActorProcessingErr> {
        let (answer, ending) = match outcome {
            Ok(answer) => (Ok(answer), None),
            Err(Trouble::Passing(fault)) => (Err(fault), None),
            Err(Trouble::Fenced(fault)) => (Err(fault.clone()), Some(fault)),
            // The reply is dropped: the caller hears that the actor restarts.
            Err(Trouble::Lost(reason)) => return Err(reason.into()),
        };
        // Whoever asked may have given up; the decision stands.
        reply.send(answer).unwrap_or_default();
        let goes_on = ending.is_none();
        if let Some(fault) = ending {
            self.end(myself, fault);
        }
        Ok(goes_on)
    }
}
