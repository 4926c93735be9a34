//! How rare each word is among the articles seen so far.

use crate::text::Word;

/// Cells of the table; words share cells rarely.
const CELLS: usize = 1 << 16;
/// Articles after which old frequencies are halved.
const ARTICLES_MAX: f32 = 50_000.0;
/// Articles the index behaves as if it had seen before the first: a word of only one of them is
/// rare from the beginning.
const ARTICLES_ASSUMED: f32 = 3_000.0;
/// Share of those that have a word of all news.
const COMMON_SHARE: f32 = 0.03;

/// Running document frequencies.
#[derive(Debug)]
pub(super) struct Frequencies {
    cells: Vec<f32>,
    articles: f32,
}

impl Frequencies {
    pub(super) fn new() -> Self {
        Self { cells: vec![0.0; CELLS], articles: 0.0 }
    }

    /// Counts an article's words.
    pub(super) fn count(&mut self, words: &[Word]) {
        if self.articles >= ARTICLES_MAX {
            self.articles /= 2.0;
            for cell in &mut self.cells {
                *cell /= 2.0;
            }
        }
        self.articles += 1.0;
        for word in words {
            self.cells[cell(word.hash)] += 1.0;
        }
    }

    /// Inverse document frequency, at least 1. The power of 1.5 makes names count more and the
    /// words of any news less; measured with the defaults of
    /// [`StoryLimits`](super::StoryLimits).
    pub(super) fn rarity(&self, hash: u64, is_common: bool) -> f32 {
        let assumed = if is_common { COMMON_SHARE * ARTICLES_ASSUMED } else { 0.0 };
        let frequency = self.cells[cell(hash)] + assumed + 1.0;
        let rarity = 1.0 + ((self.articles + ARTICLES_ASSUMED + 1.0) / frequency).ln().max(0.0);
        rarity * rarity.sqrt()
    }
}

fn cell(hash: u64) -> usize {
    usize::try_from(hash % CELLS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::words;

    #[test]
    fn a_word_of_all_news_is_less_rare_than_a_name_until_the_name_is_everywhere() {
        let mut frequencies = Frequencies::new();
        let (name, verb) = (words("Reykjavik"), words("announces"));
        let rarity = |frequencies: &Frequencies, words: &[Word]| {
            frequencies.rarity(words[0].hash, words[0].is_common)
        };
        assert!(rarity(&frequencies, &name) > 2.0 * rarity(&frequencies, &verb));
        for _ in 0..500 {
            frequencies.count(&name);
        }
        assert!(rarity(&frequencies, &name) < rarity(&frequencies, &verb));
    }

    #[test]
    fn old_frequencies_fade() {
        let mut frequencies = Frequencies::new();
        let word = words("Reykjavik");
        for _ in 0..60_000 {
            frequencies.count(&word);
        }
        assert!(frequencies.articles < ARTICLES_MAX);
    }
}
