//! What an answer or an error that is no document means.

use super::headers::retry_after;
use crate::error::FetchError;
use autoglm_domain::FailureCause;
use reqwest::Response;
use std::error::Error as StdError;
use url::Url;

/// An answer that is neither a document nor a redirect.
pub(super) fn refused_by_server(url: &Url, response: &Response) -> FetchError {
    let status = response.status();
    let challenged = response.headers().get("cf-mitigated").is_some();
    let wait = retry_after(response.headers());
    let cause = match status.as_u16() {
        429 => FailureCause::RateLimited,
        503 if wait.is_some() => FailureCause::RateLimited,
        _ if challenged => FailureCause::Blocked,
        401 | 403 | 407 | 451 => FailureCause::Blocked,
        _ => FailureCause::Status,
    };
    let mut error = FetchError::new(url.as_str(), cause, format!("the server answered {status}"));
    error.status = Some(status.as_u16());
    error.retry_after = wait;
    error
}

/// Looks for an error of one type in the chain of causes, also inside I/O errors, which hide the
/// error they carry from `source`.
pub(super) fn find<'a, E: StdError + 'static>(
    error: &'a (dyn StdError + 'static),
) -> Option<&'a E> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        let carried = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        current = match carried {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        };
    }
    None
}
