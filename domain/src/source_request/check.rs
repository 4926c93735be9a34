//! What a request may say: bounded, well-formed, and nothing that belongs to the client itself.

use super::{BasicCredentials, SourceRequest};
use crate::Secret;
use std::collections::BTreeMap;

/// Most headers.
const HEADERS_MAX: usize = 20;
/// Longest name of a header, in bytes.
const NAME_BYTES_MAX: usize = 100;
/// Longest user agent or name of a proxy, in bytes.
const SHORT_BYTES_MAX: usize = 300;
/// Longest header value, cookie, password or token, in bytes: more than servers take.
const VALUE_BYTES_MAX: usize = 8_192;
/// Everything together, in bytes.
const ALL_BYTES_MAX: usize = 16_384;

/// Headers the client sets itself: the connection's, the body's, the cache's.
const OURS: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Why a request cannot be made so; says what to do, and no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RequestProblem(String);

impl SourceRequest {
    /// The same in its kept form: names of headers and proxies in lower case, blanks around values
    /// and empty values away.
    ///
    /// # Errors
    /// The first thing that may not be said.
    pub fn checked(self) -> Result<Self, RequestProblem> {
        let checked = Self {
            user_agent: line("user_agent", self.user_agent, SHORT_BYTES_MAX)?,
            headers: headers(self.headers)?,
            cookie: secret("cookie", self.cookie)?,
            basic: self.basic.map(basic).transpose()?.flatten(),
            bearer: bearer(self.bearer)?,
            proxy: line("proxy", self.proxy, SHORT_BYTES_MAX)?
                .map(|name| name.to_ascii_lowercase()),
        };
        let authorised = checked.headers.contains_key("authorization");
        let logins = [checked.basic.is_some(), checked.bearer.is_some(), authorised];
        if logins.into_iter().filter(|given| *given).count() > 1 {
            return refuse(
                "basic, bearer and the header authorization exclude each other; give one",
            );
        }
        if checked.bytes() > ALL_BYTES_MAX {
            return refuse(format!("the request settings have more than {ALL_BYTES_MAX} bytes"));
        }
        Ok(checked)
    }

    fn bytes(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.expose().len());
        let secrets = [self.cookie.as_ref(), self.bearer.as_ref()].into_iter().flatten();
        let basic = self.basic.iter().flat_map(|basic| [&basic.user, &basic.password]);
        let texts = [self.user_agent.as_ref(), self.proxy.as_ref()].into_iter().flatten();
        headers.sum::<usize>()
            + secrets.chain(basic).map(|secret| secret.expose().len()).sum::<usize>()
            + texts.map(String::len).sum::<usize>()
    }
}

fn refuse<T>(why: impl Into<String>) -> Result<T, RequestProblem> {
    Err(RequestProblem(why.into()))
}

/// One line without control characters, or a second header could be smuggled in.
fn is_line(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && c != '\t')
}

