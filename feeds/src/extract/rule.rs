//! What a source's owner may say about its pages: which elements hold what.

use dom_query::{Document, Matcher, NodeId, NodeRef};
use std::collections::HashSet;

/// Most selectors in one rule.
pub const SELECTORS_MAX: usize = 64;
/// Longest selector, in bytes.
pub const SELECTOR_BYTES_MAX: usize = 1_000;

/// How the pages of one source are read, in CSS selectors. What a rule says goes before every
/// heuristic; where its selectors find nothing, the heuristics decide.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtractionRule {
    /// The main content; what all of them match is taken, in the order of the page.
    pub content: Vec<String>,
    /// Elements that are taken out of the page before anything is read.
    pub remove: Vec<String>,
    /// The element whose text is the title.
    pub title: Option<String>,
    /// The element whose text is the author.
    pub byline: Option<String>,
    /// The element whose `datetime` or text is the date of publication.
    pub date: Option<String>,
}

/// A rule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// A selector is not CSS.
    #[error(
        "could not use the selector {0:?}: it is not a CSS selector; write it as in a style sheet"
    )]
    Selector(String),
    /// A selector is longer than [`SELECTOR_BYTES_MAX`].
    #[error("could not use a selector of {0} bytes: write at most {SELECTOR_BYTES_MAX}")]
    TooLong(usize),
    /// The rule has more than [`SELECTORS_MAX`] selectors.
    #[error("could not use a rule of {0} selectors: write at most {SELECTORS_MAX}")]
    TooMany(usize),
}

/// A rule whose selectors are known to be good. Made once a source, used for each of its pages.
pub struct CompiledRule {
    content: Vec<Matcher>,
    remove: Vec<Matcher>,
    title: Option<Matcher>,
    byline: Option<Matcher>,
    date: Option<Matcher>,
}

impl std::fmt::Debug for CompiledRule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts = (self.content.len(), self.remove.len());
        formatter.debug_tuple("CompiledRule").field(&counts).finish()
    }
}

impl TryFrom<&ExtractionRule> for CompiledRule {
    type Error = RuleError;

    fn try_from(rule: &ExtractionRule) -> Result<Self, RuleError> {
        let single = [&rule.title, &rule.byline, &rule.date];
        let count = rule.content.len() + rule.remove.len() + single.iter().flat_map(|s| *s).count();
        if count > SELECTORS_MAX {
            return Err(RuleError::TooMany(count));
        }
        let all =
            |selectors: &[String]| selectors.iter().map(|s| compile(s)).collect::<Result<_, _>>();
        let one = |selector: &Option<String>| selector.as_deref().map(compile).transpose();
        Ok(Self {
            content: all(&rule.content)?,
            remove: all(&rule.remove)?,
            title: one(&rule.title)?,
            byline: one(&rule.byline)?,
            date: one(&rule.date)?,
        })
    }
}

fn compile(selector: &str) -> Result<Matcher, RuleError> {
    if selector.len() > SELECTOR_BYTES_MAX {
        return Err(RuleError::TooLong(selector.len()));
    }
    Matcher::new(selector).map_err(|_| RuleError::Selector(selector.to_owned()))
}

impl CompiledRule {
    /// Takes out what the rule wants removed.
    pub(super) fn clean(&self, page: &Document) {
        for matcher in &self.remove {
            page.select_matcher(matcher).remove();
        }
    }

    /// Whether it says where the content is.
    pub(super) fn has_content(&self) -> bool {
        !self.content.is_empty()
    }

    /// The main content as HTML; what lies inside of a match is taken with it, once.
    pub(super) fn content(&self, page: &Document) -> Option<String> {
        let chosen = |node: &NodeRef<'_>| self.content.iter().any(|rule| node.is_match(rule));
        let mut html = String::new();
        let mut taken: HashSet<NodeId> = HashSet::new();
        for node in page.root().descendants() {
            if node.parent().is_some_and(|parent| taken.contains(&parent.id)) {
                taken.insert(node.id);
            } else if chosen(&node) {
                taken.insert(node.id);
                html.push_str(&node.html());
            }
        }
        (!html.is_empty()).then_some(html)
    }

    pub(super) fn title(&self, page: &Document) -> Option<String> {
        text_of(self.title.as_ref(), page)
    }

    pub(super) fn byline(&self, page: &Document) -> Option<String> {
        text_of(self.byline.as_ref(), page)
    }

    pub(super) fn date(&self, page: &Document) -> Option<String> {
        let found = page.select_single_matcher(self.date.as_ref()?);
        let machine = found.attr("datetime").or_else(|| found.attr("content"));
        machine.map(|value| value.to_string()).or_else(|| text_of(self.date.as_ref(), page))
    }
}

fn text_of(matcher: Option<&Matcher>, page: &Document) -> Option<String> {
    let text = page.select_single_matcher(matcher?).text();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_selector_is_told_by_name() {
        let rule = ExtractionRule { content: vec!["div[".to_owned()], ..Default::default() };
        let error = CompiledRule::try_from(&rule).map(|_| ()).unwrap_err();
        assert_eq!(error, RuleError::Selector("div[".to_owned()));
        let rule = ExtractionRule { remove: vec!["p".to_owned(); 100], ..Default::default() };
        assert_eq!(CompiledRule::try_from(&rule).map(|_| ()).unwrap_err(), RuleError::TooMany(100));
        let rule = ExtractionRule { title: Some("p".repeat(2_000)), ..Default::default() };
        assert!(CompiledRule::try_from(&rule).is_err());
    }

    #[test]
    fn nested_matches_are_taken_once() {
        let page = Document::from("<div class=a>1<div class=b>2</div></div><p class=b>3</p><p>4");
        let content = vec![".b".to_owned(), ".a".to_owned()];
        let rule = ExtractionRule { content, ..Default::default() };
        let rule = CompiledRule::try_from(&rule).expect("is good");
        let html = rule.content(&page).unwrap_or_default();
        assert_eq!(html, "<div class=\"a\">1<div class=\"b\">2</div></div><p class=\"b\">3</p>");
    }
}
