//! How a source that is no feed is read, and how it is asked: chosen by a person, kept with the source.

use serde::{Deserialize, Serialize};

/// Longest path, template or selector, in bytes.
pub const RULE_BYTES_MAX: usize = 500;

/// Settings of one source. The default is right for a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceSettings {
    /// Where a JSON API has its articles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<JsonMapping>,
    /// Where a web page has its articles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selectors: Option<PageSelectors>,
    /// Only addresses that contain this text are articles: for sitemaps and web pages, which link
    /// to more than articles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_contains: Option<String>,
    /// New articles get the text of their pages, for sources that publish only the beginning.
    #[serde(skip_serializing_if = "is_false")]
    pub full_text: bool,
    /// How those pages are read, where the general rules fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_rule: Option<PageRule>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this form")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl SourceSettings {
    /// Whether there is nothing to remember.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The first rule that is too long, by name.
    #[must_use]
    pub fn overlong(&self) -> Option<&'static str> {
        let mapping = self.mapping.as_ref().map(JsonMapping::rules).into_iter().flatten();
        let selectors = self.selectors.as_ref().map(PageSelectors::rules).into_iter().flatten();
        let filter = [("url_contains", self.url_contains.as_deref())];
        let page = self.page_rule.as_ref().map(PageRule::rules).into_iter().flatten();
        let mut all = mapping.chain(selectors).chain(filter).chain(page);
        let long = |rule: &str| rule.len() > RULE_BYTES_MAX;
        all.find(|(_name, rule)| rule.is_some_and(long)).map(|(name, _rule)| name)
    }
}

/// Where in a JSON document articles and their parts are.
///
/// A path names members with dots and elements with numbers in brackets (`data.list[0].title`);
/// `$` is the document itself. All but `items` are looked up within one item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JsonMapping {
    /// The list of articles.
    pub items: String,
    /// The headline.
    pub title: String,
    /// The address; or a template such as `https://example.org/item/{id}`, whose braces hold paths.
    pub link: String,
    /// What identifies an item, when its address does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A short text or HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The whole text or HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// When: any date the feed reader knows, or seconds or milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// Who: a text, an object with `name`, or a list of either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

impl JsonMapping {
    fn rules(&self) -> [(&'static str, Option<&str>); 8] {
        [
            ("items", Some(self.items.as_str())),
            ("title", Some(self.title.as_str())),
            ("link", Some(self.link.as_str())),
            ("id", self.id.as_deref()),
            ("summary", self.summary.as_deref()),
            ("content", self.content.as_deref()),
            ("published", self.published.as_deref()),
            ("author", self.author.as_deref()),
        ]
    }
}

/// Which elements of a web page are articles, as CSS selectors. All but `item` are looked up within
/// one item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PageSelectors {
    /// One article in the list.
    pub item: String,
    /// The link; the first link of the item, or the item itself, when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The headline; the link's text when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A short text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// When: its `datetime` attribute or its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
}

impl PageSelectors {
    fn rules(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("item", Some(self.item.as_str())),
            ("link", self.link.as_deref()),
            ("title", self.title.as_deref()),
            ("summary", self.summary.as_deref()),
            ("published", self.published.as_deref()),
        ]
    }
}

/// How the article pages of one source are read, as CSS selectors that go before the general rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PageRule {
    /// The content; what all of them match is taken, in the order of the page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub content: Vec<String>,
    /// What is taken out before anything is read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
}

impl PageRule {
    fn rules(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        let content = self.content.iter().map(|rule| ("content", Some(rule.as_str())));
        content.chain(self.remove.iter().map(|rule| ("remove", Some(rule.as_str()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_is_too_long_is_named() {
        let long = Some("a".repeat(RULE_BYTES_MAX + 1));
        let selectors = Some(PageSelectors { title: long, ..PageSelectors::default() });
        let settings = SourceSettings { selectors, ..SourceSettings::default() };
        assert_eq!(settings.overlong(), Some("title"));
        assert_eq!(SourceSettings::default().overlong(), None);
    }
}
