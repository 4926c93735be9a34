//! Faults that a test of a whole node asks for by configuration; none in normal operation.

use std::sync::Arc;

/// Sources whose actor panics at every fetch. Filled from `testing.panic_source`; cloning shares.
#[derive(Debug, Clone, Default)]
pub struct SourceFaults {
    panic_at: Arc<[String]>,
}

impl SourceFaults {
    /// Panics for every source whose address contains one of these texts; empty texts are ignored.
    #[must_use]
    pub fn panicking(addresses: &[String]) -> Self {
        Self { panic_at: addresses.iter().filter(|text| !text.is_empty()).cloned().collect() }
    }

    /// Called at the begin of every fetch.
    pub(crate) fn strike(&self, url: &str) {
        if self.panic_at.iter().any(|text| url.contains(text)) {
            // An assertion, because failing on purpose is all this type is for.
            assert!(url.is_empty(), "testing.panic_source names {url}");
        }
    }
}
