//! `Link` headers (RFC 8288), as far as WebSub needs them: the targets of a relation.

/// Most links looked at in all headers together.
const LINKS_MAX: usize = 64;

/// The targets with this relation, as written, in the order of the headers. A link about another
/// document (`anchor`) says nothing about this one.
pub(super) fn targets<'a>(headers: &'a [String], relation: &str) -> Vec<&'a str> {
    let links = headers.iter().flat_map(|header| Links(header)).take(LINKS_MAX);
    links
        .filter(|link| !link.has_anchor && has_relation(&link.relations, relation))
        .map(|link| link.target)
        .collect()
}

fn has_relation(relations: &str, wanted: &str) -> bool {
    relations.split_ascii_whitespace().any(|relation| relation.eq_ignore_ascii_case(wanted))
}

struct Link<'a> {
    target: &'a str,
    relations: String,
    has_anchor: bool,
}

/// The links of one header; what cannot be read ends them.
struct Links<'a>(&'a str);

impl<'a> Iterator for Links<'a> {
    type Item = Link<'a>;

    fn next(&mut self) -> Option<Link<'a>> {
        let (_, rest) = self.0.split_once('<')?;
        let (target, mut rest) = rest.split_once('>')?;
        let mut link = Link { target: target.trim(), relations: String::new(), has_anchor: false };
        let mut relation_read = false;
        loop {
            rest = rest.trim_start();
            let Some(parameter) = rest.strip_prefix(';') else { break };
            let (name, value, after) = read_parameter(parameter);
            rest = after;
            if name.eq_ignore_ascii_case("anchor") {
                link.has_anchor = true;
            } else if name.eq_ignore_ascii_case("rel") && !relation_read {
                // Only the first counts, says the RFC.
                relation_read = true;
                link.relations = value;
            }
        }
        self.0 = rest;
        Some(link)
    }
}

/// One parameter behind its semicolon: name, value without quotes, and what comes after.
fn read_parameter(text: &str) -> (&str, String, &str) {
    let end = text.find(['=', ';', ',']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let Some(rest) = rest.strip_prefix('=') else { return (name.trim(), String::new(), rest) };
    let rest = rest.trim_start();
    let Some(quoted) = rest.strip_prefix('"') else {
        let end = rest.find([';', ',']).unwrap_or(rest.len());
        return (name.trim(), rest[..end].trim().to_owned(), &rest[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (name.trim(), value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (name.trim(), value, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hubs(headers: &[&str]) -> Vec<String> {
        let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
        targets(&headers, "hub").into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn relations_are_found_in_one_header_or_several_however_they_are_written() {
        let one = r#"<https://h.example/a>; rel="hub", <https://e.example/f>; rel=self"#;
        assert_eq!(hubs(&[one]), ["https://h.example/a"]);
        assert_eq!(
            hubs(&["<a>; rel=hub", "<b> ;title=\"x, <y>; rel=hub\" ; REL = HUB"]),
            ["a", "b"]
        );
        assert_eq!(hubs(&[r#"<a>; rel="self hub""#]), ["a"]);
        assert_eq!(hubs(&[r#"<a,b;c>; rel="hub""#]), ["a,b;c"]);
    }

    #[test]
    fn what_is_about_something_else_is_left_out() {
        assert!(hubs(&["<a>; rel=hubs", "<a>; rev=hub", "<a>", "", "hub", "<a"]).is_empty());
        assert!(hubs(&["<a>; rel=hub; anchor=\"/other\"", "<a>; rel=x; rel=hub"]).is_empty());
    }

    proptest! {
        #[test]
        fn no_header_is_too_odd(header in r#"[<>;,="\\a-z é]{0,60}"#) {
            let found = hubs(&[&header]);
            prop_assert!(found.iter().all(|target| header.contains(target.as_str())));
        }
    }
}
