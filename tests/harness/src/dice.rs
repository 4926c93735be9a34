//! Random numbers that a seed repeats, so that a failing run can be run again.

/// SplitMix64: small, fast, and the same everywhere.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Repeats what this seed gave before.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A seed nobody had before: from the clock and the process.
    #[must_use]
    pub fn fresh_seed() -> u64 {
        let uuid = uuid::Uuid::new_v4().as_u64_pair();
        // Short enough to be typed.
        (uuid.0 ^ u64::from(std::process::id())) >> 24
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.bits() % end as u64) as usize
    }

    /// A number from `from` to `to`, both included.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.bits() % (to - from + 1)
    }

    /// One of these; `None` of none.
    pub fn one_of<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        if choices.is_empty() { None } else { choices.get(self.below(choices.len())) }
    }

    /// An event id (a version 4 UUID) that the seed repeats.
    pub fn uuid(&mut self) -> uuid::Uuid {
        let (high, low) = (u128::from(self.bits()), u128::from(self.bits()));
        let random = (high << 64) | low;
        uuid::Builder::from_random_bytes(random.to_be_bytes()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_numbers() {
        let (mut one, mut two) = (Dice::new(7), Dice::new(7));
        for _ in 0..100 {
            assert_eq!(one.between(3, 9), two.between(3, 9));
        }
        assert_eq!(one.uuid(), two.uuid());
        assert_ne!(Dice::new(7).bits(), Dice::new(8).bits());
    }
}
