//! One request of a fetch: its headers, and the way it goes.

use super::{FetchRequest, GuardedClient, Manner};
use crate::error::FetchError;
use autoglm_domain::FailureCause;
use reqwest::Response;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use url::Url;

impl GuardedClient {
    /// Sends it; credentials only where the address is trusted.
    pub(super) async fn send(
        &self,
        url: &Url,
        request: &FetchRequest,
        trusted: bool,
    ) -> Result<Response, FetchError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(request.accept));
        if let Some(manner) = &request.manner {
            manner.dress(&mut headers, trusted);
        }
        let validators =
            [(IF_NONE_MATCH, &request.etag), (IF_MODIFIED_SINCE, &request.last_modified)];
        for (name, value) in validators {
            let value = value.as_deref().filter(|value| is_header_value(value));
            headers.extend(value.and_then(|value| value.parse().ok()).map(|value| (name, value)));
        }
        let http = self.way(url, request.manner.as_deref())?;
        let answer = http.get(url.clone()).headers(headers).send().await;
        answer.map_err(|error| self.failure(url, &error))
    }

    /// The client that goes by the wanted proxy; never directly when that is gone.
    fn way(&self, url: &Url, manner: Option<&Manner>) -> Result<&reqwest::Client, FetchError> {
        let Some(name) = manner.and_then(Manner::proxy) else {
            return Ok(&self.connections.direct);
        };
        let refuse = |why: String| FetchError::new(url.as_str(), FailureCause::Forbidden, why);
        let Some(proxied) = self.connections.proxied.get(name) else {
            let known: Vec<&str> = self.proxy_names().collect();
            return Err(refuse(format!(
                "there is no proxy {name}; there are [{}]",
                known.join(", ")
            )));
        };
        if url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(&proxied.host)) {
            return Err(refuse("it is the proxy itself, which is no source".to_owned()));
        }
        Ok(&proxied.http)
    }
}

/// Says why a login did not help.
pub(super) fn withheld_from(mut error: FetchError) -> FetchError {
    if matches!(error.status(), Some(401 | 403)) {
        error.why.push_str(
            ", and the credentials were not sent there, because its scheme, name or port is \
             another than that of the source's address",
        );
    }
    error
}

fn is_header_value(value: &str) -> bool {
    !value.is_empty() && value.len() <= 1024 && value.bytes().all(|b| b >= 0x20 && b != 0x7f)
}
