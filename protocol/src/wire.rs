//! How values are written for the way between nodes: MessagePack with field names.
//!
//! Names travel, so that nodes of two releases understand each other while one replaces the other:
//! a field that is not known is left out, a field that is missing takes its default when it is
//! marked with `#[serde(default)]`. A field is never renamed and never changes its meaning; a new
//! variant of an enum is refused by an older node with an error, never misread.

use autoglm_domain::Fault;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Writes a value.
///
/// # Errors
/// `Internal` for a value that cannot be written, which is a defect.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Fault> {
    rmp_serde::to_vec_named(value)
        .map_err(|error| Fault::internal(format!("a message cannot be written: {error}")))
}

/// Reads a value that [`encode`] wrote, perhaps in another release.
///
/// # Errors
/// `Invalid` for bytes that are no such value.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    rmp_serde::from_slice(bytes).map_err(|error| {
        Fault::invalid(format!(
            "a message of {} bytes from another node cannot be read: {error}; \
             nodes of very different releases do not run together",
            bytes.len()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader_request::ReaderRequest;
    use autoglm_domain::{FaultKind, ReaderId};
    use serde::Deserialize;

    #[test]
    fn a_request_comes_back_as_it_was() {
        let request = ReaderRequest::Recommend { reader: ReaderId(7), limit: 50, seed: u64::MAX };
        let bytes = encode(&request).expect("written");
        assert_eq!(decode::<ReaderRequest>(&bytes), Ok(request));
    }

    #[test]
    fn fields_of_another_release_do_no_harm() {
        #[derive(Serialize)]
        struct Newer {
            known: u8,
            added: &'static str,
        }
        #[derive(Debug, PartialEq, Deserialize)]
        struct Older {
            known: u8,
            #[serde(default)]
            gone: bool,
        }
        let bytes = encode(&Newer { known: 3, added: "later" }).expect("written");
        assert_eq!(decode::<Older>(&bytes), Ok(Older { known: 3, gone: false }));
    }

    #[test]
    fn garbage_is_refused_with_what_to_do() {
        let fault = decode::<ReaderRequest>(b"\xc1garbage").expect_err("no request");
        assert_eq!(fault.kind, FaultKind::Invalid);
        assert!(fault.message.contains("releases"), "{}", fault.message);
    }
}
