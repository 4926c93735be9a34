//! The second look at a document: its entries and their fields by the names of the elements alone,
//! whatever encloses them and however they nest.

mod attributes;

use crate::construct::{self, Form};
use crate::parse::ENTRIES_MAX;
use crate::person::{self, Person};
use crate::text;
use crate::vocabulary::{Field, Meaning, Prefixes, Vocabulary, meaning};
use attributes::Attributes;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::borrow::Cow;
use url::Url;

/// Elements may nest this deep within one value; deeper ones are not told apart.
const DEPTH_MAX: usize = 256;
/// Entries open at the same time; further ones are read as part of the last.
const NESTING_MAX: usize = 64;
/// Most links looked at of one entry.
const LINKS_MAX: usize = 50;

/// A document's feed and entries.
#[derive(Debug, Default)]
pub(crate) struct Outline<'a> {
    pub(crate) feed: Fields<'a>,
    /// At most [`ENTRIES_MAX`].
    pub(crate) entries: Vec<Fields<'a>>,
}

/// What was said about a feed or an entry.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a> {
    pub(crate) title: Option<Said<'a>>,
    pub(crate) summary: Option<Said<'a>>,
    pub(crate) description: Option<Said<'a>>,
    pub(crate) content: Option<Said<'a>>,
    pub(crate) id: Option<Said<'a>>,
    pub(crate) published: Option<Said<'a>>,
    pub(crate) updated: Option<Said<'a>>,
    pub(crate) authors: Vec<Person>,
    pub(crate) links: Vec<Link>,
    /// The `xml:base` in scope.
    pub(crate) base: Option<Url>,
}

/// A value as it stands in the document, and how it ranks among those for the same field.
#[derive(Debug, Clone)]
pub(crate) struct Said<'a> {
    inner: Cow<'a, str>,
    form: Form,
    /// The `xml:base` in scope, when it is told inside of the document.
    pub(crate) base: Option<Url>,
    rank: u8,
}

impl Said<'_> {
    /// As HTML or as escaped text, whichever it came as.
    pub(crate) fn value(&self) -> String {
        construct::value(&self.inner, self.form)
    }

    /// As HTML.
    pub(crate) fn html(&self) -> String {
        construct::html(&self.inner, self.form)
    }

    /// As a line of characters.
    pub(crate) fn line(&self) -> String {
        line(&self.inner)
    }

    /// Whether it is written the usual way, under the usual name: what feed-rs reads itself.
    pub(crate) fn is_usual(&self) -> bool {
        self.rank <= 1 && self.form == Form::Markup && !construct::has_elements(&self.inner)
    }

    /// Whether the value is an id of Atom, which is an address by definition.
    pub(crate) fn is_address(&self) -> bool {
        self.rank == 0
    }
}

/// A link as it stands in the document.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) href: String,
    pub(crate) relation: Option<String>,
    pub(crate) media_type: Option<String>,
    pub(crate) base: Option<Url>,
}

/// Reads well-formed or nearly well-formed XML; what it cannot read ends the outline.
/// `document_base` is only what an `xml:base` that is relative itself refers to.
pub(crate) fn read<'a>(document: &'a str, document_base: Option<&'a Url>) -> Outline<'a> {
    let mut walk = Walk::new(document, document_base);
    walk.run();
    walk.outline
}

struct Walk<'a> {
    document: &'a str,
    document_base: Option<&'a Url>,
    reader: Reader<&'a [u8]>,
    /// Where in the document the reader began.
    offset: usize,
    prefixes: Prefixes,
    outline: Outline<'a>,
    /// Where the entries being read are in the outline, the innermost last.
    open: Vec<usize>,
    /// An event that ended a value without belonging to it.
    pending: Option<(Event<'a>, usize)>,
    rooted: bool,
}

impl<'a> Walk<'a> {
    fn new(document: &'a str, document_base: Option<&'a Url>) -> Self {
        Self {
            document,
            document_base,
            reader: reader_of(document),
            offset: 0,
            prefixes: Prefixes::default(),
            outline: Outline::default(),
            open: Vec::new(),
            pending: None,
            rooted: false,
        }
    }

    /// The next event and where it begins.
    fn next(&mut self) -> Option<(Event<'a>, usize)> {
        if let Some(pending) = self.pending.take() {
            return Some(pending);
        }
        let at = self.position();
        match self.reader.read_event() {
            Ok(Event::Eof) | Err(_) => None,
            Ok(event) => Some((event, at)),
        }
    }

