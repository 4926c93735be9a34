//! Where the articles of an unknown JSON document or web page probably are: a proposal that a person
//! sees in the preview and may correct.

use super::page::{PAGE_BYTES_MAX, title_of};
use crate::extract::bounds;
use crate::text;
use autoglm_domain::{JsonMapping, PageSelectors};
use dom_query::{NodeRef, Selection};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// How deep in a document a list may lie.
const DEPTH_MAX: usize = 6;
/// Items of a list that are looked at.
const ITEMS_LOOKED_AT: usize = 20;
/// Fewer links of one shape are no list.
const LINKS_MIN: usize = 4;
/// Links of a page that are looked at.
const LINKS_LOOKED_AT: usize = 5_000;
/// Ancestors of a link that make its shape.
const SHAPE_DEPTH: usize = 4;
/// Mean width of a headline at least; menus have shorter words.
const HEADLINE_WIDTH_MIN: usize = 12;
/// A headline longer than this counts no more: link lists of a whole paragraph are no headlines.
const HEADLINE_WIDTH_MAX: usize = 80;

const TITLE_NAMES: [&str; 9] =
    ["title", "headline", "name", "word", "question", "query", "subject", "text", "desc"];
const LINK_NAMES: [&str; 11] = [
    "url",
    "link",
    "href",
    "html_url",
    "web_url",
    "weburl",
    "permalink",
    "mobileurl",
    "scheme",
    "uri",
    "external_url",
];
const SUMMARY_NAMES: [&str; 8] =
    ["summary", "excerpt", "description", "abstract", "abstracttext", "desc", "intro", "digest"];
const CONTENT_NAMES: [&str; 4] = ["content_html", "content", "body", "html"];
const DATE_NAMES: [&str; 14] = [
    "published_at",
    "date_published",
    "pubdate",
    "publish_time",
    "published",
    "created_at",
    "created_time",
    "created",
    "ctime",
    "date",
    "timestamp",
    "time",
    "updated_at",
    "firstpublicationdate",
];
const AUTHOR_NAMES: [&str; 6] = ["author", "authors", "byline", "by", "user", "authorstring"];

/// Finds the list of objects that most looks like articles: with titles and addresses.
#[must_use]
pub fn json_mapping(document: &str) -> Option<JsonMapping> {
    let root: Value = serde_json::from_str(document.trim_start_matches('\u{feff}')).ok()?;
    let mut lists = Vec::new();
    collect_lists(&root, "$", DEPTH_MAX, &mut lists);
    let candidates = lists.into_iter().filter_map(|(path, items)| {
        let mapping = map_items(path, items)?;
        // A list of articles is longer than one of, say, their sections.
        Some((items.len().min(100), mapping))
    });
    candidates.max_by_key(|(size, _)| *size).map(|(_, mapping)| mapping)
}

fn collect_lists<'a>(
    value: &'a Value,
    path: &str,
    depth: usize,
    lists: &mut Vec<(String, &'a [Value])>,
) {
    if depth == 0 || lists.len() >= 100 {
        return;
    }
    match value {
        Value::Array(items) if items.iter().any(Value::is_object) => {
            lists.push((path.to_owned(), items));
        }
        Value::Object(members) => {
            for (name, member) in members.iter().take(200) {
                if is_plain(name) {
                    let path = if path == "$" { name.clone() } else { format!("{path}.{name}") };
                    collect_lists(member, &path, depth - 1, lists);
                }
            }
        }
        _ => {}
    }
}

/// A name that a path can have.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(['.', '[', ']', '$', '{', '}'])
}

fn map_items(path: String, items: &[Value]) -> Option<JsonMapping> {
    let looked_at: Vec<Vec<(String, &Value)>> =
        items.iter().take(ITEMS_LOOKED_AT).filter_map(Value::as_object).map(leaves).collect();
    let find = |names: &[&str], fits: fn(&Value) -> bool| {
        names.iter().find_map(|name| common_path(&looked_at, name, fits))
    };
    let link = find(&LINK_NAMES, is_address)?;
    let title = find(&TITLE_NAMES, is_text)?;
    let other = |names: &[&str], fits: fn(&Value) -> bool| {
        find(names, fits).filter(|path| *path != title && *path != link)
    };
    Some(JsonMapping {
        items: path,
        id: None,
        summary: other(&SUMMARY_NAMES, is_text),
        content: other(&CONTENT_NAMES, is_text),
        published: other(&DATE_NAMES, is_moment),
        author: other(&AUTHOR_NAMES, is_author),
        title,
        link,
    })
}

