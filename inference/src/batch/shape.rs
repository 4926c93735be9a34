//! What a batch looks like to a device: how many texts, how many tokens with padding, how much
//! attention.

use super::ladder::Padding;

/// The size of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shape {
    /// Texts.
    pub entries: usize,
    /// Their tokens.
    pub tokens: usize,
    /// Tokens of the longest.
    pub longest: usize,
    /// Sum of the squared lengths of texts that are not padded.
    squares: u64,
}

impl Shape {
    /// A batch of one text.
    #[must_use]
    pub fn of(tokens: usize) -> Self {
        Self::default().with(tokens)
    }

    /// This batch with one more text.
    #[must_use]
    pub fn with(self, tokens: usize) -> Self {
        let square = (tokens as u64).saturating_mul(tokens as u64);
        Self {
            entries: self.entries + 1,
            tokens: self.tokens.saturating_add(tokens),
            longest: self.longest.max(tokens),
            squares: self.squares.saturating_add(square),
        }
    }

    /// Tokens the device works on, padding included.
    #[must_use]
    pub fn padded_tokens(self, padding: Padding) -> usize {
        match padding {
            Padding::None => self.tokens,
            _ => padding.width(self.longest).saturating_mul(self.entries),
        }
    }

    /// Sum over the texts of the square of their length, padding included: what attention costs.
    #[must_use]
    pub fn padded_squares(self, padding: Padding) -> u64 {
        match padding {
            Padding::None => self.squares,
            _ => {
                let width = padding.width(self.longest) as u64;
                width.saturating_mul(width).saturating_mul(self.entries as u64)
            }
        }
    }
}

impl FromIterator<usize> for Shape {
    fn from_iter<I: IntoIterator<Item = usize>>(lengths: I) -> Self {
        lengths.into_iter().fold(Self::default(), Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_counts_where_the_device_pads() {
        let shape: Shape = [40, 10, 10].into_iter().collect();
        assert_eq!(shape.padded_tokens(Padding::None), 60);
        assert_eq!(shape.padded_tokens(Padding::Longest), 120);
        assert_eq!(shape.padded_tokens(Padding::Ladder), 192);
        assert_eq!(shape.padded_squares(Padding::None), 1_800);
        assert_eq!(shape.padded_squares(Padding::Longest), 4_800);
    }

    #[test]
    fn a_shape_that_nobody_could_run_is_still_a_number() {
        let shape = Shape::of(usize::MAX).with(usize::MAX);
        assert_eq!(shape.tokens, usize::MAX);
        assert_eq!(shape.padded_squares(Padding::Longest), u64::MAX);
    }
}
