//! `Content-Encoding: deflate`, which some servers send although nobody asks for it: RFC 9110 means
//! zlib by it, many send the bare stream of RFC 1951.

use bytes::Bytes;
use flate2::read::{DeflateDecoder, ZlibDecoder};
use std::io::Read;

/// The unpacked body; `None` when it is larger than `bytes_max`. A body that is not packed so, or
/// whose encoding is another, comes back as it was.
pub(crate) fn unpack(
    body: Bytes,
    content_encoding: Option<&str>,
    bytes_max: usize,
) -> Option<Bytes> {
    if !content_encoding.is_some_and(|value| value.trim().eq_ignore_ascii_case("deflate")) {
        return Some(body);
    }
    let unpacked = read(ZlibDecoder::new(&body[..]), bytes_max)
        .or_else(|| read(DeflateDecoder::new(&body[..]), bytes_max));
    match unpacked {
        Some(unpacked) if unpacked.len() > bytes_max => None,
        Some(unpacked) => Some(unpacked.into()),
        None => Some(body),
    }
}

/// At most one byte more than allowed; `None` when nothing can be read.
fn read(source: impl Read, bytes_max: usize) -> Option<Vec<u8>> {
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let mut unpacked = Vec::new();
    // An error keeps what was unpacked before it.
    let _ = source.take(limit).read_to_end(&mut unpacked);
    (!unpacked.is_empty()).then_some(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, ZlibEncoder};
    use std::io::Write;

    fn packed(bytes: &[u8], zlib: bool) -> Bytes {
        let level = Compression::fast();
        let done = if zlib {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).and_then(|()| encoder.finish())
        } else {
            let mut encoder = DeflateEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).and_then(|()| encoder.finish())
        };
        done.expect("memory can be written").into()
    }

    #[test]
    fn both_meanings_of_deflate_are_read() {
        for zlib in [true, false] {
            let body = packed(b"<rss>hello</rss>", zlib);
            assert_eq!(
                unpack(body, Some("Deflate"), 100).as_deref(),
                Some(&b"<rss>hello</rss>"[..])
            );
        }
    }

    #[test]
    fn what_is_not_packed_stays_and_a_bomb_is_refused() {
        let plain = Bytes::from_static(b"<rss/>");
        assert_eq!(unpack(plain.clone(), Some("deflate"), 100), Some(plain));
        let body = packed(b"x", true);
        assert_eq!(unpack(body.clone(), Some("gzip"), 100), Some(body));
        assert_eq!(unpack(packed(&vec![b' '; 1_000_000], true), Some("deflate"), 1_000), None);
    }
}
