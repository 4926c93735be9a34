//! Puts a feature on the scale of its own spread over the candidates.

use autoglm_domain::Language;
use std::collections::HashMap;

/// Standard scores are cut here.
const SCORE_MAX: f32 = 3.0;
/// A language with fewer candidates shares the mean of all.
const GROUP_MIN: usize = 30;

/// Standard scores of values; a spread below `spread_min` is taken for that, so that noise stays
/// noise.
pub(super) fn standard_scores(values: &[f32], spread_min: f32) -> Vec<f32> {
    let (mean, spread) = mean_and_spread(values.iter().copied(), spread_min);
    values.iter().map(|value| score(*value, mean, spread)).collect()
}

/// The same with the mean taken within each language: this is what subtracting the language's
/// mean vector from every embedding comes to, and keeps languages from being told apart instead
/// of subjects.
pub(super) fn standard_scores_by_language(
    values: &[f32],
    languages: &[Option<Language>],
    spread_min: f32,
) -> Vec<f32> {
    let (mean, spread) = mean_and_spread(values.iter().copied(), spread_min);
    let mut groups: HashMap<Option<Language>, (f32, usize)> = HashMap::new();
    for (value, language) in values.iter().zip(languages) {
        let group = groups.entry(*language).or_default();
        group.0 += value;
        group.1 += 1;
    }
    values
        .iter()
        .zip(languages)
        .map(|(value, language)| {
            let centre = match groups.get(language) {
                Some((sum, count)) if *count >= GROUP_MIN => sum / *count as f32,
                _ => mean,
            };
            score(*value, centre, spread)
        })
        .collect()
}

fn score(value: f32, mean: f32, spread: f32) -> f32 {
    ((value - mean) / spread).clamp(-SCORE_MAX, SCORE_MAX)
}

fn mean_and_spread(values: impl Iterator<Item = f32> + Clone, spread_min: f32) -> (f32, f32) {
    let count = values.clone().count().max(1) as f32;
    let mean = values.clone().sum::<f32>() / count;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f32>() / count;
    (mean, variance.sqrt().max(spread_min))
}
