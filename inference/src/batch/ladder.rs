//! Lengths in steps: which requests are alike enough to share a tensor, and how wide it becomes.

/// Width of the first steps, up to [`FINE_UNTIL`].
const FINE_STEP: usize = 8;
/// Up to here all steps are [`FINE_STEP`] wide; from here on a step is an eighth of the power of
/// two below it, so that rounding up wastes less than an eighth.
const FINE_UNTIL: usize = 64;
/// Steps between two powers of two.
const STEPS_OF_OCTAVE: usize = 8;
/// Buckets in all: 8 up to 64 tokens, 8 for each octave up to 8,192, and one for what is longer.
pub(super) const BUCKETS: usize = 8 + 7 * STEPS_OF_OCTAVE + 1;
/// The longest length with a bucket of its own.
const LONGEST_STEP: usize = 8_192;

/// The widths a device pads to when every new width costs it a compilation.
const COARSE: [usize; 8] = [32, 64, 96, 128, 192, 256, 384, 512];

/// How a device lays texts of different lengths into one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Padding {
    /// Side by side, without padding: hashing encoders, kernels for ragged batches.
    #[default]
    None,
    /// Dense, as wide as the longest.
    Longest,
    /// Dense, as wide as the next step of an even ladder with at most an eighth between two steps.
    Steps,
    /// Dense, as wide as the next of 32, 64, 96, 128, 192, 256, 384, 512: few shapes, for devices
    /// that compile or tune a kernel for each; wasteful for short texts.
    Ladder,
}

impl Padding {
    /// How wide a batch is whose longest text has this many tokens; 0 where nothing is padded.
    #[must_use]
    pub fn width(self, longest: usize) -> usize {
        match self {
            Self::None => 0,
            Self::Longest => longest,
            Self::Steps => ceiling(bucket_of(longest)).max(longest),
            Self::Ladder => COARSE
                .into_iter()
                .find(|step| *step >= longest)
                .or_else(|| longest.checked_next_multiple_of(COARSE[COARSE.len() - 1]))
                .unwrap_or(longest),
        }
    }
}

/// The bucket of texts with this many tokens. Longer texts never have a smaller one.
pub(super) fn bucket_of(tokens: usize) -> usize {
    let tokens = tokens.max(1);
    if tokens <= FINE_UNTIL {
        return (tokens - 1) / FINE_STEP;
    }
    if tokens > LONGEST_STEP {
        return BUCKETS - 1;
    }
    // 65..=128 is the first octave above the fine steps.
    let octave = (tokens - 1).ilog2() as usize - FINE_UNTIL.ilog2() as usize;
    let floor = FINE_UNTIL << octave;
    FINE_UNTIL / FINE_STEP
        + octave * STEPS_OF_OCTAVE
        + (tokens - 1 - floor) / (floor / STEPS_OF_OCTAVE)
}

/// The longest length of a bucket; that of the last one is not bounded.
pub(super) fn ceiling(bucket: usize) -> usize {
    let fine = FINE_UNTIL / FINE_STEP;
    if bucket < fine {
        return (bucket + 1) * FINE_STEP;
    }
    let (octave, step) = ((bucket - fine) / STEPS_OF_OCTAVE, (bucket - fine) % STEPS_OF_OCTAVE);
    let floor = FINE_UNTIL << octave;
    floor + (step + 1) * (floor / STEPS_OF_OCTAVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_lies_in_the_bucket_whose_ceiling_is_the_next_above_it() {
        for tokens in 1..=LONGEST_STEP {
            let bucket = bucket_of(tokens);
            assert!(tokens <= ceiling(bucket), "{tokens} in {bucket}");
            assert!(bucket == 0 || tokens > ceiling(bucket - 1), "{tokens} in {bucket}");
            assert!(bucket < BUCKETS - 1);
        }
        assert_eq!(bucket_of(LONGEST_STEP), BUCKETS - 2);
        assert_eq!(bucket_of(usize::MAX), BUCKETS - 1);
        assert_eq!(bucket_of(0), 0);
    }

    #[test]
    fn even_steps_waste_less_than_an_eighth_of_any_longer_text() {
        for tokens in FINE_UNTIL..20_000 {
            let width = Padding::Steps.width(tokens);
            assert!(width >= tokens && (width - tokens) * 8 < width, "{tokens} -> {width}");
        }
    }

    #[test]
    fn a_device_that_compiles_for_each_width_sees_few() {
        assert_eq!([1, 32, 33, 130, 512].map(|n| Padding::Ladder.width(n)), [32, 32, 64, 192, 512]);
        assert_eq!(Padding::Ladder.width(513), 1024);
        assert_eq!((Padding::None.width(7), Padding::Longest.width(7)), (0, 7));
    }
}
