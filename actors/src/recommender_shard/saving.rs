//! Writes profiles under the shard's fence, several at once so that they share a group commit.

use autoglm_domain::{Fault, FaultKind, Fence, ReaderId};
use autoglm_models::Store;
use autoglm_ranking::Profile;
use futures_util::StreamExt;
use std::sync::Arc;

/// Writes under way at once.
const WRITES_MAX: usize = 32;

/// What was saved, and why something was not.
#[derive(Debug, Default)]
pub(super) struct Saved {
    /// Readers with the last event in the saved profile.
    pub(super) saved: Vec<(ReaderId, i64)>,
    /// The first failure; `Fenced` goes before any other.
    pub(super) fault: Option<Fault>,
}

/// Saves profiles; stops when the shard has moved.
pub(super) async fn save_all(
    store: &Store,
    fence: Fence,
    version: i64,
    profiles: Vec<(ReaderId, Arc<Profile>, i64)>,
) -> Saved {
    let writes = futures_util::stream::iter(profiles).map(|(reader, profile, seq)| {
        let store = store.clone();
        async move {
            let bytes = profile.encode();
            let written = store.save_profile(reader, bytes, version, seq, Some(fence)).await;
            written.map(|()| (reader, seq)).map_err(|error| error.fault())
        }
    });
    let mut writes = writes.buffer_unordered(WRITES_MAX);
    let mut outcome = Saved::default();
    while let Some(written) = writes.next().await {
        match written {
            Ok(saved) => outcome.saved.push(saved),
            Err(fault) if fault.kind == FaultKind::Fenced => {
                outcome.fault = Some(fault);
                break;
            }
            Err(fault) => {
                outcome.fault.get_or_insert(fault);
            }
        }
    }
    outcome
}
