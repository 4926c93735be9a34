//! Topics: what the product sorts articles by, and classifiers that need no training.

mod classifier;
mod prototype;
mod taxonomy;

pub use classifier::SeedClassifier;
pub use prototype::PrototypeClassifier;
pub use taxonomy::{SEEDS_MAX, TOPICS_MAX, Taxonomy, Topic};
