//! The visible text of a page in lines, with the place of its title: dates and authors stand there.

use crate::text;
use dom_query::Document;

/// How many lines after the title are near it.
const AFTER: usize = 14;
/// How many lines before the title are near it.
const BEFORE: usize = 8;
/// Most lines that are looked at.
const LINES_MAX: usize = 6_000;

/// The text of a page.
#[derive(Debug, Default)]
pub(super) struct Lines {
    lines: Vec<String>,
    title_at: Option<usize>,
}

impl Lines {
    /// Reads the body of a page; `title` is its title.
    pub(super) fn read(page: &Document, title: Option<&str>) -> Self {
        let body = page.select_single("body").html();
        let text = text::from_html(&body);
        let lines: Vec<String> = text.lines().take(LINES_MAX).map(str::to_owned).collect();
        let title_at = title.and_then(|title| {
            let exact = lines.iter().rposition(|line| line == title);
            exact.or_else(|| lines.iter().position(|line| line.contains(title)))
        });
        Self { lines, title_at }
    }

    /// The lines around the title, those after it first; none where it is not in the text.
    pub(super) fn near_title(&self) -> impl Iterator<Item = &str> {
        let at = self.title_at.unwrap_or(self.lines.len());
        let after = self.lines.iter().skip(at).take(AFTER);
        let start = if self.title_at.is_some() { at.saturating_sub(BEFORE) } else { at };
        after.chain(self.lines[start..at].iter().rev()).map(String::as_str)
    }

    /// Every line in the order of the page.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_around_the_title_come_first() {
        let page = Document::from("<body><p>a<h1>Title</h1><p>b<p>c");
        let lines = Lines::read(&page, Some("Title"));
        assert_eq!(lines.near_title().collect::<Vec<_>>(), ["Title", "b", "c", "a"]);
        assert_eq!(lines.all().count(), 4);
        assert_eq!(Lines::read(&page, Some("Other")).near_title().count(), 0);
    }
}
