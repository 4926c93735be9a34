//! Images that load late get their address before the page is cleaned.

use dom_query::{Document, NodeRef};

/// Where pages keep the address of an image until it is scrolled into view.
const SOURCES: &[&str] = &[
    "data-src",
    "data-original",
    "data-lazy-src",
    "data-actualsrc",
    "data-original-src",
    "data-echo",
    "data-lazy",
    "data-hi-res-src",
    "data-full-src",
    "data-lazyload",
    "zoomfile",
    "file",
    "real_src",
    "_src",
];

/// Gives every image that loads late its real address.
pub(super) fn settle(page: &Document) {
    for image in page.select("img").nodes() {
        if let Some(source) = late_source(image) {
            image.set_attr("src", &source);
        }
    }
}

fn late_source(image: &NodeRef<'_>) -> Option<String> {
    let found = SOURCES.iter().filter_map(|name| image.attr(name));
    found.map(|value| value.trim().to_owned()).find(|value| is_address(value))
}

fn is_address(value: &str) -> bool {
    !value.is_empty()
        && !value.starts_with("data:")
        && !value.contains(char::is_whitespace)
        && value.contains(['/', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_image_gets_its_address() {
        let page =
            Document::from("<img src=blank.gif data-original=/a.jpg><img src=b.jpg data-src='{}'>");
        settle(&page);
        let sources: Vec<_> = page.select("img").iter().filter_map(|i| i.attr("src")).collect();
        assert_eq!(sources[0].as_ref(), "/a.jpg");
        assert_eq!(sources[1].as_ref(), "b.jpg");
    }
}
