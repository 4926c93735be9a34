//! An article on its way through the pipeline.

use crate::feature::{Feature, FeatureValues};

/// An article of the window and what is known about it so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its position in the window.
    pub position: usize,
    /// Values by feature, filled by hydrators.
    pub features: FeatureValues,
    /// The sum of weight times value, set by a scorer.
    pub score: f32,
    /// Position among the reader's positives of the one it resembles most.
    pub similar_to: Option<usize>,
    /// May be shown to learn about it.
    pub explores: bool,
}

impl Candidate {
    /// A candidate of which nothing is known yet.
    #[must_use]
    pub fn at(position: usize) -> Self {
        Self {
            position,
            features: FeatureValues::default(),
            score: 0.0,
            similar_to: None,
            explores: false,
        }
    }

    /// One value.
    #[must_use]
    pub fn value(&self, feature: Feature) -> f32 {
        self.features[feature as usize]
    }

    /// Sets one value; what is not finite counts as nothing.
    pub fn set(&mut self, feature: Feature, value: f32) {
        self.features[feature as usize] = if value.is_finite() { value } else { 0.0 };
    }

    /// What a feature adds to the score.
    #[must_use]
    pub fn contribution(&self, feature: Feature) -> f32 {
        feature.weight() * self.value(feature)
    }
}
