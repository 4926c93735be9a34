//! Stories: which articles are about one event, in a single pass.
//!
//! Nearest centroid over the open stories of the last 72 hours: the cosine of word vectors weighed
//! by rarity and that of embeddings, more for large stories, less for those of another day. The same
//! sentences with other names in them are another story. Title alone is too little
//! (reference/recommendation.md, finding 8): give title and lead.
//!
//! An operator may merge and split stories. A merged one keeps its strands here, each a story of
//! the index, so that an article that would have gone to any of them still does; of stories that
//! were split, the nearer one gets the next article, however large the other has grown.

mod centroid;
mod decisions;
mod frequencies;
mod index;
mod phrases;
mod postings;

pub use decisions::{Named, Statement, StoryDecisions};
pub use index::{Placement, StoryArticle, StoryIndex, StoryLimits};