/// Members of an item and of the objects in it, two levels deep, as paths.
fn leaves(item: &Map<String, Value>) -> Vec<(String, &Value)> {
    let mut found: Vec<(String, &Value)> = Vec::new();
    for (name, value) in item.iter().filter(|(name, _)| is_plain(name)).take(100) {
        found.push((name.clone(), value));
        if let Value::Object(inner) = value {
            let inner = inner.iter().filter(|(name, _)| is_plain(name)).take(50);
            found.extend(inner.map(|(inner, value)| (format!("{name}.{inner}"), value)));
        }
    }
    found
}

/// The shortest path ending in `name` that fits in at least three of four items.
fn common_path(
    items: &[Vec<(String, &Value)>],
    name: &str,
    fits: fn(&Value) -> bool,
) -> Option<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (path, value) in items.iter().flatten() {
        let last = path.rsplit('.').next().unwrap_or(path);
        if last.eq_ignore_ascii_case(name) && fits(value) {
            *counts.entry(path).or_default() += 1;
        }
    }
    let enough = counts.into_iter().filter(|(_, count)| count * 4 >= items.len() * 3);
    enough.map(|(path, _)| path).min_by_key(|path| (path.len(), *path)).map(str::to_owned)
}

fn is_text(value: &Value) -> bool {
    let first = value.as_array().and_then(|items| items.first());
    first.unwrap_or(value).as_str().is_some_and(|text| !text.trim().is_empty())
}

fn is_address(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with("http") || text.starts_with('/'))
}

fn is_moment(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|number| number > 1e8),
        Value::String(text) => {
            crate::date::parse(text).is_some() || text.parse::<f64>().is_ok_and(|n| n > 1e8)
        }
        _ => false,
    }
}

fn is_author(value: &Value) -> bool {
    match value {
        Value::String(name) => !name.trim().is_empty(),
        Value::Array(many) => many.first().is_some_and(is_author),
        Value::Object(object) => object.contains_key("name") || object.contains_key("family"),
        _ => false,
    }
}

/// Finds the links of one shape that most look like headlines.
#[must_use]
pub fn page_selectors(page: &str) -> Option<PageSelectors> {
    let document = bounds::parse(text::prefix(page, PAGE_BYTES_MAX)).document;
    let mut shapes: HashMap<Vec<String>, Shape<'_>> = HashMap::new();
    let links = document.select("a[href]");
    for link in links.iter().take(LINKS_LOOKED_AT) {
        let title = title_of(&link);
        let (Some(node), Some(href)) = (link.nodes().first(), link.attr("href")) else { continue };
        if title.is_empty() || !leads_on(&href) || is_furniture(node) {
            continue;
        }
        let shape = shapes.entry(shape_of(node)).or_default();
        if shape.addresses.insert(href.to_string()) {
            shape.width += width(&title).min(HEADLINE_WIDTH_MAX);
            shape.links.push(*node);
        }
    }
    let best = shapes.into_iter().filter(|(_, shape)| shape.is_list());
    let best = best.max_by_key(|(path, shape)| (shape.width, std::cmp::Reverse(path.clone())));
    best.map(|(path, shape)| shape.selectors(&path))
}

/// Links in one place of the page's structure.
#[derive(Default)]
struct Shape<'a> {
    addresses: HashSet<String>,
    width: usize,
    links: Vec<NodeRef<'a>>,
}

impl Shape<'_> {
    fn is_list(&self) -> bool {
        let count = self.addresses.len();
        count >= LINKS_MIN && self.width >= count * HEADLINE_WIDTH_MIN
    }

    /// The outermost ancestor that holds one such link each is the item; a date may stand beside
    /// the link in it.
    fn selectors(&self, path: &[String]) -> PageSelectors {
        let mut item_level = 0;
        for level in 1..path.len().saturating_sub(1) {
            let ancestors: HashSet<_> = self
                .links
                .iter()
                .filter_map(|link| link.ancestors(Some(level)).last().map(|n| n.id))
                .collect();
            if ancestors.len() != self.links.len() {
                break;
            }
            item_level = level;
        }
        let split = path.len() - item_level;
        let join = |parts: &[String]| parts.join(" > ");
        let dated = self.links.iter().filter(|link| {
            let item = link.ancestors(Some(item_level)).last().cloned();
            item.is_some_and(|item| Selection::from(item).select("time").exists())
        });
        let published =
            (item_level > 0 && dated.count() * 2 >= self.links.len()).then(|| "time".to_owned());
        let link = (item_level > 0).then(|| join(&path[split..]));
        PageSelectors { item: join(&path[..split]), link, published, ..PageSelectors::default() }
    }
}

