//! StoreStoryDesk: stories as the operator sees them, and the way of their decisions.
//!
//! **Receives** calls of the port `StoryDesk`. **Sends** reads to the read pool, decisions to
//! StoryActor, on whichever node it runs. **Limits** 1 to 200 stories and 1 to 50 decisions a page, 512 bytes of words.
//! **On restart** it keeps nothing.

use crate::colleagues::Colleagues;
use crate::library::{cursor, in_time};
use async_trait::async_trait;
use autoglm_domain::{Fault, FaultKind, Single, Story, StoryId, Timestamp};
use autoglm_models::{
    DecisionKind, OperatedArticleRow, OperatedStoryRow, StatementRow, Store, StoryDecisionRow,
    StoryRelation,
};
use autoglm_protocol::agent::{AgentAnswer, AgentAsk};
use autoglm_protocol::story::{StoryDecided, StoryDecision, StoryHandle};
use autoglm_protocol::story_desk::{
    NamedArticle, OperatedArticle, OperatedStory, RememberedDecision, StoryDesk, StoryStatement,
};
use autoglm_protocol::view::Page;
use std::time::Duration;

/// Stories on a page.
const STORIES_MAX: usize = 200;
/// Decisions on a page; each may name 200 articles.
const DECISIONS_MAX: usize = 50;
/// Longest wait for a decision, the way included.
const DECIDE_TIMEOUT: Duration = Duration::from_secs(32);
/// Bytes of words to look for.
const WORDS_BYTES_MAX: usize = 512;

/// The desk. Clones share everything.
#[derive(Debug, Clone)]
pub struct StoreStoryDesk {
    store: Store,
    stories: StoryHandle,
    colleagues: Colleagues,
}

impl StoreStoryDesk {
    /// Over a store and the address of the actor that places stories.
    #[must_use]
    pub fn new(store: Store, stories: StoryHandle) -> Self {
        Self { store, stories, colleagues: Colleagues::default() }
    }

    /// With other nodes, one of which may place the stories.
    #[must_use]
    pub fn with_colleagues(self, colleagues: Colleagues) -> Self {
        Self { colleagues, ..self }
    }

    /// Has the one who places stories do something.
    async fn done<F>(&self, ask: &AgentAsk, here: impl Fn() -> F) -> Result<AgentAnswer, Fault>
    where
        F: Future<Output = Result<AgentAnswer, Fault>>,
    {
        let shard = Single::Story.shard();
        self.colleagues.at_owner(shard, DECIDE_TIMEOUT, ask, here).await.map_err(elsewhere)
    }
}

#[async_trait]
impl StoryDesk for StoreStoryDesk {
    async fn stories(
        &self,
        words: &str,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page<Story>, Fault> {
        if words.len() > WORDS_BYTES_MAX {
            return Err(Fault::invalid(format!(
                "a search has at most {WORDS_BYTES_MAX} bytes; use fewer words"
            )));
        }
        let place = cursor.as_deref().map(cursor::decode).transpose()?;
        let place = place.map(|(moment, id)| (moment, StoryId(id)));
        let limit = limit.clamp(1, STORIES_MAX);
        let read = self.store.operated_stories(words, place, one_more(limit));
        let stories = in_time(read).await?;
        Ok(page(stories, limit, |story| (story.last_at, story.id.0)))
    }

    async fn story(&self, id: StoryId) -> Result<OperatedStory, Fault> {
        let row = in_time(self.store.operated_story(id)).await?;
        row.map(operated).ok_or_else(|| {
            Fault::not_found(format!("story {id} does not exist; it may have been merged"))
        })
    }

    async fn decide(&self, decision: StoryDecision) -> Result<StoryDecided, Fault> {
        let ask = AgentAsk::Decide(decision.clone());
        let here =
            || async { self.stories.decide(decision.clone()).await.map(AgentAnswer::Decided) };
        match self.done(&ask, here).await? {
            AgentAnswer::Decided(decided) => Ok(decided),
            _ => Err(Fault::internal("a node answered a decision with something else")),
        }
    }

    async fn decisions(
        &self,
        limit: usize,
        cursor: Option<String>,
    ) -> Result<Page<RememberedDecision>, Fault> {
        let place = cursor.as_deref().map(cursor::decode).transpose()?;
        let limit = limit.clamp(1, DECISIONS_MAX);
        let read = self.store.story_decisions(place.map(|(_, id)| id), one_more(limit));
        let decisions: Vec<_> = in_time(read).await?.into_iter().map(remembered).collect();
        Ok(page(decisions, limit, |decision| (decision.decided_at, decision.id)))
    }

    async fn forget(&self, decision: i64) -> Result<(), Fault> {
        let ask = AgentAsk::ForgetDecision(decision);
        let here = || async { self.stories.forget(decision).await.map(|()| AgentAnswer::Done) };
        self.done(&ask, here).await.map(|_done| ())
    }
}

/// Only one node places stories, and it could not be asked.
fn elsewhere(fault: Fault) -> Fault {
    if fault.kind != FaultKind::Unavailable {
        return fault;
    }
    let message = format!(
        "{}; try again shortly, or ask the node that lists `story` under /admin/cluster",
        fault.message
    );
    Fault { message, ..fault }
}

/// One more than shown tells whether there is a next page.
fn one_more(limit: usize) -> u32 {
    u32::try_from(limit + 1).unwrap_or(u32::MAX)
}

fn page<T>(mut items: Vec<T>, limit: usize, place: impl Fn(&T) -> (Timestamp, i64)) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|last| cursor::encode(place(last)));
    Page { items, next_cursor }
}

