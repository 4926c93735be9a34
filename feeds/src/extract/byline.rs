//! Who wrote an article.

use super::chinese_byline;
use super::json_ld::JsonLd;
use super::lines::Lines;
use super::meta_tags::MetaTags;
use super::published;
use crate::text;
use dom_query::{Document, NodeRef};
use regex::Regex;
use std::sync::LazyLock;

/// Names of `meta` elements, the more trustworthy first.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "dc.creator", "dcterms.creator", "author", "parsely-author", "article.author.name", "byl",
    "sailthru.author", "article.author", "citation.author", "og.article.author", "mediator.author",
    "rbauthors", "creator",
];
/// Elements that hold an author, the more trustworthy first.
#[rustfmt::skip]
const ELEMENTS: &[&str] = &[
    "[itemprop~='author'] [itemprop~='name']", "[itemprop~='author']", "[rel~='author']",
    ".author-name", "[class*='author-name' i]", "[class*='author__name' i]",
    "[class*='authorname' i]", "[class*='byline-name' i]", "[class*='byline__name' i]",
    ".p-author", ".byline", ".author", ".vcard .fn", "[class*='byline' i]", "[class*='author' i]",
    "[id*='byline' i]", "[id='author']", "[data-testid*='byline' i] a", "[class*='writer' i]", "a[href*='/author/']",
    "a[href*='/authors/']", "a[href*='/about/editors/']",
];
/// Most elements of one kind that are looked at.
const EACH_MAX: usize = 12;
/// How far up it is looked whether an element belongs to a comment: further up stands the page.
const NEAR_ANCESTORS: usize = 5;
/// Longest byline, in characters.
const BYLINE_CHARS_MAX: usize = 100;
/// Longest line of a date and a name, in bytes.
const DATELINE_BYTES_MAX: usize = 120;
/// Longest line in which an author is looked for away from the title, in bytes.
const LINE_BYTES_MAX: usize = 300;

/// Labels that stand alone on the line before the name.
#[rustfmt::skip]
const LABELS: &[&str] = &[
    "by", "von", "autor", "autorin", "author", "authors", "autoren", "written by", "作者", "par", "auteur",
];
/// `By Ann Lee`: a word of authorship at the start of a line, then capitalised words.
static LATIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(?:[Bb]y|BY|[Vv]on|VON|[Pp]ar|[Pp]or|[Dd]oor|[Tt]ext:?|[Ww]ritten by|[Pp]osted by|[Aa]utor(?:in)?:|[Aa]uthors?:|[Rr]edaktion:|[Tt]esto di)\s*:?\s+((?:(?:\p{Lu}[\p{L}'’.-]*|de|van|von|der|den|la|al|bin|di)\s?){2,5}(?:(?:,|\s?&|\sand|\sund|\set|\sy)\s(?:\p{Lu}[\p{L}'’.-]*\s?){2,4})*)",
    )
    .ok()
});
/// What stands before a name.
static BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?i:(?:written |posted |published |story |reported )?by\b|von\b|par\b|por\b|text\b|autor(?:in)?\b|authors?\b|redaktion:|作\s*者|著者|文|记者|view orcid profile|submitted by\b)\s*[:：/|]?\s*").ok()
});
/// Where a name ends and something else begins.
static AFTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\s*(?:[|•·–—]|\s-\s|\bon \d|\bam \d|\b(?:updated|published|posted)\b|\bat \d|\bfor\b|\d{1,2}[./:]\d|\d{4}|@\w|\bis an?\b|\bfollow\b|\(opens).*$").ok()
});
/// What is said where a name is looked for.
#[rustfmt::skip]
const NOBODY: &[&str] = &[
    "admin", "administrator", "author", "authors", "by", "name", "follow", "see full bio", "editor", "staff", "unknown",
    "redaktion", "fail", "anonymous", "guest", "webmaster", "user", "root", "none", "null", "undefined", "about the author",
    "view all posts", "more", "read more", "website", "share", "subscribe", "comments", "profile", "bio", "written by",
    "editorial team", "news", "home", "佚名", "未知", "匿名", "本站", "原创", "转载", "网络", "admin1",
];

