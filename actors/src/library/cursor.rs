//! Cursors: a place in a list as an opaque, checked text.

use autoglm_domain::{Fault, Timestamp};

/// First byte of every cursor; another layout gets another one.
const VERSION: u8 = 1;
/// Version, moment, id, check.
const BYTES: usize = 1 + 8 + 8 + 2;

/// A place: the moment and the id of the last thing seen.
pub type Place = (Timestamp, i64);

/// Writes a place.
#[must_use]
pub fn encode(place: Place) -> String {
    let mut bytes = Vec::with_capacity(BYTES);
    bytes.push(VERSION);
    bytes.extend_from_slice(&place.0.0.to_be_bytes());
    bytes.extend_from_slice(&place.1.to_be_bytes());
    let check = check(&bytes);
    bytes.extend_from_slice(&check.to_be_bytes());
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a place.
///
/// # Errors
/// `Invalid` for anything [`encode`] did not write.
pub fn decode(text: &str) -> Result<Place, Fault> {
    read(text).ok_or_else(|| {
        Fault::invalid("the cursor is not one of ours; begin the list without a cursor")
    })
}

fn read(text: &str) -> Option<Place> {
    if text.len() != BYTES * 2 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let bytes: Vec<u8> = (0..BYTES)
        .filter_map(|index| u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok())
        .collect();
    let (body, given) = bytes.split_last_chunk::<2>()?;
    if check(body) != u16::from_be_bytes(*given) {
        return None;
    }
    let (version, body) = body.split_first()?;
    let (moment, id) = body.split_first_chunk::<8>()?;
    let id = <[u8; 8]>::try_from(id).ok()?;
    let moment = Timestamp(i64::from_be_bytes(*moment));
    (*version == VERSION).then_some((moment, i64::from_be_bytes(id)))
}

/// Fletcher-16: tells a mistyped cursor from ours. It keeps no secret; queries narrow to the
/// reader whatever the cursor says.
fn check(bytes: &[u8]) -> u16 {
    let (low, high) = bytes.iter().fold((0_u16, 0_u16), |(low, high), byte| {
        let low = (low + u16::from(*byte)) % 255;
        (low, (high + low) % 255)
    });
    (high << 8) | low
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_place_comes_back_from_its_cursor(moment in any::<i64>(), id in any::<i64>()) {
            let place = (Timestamp(moment), id);
            prop_assert_eq!(decode(&encode(place)), Ok(place));
        }

        #[test]
        fn strange_texts_are_refused(text in ".{0,60}") {
            prop_assert!(decode(&text).is_err());
        }

        #[test]
        fn a_cursor_with_one_wrong_letter_is_refused(id in any::<i64>(), at in 0_usize..38) {
            let mut letters: Vec<char> = encode((Timestamp(id), id)).chars().collect();
            letters[at] = if letters[at] == '7' { '8' } else { '7' };
            prop_assert!(decode(&letters.into_iter().collect::<String>()).is_err());
        }
    }
}