fn operated(row: OperatedStoryRow) -> OperatedStory {
    let article = |row: OperatedArticleRow| OperatedArticle {
        id: row.id,
        source_id: row.source_id,
        source_title: row.source_title,
        title: row.title,
        url: row.url,
        at: row.sort_at,
        duplicate_of: row.duplicate_of,
    };
    OperatedStory { story: row.story, articles: row.articles.into_iter().map(article).collect() }
}

fn remembered(row: StoryDecisionRow) -> RememberedDecision {
    RememberedDecision {
        id: row.id,
        is_split: row.kind == DecisionKind::Split,
        decided_by: row.decided_by,
        decided_at: row.decided_at,
        statements: row.statements.into_iter().map(statement).collect(),
    }
}

fn statement(row: StatementRow) -> StoryStatement {
    let (holds, is_apart) = (row.holds(), row.relation == StoryRelation::Apart);
    let articles = [row.article, row.other].map(|article| NamedArticle {
        id: article.id,
        title: article.title,
        story_id: article.story,
    });
    StoryStatement { is_apart, articles, holds }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing_readers::House;
    use autoglm_protocol::Address;

    #[tokio::test]
    async fn stories_and_decisions_come_page_by_page() {
        let house = House::new().await;
        let source = house.followed(1).await;
        for number in 1..=3 {
            house.place(source, number, 3).await;
        }
        let desk = StoreStoryDesk::new(house.store.clone(), nobody());
        let first = desk.stories("", 2, None).await.expect("a page");
        let rest = desk.stories("", 2, first.next_cursor.clone()).await.expect("a page");
        let all: Vec<StoryId> = first.items.iter().chain(&rest.items).map(|one| one.id).collect();
        assert_eq!((first.items.len(), rest.items.len(), rest.next_cursor), (2, 1, None));
        house.store.merge_stories(&all[..2], "operator", None).await.expect("merged");
        house.store.merge_stories(&[all[0], all[2]], "operator", None).await.expect("merged");
        let first = desk.decisions(1, None).await.expect("a page");
        let rest = desk.decisions(1, first.next_cursor.clone()).await.expect("a page");
        assert_eq!((first.items[0].id, rest.items[0].id, rest.next_cursor), (2, 1, None));
        assert!(first.items[0].statements[0].holds && !first.items[0].is_split);
        assert_eq!(desk.story(all[0]).await.expect("a story").articles.len(), 3);
        let gone = desk.story(all[1]).await.expect_err("merged into another");
        assert_eq!(gone.kind, FaultKind::NotFound);
    }

    #[tokio::test]
    async fn a_node_that_places_no_stories_says_whom_to_ask() {
        let house = House::new().await;
        let desk = StoreStoryDesk::new(house.store.clone(), nobody());
        let fault = desk.forget(1).await.expect_err("nobody places stories here");
        assert_eq!(fault.kind, FaultKind::Unavailable);
        assert!(fault.message.contains("/admin/cluster"), "{fault}");
        let words = "word ".repeat(200);
        let fault = desk.stories(&words, 1, None).await.expect_err("too long");
        assert_eq!(fault.kind, FaultKind::Invalid);
    }

    fn nobody() -> StoryHandle {
        StoryHandle(Address::new("story", 4))
    }
}