fn line(name: &str, text: Option<String>, max: usize) -> Result<Option<String>, RequestProblem> {
    let Some(text) = text.map(|text| text.trim().to_owned()) else { return Ok(None) };
    if text.len() > max {
        return refuse(format!("{name} has more than {max} bytes; shorten it"));
    }
    if !is_line(&text) {
        return refuse(format!(
            "{name} holds a line break or another control character; give one line"
        ));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn secret(name: &str, value: Option<Secret>) -> Result<Option<Secret>, RequestProblem> {
    let text = value.map(|value| value.expose().to_owned());
    Ok(line(name, text, VALUE_BYTES_MAX)?.map(Secret::new))
}

fn headers(given: BTreeMap<String, Secret>) -> Result<BTreeMap<String, Secret>, RequestProblem> {
    if given.len() > HEADERS_MAX {
        return refuse(format!("{} headers; at most {HEADERS_MAX} are sent", given.len()));
    }
    let mut kept = BTreeMap::new();
    for (name, value) in given {
        let name = header_name(&name)?;
        let Some(value) = secret(&format!("the header {name}"), Some(value))? else { continue };
        if kept.contains_key(&name) {
            return refuse(format!("the header {name} is given twice; give it once"));
        }
        kept.insert(name, value);
    }
    Ok(kept)
}

/// A token of RFC 9110 that is not the client's own business, in lower case.
fn header_name(name: &str) -> Result<String, RequestProblem> {
    let name = name.trim().to_ascii_lowercase();
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_token) {
        let shown: String = name.chars().take(40).collect();
        return refuse(format!(
            "{shown:?} is no name of a header; write letters, digits and hyphens"
        ));
    }
    match name.as_str() {
        "user-agent" => {
            refuse("the header user-agent has a place of its own; give it as user_agent")
        }
        "cookie" => refuse("the header cookie has a place of its own; give it as cookie"),
        own if OURS.contains(&own) || own.starts_with("proxy-") => refuse(format!(
            "the header {own} is set by the node itself and cannot be given; leave it out"
        )),
        _ => Ok(name),
    }
}

fn basic(given: BasicCredentials) -> Result<Option<BasicCredentials>, RequestProblem> {
    let BasicCredentials { user, password } = given;
    if user.is_empty() && password.is_empty() {
        return Ok(None);
    }
    for (name, value) in [("the user of basic", &user), ("the password of basic", &password)] {
        // Not trimmed: blanks belong to a password.
        if value.expose().len() > VALUE_BYTES_MAX || value.expose().chars().any(char::is_control) {
            return refuse(format!(
                "{name} has more than {VALUE_BYTES_MAX} bytes or a control character"
            ));
        }
    }
    if user.expose().contains(':') {
        return refuse("the user of basic holds a colon, which HTTP cannot send; correct it");
    }
    Ok(Some(BasicCredentials { user, password }))
}

fn bearer(given: Option<Secret>) -> Result<Option<Secret>, RequestProblem> {
    let token = secret("bearer", given)?;
    if token.as_ref().is_some_and(|token| token.expose().contains(char::is_whitespace)) {
        return refuse("bearer holds a blank; give the token alone, without the word Bearer");
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with_header(name: &str, value: &str) -> SourceRequest {
        let headers = BTreeMap::from([(name.to_owned(), Secret::new(value))]);
        SourceRequest { headers, ..SourceRequest::default() }
    }

    fn refused(request: SourceRequest) -> String {
        request.checked().expect_err("refused").to_string()
    }

    #[test]
    fn names_are_kept_in_lower_case_and_blanks_around_values_go() {
        let checked = with_header(" X-Api-Key ", " k ").checked().expect("good");
        assert_eq!(checked, with_header("x-api-key", "k"));
        let empty = SourceRequest {
            cookie: Some(Secret::new("  ")),
            user_agent: Some(String::new()),
            basic: Some(BasicCredentials::default()),
            ..with_header("x-empty", "")
        };
        assert!(empty.checked().expect("good").is_empty());
    }

    #[test]
    fn what_belongs_to_the_client_cannot_be_said_for_it() {
        for name in [
            "Host",
            "Content-Length",
            "Connection",
            "Transfer-Encoding",
            "TE",
            "Upgrade",
            "Proxy-Authorization",
            "Accept-Encoding",
            "Range",
            "If-None-Match",
            "If-Modified-Since",
            "User-Agent",
            "Cookie",
            "Bad Name",
            "x:y",
            "",
            "名",
        ] {
            let problem = refused(with_header(name, "value-kept-secret"));
            assert!(!problem.contains("value-kept-secret"), "{problem}");
        }
        assert!(refused(with_header("Cookie", "x")).contains("as cookie"));
    }

    #[test]
    fn a_line_break_never_starts_another_header() {
        for value in ["a\r\nHost: evil", "a\nb", "a\0b"] {
            assert!(refused(with_header("x-a", value)).contains("line break"));
            let cookie = Some(Secret::new(value));
            assert!(SourceRequest { cookie, ..SourceRequest::default() }.checked().is_err());
            let user_agent = Some(value.to_owned());
            assert!(SourceRequest { user_agent, ..SourceRequest::default() }.checked().is_err());
            let basic =
                Some(BasicCredentials { user: Secret::new("ada"), password: Secret::new(value) });
            assert!(SourceRequest { basic, ..SourceRequest::default() }.checked().is_err());
        }
    }

    #[test]
    fn two_logins_at_once_are_refused_and_so_is_too_much() {
        let bearer = Some(Secret::new("token"));
        let two = SourceRequest { bearer, ..with_header("Authorization", "x") };
        assert!(refused(two).contains("exclude each other"));
        let many = (0..=HEADERS_MAX).map(|n| (format!("x-{n}"), Secret::new("v"))).collect();
        assert!(
            refused(SourceRequest { headers: many, ..SourceRequest::default() })
                .contains("headers")
        );
        let long = "v".repeat(VALUE_BYTES_MAX - 10);
        let headers = (0..3).map(|n| (format!("x-{n}"), Secret::new(long.as_str()))).collect();
        assert!(refused(SourceRequest { headers, ..SourceRequest::default() }).contains("bytes"));
        let words = Some(Secret::new("Bearer token"));
        assert!(
            refused(SourceRequest { bearer: words, ..SourceRequest::default() }).contains("alone")
        );
    }

    proptest! {
        #[test]
        fn what_was_checked_once_stays_as_it_is(
            name in ".{0,12}", value in ".{0,20}", user in ".{0,8}", agent in ".{0,20}",
        ) {
            let request = SourceRequest {
                user_agent: Some(agent),
                basic: Some(BasicCredentials { user: Secret::new(user), password: Secret::default() }),
                ..with_header(&name, &value)
            };
            if let Ok(checked) = request.checked() {
                prop_assert_eq!(checked.clone().checked(), Ok(checked.clone()));
                for (name, value) in &checked.headers {
                    prop_assert!(is_line(value.expose()) && !OURS.contains(&name.as_str()));
                }
            }
        }
    }
}
