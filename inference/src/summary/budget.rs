//! How long a summary may be, and what a sentence takes of it.

use super::rank::unit_count;

/// Share of a text from which on a summary is chosen by what the text speaks about alone.
const ROOMY: f32 = 0.4;

/// How long a summary may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SummaryBudget {
    /// At most this many characters; text mostly of ideographs gets two fifths of it, which holds
    /// about as much. The product uses this.
    Characters(usize),
    /// At most this share of the text's words, an ideograph being one, but one sentence at least.
    Share(f32),
    /// At most this many whole sentences, one at least.
    Sentences(usize),
    /// Neighbouring clauses of one sentence, as near this many words or ideographs as is telling.
    Clauses(usize),
}

impl SummaryBudget {
    /// What all chosen sentences may take together, in the unit of [`Self::cost`].
    pub(crate) fn limit(self, text: &str) -> usize {
        match self {
            Self::Characters(limit) => {
                let length = text.chars().count();
                let wide = text.chars().filter(|c| crate::token::is_ideographic(*c)).count();
                (if wide * 2 > length { limit.saturating_mul(2) / 5 } else { limit }).min(length)
            }
            Self::Share(share) => (unit_count(text) as f32 * share.clamp(0.0, 1.0)) as usize,
            Self::Sentences(count) => count.max(1),
            Self::Clauses(_) => 1,
        }
    }

    /// What a sentence takes. A character more than it has, for the blank before it.
    pub(crate) fn cost(self, sentence: &str) -> usize {
        match self {
            Self::Characters(_) => sentence.chars().count() + 1,
            Self::Share(_) => unit_count(sentence),
            Self::Sentences(_) | Self::Clauses(_) => 1,
        }
    }

    /// Whether a text needs no choosing.
    pub(super) fn holds(self, text: &str, limit: usize) -> bool {
        matches!(self, Self::Characters(_)) && text.chars().count() <= limit
    }

    /// How much shorter than roomy a summary is, 0 to 1: the shorter, the more a sentence's place
    /// and its standing by itself count.
    pub(super) fn brevity(self, text: &str, sentences: usize) -> f32 {
        let share = match self {
            Self::Characters(_) => self.limit(text) as f32 / text.chars().count().max(1) as f32,
            Self::Share(share) => share,
            Self::Sentences(_) | Self::Clauses(_) => {
                self.limit(text) as f32 / sentences.max(1) as f32
            }
        };
        (1.0 - share / ROOMY).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_words_and_ideographs() {
        assert_eq!(SummaryBudget::Share(0.5).limit("one two three four"), 2);
        assert_eq!(SummaryBudget::Share(0.5).limit("一二三四"), 2);
        assert_eq!(SummaryBudget::Share(0.5).cost("3.5 million"), 2);
    }

    #[test]
    fn ideographs_get_two_fifths_of_the_characters() {
        let text = "字".repeat(300);
        assert_eq!(SummaryBudget::Characters(280).limit(&text), 112);
    }

    #[test]
    fn the_shorter_a_summary_the_briefer_it_is() {
        let text = "word ".repeat(100);
        assert_eq!(SummaryBudget::Share(0.4).brevity(&text, 10), 0.0);
        assert!((SummaryBudget::Share(0.1).brevity(&text, 10) - 0.75).abs() < 1e-6);
        assert!(SummaryBudget::Sentences(1).brevity(&text, 10) > 0.7);
    }
}
