//! What goes through the door of the region: requests to shards, their answers, and what owners
//! announce. One byte tells what follows; the rest is the host's own writing.

use crate::envelope::WIRE_VERSION;
use autoglm_domain::{Fault, Fence, Shard};
use autoglm_protocol::wire::{decode, encode};
use serde::{Deserialize, Serialize};

const ANSWER: u8 = 0;
const NOT_OWNER: u8 = 1;

/// What a peer answers to a request for a shard.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RegionAnswer {
    /// The shard's answer.
    Answer(Vec<u8>),
    /// It does not own the shard, and this is who does, as far as it knows.
    NotOwner(Option<Fence>),
}

/// What an owner tells every peer; a hint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Announcement {
    /// It owns these shards now.
    Owned(Vec<Fence>),
    /// It has given these up, and their leases are free.
    Freed(Vec<Shard>),
}

/// Writes a request: the wire version, then the request.
pub(crate) fn write_request(mut body: Vec<u8>) -> Vec<u8> {
    body.insert(0, WIRE_VERSION.to_le_bytes()[0]);
    body
}

/// Reads a request.
///
/// # Errors
/// `Invalid` for a version that is not known.
pub(crate) fn read_request(bytes: &[u8]) -> Result<&[u8], Fault> {
    match bytes.split_first() {
        Some((version, body)) if (1..=WIRE_VERSION).contains(&u16::from(*version)) => Ok(body),
        _ => Err(Fault::invalid(format!(
            "a request to a shard is of an unknown wire version; this node knows 1 to {WIRE_VERSION}"
        ))),
    }
}

impl RegionAnswer {
    /// Writes it.
    ///
    /// # Errors
    /// `Internal` when it cannot be written, which is a defect.
    pub(crate) fn write(self) -> Result<Vec<u8>, Fault> {
        match self {
            Self::Answer(mut body) => {
                body.insert(0, ANSWER);
                Ok(body)
            }
            Self::NotOwner(owner) => {
                let mut bytes = vec![NOT_OWNER];
                bytes.extend(encode(&owner)?);
                Ok(bytes)
            }
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// `Invalid` for garbage.
    pub(crate) fn read(mut bytes: Vec<u8>) -> Result<Self, Fault> {
        match bytes.first() {
            Some(&ANSWER) => {
                bytes.remove(0);
                Ok(Self::Answer(bytes))
            }
            Some(&NOT_OWNER) => decode(&bytes[1..]).map(Self::NotOwner),
            _ => Err(Fault::invalid("a peer answered a request to a shard with garbage")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::{Epoch, Incarnation, ShardKind};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn answers_and_requests_come_back_as_they_were(body: Vec<u8>, owner: i64, epoch: i64) {
            let shard = Shard { kind: ShardKind::Host, index: 9 };
            let fence = Fence { shard, owner: Incarnation(owner), epoch: Epoch(epoch) };
            let request = write_request(body.clone());
            prop_assert_eq!(read_request(&request).expect("ours"), body.as_slice());
            for answer in [RegionAnswer::Answer(body), RegionAnswer::NotOwner(Some(fence))] {
                let bytes = answer.clone().write().expect("written");
                prop_assert_eq!(RegionAnswer::read(bytes), Ok(answer));
            }
        }

        #[test]
        fn garbage_is_no_panic(bytes: Vec<u8>) {
            let _read_or_refused = RegionAnswer::read(bytes.clone());
            let _read_or_refused = read_request(&bytes);
        }
    }
}
