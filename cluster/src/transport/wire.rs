//! How a message to a door of another node is written: protobuf with fixed field numbers, so that
//! nodes of two releases read each other. A field's number is never used for anything else.

use crate::envelope::WIRE_VERSION;
use crate::peers::PeerRequest;
use autoglm_domain::{Fault, FaultKind, Incarnation, SHARD_COUNT};
use prost::Message as _;
use std::time::Duration;
use tokio::time::Instant;

/// A request or hint on its way.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct WireRequest {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(int64, tag = "2")]
    from: i64,
    #[prost(int64, tag = "3")]
    to: i64,
    /// The time that is left, so that clocks need not agree; 0 for a hint.
    #[prost(uint64, tag = "4")]
    remaining_us: u64,
    #[prost(bytes = "vec", tag = "5")]
    idempotency_key: Vec<u8>,
    #[prost(bytes = "vec", tag = "6")]
    body: Vec<u8>,
}

/// The answer to a request.
#[derive(Clone, PartialEq, prost::Message)]
struct WireAnswer {
    #[prost(bytes = "vec", optional, tag = "1")]
    body: Option<Vec<u8>>,
    /// A [`Fault`] as JSON when there is no body.
    #[prost(string, tag = "2")]
    fault: String,
}

/// What nodes must agree on before anything is routed between them; the answer to a ping.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Hello {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(uint32, tag = "2")]
    shard_count: u32,
    #[prost(string, tag = "3")]
    build: String,
    #[prost(int64, tag = "4")]
    incarnation: i64,
}

impl WireRequest {
    /// Writes a request.
    pub(crate) fn write(from: Incarnation, to: Incarnation, request: PeerRequest) -> Vec<u8> {
        let left = request.deadline.saturating_duration_since(Instant::now());
        let key = request.idempotency_key.map(|key| key.to_be_bytes().to_vec());
        let wire = Self {
            version: u32::from(WIRE_VERSION),
            from: from.0,
            to: to.0,
            remaining_us: u64::try_from(left.as_micros()).unwrap_or(u64::MAX),
            idempotency_key: key.unwrap_or_default(),
            body: request.body,
        };
        wire.encode_to_vec()
    }

    /// Writes a hint.
    pub(crate) fn write_hint(from: Incarnation, to: Incarnation, body: Vec<u8>) -> Vec<u8> {
        let version = u32::from(WIRE_VERSION);
        Self { version, from: from.0, to: to.0, body, ..Self::default() }.encode_to_vec()
    }

    /// Reads either, for the node `me`.
    ///
    /// # Errors
    /// `Invalid` for garbage and for a version that is not known, `NotFound` when it is meant for
    /// another start of this node.
    pub(crate) fn read(bytes: &[u8], me: Incarnation) -> Result<Self, Fault> {
        let wire = Self::decode(bytes).map_err(|error| {
            Fault::invalid(format!("{} bytes from a peer are no message: {error}", bytes.len()))
        })?;
        if wire.version == 0 || wire.version > u32::from(WIRE_VERSION) {
            return Err(Fault::invalid(format!(
                "a message of wire version {} cannot be read: node {me} knows 1 to {WIRE_VERSION}; \
                 upgrade it",
                wire.version
            )));
        }
        if wire.to != me.0 {
            return Err(Fault::not_found(format!(
                "the message is for node {}, but this is node {me}",
                wire.to
            )));
        }
        Ok(wire)
    }

    /// Who sent it, by its own word.
    pub(crate) fn from(&self) -> Incarnation {
        Incarnation(self.from)
    }

    /// As a request that must be answered in time; `None` when its time is over already.
    pub(crate) fn into_request(self) -> Option<PeerRequest> {
        if self.remaining_us == 0 {
            return None;
        }
        Some(PeerRequest {
            deadline: Instant::now() + Duration::from_micros(self.remaining_us),
            idempotency_key: self.idempotency_key.try_into().ok().map(u128::from_be_bytes),
            body: self.body,
        })
    }

    /// As a hint.
    pub(crate) fn into_body(self) -> Vec<u8> {
        self.body
    }
}

/// Writes an answer.
pub(crate) fn write_answer(answer: Result<Vec<u8>, Fault>) -> Vec<u8> {
    let wire = match answer {
        Ok(body) => WireAnswer { body: Some(body), fault: String::new() },
        Err(fault) => {
            let fault = serde_json::to_string(&fault).unwrap_or_default();
            WireAnswer { body: None, fault }
        }
    };
    wire.encode_to_vec()
}

