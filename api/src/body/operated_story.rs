//! Stories as the operator sees them, and what they decide about them.

use crate::body::time::Time;
use autoglm_protocol::domain::{self, ArticleId, StoryId};
use autoglm_protocol::story::StoryDecided;
use autoglm_protocol::story_desk::{self, OperatedStory};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A story of any sources.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedStory<'a> {
    /// Its id.
    id: i64,
    /// The representative's title.
    title: &'a str,
    /// Id of the article that stands for all of them.
    representative: i64,
    /// Number of articles.
    article_count: i32,
    /// Number of different sources.
    source_count: i32,
    /// Earliest article.
    first_at: Time,
    /// Latest article.
    last_at: Time,
}

impl<'a> From<&'a domain::Story> for ListedStory<'a> {
    fn from(story: &'a domain::Story) -> Self {
        Self {
            id: story.id.0,
            title: &story.title,
            representative: story.representative.0,
            article_count: story.article_count,
            source_count: story.source_count,
            first_at: Time(story.first_at),
            last_at: Time(story.last_at),
        }
    }
}

/// A story with its articles.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoryWithArticles<'a> {
    #[serde(flatten)]
    story: ListedStory<'a>,
    /// Newest first, at most 200.
    articles: Vec<StoryArticle<'a>>,
}

/// An article of a story.
#[derive(Debug, Serialize, ToSchema)]
struct StoryArticle<'a> {
    /// Its id.
    id: i64,
    /// Its source.
    source_id: i64,
    /// The source's own title.
    source_title: &'a str,
    /// One line.
    title: &'a str,
    /// The address to open; may be empty.
    url: &'a str,
    /// Its place in time: the earlier of published and fetched.
    at: Time,
    /// Id of the article it is a copy of.
    duplicate_of: Option<i64>,
}

impl<'a> From<&'a OperatedStory> for StoryWithArticles<'a> {
    fn from(view: &'a OperatedStory) -> Self {
        let article = |article: &'a story_desk::OperatedArticle| StoryArticle {
            id: article.id.0,
            source_id: article.source_id.0,
            source_title: &article.source_title,
            title: &article.title,
            url: &article.url,
            at: Time(article.at),
            duplicate_of: article.duplicate_of.map(|ArticleId(id)| id),
        };
        Self {
            story: ListedStory::from(&view.story),
            articles: view.articles.iter().map(article).collect(),
        }
    }
}

/// Stories that are one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeStories {
    /// 2 to 20 ids. The first story keeps its id, its title and its representative; the others end.
    pub(crate) stories: Vec<i64>,
}

/// Articles that are a story of their own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SplitStory {
    /// 1 to 200 ids of articles of the story, not all of them.
    pub(crate) articles: Vec<i64>,
}

/// It is decided.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Decided {
    /// Id of the decision.
    decision: i64,
    /// The story that goes on, or the new one.
    story: i64,
    /// Articles that are in another story now.
    moved: u64,
}

impl From<StoryDecided> for Decided {
    fn from(decided: StoryDecided) -> Self {
        let StoryDecided { decision, story: StoryId(story), moved } = decided;
        Self { decision, story, moved }
    }
}

/// A decision that is remembered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Decision<'a> {
    /// Its id; a later one is larger.
    id: i64,
    /// `merge` or `split`.
    kind: &'static str,
    /// Who decided.
    decided_by: &'a str,
    /// When.
    decided_at: Time,
    /// What it says, as far as its articles are still there.
    statements: Vec<Statement<'a>>,
}

/// What a decision says of two articles.
#[derive(Debug, Serialize, ToSchema)]
struct Statement<'a> {
    /// `together` or `apart`.
    relation: &'static str,
    /// The two.
    articles: Vec<NamedArticle<'a>>,
    /// Whether it is still so: a later decision may say otherwise.
    holds: bool,
}

/// An article that a decision names.
#[derive(Debug, Serialize, ToSchema)]
struct NamedArticle<'a> {
    /// Its id.
    id: i64,
    /// One line.
    title: &'a str,
    /// Its story now.
    story_id: Option<i64>,
}

impl<'a> From<&'a story_desk::RememberedDecision> for Decision<'a> {
    fn from(decision: &'a story_desk::RememberedDecision) -> Self {
        Self {
            id: decision.id,
            kind: if decision.is_split { "split" } else { "merge" },
            decided_by: &decision.decided_by,
            decided_at: Time(decision.decided_at),
            statements: decision.statements.iter().map(Statement::from).collect(),
        }
    }
}

impl<'a> From<&'a story_desk::StoryStatement> for Statement<'a> {
    fn from(statement: &'a story_desk::StoryStatement) -> Self {
        let named = |article: &'a story_desk::NamedArticle| NamedArticle {
            id: article.id.0,
            title: &article.title,
            story_id: article.story_id.map(|StoryId(id)| id),
        };
        Self {
            relation: if statement.is_apart { "apart" } else { "together" },
            articles: statement.articles.iter().map(named).collect(),
            holds: statement.holds,
        }
    }
}
