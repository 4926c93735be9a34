//! What the headers of an answer say about time (caching and waiting) and about other addresses.

use crate::date;
use autoglm_domain::{Clock, SystemClock, Timestamp};
use reqwest::StatusCode;
use reqwest::header::{
    AGE, AsHeaderName, CACHE_CONTROL, DATE, EXPIRES, HeaderMap, LINK, RETRY_AFTER,
};
use std::time::Duration;

/// Nothing a server says keeps us away longer than this.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Most `Link` headers kept of one answer.
const LINKS_MAX: usize = 16;
/// Longest one that is kept, in bytes.
const LINK_BYTES_MAX: usize = 2_048;

/// One header as text; `None` when it is absent, empty, not text or longer than 1,024 bytes.
pub(crate) fn header(headers: &HeaderMap, name: impl AsHeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty() && value.len() <= 1024).then(|| value.to_owned())
}

/// The `Link` headers as written, as far as they are text of a usual length.
pub(crate) fn links(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    values
        .filter(|value| value.len() <= LINK_BYTES_MAX)
        .take(LINKS_MAX)
        .map(str::to_owned)
        .collect()
}

/// `Retry-After`: seconds or a date, at most [`WAIT_MAX`].
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = header(headers, RETRY_AFTER)?;
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => date::parse(&value)?.since(server_time(headers)),
    };
    Some(wait.min(WAIT_MAX))
}

/// `Cache-Control: max-age` less `Age`, else `Expires`; at most [`WAIT_MAX`]; `None` when the
/// answer may not be reused at all.
pub(crate) fn retry_floor(headers: &HeaderMap) -> Option<Duration> {
    let control = header(headers, CACHE_CONTROL).unwrap_or_default().to_ascii_lowercase();
    let mut directives = control.split(',').map(str::trim);
    if control.contains("no-store") || control.contains("no-cache") {
        return None;
    }
    let max_age = directives.find_map(|directive| directive.strip_prefix("max-age="));
    let wait = match max_age.and_then(|value| value.trim_matches('"').parse::<u64>().ok()) {
        Some(seconds) => {
            let age = header(headers, AGE).and_then(|age| age.parse().ok()).unwrap_or(0);
            Duration::from_secs(seconds.saturating_sub(age))
        }
        None => date::parse(&header(headers, EXPIRES)?)?.since(server_time(headers)),
    };
    (!wait.is_zero()).then(|| wait.min(WAIT_MAX))
}

/// The server's own clock when it tells, so that a wrong one does not matter.
fn server_time(headers: &HeaderMap) -> Timestamp {
    header(headers, DATE).and_then(|text| date::parse(&text)).unwrap_or_else(|| SystemClock.now())
}

/// 301 and 308.
pub(crate) fn moved_permanently(status: StatusCode) -> bool {
    matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.insert(*name, value.parse().expect("is a header value"));
        }
        map
    }

    #[test]
    fn a_wait_is_read_in_seconds_or_as_a_date_and_never_exceeds_a_day() {
        let seconds = headers(&[("retry-after", "120")]);
        assert_eq!(retry_after(&seconds), Some(Duration::from_secs(120)));
        let dated = headers(&[
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"),
        ]);
        assert_eq!(retry_after(&dated), Some(Duration::from_secs(60)));
        assert_eq!(retry_after(&headers(&[("retry-after", "99999999")])), Some(WAIT_MAX));
        assert_eq!(retry_after(&headers(&[("retry-after", "soon")])), None);
    }

    #[test]
    fn the_age_in_a_cache_counts_against_max_age() {
        let cached = headers(&[("cache-control", "public, max-age=600"), ("age", "100")]);
        assert_eq!(retry_floor(&cached), Some(Duration::from_secs(500)));
        assert_eq!(retry_floor(&headers(&[("cache-control", "no-cache, max-age=60")])), None);
        assert_eq!(retry_floor(&headers(&[("expires", "0")])), None);
    }
}