/// Tag and first class of the link and its nearest ancestors, outermost first.
fn shape_of(link: &NodeRef<'_>) -> Vec<String> {
    let ancestors = link.ancestors(Some(SHAPE_DEPTH));
    let nodes = std::iter::once(link).chain(ancestors.iter());
    let mut path: Vec<String> = nodes
        .filter_map(|node| {
            let tag = node.node_name().filter(|tag| !matches!(&**tag, "html" | "body"))?;
            let class = node.attr("class").unwrap_or_default();
            let class = class.split_ascii_whitespace().find(|class| is_identifier(class));
            Some(match class {
                // What a link is called changes with its state: visited, first, current.
                Some(class) if &*tag != "a" => format!("{tag}.{class}"),
                _ => tag.to_string(),
            })
        })
        .collect();
    path.reverse();
    path
}

/// A class that can stand in a selector as it is and that does not number its element.
fn is_identifier(class: &str) -> bool {
    class.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '_'))
        && class.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Whether a link leads to another page.
fn leads_on(href: &str) -> bool {
    let href = href.trim();
    let scheme = ["javascript:", "mailto:", "tel:", "data:"];
    !href.is_empty() && !href.starts_with('#') && !scheme.iter().any(|s| href.starts_with(s))
}

/// Menus, footers and forms are not where articles are.
fn is_furniture(node: &NodeRef<'_>) -> bool {
    node.ancestors(Some(12)).iter().any(|ancestor| {
        let tag = ancestor.node_name();
        tag.is_some_and(|tag| matches!(&*tag, "nav" | "footer" | "form" | "noscript"))
    })
}

/// Width on the screen in halves of an ideograph.
fn width(title: &str) -> usize {
    title.chars().map(|c| if u32::from(c) >= 0x1100 { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{json_api, page};

    #[test]
    fn a_hot_list_is_recognised_by_its_titles_and_addresses() {
        let document = r#"{"code": 0, "tags": [{"name": "x"}], "data": {"items": [
            {"target": {"title": "First question", "url": "https://e.org/1", "created": 1700000000}},
            {"target": {"title": "Second question", "url": "https://e.org/2", "created": 1700000001}}]}}"#;
        let mapping = json_mapping(document).expect("found");
        assert_eq!(mapping.items, "data.items");
        assert_eq!((mapping.title.as_str(), mapping.link.as_str()), ("target.title", "target.url"));
        assert_eq!(mapping.published.as_deref(), Some("target.created"));
        let feed = json_api::read(document, &mapping, "https://e.org/").expect("read");
        assert_eq!(feed.entries.len(), 2);
    }

    #[test]
    fn a_document_without_addresses_has_no_articles() {
        assert_eq!(json_mapping(r#"{"data": [{"name": "a", "price": 1}]}"#), None);
        assert_eq!(json_mapping("<html>"), None);
    }

    #[test]
    fn the_list_of_headlines_is_told_from_menu_and_footer() {
        let mut html = "<nav><ul>".to_owned();
        for number in 0..20 {
            html +=
                &format!("<li><a href='/section/{number}'>Section number {number} of all</a></li>");
        }
        html += "</ul></nav><main><div class='list'>";
        for number in 0..6 {
            html += &format!(
                "<article class='card'><h2><a class='v{number}' href='/a/{number}'>A headline about thing {number}</a></h2>\
                 <time>2024-05-0{}</time><a href='/a/{number}'>More</a></article>",
                number + 1
            );
        }
        html += "</div></main>";
        let selectors = page_selectors(&html).expect("found");
        assert_eq!(selectors.published.as_deref(), Some("time"));
        let feed = page::read(&html, &selectors, "https://e.org/").expect("read");
        assert_eq!(feed.entries.len(), 6);
        assert!(feed.entries.iter().all(|entry| entry.published.is_some()));
    }

    #[test]
    fn a_page_of_text_has_no_list() {
        assert_eq!(page_selectors("<p>One <a href='/a'>single long link in a text</a>.</p>"), None);
    }
}
