//! Values about sources.

use autoglm_domain::{
    Health, Private, Source, SourceId, SourceKind, SourceRequest, SourceSettings,
};
use std::time::Duration;

/// Who asks for a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceOrigin {
    /// The configuration, at start; never revives what a person removed.
    Config,
    /// A person; revives what was removed.
    Reader,
}

/// A source that is to be added.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSource {
    /// What sort.
    pub kind: SourceKind,
    /// Where to fetch, unique among what its owner, or everybody, has.
    pub url: String,
    /// How it is read.
    pub settings: SourceSettings,
    /// Whose it is and how it is asked; `None` when it is everybody's.
    pub private: Option<Private>,
    /// Title until the source says its own; the address when empty.
    pub title: String,
    /// Wanted time between fetches.
    pub interval: Duration,
    /// Who asks.
    pub origin: SourceOrigin,
}

/// The answer to adding a source.
#[derive(Debug, Clone, PartialEq)]
pub struct AddedSource {
    /// The source as it is stored now.
    pub source: Source,
    /// Whether it is fetched from now on and was not before.
    pub created: bool,
    /// Whether a person removed it and it stays removed.
    pub removed: bool,
}

/// What is to be changed about a source; `None` leaves a thing as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceChange {
    /// A new title, which the source's own title no longer replaces.
    pub title: Option<String>,
    /// A new time between fetches.
    pub interval: Option<Duration>,
    /// Stops or resumes fetching.
    pub paused: Option<bool>,
    /// A new address; conflicts when another source of the same owner has it.
    pub url: Option<String>,
    /// How it is read from now on.
    pub settings: Option<SourceSettings>,
    /// How it is asked from now on; only of a private source.
    pub request: Option<SourceRequest>,
}

/// What one fetch brought, without its articles.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchResult {
    /// The source.
    pub source_id: SourceId,
    /// Its health from now on.
    pub health: Health,
    /// Validator of the answer; `None` clears it.
    pub etag: Option<String>,
    /// Validator of the answer; `None` clears it.
    pub last_modified: Option<String>,
    /// The title the source gave itself; `None` or empty leaves the stored one.
    pub title: Option<String>,
    /// The source's web page; `None` or empty leaves the stored one.
    pub site_url: Option<String>,
    /// The address it is to have from now on, because it has moved there for good.
    pub adopt_url: Option<String>,
}
