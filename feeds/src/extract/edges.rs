//! What stands before the first and after the last paragraph of an article, and between its
//! paragraphs, without being part of it: datelines, tags, links to other articles, invitations.

use super::published;
use crate::text;
use dom_query::{Document, NodeId, NodeRef};
use regex::Regex;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Elements that are blocks of text.
#[rustfmt::skip]
const BLOCKS: &[&str] = &[
    "p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "td", "th", "dd", "dt", "blockquote", "pre",
    "section", "article", "header", "footer", "figure", "figcaption", "address", "ul", "ol", "table", "dl",
    "summary", "details", "center",
];
/// Elements whose blocks are never judged: their short lines are content.
const KEPT: &[&str] = &["table", "pre", "code", "figure", "blockquote"];
/// From this length on a block runs like text.
const RUNNING_CHARS: usize = 80;
/// Longer blocks are never taken for an invitation or a label.
const LABEL_CHARS_MAX: usize = 220;
/// Longer blocks are never taken for a dateline.
const DATELINE_CHARS_MAX: usize = 90;
/// How far from its beginning an article may still have datelines, in blocks.
const HEAD_BLOCKS: usize = 12;

/// How blocks begin that say something about the article or lead away from it.
static LABEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?i:[\[(（【■▶►→»*\s]*)(?i:(?:tags?|categor(?:y|ies)|topics?|filed under|posted in|share|related|",
        r"read (?:more|next|also)|also read|see (?:also|more)|more (?:on|from|stories|like|news)|",
        r"(?:you|people) (?:may|might|are) also|recommended|don.t miss|sign up|subscribe|follow (?:us|me|her|him|them|the|@)|",
        r"click here|get the latest|most (?:read|popular)|trending|advertisement|advert|copyright|all rights reserved|",
        r"image copyright|media playback|your browser does not|listen to this|leave a (?:comment|reply)|\d+ comments?|comments?|",
        r"contact (?:the )?(?:reporter|author)|have a (?:news )?tip|this (?:article|story|post) (?:appeared|was (?:originally )?published|originally)|",
        r"print|e-?mail|facebook|twitter|whatsapp|download (?:the|our) app|newsletter|about the author|previous|next article|",
        r"source|quelle|schlagw|mehr zum thema|lesen sie auch|lire aussi|leia (?:também|mais)|lee también|tópicos|etiquetas)\b|©)|",
        r"^[\[(（【■▶►\s]*(?:标签|分类|分享|责任编辑|责编|编辑\s?[:：]|来源\s?[:：]|文章来源|本文来源|上一篇|下一篇|上一页|下一页|相关|推荐阅读|延伸阅读|",
        r"更多|热门|关键词|打印|关闭|返回|点击|扫码|扫一扫|关注|版权|免责|声明|字号|字体|我要评论|发表评论|收藏|举报|阅读原文|作者\s?[:：]|时间\s?[:：])"
    ))
    .ok()
});
/// How bylines begin.
static BYLINE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(?:By|BY|Von|Par|Por|Posted by|Written by)\s+\p{Lu}").ok());

/// One block of text that holds no other.
struct Block<'a> {
    node: NodeRef<'a>,
    text: String,
    chars: usize,
    linked: usize,
}

impl Block<'_> {
    fn is_linked(&self, tenths: usize) -> bool {
        self.chars > 0 && self.linked * 10 >= self.chars * tenths
    }

    fn is_running(&self) -> bool {
        self.chars >= RUNNING_CHARS && !self.is_linked(5) && !self.is_label()
    }

    fn is_label(&self) -> bool {
        self.chars <= LABEL_CHARS_MAX
            && LABEL.as_ref().is_some_and(|label| label.is_match(&self.text))
    }

    fn is_dateline(&self) -> bool {
        self.chars <= DATELINE_CHARS_MAX
            && (published::in_text(&self.text).is_some()
                || BYLINE.as_ref().is_some_and(|byline| byline.is_match(&self.text)))
    }

    fn is_heading(&self) -> bool {
        self.node
            .node_name()
            .is_some_and(|name| name.len() == 2 && name.starts_with('h') && &*name != "hr")
    }
}

/// Takes them out of an article.
pub(super) fn trim(content: &Document, title: Option<&str>) {
    let blocks = blocks(content);
    let Some(first) = blocks.iter().position(Block::is_running) else { return };
    let last = blocks.iter().rposition(Block::is_running).unwrap_or(first);
    for block in blocks[..first].iter().take(HEAD_BLOCKS) {
        let repeats = title.is_some_and(|title| title == block.text);
        if repeats || block.is_dateline() || block.is_label() || block.is_linked(7) {
            block.node.remove_from_parent();
        }
    }
    for block in blocks[first..=last].iter().filter(|block| block.is_label() && block.is_linked(7))
    {
        block.node.remove_from_parent();
    }
    let mut below = false;
    for block in blocks[last + 1..].iter().rev() {
        // A heading goes with what it headed.
        if !(block.is_label() || block.is_linked(6) || (below && block.is_heading())) {
            break;
        }
        block.node.remove_from_parent();
        below = true;
    }
}

/// The blocks of an article in their order, each with the length of its text and of its links.
fn blocks(content: &Document) -> Vec<Block<'_>> {
    let all: Vec<NodeRef<'_>> = content.root().descendants();
    let is_one = |node: &NodeRef<'_>, names: &[&str]| names.iter().any(|name| node.has_name(name));
    let mut outer: HashSet<NodeId> = HashSet::new();
    for node in all.iter().filter(|node| is_one(node, BLOCKS)) {
        for ancestor in node.ancestors_it(None) {
            if !outer.insert(ancestor.id) {
                break;
            }
        }
    }
    let inner = all.into_iter().filter(|node| is_one(node, BLOCKS) && !outer.contains(&node.id));
    let judged = inner.filter(|node| !node.ancestors_it(None).any(|above| is_one(&above, KEPT)));
    judged
        .map(|node| {
            let text = text::title_line(text::prefix(&node.text(), 4_000));
            let links = node.descendants_it().filter(|inner| inner.has_name("a"));
            let linked = links.map(|link| link.normalized_char_count()).sum();
            Block { node, chars: node.normalized_char_count(), text, linked }
        })
        .filter(|block| block.chars > 0 && !holds_picture(block))
        .collect()
}

fn holds_picture(block: &Block<'_>) -> bool {
    block.node.descendants_it().any(|inner| inner.has_name("img") || inner.has_name("video"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNNING: &str = "It rained all day, and the river rose until it stood at the doors of the \
        lower town, where nobody slept.";

    fn trimmed(html: &str) -> String {
        let content = Document::fragment(html);
        trim(&content, Some("Rain"));
        text::from_html(&content.html())
    }

    #[test]
    fn what_surrounds_the_paragraphs_goes_and_they_stay() {
        let html = format!(
            "<h2>Rain</h2><p>By Ann Lee</p><p>May 1, 2024</p><p>{RUNNING}</p>\
             <p>Read more: <a href=/b>The other river, which did not rise</a></p><p>Short.</p>\
             <p>{RUNNING}</p><p>The end.</p><p>Tags: rain, river</p><ul><li><a href=/c>Other</a></ul>"
        );
        assert_eq!(trimmed(&html), format!("{RUNNING}\nShort.\n{RUNNING}\nThe end."));
    }

    #[test]
    fn an_article_of_short_lines_is_left_alone() {
        assert_eq!(trimmed("<p>Tags: a</p><p>Short.</p>"), "Tags: a\nShort.");
    }

    #[test]
    fn every_form_is_a_pattern() {
        assert!(LABEL.is_some() && BYLINE.is_some());
    }
}
