//! Who wrote it: names and addresses out of the ways feeds write people.

use crate::text;

/// Most people kept of one entry.
pub(crate) const PEOPLE_MAX: usize = 20;

/// An author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// The address where no name is told.
    pub(crate) name: String,
    pub(crate) email: Option<String>,
}

impl Person {
    /// Reads `name`, `mail@host (name)`, `name (mail@host)`, `name <mail@host>` or `mail@host`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let (name, email) =
            split(text, '(', ')').or_else(|| split(text, '<', '>')).unwrap_or((text, text));
        // A name has no mark-up, however often it was escaped.
        let name = text::title_line(&text::title_line(name));
        let email = is_address(email).then(|| email.to_owned());
        (!name.is_empty()).then_some(Self { name, email })
    }
}

/// Name and address of a text that has both, one of them in brackets.
fn split(text: &str, open: char, close: char) -> Option<(&str, &str)> {
    let (outside, inside) = text.strip_suffix(close)?.rsplit_once(open)?;
    let (outside, inside) = (outside.trim(), inside.trim());
    match (is_address(outside) || outside.is_empty(), is_address(inside)) {
        (true, _) => Some((inside, outside)),
        (false, true) => Some((outside, inside)),
        (false, false) => None,
    }
}

fn is_address(text: &str) -> bool {
    text.contains('@') && !text.contains(char::is_whitespace)
}

/// Adds somebody who is not there yet.
pub(crate) fn add(people: &mut Vec<Person>, person: Option<Person>) {
    if let Some(person) = person.filter(|person| !people.contains(person))
        && people.len() < PEOPLE_MAX
    {
        people.push(person);
    }
}

/// The names of people, each once.
pub(crate) fn names(people: &[Person]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(people.len());
    for person in people {
        if !names.contains(&person.name) {
            names.push(person.name.clone());
        }
    }
    names
}

/// Their addresses.
pub(crate) fn emails(people: &[Person]) -> Vec<String> {
    people.iter().filter_map(|person| person.email.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_told_from_the_address() {
        for text in ["a@b.example (Ann Lee)", "Ann Lee (a@b.example)", "Ann Lee <a@b.example>"] {
            let person = Person::read(text).expect("is somebody");
            assert_eq!(person.name, "Ann Lee", "{text}");
            assert_eq!(person.email.as_deref(), Some("a@b.example"), "{text}");
        }
    }

    #[test]
    fn an_address_alone_is_the_name_too() {
        let person = Person::read(" a@b.example ").expect("is somebody");
        assert_eq!(
            (person.name.as_str(), person.email.as_deref()),
            ("a@b.example", Some("a@b.example"))
        );
        assert_eq!(
            Person::read("Ann (abroad)").map(|person| person.name).as_deref(),
            Some("Ann (abroad)")
        );
        assert_eq!(Person::read(" "), None);
    }
}