    fn position(&self) -> usize {
        let read = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
        self.offset.saturating_add(read)
    }

    /// What stands inside an element without children, skipped at once: the reader would stop at
    /// every reference in it.
    fn characters(&mut self, name: &str) -> Option<&'a str> {
        let start = self.position();
        let rest = self.document.get(start..)?;
        let mut at = rest.find('<')?;
        while rest[at..].starts_with("<![CDATA[") {
            at += text::find(&rest[at..], "]]>")?;
            at += rest[at..].find('<')?;
        }
        let after = rest[at..].strip_prefix("</")?.strip_prefix(name)?.strip_prefix('>')?;
        self.offset = self.document.len() - after.len();
        self.reader = reader_of(after);
        Some(&rest[..at])
    }

    fn run(&mut self) {
        while let Some((event, _)) = self.next() {
            match event {
                Event::Start(tag) => self.start(&tag, false),
                Event::Empty(tag) => self.start(&tag, true),
                Event::End(tag) => self.end(tag.name().0),
                _ => {}
            }
            if self.outline.entries.len() > ENTRIES_MAX {
                self.outline.entries.truncate(ENTRIES_MAX);
                return;
            }
        }
        // The document breaks off in this one: what is missing may be the better half.
        if let Some(cut) = self.open.pop() {
            self.outline.entries.truncate(cut);
        }
    }

    fn end(&mut self, name: &str) {
        let (vocabulary, local) = self.prefixes.resolve(name);
        if vocabulary == Vocabulary::Core && is_outermost(local) {
            // The end of the whole ends what was left open in it.
            self.open.clear();
        } else if meaning(vocabulary, local) == Meaning::Entry {
            self.open.pop();
        }
    }

    fn start(&mut self, tag: &BytesStart<'a>, empty: bool) {
        let attributes = Attributes::of(tag, &mut self.prefixes);
        let (mut vocabulary, local) = self.prefixes.resolve(tag.name().0);
        if !self.rooted {
            // Whatever its namespace, the root is what the feed is made of.
            self.rooted = true;
            vocabulary = Vocabulary::Core;
        }
        let base = self.base_for(&attributes);
        match meaning(vocabulary, local) {
            Meaning::Entry => self.open_entry(&attributes, base, empty),
            Meaning::Container if vocabulary == Vocabulary::Core => {
                let fields = &mut self.outline.feed;
                fields.base = base.or(fields.base.take());
                push_link(fields, attributes.link());
            }
            Meaning::Container => {}
            Meaning::Value(field, rank) => {
                let inner = if empty { "" } else { self.inside(tag.name().0) };
                self.take(field, rank, inner, &attributes, base);
            }
            Meaning::Other if empty => {}
            Meaning::Other => {
                self.inside(tag.name().0);
            }
        }
    }

    fn fields(&mut self) -> &mut Fields<'a> {
        let entry = self.open.last().and_then(|at| self.outline.entries.get_mut(*at));
        entry.unwrap_or(&mut self.outline.feed)
    }

    /// The element's own `xml:base`, resolved against the one around it.
    fn base_for(&mut self, attributes: &Attributes) -> Option<Url> {
        let around = self.fields().base.clone();
        let Some(own) = &attributes.base else { return around };
        match around.as_ref().or(self.document_base) {
            Some(around) => around.join(own).ok(),
            None => Url::parse(own).ok(),
        }
    }

    /// Entries are told by their own, also within others: a feed may nest them, by design or not.
    fn open_entry(&mut self, attributes: &Attributes, base: Option<Url>, empty: bool) {
        let mut fields = Fields { base, ..Fields::default() };
        push_link(&mut fields, attributes.link());
        if let Some(about) = &attributes.about {
            let inner = Cow::Owned(quick_xml::escape::escape(about.as_str()).into_owned());
            fields.id = Some(Said { inner, form: Form::Plain, base: None, rank: 3 });
        }
        self.outline.entries.push(fields);
        if !empty && self.open.len() < NESTING_MAX {
            self.open.push(self.outline.entries.len() - 1);
        }
    }

    /// What stands inside an element, up to its end tag; an end tag that closes nothing inside, or
    /// the next entry, ends it too.
    fn inside(&mut self, name: &str) -> &'a str {
        if let Some(characters) = self.characters(name) {
            return characters;
        }
        let start = self.position();
        let mut open: Vec<&str> = Vec::new();
        let mut end = start;
        while let Some((event, at)) = self.next() {
            end = at;
            match &event {
                Event::Start(tag) | Event::Empty(tag) if self.begins_entry(tag, name) => {
                    self.pending = Some((event, at));
                    break;
                }
                Event::Start(tag) if open.len() < DEPTH_MAX => {
                    let end = at + 1 + tag.name().0.len();
                    open.push(self.document.get(at + 1..end).unwrap_or(""));
                }
                Event::End(tag) => {
                    let closed = tag.name().0.trim_end();
                    match open.iter().rposition(|inner| *inner == closed) {
                        Some(depth) => open.truncate(depth),
                        None => {
                            if closed != name && self.ends_more(closed) {
                                self.pending = Some((event, at));
                            }
                            break;
                        }
                    }
                }
                _ => {}
            }
            end = self.position();
        }
        self.document.get(start..end).unwrap_or("")
    }

    /// An entry cannot be part of a value, but for content that is XML itself.
    fn begins_entry(&self, tag: &BytesStart<'_>, within: &str) -> bool {
        let (vocabulary, local) = self.prefixes.resolve(tag.name().0);
        meaning(vocabulary, local) == Meaning::Entry && within != "content"
    }

    fn ends_more(&self, name: &str) -> bool {
        let (vocabulary, local) = self.prefixes.resolve(name);
        vocabulary == Vocabulary::Core
            && (is_outermost(local) || meaning(vocabulary, local) == Meaning::Entry)
    }

    fn take(
        &mut self,
        field: Field,
        rank: u8,
        inner: &'a str,
        attributes: &Attributes,
        base: Option<Url>,
    ) {
        let fields = self.fields();
        let place = match field {
            Field::Title => &mut fields.title,
            Field::Summary => &mut fields.summary,
            Field::Description => &mut fields.description,
            Field::Content => &mut fields.content,
            Field::Id => &mut fields.id,
            Field::Published => &mut fields.published,
            Field::Updated => &mut fields.updated,
            Field::Link => return push_link(fields, link(inner, attributes, base)),
            Field::Author => return person::add(&mut fields.authors, author(inner)),
        };
        if !inner.trim().is_empty() && place.as_ref().is_none_or(|said| rank < said.rank) {
            let inner = Cow::Borrowed(inner);
            *place = Some(Said { inner, form: attributes.form(), base, rank });
        }
    }
}

