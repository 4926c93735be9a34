//! The list of topics in force on this node: what the store says, put into the live classifier.

use autoglm_domain::Fault;
use autoglm_inference::{LiveTopics, Taxonomy};
use autoglm_models::Store;

/// Takes over the list of the store, or the built-in one where there is none, and answers it.
///
/// # Errors
/// What the store says, and when a stored list cannot be used; the one in use then stays.
pub async fn follow(topics: &LiveTopics, store: &Store) -> Result<Taxonomy, Fault> {
    let wanted = match store.topic_list().await? {
        Some(row) => Taxonomy::new(row.topics).map_err(fault)?,
        None => Taxonomy::built_in(),
    };
    if topics.taxonomy() != wanted {
        let (live, next) = (topics.clone(), wanted.clone());
        // Milliseconds of mathematics: not on the runtime.
        let replaced = tokio::task::spawn_blocking(move || live.replace(next)).await;
        replaced.map_err(|error| Fault::internal(error.to_string()))?.map_err(fault)?;
        tracing::info!(topics = wanted.topics().len(), "another list of topics is in use");
    }
    Ok(wanted)
}

fn fault(error: autoglm_inference::Error) -> Fault {
    Fault::new(error.fault_kind(), error.to_string())
}

/// What a device reads with, for its label: answers by another list are not given again.
#[must_use]
pub fn label(version: &str, list: i64) -> String {
    if list == Taxonomy::built_in().revision() || list == 0 {
        return version.to_owned();
    }
    format!("{version}, topics {:06x}", list & 0xff_ffff)
}
