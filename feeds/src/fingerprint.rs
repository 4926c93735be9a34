//! The MinHash signature of a text, by which near-duplicates find each other.

use autoglm_domain::{MINHASH_PERMUTATIONS, MinHashSignature};
use xxhash_rust::xxh3::xxh3_64;

/// Words per shingle in scripts with spaces.
const SHINGLE_WORDS: usize = 3;
/// Characters per shingle in Chinese and Japanese.
const SHINGLE_CHARACTERS: usize = 4;
/// Text beyond this many bytes does not change the signature.
const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Permutations computed together: enough for the processor's lanes, few enough for its registers.
const LANES: usize = 16;

/// The permutations x → a·x + b modulo 2³², a odd: each is a bijection of 32-bit words.
struct Permutations {
    factors: [u32; MINHASH_PERMUTATIONS],
    offsets: [u32; MINHASH_PERMUTATIONS],
}

static PERMUTATIONS: Permutations = permutations();

/// Drawn by SplitMix64 (Steele, Lea, Flood 2014) from a fixed seed: signatures are stored, so the
/// permutations never change.
const fn permutations() -> Permutations {
    let mut factors = [0; MINHASH_PERMUTATIONS];
    let mut offsets = [0; MINHASH_PERMUTATIONS];
    let mut state = 0x4175_746f_474c_4d31_u64;
    let mut at = 0;
    while at < MINHASH_PERMUTATIONS {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        factors[at] = (mixed >> 32) as u32 | 1;
        offsets[at] = mixed as u32;
        at += 1;
    }
    Permutations { factors, offsets }
}

/// The signature over shingles of title and text: three words, or four characters where Chinese or
/// Japanese prevails. Letter case, punctuation and white space do not count. Empty for a text too
/// short to have a shingle.
#[must_use]
pub fn minhash(title: &str, text: &str) -> MinHashSignature {
    let mut tokens = Tokens::default();
    tokens.read(title);
    tokens.read(crate::text::prefix(text, TEXT_BYTES_MAX));
    let shingles = tokens.shingles();
    if shingles.is_empty() {
        return MinHashSignature::default();
    }
    MinHashSignature(signature(&shingles))
}

/// Each block of permutations keeps its minima in registers while it passes over the shingles;
/// written plainly enough for the compiler to use vector instructions. Words are compared as
/// signed because that is the comparison every processor has; any fixed order will do.
fn signature(shingles: &[u32]) -> Vec<u32> {
    let mut signature = Vec::with_capacity(MINHASH_PERMUTATIONS);
    let factors = PERMUTATIONS.factors.as_chunks::<LANES>().0;
    let offsets = PERMUTATIONS.offsets.as_chunks::<LANES>().0;
    for (factors, offsets) in factors.iter().zip(offsets) {
        let mut minima = [i32::MAX; LANES];
        for shingle in shingles {
            for lane in 0..LANES {
                let word = shingle.wrapping_mul(factors[lane]).wrapping_add(offsets[lane]);
                minima[lane] = minima[lane].min(word.cast_signed());
            }
        }
        signature.extend(minima.map(i32::cast_unsigned));
    }
    signature
}

/// The tokens of a text, written one after another: words in lower case, each ideograph alone.
#[derive(Default)]
struct Tokens {
    buffer: String,
    /// Where each token begins and ends in the buffer.
    spans: Vec<(u32, u32)>,
    ideographs: usize,
}

