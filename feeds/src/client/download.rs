//! Large files, piece by piece and from where an earlier attempt ended, guarded like every fetch.

use super::failure::refused_by_server;
use super::{GuardedClient, redirect_target, shown};
use crate::error::FetchError;
use autoglm_domain::FailureCause;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_RANGE, HeaderValue, RANGE};
use reqwest::{Response, StatusCode};
use std::time::Duration;
use url::Url;

/// The longest a download may take in all; what counts is that it moves, see [`STALLED_AFTER`].
const DOWNLOAD_TIME_MAX: Duration = Duration::from_secs(24 * 3600);
/// A server that sends nothing for so long has given up.
const STALLED_AFTER: Duration = Duration::from_secs(60);

/// What comes of a download, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownloadPart<'a> {
    /// The bytes that follow begin here; first of all, and 0 when the server starts afresh.
    From(u64),
    /// The next bytes.
    Bytes(&'a [u8]),
}

/// Why a download ended early. What came is good, and may be gone on from.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The server or the way to it.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Taking the bytes in failed.
    #[error("cannot keep what was downloaded: {0}; check free space and permissions")]
    Write(#[from] std::io::Error),
}

impl GuardedClient {
    /// Downloads a file from byte `from` on and hands its parts to `take`; at most `bytes_max`
    /// bytes of the file. Redirects are followed, each checked like the first address.
    ///
    /// # Errors
    /// [`DownloadError::Fetch`] as a fetch, also when nothing comes for a minute or the connection
    /// breaks off; [`DownloadError::Write`] when `take` fails.
    pub async fn download(
        &self,
        url: &str,
        from: u64,
        bytes_max: u64,
        mut take: impl FnMut(DownloadPart<'_>) -> std::io::Result<()>,
    ) -> Result<(), DownloadError> {
        let (url, mut response) = self.open_download(url, from).await?;
        let mut position = match response.status() {
            StatusCode::PARTIAL_CONTENT => begins_at(&response).unwrap_or(from),
            // Nothing is left to be sent: what is there is the whole file.
            StatusCode::RANGE_NOT_SATISFIABLE if from > 0 => {
                return Ok(take(DownloadPart::From(from))?);
            }
            status if status.is_success() => 0,
            _ => return Err(refused_by_server(&url, &response).into()),
        };
        take(DownloadPart::From(position))?;
        while let Some(chunk) = self.next_part(&url, &mut response).await? {
            position += chunk.len() as u64;
            if position > bytes_max {
                let why = format!("it has more than the {bytes_max} bytes announced");
                let error = FetchError::new(url.as_str(), FailureCause::TooLarge, why);
                return Err(error.into());
            }
            take(DownloadPart::Bytes(&chunk))?;
        }
        Ok(())
    }

    async fn open_download(&self, url: &str, from: u64) -> Result<(Url, Response), FetchError> {
        let mut url = self.check(url)?;
        for _ in 0..=self.redirects_max {
            let mut request = self.connections.direct.get(url.clone()).timeout(DOWNLOAD_TIME_MAX);
            // Packed bytes could not be counted.
            request = request.header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            if from > 0 {
                request = request.header(RANGE, format!("bytes={from}-"));
            }
            let answer = tokio::time::timeout(self.timeout, request.send()).await;
            let answer = answer.map_err(|_elapsed| self.too_slow(&shown(url.as_str())))?;
            let response = answer.map_err(|error| self.failure(&url, &error))?;
            match redirect_target(&url, &response) {
                Some(target) => url = self.check(&target)?,
                None => return Ok((url, response)),
            }
        }
        let why = format!("it redirects more than {} times", self.redirects_max);
        Err(FetchError::new(url.as_str(), FailureCause::Status, why))
    }

    async fn next_part(
        &self,
        url: &Url,
        response: &mut Response,
    ) -> Result<Option<bytes::Bytes>, FetchError> {
        let fail = |cause, why: String| FetchError::new(url.as_str(), cause, why);
        match tokio::time::timeout(STALLED_AFTER, response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => Err(fail(FailureCause::Connect, format!("it broke off: {error}"))),
            Err(_elapsed) => {
                let why = format!("nothing came for {} s", STALLED_AFTER.as_secs());
                Err(fail(FailureCause::Timeout, why))
            }
        }
    }
}

/// Where a part begins by its `Content-Range: bytes 5-9/10`.
fn begins_at(response: &Response) -> Option<u64> {
    let range = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    range.trim().strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Server, answer, client, config};
    use super::*;

    async fn download(
        server: &Server,
        from: u64,
    ) -> (Result<(), DownloadError>, Vec<u8>, Vec<u64>) {
        let (mut kept, mut starts) = (Vec::new(), Vec::new());
        let url = server.url("s1.demo");
        let outcome = client(&config())
            .download(&url, from, 100, |part| {
                match part {
                    DownloadPart::From(start) => starts.push(start),
                    DownloadPart::Bytes(bytes) => kept.extend_from_slice(bytes),
                }
                Ok(())
            })
            .await;
        (outcome, kept, starts)
    }

    #[tokio::test]
    async fn a_file_is_gone_on_with_where_it_ended() {
        let part = "Content-Range: bytes 4-9/10\r\n";
        let server =
            Server::start(vec![answer("206 Partial Content", part, b"456789")], false).await;
        let (outcome, kept, starts) = download(&server, 4).await;
        outcome.expect("good");
        assert_eq!((kept.as_slice(), starts), (b"456789".as_slice(), vec![4]));
        assert!(server.asked(0).contains("range: bytes=4-"), "{}", server.asked(0));
    }

    #[tokio::test]
    async fn a_server_without_ranges_starts_afresh_and_says_so() {
        let server = Server::start(vec![answer("200 OK", "", b"0123456789")], false).await;
        let (outcome, kept, starts) = download(&server, 4).await;
        outcome.expect("good");
        assert_eq!((kept.len(), starts), (10, vec![0]));
    }

    #[tokio::test]
    async fn a_whole_file_needs_nothing_more() {
        let server = Server::start(vec![answer("416 Range Not Satisfiable", "", b"")], false).await;
        let (outcome, kept, starts) = download(&server, 10).await;
        outcome.expect("good");
        assert_eq!((kept.len(), starts), (0, vec![10]));
    }

    #[tokio::test]
    async fn a_file_longer_than_announced_is_refused() {
        let server = Server::start(vec![answer("200 OK", "", &[7; 200])], false).await;
        let error = download(&server, 0).await.0.expect_err("too long").to_string();
        assert!(error.contains("more than the 100 bytes"), "{error}");
    }

    #[tokio::test]
    async fn a_redirect_into_a_private_network_is_refused() {
        let inside = "Location: http://127.0.0.1:{port}/file\r\n";
        let server = Server::start(vec![answer("302 Found", inside, b"")], false).await;
        let DownloadError::Fetch(error) = download(&server, 0).await.0.expect_err("refused") else {
            panic!("another error");
        };
        assert_eq!((error.cause(), server.count()), (FailureCause::Forbidden, 1));
    }
}