/// The author or authors, or none where nothing tells them.
pub(super) fn find(
    page: &Document,
    meta: &MetaTags,
    json_ld: &JsonLd,
    site_name: Option<&str>,
    lines: &Lines,
) -> Option<String> {
    let authors: Vec<String> = json_ld.authors.iter().filter_map(|name| tidy(name)).collect();
    let told = Some(authors.join(", ")).filter(|names| !names.is_empty());
    let names = NAMES.iter().flat_map(|name| meta.all(name)).chain(labelled(meta));
    let names = names.filter_map(tidy);
    let told: Vec<String> = told.into_iter().chain(names).collect();
    let person = |name: &&String| !is_publisher(name, site_name);
    told.iter()
        .find(person)
        .cloned()
        .or_else(|| in_elements(page))
        .or_else(|| in_lines(lines))
        .or_else(|| told.into_iter().next())
}

/// The author that Twitter cards tell behind a label.
fn labelled(meta: &MetaTags) -> Option<&str> {
    let label = meta.first(&["twitter.label1"])?.to_lowercase();
    let words = ["written", "verfasst", "autor", "author", "écrit", "escrito", "作者"];
    words.iter().any(|word| label.contains(word)).then(|| meta.first(&["twitter.data1"]))?
}

/// Whether a name is that of the site or of a company rather than of a person.
fn is_publisher(name: &str, site_name: Option<&str>) -> bool {
    let lower = name.to_lowercase();
    let site = site_name.unwrap_or("").to_lowercase();
    let is_site = !site.is_empty() && (site.contains(&lower) || lower.contains(&site));
    let words = [
        "编辑",
        ".com",
        ".de",
        ".cn",
        ".net",
        ".org",
        "www.",
        "网",
        "公司",
        "出版社",
        "报社",
        "editorial",
        "gmbh",
        " inc",
        "e.v",
        "e. v",
    ];
    is_site || words.iter().any(|word| lower.contains(word))
}

fn in_elements(page: &Document) -> Option<String> {
    ELEMENTS.iter().find_map(|selector| {
        page.select(selector).nodes().iter().take(EACH_MAX).find_map(|node| {
            if is_about_readers(node) {
                return None;
            }
            tidy(&node.attr("content").unwrap_or_else(|| node.text()))
        })
    })
}

/// Whether an element belongs to a comment or a form.
fn is_about_readers(node: &NodeRef<'_>) -> bool {
    node.ancestors_it(Some(NEAR_ANCESTORS)).chain([*node]).any(|ancestor| {
        let names = ["class", "id"].iter().filter_map(|name| ancestor.attr(name));
        let mut names = names.map(|value| value.to_ascii_lowercase());
        names.any(|value| {
            ["comment", "respond", "reply", "related", "sidebar", "kommentar"]
                .iter()
                .any(|word| value.contains(word))
        }) || ancestor.has_name("form")
            || ancestor.has_name("label")
    })
}

fn in_lines(lines: &Lines) -> Option<String> {
    let near: Vec<&str> = lines.near_title().collect();
    let short = || lines.all().filter(|line| line.len() <= LINE_BYTES_MAX);
    let all: Vec<&str> = lines.all().collect();
    let chinese = || {
        let near = || near.iter().copied();
        let any = || lines.all();
        near()
            .find_map(chinese_byline::labelled)
            .or_else(|| near().skip(1).take(2).find_map(chinese_byline::names))
            .or_else(|| near().find_map(chinese_byline::reporters))
            .or_else(|| any().find_map(chinese_byline::labelled))
            .or_else(|| any().find_map(chinese_byline::reporters))
            .or_else(|| any().find_map(chinese_byline::signature))
            .and_then(|name| tidy(&name))
    };
    near.iter()
        .find_map(|line| latin(line).or_else(|| beside_a_date(line)))
        .or_else(chinese)
        .or_else(|| below_a_label(&all))
        .or_else(|| short().find_map(latin))
        .or_else(|| short().find_map(chinese_byline::editor))
}