fn reader_of(document: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(document);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    reader
}

fn is_outermost(local: &str) -> bool {
    ["channel", "rss", "rdf", "feed"].iter().any(|name| name.eq_ignore_ascii_case(local))
}

fn line(inner: &str) -> String {
    construct::characters(inner).trim().to_owned()
}

fn push_link(fields: &mut Fields<'_>, link: Option<Link>) {
    if fields.links.len() < LINKS_MAX {
        fields.links.extend(link);
    }
}

/// A link is an attribute in Atom and text in RSS.
fn link(inner: &str, of: &Attributes, base: Option<Url>) -> Option<Link> {
    let href = of.href.clone().unwrap_or_else(|| line(inner));
    (!href.is_empty() && !construct::has_elements(&href)).then(|| Link {
        href,
        relation: of.relation.clone(),
        media_type: of.media_type.clone(),
        base,
    })
}

/// Atom's person has a name inside, RSS's is a line.
fn author(inner: &str) -> Option<Person> {
    if !construct::has_elements(inner) {
        return Person::read(&construct::characters(inner));
    }
    let name = child(inner, "name").and_then(|name| Person::read(&name));
    let email = child(inner, "email").and_then(|email| Person::read(&email));
    match (name, email) {
        (Some(name), Some(email)) => Some(Person { email: email.email.or(name.email), ..name }),
        (None, None) => Person::read(&construct::value(inner, Form::Markup)),
        (name, email) => name.or(email),
    }
}

/// The text of the first child with a local name.
fn child(inner: &str, name: &str) -> Option<String> {
    let mut rest = inner;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, body) = after.split_once('>')?;
        let full = tag.split_whitespace().next().unwrap_or("");
        if full.rsplit(':').next() == Some(name) && !tag.ends_with('/') {
            let text = body.split_once(&format!("</{full}")).map_or(body, |(text, _)| text);
            return Some(construct::characters(text));
        }
        rest = body;
    }
    None
}

#[cfg(test)]
mod tests;
