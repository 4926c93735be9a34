//! The attributes of an element that say something about its value.

use super::Link;
use crate::construct::{self, Form};
use crate::vocabulary::Prefixes;
use quick_xml::events::BytesStart;

/// The attributes that matter, unescaped.
#[derive(Default)]
pub(super) struct Attributes {
    pub(super) base: Option<String>,
    pub(super) href: Option<String>,
    pub(super) relation: Option<String>,
    pub(super) media_type: Option<String>,
    mode: Option<String>,
    pub(super) about: Option<String>,
}

impl Attributes {
    /// Of a start tag, whose prefixes are remembered.
    pub(super) fn of(tag: &BytesStart<'_>, prefixes: &mut Prefixes) -> Self {
        let mut found = Self::default();
        for attribute in tag.attributes().with_checks(false).flatten() {
            let value = || Some(construct::characters(&attribute.value).trim().to_owned());
            match attribute.key.0 {
                "xml:base" => found.base = value(),
                "href" | "HREF" => found.href = value(),
                "rel" => found.relation = value(),
                "type" => found.media_type = value(),
                "mode" => found.mode = value(),
                "rdf:about" => found.about = value().filter(|about| !about.is_empty()),
                key if key.starts_with("xmlns:") => prefixes.declare(key, &attribute.value),
                _ => {}
            }
        }
        found
    }

    /// How the inside of the element is to be taken.
    pub(super) fn form(&self) -> Form {
        Form::of(self.media_type.as_deref(), self.mode.as_deref())
    }

    /// The address a channel or an item of CDF carries itself.
    pub(super) fn link(&self) -> Option<Link> {
        let href = self.href.clone().filter(|href| !href.is_empty())?;
        Some(Link { href, relation: None, media_type: None, base: None })
    }
}