impl Tokens {
    fn read(&mut self, text: &str) {
        let mut start = None;
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if byte.is_ascii_alphanumeric() {
                let length = bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
                start.get_or_insert(self.buffer.len());
                let written = self.buffer.len();
                self.buffer.push_str(&text[at..at + length]);
                self.buffer[written..].make_ascii_lowercase();
                at += length;
                continue;
            }
            if byte.is_ascii() {
                if *byte != b'\'' {
                    self.end_word(&mut start);
                }
                at += 1;
                continue;
            }
            let Some(c) = text[at..].chars().next() else { break };
            at += c.len_utf8();
            if is_ideograph(c) {
                self.end_word(&mut start);
                let at = self.buffer.len();
                self.buffer.push(c);
                self.push(at);
                self.ideographs += 1;
            } else if is_small_letter(c) {
                start.get_or_insert(self.buffer.len());
                self.buffer.push(c);
            } else if c.is_alphanumeric() {
                start.get_or_insert(self.buffer.len());
                self.buffer.extend(c.to_lowercase());
            } else if c != '’' {
                self.end_word(&mut start);
            }
        }
        self.end_word(&mut start);
    }

    fn end_word(&mut self, start: &mut Option<usize>) {
        if let Some(start) = start.take() {
            self.push(start);
            // Keeps "ab c" apart from "a bc".
            self.buffer.push(' ');
        }
    }

    fn push(&mut self, start: usize) {
        // The buffer holds at most a few times TEXT_BYTES_MAX, so positions fit into 32 bits.
        self.spans.push((start as u32, self.buffer.len() as u32));
    }

    /// One hash per window of tokens.
    fn shingles(&self) -> Vec<u32> {
        let mostly_ideographs = self.ideographs * 3 > self.spans.len();
        let width = if mostly_ideographs { SHINGLE_CHARACTERS } else { SHINGLE_WORDS };
        let bytes = self.buffer.as_bytes();
        self.spans
            .windows(width)
            .map(|window| {
                let (start, end) = (window[0].0 as usize, window[width - 1].1 as usize);
                let hash = xxh3_64(&bytes[start..end]);
                (hash ^ (hash >> 32)) as u32
            })
            .collect()
    }
}

/// Letters without a lower case of their own, in the alphabets that are met most: the large tables
/// need not be asked about them.
fn is_small_letter(c: char) -> bool {
    matches!(c, 'ß'..='ö' | 'ø'..='ÿ' | 'а'..='џ' | 'א'..='ת' | '가'..='힣')
}

/// Han and kana: scripts that write without spaces.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(a: &MinHashSignature, b: &MinHashSignature) -> f64 {
        let equal = a.0.iter().zip(&b.0).filter(|(a, b)| a == b).count();
        equal as f64 / MINHASH_PERMUTATIONS as f64
    }

    fn words(range: std::ops::Range<usize>) -> String {
        range.map(|number| format!("word{number}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn letter_case_and_punctuation_do_not_count() {
        let one = minhash("The Quick Fox", "jumps over the lazy dog, twice.");
        assert_eq!(one, minhash("the quick fox", "Jumps — over the lazy dog twice"));
        assert_eq!(one.0.len(), MINHASH_PERMUTATIONS);
    }

    #[test]
    fn the_share_of_equal_positions_estimates_the_overlap() {
        let a = minhash("", &words(0..1000));
        for (shared, expected) in [(1000, 1.0), (800, 0.665), (500, 0.333), (0, 0.0)] {
            let b = minhash("", &words(1000 - shared..2000 - shared));
            let estimate = likeness(&a, &b);
            assert!((estimate - expected).abs() < 0.15, "{shared} shared: {estimate}");
        }
    }

    #[test]
    fn chinese_is_compared_by_characters() {
        let a = minhash("", "国家统计局今天公布了十月份的经济数据，工业生产保持平稳增长。");
        let b = minhash("", "国家统计局今天公布了十月份的经济数据,工业生产保持平稳增长");
        let c = minhash("", "这支球队昨晚在主场以三比一击败对手，继续领跑积分榜。");
        assert_eq!(a, b);
        assert!(likeness(&a, &c) < 0.1);
    }

    #[test]
    fn letters_that_are_not_looked_up_are_small_ones() {
        for c in (char::MIN..=char::MAX).filter(|c| is_small_letter(*c)) {
            assert!(c.is_alphanumeric() && c.to_lowercase().eq([c]), "{c}");
        }
    }

    #[test]
    fn a_text_without_a_shingle_has_no_signature() {
        assert_eq!(minhash("two words", ""), MinHashSignature::default());
        assert_eq!(minhash("", "三个字"), MinHashSignature::default());
    }
}
