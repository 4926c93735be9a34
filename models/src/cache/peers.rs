//! What nodes say to each other about cached keys, and the doors it goes through.

use autoglm_domain::Fault;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;

/// The other nodes, as a cache sees them; whoever knows the cluster connects it.
pub trait PeerLoad: Send + Sync + Debug + 'static {
    /// Whether this node loads the key itself: it owns it, or nobody else can be reached.
    fn is_owner(&self, cache: &str, key: &[u8]) -> bool;

    /// Sends `request` to the owner of the key, where [`super::Caches::serve_peer`] answers it.
    /// The caller stops waiting by itself.
    ///
    /// # Errors
    /// Any fault: then the caller loads itself.
    fn ask<'a>(
        &'a self,
        cache: &'a str,
        key: &'a [u8],
        request: Vec<u8>,
    ) -> BoxFuture<'a, Result<Vec<u8>, Fault>>;
}

/// Tells the other nodes that what they remember of a key is no longer true.
pub trait Invalidation: Send + Sync + Debug + 'static {
    /// Sends the news to every node, where [`super::Caches::hear`] takes it in. Must not block;
    /// best effort, because Redis tells it too and every entry expires anyway.
    fn publish(&self, news: Vec<u8>);
}

/// For a node alone: everything is its own and there is nobody to tell.
#[derive(Debug, Clone, Copy, Default)]
pub struct NobodyElse;

impl PeerLoad for NobodyElse {
    fn is_owner(&self, _: &str, _: &[u8]) -> bool {
        true
    }

    fn ask<'a>(
        &'a self,
        cache: &'a str,
        _: &'a [u8],
        _: Vec<u8>,
    ) -> BoxFuture<'a, Result<Vec<u8>, Fault>> {
        let fault = Fault::not_found(format!("there is no other node to ask for {cache}"));
        Box::pin(std::future::ready(Err(fault)))
    }
}

impl Invalidation for NobodyElse {
    fn publish(&self, _: Vec<u8>) {}
}

/// What a node asks the owner of a key.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ask {
    /// Name and version.
    pub(super) cache: String,
    #[serde(with = "bytes")]
    pub(super) key: Vec<u8>,
    /// Invalidations the asker knows of; the answer must not be older than any of them.
    pub(super) heard: Vec<u64>,
    /// Whether Redis may still hold what was invalidated: it did not hear of it yet.
    pub(super) unheard_by_redis: bool,
}

/// That a key was invalidated.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct News {
    pub(super) cache: String,
    #[serde(with = "bytes")]
    pub(super) key: Vec<u8>,
    pub(super) id: u64,
    /// Whether Redis may still hold the old value.
    pub(super) unheard_by_redis: bool,
}

/// As MessagePack; what cannot be written is empty, which nobody can read.
pub(super) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(value).unwrap_or_default()
}

/// Reads what [`encode`] wrote.
pub(super) fn decode<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, Fault> {
    rmp_serde::from_slice(bytes).map_err(|error| {
        Fault::invalid(format!(
            "reading a message about cached keys ({} bytes): {error}",
            bytes.len()
        ))
    })
}

/// Bytes as bytes: MessagePack would write them as a list of numbers.
mod bytes {
    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<u8>, D::Error> {
        source.deserialize_byte_buf(Bytes)
    }

    struct Bytes;

    impl Visitor<'_> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("bytes")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }

        fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
            Ok(bytes)
        }
    }
}