/// Reads an answer.
///
/// # Errors
/// The fault that was answered, or `Internal` for garbage.
pub(crate) fn read_answer(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let garbage = || Fault::new(FaultKind::Internal, "a peer answered something unreadable");
    let wire = WireAnswer::decode(bytes).map_err(|_error| garbage())?;
    match wire.body {
        Some(body) => Ok(body),
        None => Err(serde_json::from_str(&wire.fault).unwrap_or_else(|_error| garbage())),
    }
}

impl Hello {
    /// What this program says of itself.
    pub(crate) fn ours(incarnation: Incarnation) -> Vec<u8> {
        let hello = Self {
            version: u32::from(WIRE_VERSION),
            shard_count: u32::from(SHARD_COUNT),
            build: env!("CARGO_PKG_VERSION").to_owned(),
            incarnation: incarnation.0,
        };
        hello.encode_to_vec()
    }

    /// Reads what a peer says, and whether the two can work together.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub(crate) fn agree(bytes: &[u8], peer: Incarnation) -> Result<String, String> {
        let hello =
            Self::decode(bytes).map_err(|error| format!("its greeting is garbage: {error}"))?;
        if hello.incarnation != peer.0 {
            return Err(format!("it says that it is node {}", hello.incarnation));
        }
        if hello.shard_count != u32::from(SHARD_COUNT) {
            return Err(format!(
                "it cuts readers and hosts into {} shards and we into {SHARD_COUNT}: these releases \
                 cannot run together",
                hello.shard_count
            ));
        }
        if hello.version == 0 {
            return Err("it speaks no wire version that is known".to_owned());
        }
        Ok(hello.build)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ME: Incarnation = Incarnation(7);

    proptest! {
        #[test]
        fn a_request_comes_back_as_it_was(body: Vec<u8>, key: Option<u128>, left_ms in 1_u64..60_000) {
            let deadline = Instant::now() + Duration::from_millis(left_ms);
            let request = PeerRequest { deadline, idempotency_key: key, body: body.clone() };
            let wire = WireRequest::read(&WireRequest::write(Incarnation(3), ME, request), ME);
            let wire = wire.expect("readable");
            prop_assert_eq!(wire.from(), Incarnation(3));
            let read = wire.into_request();
            // On a machine that stood still meanwhile its time may be over.
            if let Some(read) = read {
                prop_assert_eq!((read.idempotency_key, read.body), (key, body));
            }
        }

        #[test]
        fn garbage_is_refused_and_never_a_panic(bytes: Vec<u8>) {
            let _refused_or_not = WireRequest::read(&bytes, ME);
            let _refused_or_not = read_answer(&bytes);
            let _refused_or_not = Hello::agree(&bytes, ME);
        }
    }

    #[test]
    fn a_request_whose_time_is_over_is_not_begun() {
        let request = PeerRequest { deadline: Instant::now(), idempotency_key: None, body: vec![] };
        let wire = WireRequest::read(&WireRequest::write(Incarnation(3), ME, request), ME);
        assert_eq!(wire.expect("readable").into_request(), None);
    }

    #[test]
    fn what_is_for_an_earlier_start_of_this_node_is_refused() {
        let bytes = WireRequest::write_hint(Incarnation(3), Incarnation(6), b"hint".to_vec());
        assert_eq!(WireRequest::read(&bytes, ME).expect_err("not ours").kind, FaultKind::NotFound);
    }

    #[test]
    fn a_newer_wire_version_is_refused_with_what_to_do() {
        let mut wire = WireRequest { to: 7, ..WireRequest::default() };
        for version in [0, u32::from(WIRE_VERSION) + 1] {
            wire.version = version;
            let fault = WireRequest::read(&wire.encode_to_vec(), ME).expect_err("unknown");
            assert!(fault.message.contains("upgrade"), "{}", fault.message);
        }
    }

    #[test]
    fn a_fault_travels_as_it_is() {
        let fault = Fault::overloaded("too much", Duration::from_millis(250));
        assert_eq!(read_answer(&write_answer(Err(fault.clone()))), Err(fault));
        assert_eq!(read_answer(&write_answer(Ok(vec![1, 2]))), Ok(vec![1, 2]));
    }

    #[test]
    fn nodes_agree_only_on_the_same_number_of_shards_and_on_who_they_are() {
        assert!(Hello::agree(&Hello::ours(ME), ME).is_ok());
        assert!(Hello::agree(&Hello::ours(ME), Incarnation(8)).is_err());
        let other =
            Hello { shard_count: 64, ..Hello::decode(Hello::ours(ME).as_slice()).expect("ours") };
        let why = Hello::agree(&other.encode_to_vec(), ME).expect_err("another number");
        assert!(why.contains("64"), "{why}");
    }
}
