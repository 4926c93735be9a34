//! A second reader of main content, for pages the first finds nothing or only links on: old tables,
//! forums, short notices. It takes the stretch of the page with the most text and the fewest links.

use super::blocks::{self, Block};
use dom_query::Document;

/// What a block costs: a stretch of short blocks is a menu.
const BLOCK_COST: i64 = 30;
/// What a character of a link costs.
const LINK_COST: i64 = 3;
/// What a character of an ideographic script is worth in those of Latin script.
const IDEOGRAPH_WORTH: i64 = 3;

/// The densest stretch of a page as HTML; empty where the page is nothing but links.
pub(super) fn find(page: &Document) -> String {
    let blocks = blocks::read(page);
    let mut best = (0_i64, 0, 0);
    let (mut sum, mut start) = (0_i64, 0);
    for (at, block) in blocks.iter().enumerate() {
        if sum <= 0 {
            (sum, start) = (0, at);
        }
        sum = sum.saturating_add(worth(block));
        if sum > best.0 {
            best = (sum, start, at + 1);
        }
    }
    blocks[best.1..best.2].iter().map(|block| block.node.html()).fold(
        String::new(),
        |mut html, block| {
            html.push_str(&block);
            html
        },
    )
}

fn worth(block: &Block<'_>) -> i64 {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX / 8);
    let is_ideographic = block.text.chars().take(40).filter(|c| c.len_utf8() > 2).count() > 10;
    let each = if is_ideographic { IDEOGRAPH_WORTH } else { 1 };
    each * (number(block.chars) - LINK_COST * number(block.linked)) - BLOCK_COST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stretch_with_the_most_text_is_taken() {
        let links = "<li><a href=/a>Another thread about something</a></li>".repeat(20);
        let page = Document::from(format!(
            "<table><tr><td>Menu<td>Home</tr><tr><td>The guide said that the shop pays for every \
             guest it brings, which nobody had told us before.</td></tr></table><ul>{links}</ul>"
        ));
        let html = find(&page);
        assert!(html.contains("The guide said") && !html.contains("thread"), "{html}");
        assert_eq!(find(&Document::from("")), "");
    }
}
