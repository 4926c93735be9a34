//! The web page, carried inside the binary, and what is answered where no route is.

use crate::error::Problem;
use crate::guard::header::PAGE_POLICY;
use autoglm_protocol::domain::FaultKind;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use std::borrow::Cow;
use std::fmt::Write;

/// The built page; read from disk in debug builds, part of the binary otherwise.
#[derive(rust_embed::Embed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Built;

/// Shown until the page was built.
const NOT_BUILT: &str = include_str!("page/not_built.html");
/// First parts of paths that belong to programs: what is not there is answered as a problem, never
/// as a page.
const PROGRAMS: [&str; 12] = [
    "api", "ws", "events", "docs", "admin", "metrics", "healthz", "readyz", "reader", "fever",
    "v1", "mcp",
];

/// Whether this binary carries the web page. In debug builds: whether it lies on disk.
#[must_use]
pub fn page_is_embedded() -> bool {
    Built::get("index.html").is_some()
}

/// One file of the page.
struct File {
    bytes: Cow<'static, [u8]>,
    hash: [u8; 32],
}

fn embedded(path: &str) -> Option<File> {
    let file = Built::get(path)?;
    Some(File { bytes: file.data, hash: file.metadata.sha256_hash() })
}

/// Answers every path that is no route.
pub(crate) async fn fallback(request: Request) -> Response {
    answer(request.method(), request.uri().path(), request.headers(), embedded)
}

/// Answers a known path with a method it does not have.
pub(crate) async fn wrong_method(request: Request) -> Problem {
    Problem::invalid(format!(
        "{} does not take {}; the header allow names what it takes",
        request.uri().path(),
        request.method()
    ))
    .with_status(StatusCode::METHOD_NOT_ALLOWED)
}

fn answer(
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    load: impl Fn(&str) -> Option<File>,
) -> Response {
    let name = path.trim_start_matches('/');
    let first = name.split('/').next().unwrap_or_default();
    let is_read = *method == Method::GET || *method == Method::HEAD;
    if !is_read || PROGRAMS.contains(&first) {
        return missing(method, path).into_response();
    }
    let is_name = !name.is_empty() && !name.contains("..");
    if let Some(file) = is_name.then(|| load(name)).flatten() {
        return file_answer(name, file, headers);
    }
    let wants_page = name.is_empty() || accepts_html(headers);
    if first == "assets" || !wants_page {
        return missing(method, path).into_response();
    }
    match load("index.html") {
        Some(index) => file_answer("index.html", index, headers),
        None => not_built(),
    }
}

fn missing(method: &Method, path: &str) -> Problem {
    let shown: String = path.chars().take(200).collect();
    Problem::new(
        FaultKind::NotFound,
        format!("there is nothing at {method} {shown}; /docs lists every route"),
    )
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.contains("text/html"))
}

fn file_answer(name: &str, file: File, headers: &HeaderMap) -> Response {
    let tag = entity_tag(&file.hash);
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    // Names under assets/ carry the hash of their content and never change it.
    let caching = if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut response = if known.is_some_and(|known| is_listed(known, &tag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.bytes.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type(name));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    response
}

fn content_type(name: &str) -> HeaderValue {
    let guess = mime_guess::from_path(name).first_or_octet_stream();
    let text =
        if guess.type_() == "text" { format!("{guess}; charset=utf-8") } else { guess.to_string() };
    HeaderValue::from_str(&text)
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"))
}

/// Weak, because compression changes the bytes on the wire. Half of the hash is plenty.
fn entity_tag(hash: &[u8; 32]) -> String {
    let mut tag = String::from("W/\"");
    for byte in &hash[..16] {
        // Writing into a string cannot fail.
        let _written = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

fn is_listed(known: &str, tag: &str) -> bool {
    known.split(',').any(|one| one.trim() == tag || one.trim() == "*")
}

fn not_built() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, PAGE_POLICY),
    ];
    (headers, NOT_BUILT).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(name: &str) -> Option<File> {
        let bytes: &'static [u8] = match name {
            "index.html" => b"<html>page</html>",
            "assets/app-1f.js" => b"let x",
            "favicon.svg" => b"<svg/>",
            _ => return None,
        };
        Some(File { bytes: bytes.into(), hash: [7; 32] })
    }

    fn get(path: &str, accept: &str) -> Response {
        let headers = HeaderMap::from_iter([(
            ACCEPT,
            HeaderValue::from_str(accept).expect("a header value"),
        )]);
        answer(&Method::GET, path, &headers, built)
    }

    #[test]
    fn a_path_of_the_page_is_answered_with_the_page() {
        for path in ["/", "/operator", "/article/7", "/settings/"] {
            let response = get(path, "text/html,*/*;q=0.8");
            assert_eq!(response.status(), 200, "{path}");
            assert_eq!(response.headers()[CACHE_CONTROL], "no-cache");
            assert!(response.headers().contains_key(ETAG));
            assert_eq!(response.headers()[CONTENT_SECURITY_POLICY], PAGE_POLICY);
        }
        assert_eq!(get("/", "*/*").status(), 200);
    }

    #[test]
    fn a_path_of_programs_never_becomes_a_page() {
        for prefix in PROGRAMS {
            for path in [format!("/{prefix}"), format!("/{prefix}/unknown")] {
                let response = get(&path, "text/html");
                assert_eq!(response.status(), 404, "{path}");
                assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
            }
        }
        assert_eq!(get("/apiary", "text/html").status(), 200);
    }

    #[test]
    fn only_a_browser_that_navigates_gets_the_page() {
        assert_eq!(get("/article/7", "application/json").status(), 404);
        assert_eq!(get("/assets/gone-2.js", "text/html").status(), 404);
        let post = answer(&Method::POST, "/", &HeaderMap::new(), built);
        assert_eq!(post.status(), 404);
    }

    #[test]
    fn hashed_files_are_kept_for_ever_and_others_are_asked_for_again() {
        let asset = get("/assets/app-1f.js", "*/*");
        assert!(asset.headers()[CACHE_CONTROL].to_str().expect("ascii").contains("immutable"));
        assert_eq!(asset.headers()[CONTENT_TYPE], "text/javascript; charset=utf-8");
        let icon = get("/favicon.svg", "*/*");
        assert_eq!(icon.headers()[CACHE_CONTROL], "no-cache");
        let again = HeaderMap::from_iter([(IF_NONE_MATCH, icon.headers()[ETAG].clone())]);
        assert_eq!(answer(&Method::GET, "/favicon.svg", &again, built).status(), 304);
    }

    #[test]
    fn without_a_built_page_people_are_told_how_to_build_it() {
        let response = answer(&Method::GET, "/", &HeaderMap::new(), |_| None);
        assert_eq!(response.status(), 200);
        assert!(NOT_BUILT.contains("make web"));
    }
}
