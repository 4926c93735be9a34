//! GuardedImages: fetches pictures for articles, so that a reader's browser talks to nobody else.
//!
//! **Receives** calls of the port `Images`. **Sends** requests through the guarded client, every hop checked.
//! **Limits** 8 MiB a picture, 16 fetches at once and 64 waiting, raster formats only. **On restart** it keeps nothing.

use async_trait::async_trait;
use autoglm_domain::{FailureCause, Fault, FaultKind};
use autoglm_feeds::{ACCEPT_IMAGE, FetchError, FetchRequest, Fetched, GuardedClient};
use autoglm_protocol::port::{Image, Images};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Bytes of a picture at most. The client given to [`GuardedImages::new`] should have this limit.
pub const IMAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of an address at most.
const URL_BYTES_MAX: usize = 2_048;
/// Fetches under way at once.
const FETCHES_MAX: usize = 16;
/// Requests that may wait for one of them.
const WAITING_MAX: usize = 64;

/// The port over a guarded client. Clones share the limits.
#[derive(Clone, Debug)]
pub struct GuardedImages {
    client: GuardedClient,
    fetches: Arc<Semaphore>,
    inside: Arc<AtomicUsize>,
}

impl GuardedImages {
    /// Over a client whose `body_bytes_max` is [`IMAGE_BYTES_MAX`].
    #[must_use]
    pub fn new(client: GuardedClient) -> Self {
        let fetches = Arc::new(Semaphore::new(FETCHES_MAX));
        Self { client, fetches, inside: Arc::default() }
    }
}

#[async_trait]
impl Images for GuardedImages {
    async fn image(&self, url: &str) -> Result<Image, Fault> {
        if url.len() > URL_BYTES_MAX {
            return Err(Fault::invalid("the picture's address has more than 2,048 bytes"));
        }
        let _place = Place::take(&self.inside)?;
        let Ok(_permit) = self.fetches.acquire().await else {
            return Err(Fault::internal("the fetches of pictures are closed"));
        };
        let request = FetchRequest { accept: ACCEPT_IMAGE, ..FetchRequest::feed(url) };
        match self.client.fetch(&request).await {
            Ok(Fetched::Body { body, meta, .. }) => {
                if body.len() > IMAGE_BYTES_MAX {
                    return Err(Fault::invalid("the picture has more than 8 MiB"));
                }
                if meta.truncated {
                    return Err(upstream("the picture broke off on its way"));
                }
                // What a server claims does not matter: the bytes say what they are.
                let content_type = raster_type(&body).ok_or_else(|| {
                    Fault::invalid("the address is not that of a picture in a raster format")
                })?;
                Ok(Image { content_type: content_type.to_owned(), bytes: body.to_vec() })
            }
            Ok(Fetched::NotModified(_)) => Err(upstream("the server sent no picture")),
            Err(error) => Err(fault_of(&error)),
        }
    }
}

/// One of the places for those who wait or fetch.
#[derive(Debug)]
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(inside: &Arc<AtomicUsize>) -> Result<Self, Fault> {
        let before = inside.fetch_add(1, Ordering::AcqRel);
        let place = Self(Arc::clone(inside));
        if before >= FETCHES_MAX + WAITING_MAX {
            let message = format!("{before} pictures are being fetched already");
            return Err(Fault::overloaded(message, Duration::from_secs(1)));
        }
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn upstream(message: &str) -> Fault {
    Fault::unavailable(message, Duration::from_secs(60))
}

fn fault_of(error: &FetchError) -> Fault {
    let message = error.to_string();
    match error.cause() {
        FailureCause::Forbidden => Fault::new(FaultKind::Forbidden, message),
        FailureCause::TooLarge => Fault::invalid(message),
        FailureCause::Timeout => Fault::new(FaultKind::Timeout, message),
        _ if matches!(error.status(), Some(404 | 410)) => Fault::not_found(message),
        _ => Fault::unavailable(message, error.retry_after().unwrap_or(Duration::from_secs(60))),
    }
}

/// The type of a raster picture by its first bytes (WHATWG MIME Sniffing, section 6.1, and the
/// `ftyp` brands of AVIF). SVG is no raster format: it can carry script.
fn raster_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f' | b's', ..] => {
            Some("image/avif")
        }
        [0x00, 0x00, 0x01, 0x00, ..] => Some("image/x-icon"),
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some("image/bmp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_raster_pictures_are_recognised() {
        assert_eq!(raster_type(b"\x89PNG\r\n\x1a\n\0\0"), Some("image/png"));
        assert_eq!(raster_type(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(raster_type(b"GIF89a....."), Some("image/gif"));
        assert_eq!(raster_type(b"RIFF\x10\0\0\0WEBPVP8 "), Some("image/webp"));
        assert_eq!(raster_type(b"\0\0\0\x20ftypavif"), Some("image/avif"));
        for other in [
            &b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"[..],
            b"<!DOCTYPE html><html>",
            b"%PDF-1.7",
            b"BMW is not a picture",
            b"",
        ] {
            assert_eq!(raster_type(other), None, "{other:?}");
        }
    }

    #[test]
    fn places_are_given_back_even_when_refused() {
        let inside = Arc::new(AtomicUsize::new(0));
        let places: Vec<Place> =
            (0..FETCHES_MAX + WAITING_MAX).map(|_| Place::take(&inside).expect("free")).collect();
        let refused = Place::take(&inside).expect_err("full");
        assert_eq!(refused.kind, FaultKind::Overloaded);
        drop(places);
        assert_eq!(inside.load(Ordering::Acquire), 0);
    }

    #[tokio::test]
    async fn a_private_address_is_refused_before_anything_is_sent() {
        autoglm_feeds::install_crypto_provider();
        let client = GuardedClient::new(&autoglm_feeds::ClientConfig::default()).expect("a client");
        let images = GuardedImages::new(client);
        for url in ["http://127.0.0.1/a.png", "file:///etc/passwd", "http://[::1]/a", "nonsense"] {
            let fault = images.image(url).await.expect_err(url);
            assert_eq!(fault.kind, FaultKind::Forbidden, "{url}: {fault}");
        }
    }

    /// A server on loopback that answers every request with these bytes as `image/png`.
    async fn serve(bytes: &'static [u8]) -> u16 {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 2_048];
                let _ = stream.read(&mut request).await;
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: {}\r\n\
                     Connection: close\r\n\r\n",
                    bytes.len()
                );
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(bytes).await;
            }
        });
        port
    }

    #[tokio::test]
    async fn the_bytes_decide_what_a_picture_is_whatever_the_server_says() {
        autoglm_feeds::install_crypto_provider();
        let resolve = vec![("pictures.demo".to_owned(), [127, 0, 0, 1].into())];
        let config = autoglm_feeds::ClientConfig { resolve, ..Default::default() };
        let images = GuardedImages::new(GuardedClient::new(&config).expect("a client"));
        let port = serve(b"GIF89a\x01\0\x01\0").await;
        let image = images.image(&format!("http://pictures.demo:{port}/a.png")).await;
        assert_eq!(image.expect("a picture").content_type, "image/gif");
        let port = serve(b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>").await;
        let image = images.image(&format!("http://pictures.demo:{port}/a.png")).await;
        assert_eq!(image.expect_err("script").kind, FaultKind::Invalid);
    }
}
