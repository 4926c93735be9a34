//! Which of the articles the reader liked does a candidate resemble?

use crate::candidate::Candidate;
use crate::feature::Feature;
use crate::pipeline::{Hydrator, RankContext};

/// Neighbours that count.
const NEAREST: usize = 3;
/// Similarities are divided by this, to be on the scale of the other features.
const SCALE: f32 = 0.3;

/// Fills in [`Feature::Neighbours`], [`Feature::Medoid`] and what the candidate resembles most.
#[derive(Debug, Clone, Copy)]
pub struct Neighbours;

impl Hydrator for Neighbours {
    fn hydrate(&self, context: &RankContext<'_>, candidates: &mut [Candidate]) {
        let profile = context.request.profile;
        if profile.positives().is_empty() {
            return;
        }
        for candidate in candidates {
            let row = context.row(candidate);
            let mut nearest = [0.0_f32; NEAREST];
            let mut best = None;
            for (index, positive) in profile.positives().iter().enumerate() {
                let similarity = row.cosine(&positive.embedding);
                if similarity > nearest[0] {
                    best = Some(index);
                }
                insert(&mut nearest, similarity);
            }
            let medoid =
                profile.medoids().embeddings().map(|medoid| row.cosine(medoid)).fold(0.0, f32::max);
            let mean = nearest.iter().sum::<f32>() / NEAREST as f32;
            candidate.similar_to = best;
            candidate.set(Feature::Neighbours, context.confidence * mean / SCALE);
            candidate.set(Feature::Medoid, context.confidence * medoid / SCALE);
        }
    }
}

/// Puts a value into a list of the largest, largest first.
fn insert(largest: &mut [f32; NEAREST], mut value: f32) {
    for slot in largest {
        if value > *slot {
            std::mem::swap(slot, &mut value);
        }
    }
}
