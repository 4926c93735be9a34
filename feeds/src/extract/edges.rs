//! What stands before the first and after the last paragraph of an article, and between its
//! paragraphs, without being part of it: datelines, tags, links to other articles, invitations.

use super::blocks::{self, Block};
use super::published;
use dom_query::{Document, NodeId, NodeRef};
use regex::Regex;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Elements whose blocks are never judged: their short lines are content.
const KEPT: &[&str] = &["pre", "code", "figure", "blockquote"];
/// From this length on a block runs like text.
const RUNNING_CHARS: usize = 80;
/// Longer blocks are never taken for an invitation or a label.
const LABEL_CHARS_MAX: usize = 220;
/// Longer blocks are never taken for a dateline.
const DATELINE_CHARS_MAX: usize = 90;
/// How far from its beginning an article may still have datelines, in blocks.
const HEAD_BLOCKS: usize = 24;
/// A longer line that names the editor says more than that.
const SIGNATURE_CHARS_MAX: usize = 40;
/// An article that is signed has so many characters before.
const SIGNED_CHARS_MIN: usize = 150;
/// A longer cell is no datum.
const CELL_CHARS_MAX: usize = 400;
/// Most tables that are looked at.
const TABLES_MAX: usize = 500;

/// How blocks begin that say something about the article or lead away from it. A word that may
/// begin a sentence counts only where it stands alone or before a colon.
static LABEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^[\[(（【■▶►→»*\s]*(?:(?i:(?:tags?|categor(?:y|ies)|topics?|share(?: this)?|related|comments?|print|",
        r"e-?mail|facebook|twitter|whatsapp|newsletter|previous|next(?: article)?|source|quelle|trending|",
        r"recommended|most (?:read|popular)|advert(?:isement)?|schlagw\w+|tópicos|etiquetas)\s*(?:[:：|]|$))|",
        r"(?i:(?:filed under|posted in|share this|related (?:articles?|stories|posts|topics)|",
        r"read (?:more|next|also)|also read|see (?:also|more)|more (?:on|from|stories|like)|",
        r"(?:you|people) (?:may|might|are) also|don.t miss|sign up|subscribe|",
        r"follow (?:us|me|her|him|them|@)|click here|get the latest|copyright|all rights reserved|",
        r"image copyright|media playback|your browser does not|listen to this|leave a (?:comment|reply)|",
        r"\d+ comments?|contact (?:the )?(?:reporter|author)|have a (?:news )?tip|",
        r"this (?:article|story|post) (?:appeared|was (?:originally )?published|originally)|",
        r"download (?:the|our) app|about the author|mehr zum thema|lesen sie auch|lire aussi|",
        r"leia (?:também|mais)|lee también)\b|©)|",
        r"(?:标签|分类|分享|第\s?\d+\s?页|责任编辑|责编|编辑\s?[:：]|来源\s?[:：]|文章来源|本文来源|",
        r"上一篇|下一篇|上一页|下一页|相关(?:阅读|新闻|文章|链接|报道|专题)|推荐阅读|延伸阅读|更多|热门|关键词|",
        r"打印|关闭|返回|点击|扫码|扫一扫|关注|版权|免责|声明|字号|字体|我要评论|发表评论|收藏|举报|阅读原文|",
        r"作者\s?[:：]|时间\s?[:：]))"
    ))
    .ok()
});
/// How the line begins that names the editor.
static SIGNATURE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^[\[(（【\s]*(?:责任编辑|责\s?编|编\s?辑|值班编辑|本文编辑)\s*[:：]").ok()
});
/// How bylines begin.
static BYLINE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(?:By|BY|Von|Par|Por|Posted by|Written by)\s+\p{Lu}").ok());

fn is_running(block: &Block<'_>) -> bool {
    block.weight() >= RUNNING_CHARS && !block.is_linked(5) && !is_label(block)
}

fn is_label(block: &Block<'_>) -> bool {
    let form = LABEL.as_ref();
    block.chars <= LABEL_CHARS_MAX && form.is_some_and(|form| form.is_match(&block.text))
}

fn is_dateline(block: &Block<'_>) -> bool {
    let byline = BYLINE.as_ref();
    block.chars <= DATELINE_CHARS_MAX
        && (published::in_text(&block.text).is_some()
            || byline.is_some_and(|form| form.is_match(&block.text)))
}

fn is_heading(block: &Block<'_>) -> bool {
    ["h1", "h2", "h3", "h4", "h5", "h6"].iter().any(|name| block.node.has_name(name))
}

/// Takes them out of an article.
pub(super) fn trim(content: &Document, title: Option<&str>) {
    let mut blocks = blocks::read(content);
    blocks.truncate(cut_at_signature(&blocks));
    let data = data_tables(content);
    blocks.retain(|block| !is_kept(block, &data));
    let Some(first) = blocks.iter().position(is_running) else { return };
    let last = blocks.iter().rposition(is_running).unwrap_or(first);
    for block in blocks[..first].iter().take(HEAD_BLOCKS) {
        let repeats = title.is_some_and(|title| title == block.text);
        if repeats || is_dateline(block) || is_label(block) || block.is_linked(7) {
            block.node.remove_from_parent();
        }
    }
    for block in blocks[first..=last].iter().filter(|block| is_label(block) && block.is_linked(7)) {
        block.node.remove_from_parent();
    }
    let mut below = false;
    for block in blocks[last + 1..].iter().rev() {
        // A heading goes with what it headed.
        if !(is_label(block) || block.is_linked(6) || (below && is_heading(block))) {
            break;
        }
        block.node.remove_from_parent();
        below = true;
    }
}

/// Takes out what follows the line that names the editor, with which Chinese news end, and returns
/// how many blocks are left.
fn cut_at_signature(blocks: &[Block<'_>]) -> usize {
    let mut before = 0;
    let signs = |block: &Block<'_>| {
        block.chars <= SIGNATURE_CHARS_MAX
            && SIGNATURE.as_ref().is_some_and(|form| form.is_match(&block.text))
    };
    let found = blocks.iter().position(|block| {
        before += block.chars;
        before >= SIGNED_CHARS_MIN && signs(block)
    });
    let Some(at) = found else { return blocks.len() };
    for block in &blocks[at..] {
        block.node.remove_from_parent();
    }
    at
}

/// Whether a block is part of something whose short lines are content, or shows a picture.
fn is_kept(block: &Block<'_>, data: &HashSet<NodeId>) -> bool {
    let mut around = block.node.ancestors_it(None).chain([block.node]);
    around.any(|node| data.contains(&node.id) || KEPT.iter().any(|name| node.has_name(name)))
        || block.node.descendants_it().any(|inner| inner.has_name("img") || inner.has_name("video"))
}

/// The tables that hold data. Others only arrange the page: they hold tables, or long texts, or a
/// menu.
fn data_tables(content: &Document) -> HashSet<NodeId> {
    let tables = content.select("table");
    let is_data = |table: &&NodeRef<'_>| {
        let inner = || table.descendants_it();
        let holds_text = || {
            let mut cells = inner().filter(|node| node.has_name("td"));
            cells.any(|cell| cell.normalized_char_count() > CELL_CHARS_MAX)
        };
        let links = inner().filter(|node| node.has_name("a"));
        let linked: usize = links.map(|link| link.normalized_char_count()).sum();
        linked * 10 < table.normalized_char_count() * 8
            && !inner().any(|node| node.has_name("table"))
            && !holds_text()
    };
    tables.nodes().iter().take(TABLES_MAX).filter(is_data).map(|table| table.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNNING: &str = "It rained all day, and the river rose until it stood at the doors of the \
        lower town, where nobody slept.";

    fn trimmed(html: &str) -> String {
        let content = Document::fragment(html);
        trim(&content, Some("Rain"));
        crate::text::from_html(&content.html())
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
    fn a_last_sentence_that_begins_like_a_label_stays() {
        let html = format!("<p>{RUNNING}</p><p>Twitter declined to comment.</p><p>Share:</p>");
        assert_eq!(trimmed(&html), format!("{RUNNING}\nTwitter declined to comment."));
    }

    #[test]
    fn an_article_of_short_lines_is_left_alone() {
        assert_eq!(trimmed("<p>Tags: a</p><p>Short.</p>"), "Tags: a\nShort.");
    }

    #[test]
    fn every_form_is_a_pattern() {
        assert!(LABEL.is_some() && BYLINE.is_some() && SIGNATURE.is_some());
    }
}
