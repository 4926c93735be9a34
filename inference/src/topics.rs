//! Topics: what the product sorts articles by, and a classifier that needs only seed words.

mod classifier;
mod taxonomy;

pub use classifier::SeedClassifier;
pub use taxonomy::{SEEDS_MAX, TOPICS_MAX, Taxonomy, Topic};
