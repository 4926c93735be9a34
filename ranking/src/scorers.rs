//! Scorers: they make one number of a candidate's features.

mod linear;

pub use linear::LinearScorer;
