//! Topics: what the product sorts articles by, and classifiers with and without training.

mod classifier;
mod head;
mod live;
mod prototype;
mod taxonomy;

pub use classifier::SeedClassifier;
pub use head::{CLASSES_MAX, EXAMPLES_MAX, TopicHead};
pub use live::LiveTopics;
pub use prototype::PrototypeClassifier;
pub use taxonomy::{Taxonomy, Topic};
