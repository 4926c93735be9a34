//! A reader as the store has them: the saved profile, what they follow and what they marked.

use super::reader::{Followed, ReaderProfile};
use autoglm_domain::{Fault, ReaderId, Timestamp};
use autoglm_models::Store;
use autoglm_ranking::{PROFILE_VERSION, Profile, WindowSnapshot};
use std::sync::Arc;
use std::time::Duration;

/// Marks older than this do not matter to a window of news.
const MARKS_SINCE: Duration = Duration::from_secs(30 * 24 * 3600);

/// The version of a stored profile: that of the mathematics, and the space of the vectors.
pub(crate) fn profile_version(space: u64) -> i64 {
    let space = i64::try_from(space).unwrap_or_default() & 0xFF_FFFF_FFFF;
    (space << 16) | i64::from(PROFILE_VERSION)
}

/// The reader with the profile that was saved last; events after it are not learned yet.
///
/// # Errors
/// What the store says.
pub(crate) async fn stored_reader(
    store: &Store,
    reader: ReaderId,
    space: u64,
    window: &WindowSnapshot,
    now: Timestamp,
) -> Result<ReaderProfile, Fault> {
    let (profile, seq) = match store.load_profile(reader).await? {
        Some(row) if row.version == profile_version(space) => {
            decoded(reader, &row.bytes, row.last_event_seq)
        }
        // Of another version of the mathematics or another space, or none: learned again from the
        // first event.
        _ => (Profile::new(), 0),
    };
    let followed = followed(store, reader).await?;
    let marks = store.marks_of(reader, now.minus(MARKS_SINCE)).await?;
    let mut state = ReaderProfile::new(profile, seq, followed, now);
    state.exclude(&marks, window);
    Ok(state)
}

/// The reader's subscriptions under the titles they gave them.
///
/// # Errors
/// What the store says.
pub(crate) async fn followed(store: &Store, reader: ReaderId) -> Result<Followed, Fault> {
    let rows = store.subscriptions(reader).await?;
    Ok(Followed::new(rows.into_iter().map(|row| {
        let own = row.title_override.filter(|title| !title.is_empty());
        (row.source.id, Arc::from(own.unwrap_or(row.source.title)))
    })))
}

/// A stored profile; one that cannot be read is learned again from the first event.
fn decoded(reader: ReaderId, bytes: &[u8], seq: i64) -> (Profile, i64) {
    match Profile::decode(bytes) {
        Ok(profile) => (profile, seq),
        Err(error) => {
            tracing::warn!(%error, %reader, "a stored profile is unreadable; learning it again");
            (Profile::new(), 0)
        }
    }
}
