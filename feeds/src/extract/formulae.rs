//! Formulae as text: what is shown of an article has no MathML and runs no script.

use dom_query::{Document, NodeRef};

/// Most formulae of one page that are kept.
const FORMULAE_MAX: usize = 2_000;
/// Longest formula, in bytes.
const FORMULA_BYTES_MAX: usize = 4 * 1024;

/// Puts TeX in place of every formula whose TeX is told, and its symbols in place of the others.
pub(super) fn settle(page: &Document) {
    for script in page.select("script[type^='math/tex']").nodes().iter().take(FORMULAE_MAX) {
        replace(page, script, script.text().trim(), true);
    }
    // What the scripts drew stands beside them.
    page.select(".MathJax_Preview, span.MathJax, .katex-html[aria-hidden]").remove();
    for formula in page.select("math").nodes().iter().take(FORMULAE_MAX) {
        match tex(formula) {
            Some(tex) => replace(page, formula, &tex, true),
            None => replace(page, formula, &symbols(formula), false),
        }
    }
}

/// The source of a formula, where the page keeps it.
fn tex(formula: &NodeRef<'_>) -> Option<String> {
    let mut inner = formula.descendants_it();
    let annotation = inner.find(|node| {
        node.has_name("annotation")
            && node.attr("encoding").is_some_and(|kind| kind.contains("tex"))
    });
    let told = annotation.map(|node| node.text()).or_else(|| formula.attr("alttext"))?;
    let told = told.trim();
    (!told.is_empty()).then(|| told.to_owned())
}

/// The symbols of a formula in their order.
fn symbols(formula: &NodeRef<'_>) -> String {
    formula.text().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn replace(page: &Document, formula: &NodeRef<'_>, text: &str, is_source: bool) {
    if text.len() > FORMULA_BYTES_MAX {
        return;
    }
    let shown = page.tree.new_element(if is_source { "code" } else { "span" });
    shown.set_text(text);
    formula.replace_with(&shown);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_becomes_its_source_or_its_symbols() {
        let page = Document::from(
            "<p><math><mi>a</mi> <mo>≠</mo><mn>0</mn></math>, \
             <math><semantics><mi>x</mi><annotation encoding='application/x-tex'>x^2</annotation>\
             </semantics></math><script type='math/tex'>\\sum_i</script>",
        );
        settle(&page);
        let html = page.select("p").inner_html();
        assert_eq!(html.as_ref(), "<span>a ≠0</span>, <code>x^2</code><code>\\sum_i</code>");
    }
}
