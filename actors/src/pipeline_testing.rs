//! What the tests of the article stages share: a supervisor that only watches, a store in a
//! temporary directory, drafts, and waiting for a condition.

pub(crate) mod line;

use autoglm_domain::{
    ArticleDraft, ArticleIdentity, IdentityKind, Incarnation, MinHashSignature, SourceId,
    SourceKind, SystemClock, Timestamp,
};
use autoglm_models::{DatabaseConfig, NewSource, SourceOrigin, Store};
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Longer than any machine needs; only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A supervisor that lets its children die.
struct Onlooker;

impl Actor for Onlooker {
    type Msg = ();
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<()>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        _: SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}

pub(crate) async fn onlooker() -> ActorCell {
    Actor::spawn(None, Onlooker, ()).await.expect("an onlooker").0.get_cell()
}

/// Waits until the condition holds.
pub(crate) async fn eventually<F: Future<Output = bool>>(
    what: &str,
    mut condition: impl FnMut() -> F,
) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    assert!(waited.await.is_ok(), "it never came true: {what}");
}

/// A migrated store of its own with two sources; it is gone with the directory.
pub(crate) async fn store() -> (Store, TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("test.db");
    let config = DatabaseConfig::for_url(format!("sqlite://{}", path.display()));
    let store = Store::open(&config, Arc::new(SystemClock)).await.expect("a store");
    store.migrate().await.expect("a schema");
    for number in 1..=2 {
        let url = format!("http://s{number}.demo/feed");
        store.add_source(new_source(url)).await.expect("a source");
    }
    (store, directory)
}

fn new_source(url: String) -> NewSource {
    NewSource {
        kind: SourceKind::Feed,
        settings: autoglm_domain::SourceSettings::default(),
        private: None,
        title: url.clone(),
        url,
        interval: Duration::from_secs(300),
        origin: SourceOrigin::Reader,
    }
}

/// A draft of a source; the same number is the same article.
pub(crate) fn draft(source: i64, number: u64) -> ArticleDraft {
    let mut hash = [0; 16];
    hash[..8].copy_from_slice(&number.to_le_bytes());
    let now = autoglm_domain::Clock::now(&SystemClock);
    ArticleDraft {
        source_id: SourceId(source),
        identity: ArticleIdentity { hash, kind: IdentityKind::Guid },
        url: format!("http://s{source}.demo/{number}"),
        canonical_url: format!("http://s{source}.demo/{number}"),
        title: format!("Council number {number} opens a bridge"),
        authors: Vec::new(),
        language: None,
        published_at: Some(Timestamp(now.0 - 1_000)),
        fetched_at: now,
        content_html: format!("<p>The bridge number {number} was opened.</p>"),
        content_text: format!("The bridge number {number} was opened."),
        content_hash: number,
        minhash: MinHashSignature::default(),
    }
}

pub(crate) const NODE: Incarnation = Incarnation(1);
