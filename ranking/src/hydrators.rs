//! Hydrators: they fill in the features of candidates.

mod affinities;
mod exposure;
mod interest;
mod neighbours;
mod prior;
mod standardise;

pub use affinities::Affinities;
pub use exposure::Exposure;
pub use interest::Interest;
pub use neighbours::Neighbours;
pub use prior::Prior;
