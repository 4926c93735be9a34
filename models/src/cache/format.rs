//! How a value stands in Redis and travels between nodes.
//!
//! One byte for this format, one for "there is one", two lifetimes in milliseconds, then the value
//! as MessagePack with field names. The shape of the value has a version of its own, which is part
//! of the key: a node of another version never sees it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// This format.
const FORMAT: u8 = 1;
/// Format, kind, two lifetimes.
const HEADER_BYTES: usize = 10;

/// A value with how long it may be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parcel<V> {
    /// `None`: it is known that there is none.
    pub(super) value: Option<V>,
    /// How long it is fresh, from when it was packed.
    pub(super) fresh_for: Duration,
    /// How long it may be served after that while a newer one is fetched.
    pub(super) stale_for: Duration,
}

impl<V: Serialize + DeserializeOwned> Parcel<V> {
    /// The bytes; `None` when the value cannot be written.
    pub(super) fn pack(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![FORMAT, u8::from(self.value.is_some())];
        bytes.extend(milliseconds(self.fresh_for).to_le_bytes());
        bytes.extend(milliseconds(self.stale_for).to_le_bytes());
        if let Some(value) = &self.value {
            rmp_serde::encode::write_named(&mut bytes, value).ok()?;
        }
        Some(bytes)
    }

    /// Reads it; `None` for anything we did not write, which counts as absent.
    pub(super) fn unpack(bytes: &[u8]) -> Option<Self> {
        let (header, body) = bytes.split_at_checked(HEADER_BYTES)?;
        let (&format, header) = header.split_first()?;
        let (&kind, lifetimes) = header.split_first()?;
        let (fresh, stale) = lifetimes.split_at_checked(4)?;
        let length = |bytes: &[u8]| {
            Some(Duration::from_millis(u64::from(u32::from_le_bytes(bytes.try_into().ok()?))))
        };
        let value = match (format, kind) {
            (FORMAT, 0) if body.is_empty() => None,
            (FORMAT, 1) => Some(rmp_serde::from_slice(body).ok()?),
            _ => return None,
        };
        Some(Self { value, fresh_for: length(fresh)?, stale_for: length(stale)? })
    }
}

fn milliseconds(length: Duration) -> u32 {
    u32::try_from(length.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_parcel_comes_out_as_it_went_in(
            value in proptest::option::of(".{0,40}"), fresh in 0_u64..1_000_000, stale in 0_u64..1_000_000
        ) {
            let parcel = Parcel {
                value,
                fresh_for: Duration::from_millis(fresh),
                stale_for: Duration::from_millis(stale),
            };
            let bytes = parcel.pack().expect("packed");
            prop_assert_eq!(Parcel::unpack(&bytes), Some(parcel));
        }

        #[test]
        fn strange_bytes_are_absent_and_harmless(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _whatever = Parcel::<String>::unpack(&bytes);
        }
    }

    #[test]
    fn another_format_is_absent() {
        let day = Duration::from_secs(86_400);
        let parcel = Parcel { value: Some(7_u32), fresh_for: day, stale_for: day };
        let mut bytes = parcel.pack().expect("packed");
        bytes[0] = FORMAT + 1;
        assert_eq!(Parcel::<u32>::unpack(&bytes), None);
    }
}