/// `May 31, 2024 | Ann Lee`: a name that stands beside a date.
fn beside_a_date(line: &str) -> Option<String> {
    if line.len() > DATELINE_BYTES_MAX || published::in_text(line).is_none() {
        return None;
    }
    let mut parts = line.split(['|', '·', '•', '–', '—', ',']).chain(line.split(" - "));
    let name = parts.find(|part| {
        let words: Vec<&str> = part.split_whitespace().collect();
        (2..=3).contains(&words.len())
            && words.iter().all(|word| {
                word.starts_with(char::is_uppercase)
                    && word.chars().count() > 1
                    && word
                        .chars()
                        .skip(1)
                        .all(|c| c.is_lowercase() || "-'’".contains(c) || c.is_uppercase())
                    && word.chars().any(char::is_lowercase)
            })
    })?;
    tidy(name)
}

fn latin(line: &str) -> Option<String> {
    tidy(LATIN.as_ref()?.captures(line)?.get(1)?.as_str())
}

/// The line after one that says `Author` and nothing else.
fn below_a_label(lines: &[&str]) -> Option<String> {
    lines.windows(2).find_map(|pair| {
        let label = pair[0].trim_end_matches([':', '：']).to_lowercase();
        let begins_like_a_name = pair[1].starts_with(char::is_uppercase) && pair[1].len() <= 60;
        (LABELS.contains(&label.as_str()) && begins_like_a_name).then(|| tidy(pair[1]))?
    })
}

/// A name without what stands around it; none for what cannot be a name.
fn tidy(raw: &str) -> Option<String> {
    let line = text::title_line(text::prefix(raw.trim(), 1_000));
    let mut name = line.as_str();
    if let Some(before) = BEFORE.as_ref().and_then(|form| form.find(name)) {
        name = &name[before.end()..];
    }
    if let Some(after) = AFTER.as_ref().and_then(|form| form.find(name)) {
        name = &name[..after.start()];
    }
    let name =
        name.trim_matches(|c: char| c.is_whitespace() || ",;:：、，|/-–()（）[]【】\"".contains(c));
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let usable = letters >= 2
        && name.chars().count() <= BYLINE_CHARS_MAX
        && !name.contains("://")
        && !name.contains(['*', '<', '>', '{', '?', '!'])
        && !NOBODY.contains(&name.to_lowercase().as_str())
        && published::in_text(name).is_none();
    usable.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str) -> Option<String> {
        let page = Document::from(html);
        let lines = Lines::read(&page, Some("Title"));
        find(&page, &MetaTags::read(&page), &JsonLd::default(), Some("The Daily"), &lines)
    }

    #[test]
    fn the_author_is_found_in_meta_elements_and_in_the_page() {
        for html in [
            "<meta name=author content='Ann Lee'>",
            "<meta name=author content='The Daily'><p class=byline>By Ann Lee | May 31, 2024</p>",
            "<h1>Title</h1><p>By Ann Lee</p><p>Text",
            "<h1>Title</h1><p>Von Ann Lee</p><p>Text",
            "<h1>Title</h1><p>31.05.2024 - Ann Lee</p><p>Text",
            "<p>Text</p><h4>Author</h4><p>Ann Lee</p>",
            "<div id=comments><p class=author>Bob says:</p></div><a rel=author>Ann Lee</a>",
        ] {
            assert_eq!(of(html).as_deref(), Some("Ann Lee"), "{html}");
        }
    }

    #[test]
    fn every_form_is_a_pattern() {
        assert!([&LATIN, &BEFORE, &AFTER].iter().all(|form| form.is_some()));
    }
}
