//! The entities a document type declares: plain short texts only, so that none can grow.

/// Most entities kept of one document.
const ENTITIES_MAX: usize = 32;
/// Longest value, in bytes.
const VALUE_BYTES_MAX: usize = 256;
/// What all references of one document together may add, in bytes.
const EXPANSION_BYTES_MAX: usize = 64 * 1024;

/// Entities of one document.
#[derive(Default)]
pub(crate) struct Entities<'a> {
    values: Vec<(&'a str, &'a str)>,
    expanded: usize,
}

impl<'a> Entities<'a> {
    /// Reads `<!ENTITY name "value">` in a document type. Values with references or mark-up of
    /// their own, and those in other files, are left aside.
    pub(crate) fn learn(&mut self, doctype: &'a str) {
        for declaration in doctype.split("<!ENTITY").skip(1).take(ENTITIES_MAX) {
            if let Some((name, value)) = declared(declaration)
                && self.values.len() < ENTITIES_MAX
            {
                self.values.push((name, value));
            }
        }
    }

    /// The text of a reference, as long as the document has not used up what it may.
    pub(crate) fn value(&mut self, name: &str) -> Option<String> {
        let (_, value) = self.values.iter().find(|(known, _)| *known == name)?;
        self.expanded += value.len();
        (self.expanded <= EXPANSION_BYTES_MAX).then(|| (*value).to_owned())
    }
}

fn declared(declaration: &str) -> Option<(&str, &str)> {
    let (name, rest) = declaration.trim_start().split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, _) = rest[1..].split_once(quote)?;
    let plain = value.len() <= VALUE_BYTES_MAX && !value.contains(['&', '<', '%']);
    (plain && name != "%").then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_entities_are_known_and_growing_ones_are_not() {
        let mut entities = Entities::default();
        entities.learn(
            "<!DOCTYPE r [<!ENTITY a 'one'><!ENTITY b \"&a;&a;\"><!ENTITY c SYSTEM 'file'>]>",
        );
        assert_eq!(entities.value("a").as_deref(), Some("one"));
        assert_eq!(entities.value("b"), None);
        assert_eq!(entities.value("c"), None);
    }

    #[test]
    fn references_stop_growing_a_document() {
        let mut entities = Entities::default();
        let long = "x".repeat(VALUE_BYTES_MAX);
        let doctype = format!("<!ENTITY a '{long}'>");
        entities.learn(&doctype);
        let told = (0..1_000).filter(|_| entities.value("a").is_some()).count();
        assert_eq!(told, EXPANSION_BYTES_MAX / VALUE_BYTES_MAX);
    }
}
