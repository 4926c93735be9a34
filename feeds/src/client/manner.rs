//! How the requests of one source are made: what they say besides the usual, to whom, and by which way.

use super::FetchRequest;
use autoglm_domain::{Secret, SourceRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use std::sync::Arc;
use url::{Origin, Url};

/// Made once for a source and shared by all its requests. The user agent and the proxy are for every
/// one of them, also for pages elsewhere; all other headers only for the origin (scheme, name and
/// port) of the source's own address.
#[derive(Debug, Clone)]
pub struct Manner {
    user_agent: Option<HeaderValue>,
    /// Marked as sensitive, so that printing hides them.
    credentials: HeaderMap,
    origin: Origin,
    proxy: Option<String>,
}

impl Manner {
    /// Of a source at this address; `None` when it is asked as every other. What a header cannot
    /// hold is left out: it was refused when it was given.
    #[must_use]
    pub fn of(request: &SourceRequest, url: &str) -> Option<Arc<Self>> {
        if request.is_empty() {
            return None;
        }
        let origin = Url::parse(url).map_or_else(|_| Origin::new_opaque(), |url| url.origin());
        Some(Arc::new(Self {
            user_agent: request.user_agent.as_deref().and_then(plain),
            credentials: credentials(request),
            origin,
            proxy: request.proxy.clone(),
        }))
    }

    /// Whether there is anything only the source itself may see.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        !self.credentials.is_empty()
    }

    /// Whether credentials may be sent to this address.
    #[must_use]
    pub fn trusts(&self, url: &Url) -> bool {
        self.origin.is_tuple() && url.origin() == self.origin
    }

    pub(super) fn proxy(&self) -> Option<&str> {
        self.proxy.as_deref()
    }

    /// Says what is to be said; later values take the place of earlier ones.
    pub(super) fn dress(&self, headers: &mut HeaderMap, trusted: bool) {
        if let Some(agent) = &self.user_agent {
            headers.insert(USER_AGENT, agent.clone());
        }
        if trusted {
            headers.extend(self.credentials.clone());
        }
    }
}

impl FetchRequest {
    /// The same, made in this manner.
    #[must_use]
    pub fn made(self, manner: Option<&Arc<Manner>>) -> Self {
        Self { manner: manner.cloned(), ..self }
    }
}

fn credentials(request: &SourceRequest) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        if let (Ok(name), Some(value)) = (HeaderName::try_from(name), sensitive(value)) {
            headers.insert(name, value);
        }
    }
    if let Some(cookie) = request.cookie.as_ref().and_then(sensitive) {
        headers.insert(COOKIE, cookie);
    }
    let basic = request.basic.as_ref().map(|basic| {
        let pair = format!("{}:{}", basic.user.expose(), basic.password.expose());
        format!("Basic {}", BASE64.encode(pair))
    });
    let bearer = request.bearer.as_ref().map(|token| format!("Bearer {}", token.expose()));
    if let Some(login) = basic.or(bearer).and_then(|text| sensitive(&Secret::new(text))) {
        headers.insert(AUTHORIZATION, login);
    }
    headers
}

fn plain(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_bytes(text.as_bytes()).ok()
}

fn sensitive(value: &Secret) -> Option<HeaderValue> {
    let mut value = plain(value.expose())?;
    value.set_sensitive(true);
    Some(value)
}
