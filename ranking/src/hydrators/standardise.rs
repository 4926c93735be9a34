//! Puts a feature on the scale of its own spread over the candidates.

use autoglm_domain::Language;

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
    let mut groups = Groups::default();
    for (value, language) in values.iter().zip(languages) {
        groups.add(*language, *value);
    }
    values
        .iter()
        .zip(languages)
        .map(|(value, language)| score(*value, groups.mean(*language).unwrap_or(mean), spread))
        .collect()
}

/// Sums by language. A list: there are two or three, and the next article's is mostly the last
/// one's.
#[derive(Default)]
struct Groups(Vec<Group>);

struct Group {
    language: Option<Language>,
    sum: f32,
    count: usize,
}

impl Groups {
    fn add(&mut self, language: Option<Language>, value: f32) {
        match self.0.iter_mut().find(|group| group.language == language) {
            Some(group) => {
                group.sum += value;
                group.count += 1;
            }
            None => self.0.push(Group { language, sum: value, count: 1 }),
        }
    }

    fn mean(&self, language: Option<Language>) -> Option<f32> {
        let group = self.0.iter().find(|group| group.language == language)?;
        (group.count >= GROUP_MIN).then(|| group.sum / group.count as f32)
    }
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
