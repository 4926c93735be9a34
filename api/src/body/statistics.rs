//! Numbers about the installation.

use autoglm_protocol::view::Statistics;
use serde::Serialize;
use utoipa::ToSchema;

/// Numbers about the whole installation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Statistics)]
pub(crate) struct StatisticsBody {
    /// Sources.
    sources: i64,
    /// Articles.
    articles: ArticleNumbers,
    /// Stories.
    stories: i64,
    /// Readers.
    readers: i64,
    /// Terminals connected to the node that answers.
    terminals: i64,
    /// Articles stored but not yet at the end of their way.
    backlog: i64,
}

/// Articles by how far they have come.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ArticleNumbers {
    /// Durable.
    stored: i64,
    /// Understood by a model.
    understood: i64,
}

impl From<Statistics> for StatisticsBody {
    fn from(numbers: Statistics) -> Self {
        Self {
            sources: numbers.sources,
            articles: ArticleNumbers {
                stored: numbers.articles_stored,
                understood: numbers.articles_understood,
            },
            stories: numbers.stories,
            readers: numbers.readers,
            terminals: numbers.terminals,
            backlog: numbers.backlog,
        }
    }
}
