//! The articles of topics that readers made: those in the window that are like the topic's
//! description, and those with one of its words in their title.

use crate::article_window::ArticleWindowCell;
use crate::inference_gateway::InferenceGateway;
use crate::live_models::VectorSpace;
use autoglm_domain::{
    ArticleId, Fault, Priority, QuantizedEmbedding, ReaderTopic, ReaderTopicId, ReaderTopicText,
    Timestamp, TopicDefinition,
};
use autoglm_inference::{SeedClassifier, Taxonomy, TextInput};
use autoglm_protocol::inference_pool::Text;
use autoglm_ranking::WindowSnapshot;
use autoglm_ranking::topic_probe::TopicProbe;
use moka::future::Cache;
use std::sync::Arc;
use std::time::Duration;

/// Articles of a topic at most, the newest.
const MEMBERS_MAX: usize = 5_000;
/// How long a person waits for the vectors of a topic.
const WITHIN: Duration = Duration::from_secs(10);
/// How long a list is shown before the window is looked through again.
const FRESH: Duration = Duration::from_secs(5);
/// Topics remembered.
const REMEMBERED: u64 = 2_000;

/// Which state of a topic, in which space of vectors.
type Made = (ReaderTopicId, Timestamp, u64);

/// Looks the window through. Clones share what is remembered.
#[derive(Clone, Debug)]
pub struct ReaderLists {
    window: ArticleWindowCell,
    pool: InferenceGateway,
    space: VectorSpace,
    probes: Cache<Made, Arc<Probe>>,
    members: Cache<Made, Arc<[ArticleId]>>,
}

/// What tells whether an article belongs to a topic.
#[derive(Debug)]
struct Probe {
    meaning: TopicProbe,
    words: SeedClassifier,
}

impl ReaderLists {
    /// Over a window, whose vectors are made by this pool.
    #[must_use]
    pub fn new(window: ArticleWindowCell, pool: InferenceGateway, space: VectorSpace) -> Self {
        let probes = Cache::builder().max_capacity(REMEMBERED).build();
        let members = Cache::builder().max_capacity(200).time_to_live(FRESH).build();
        Self { window, pool, space, probes, members }
    }

    /// Ids of the topic's articles in the window, whoever may see them, newest first.
    ///
    /// # Errors
    /// `Unavailable`, `Overloaded` or `Timeout` while no device makes vectors.
    pub async fn members(&self, topic: &ReaderTopic) -> Result<Arc<[ArticleId]>, Fault> {
        let made = (topic.id, topic.changed_at, self.space.shown());
        let found = self.members.try_get_with(made, self.look(made, topic)).await;
        found.map_err(|fault: Arc<Fault>| Fault::clone(&fault))
    }

    async fn look(&self, made: Made, topic: &ReaderTopic) -> Result<Arc<[ArticleId]>, Fault> {
        let probe = self.probes.try_get_with(made, self.probe(&topic.text)).await;
        let probe = probe.map_err(|fault: Arc<Fault>| Fault::clone(&fault))?;
        let (window, width) = (self.window.load_full(), topic.text.width);
        // Tens of milliseconds of comparing: not on the runtime.
        let found = tokio::task::spawn_blocking(move || {
            members_of(&window, |row| probe.meaning.takes(row, width) || probe.names(row.title()))
        });
        found.await.map_err(|error| Fault::internal(error.to_string()))
    }

    async fn probe(&self, text: &ReaderTopicText) -> Result<Arc<Probe>, Fault> {
        let words = SeedClassifier::new(alone(text)?);
        let others = Taxonomy::built_in();
        let others = others.topics().iter().map(described);
        let texts: Vec<Text> = std::iter::once(described_by(text)).chain(others).collect();
        let asked = texts.len();
        let answers = self.pool.understand(texts, Priority::Interactive, WITHIN).await?;
        let mut vectors = answers
            .items
            .into_iter()
            .map(|item| QuantizedEmbedding::from_embedding(&item.embedding));
        let own = vectors.next().filter(|_| vectors.len() + 1 == asked);
        let own = own.ok_or_else(|| Fault::internal("the pool answered fewer texts than asked"))?;
        let meaning = TopicProbe::new(own, vectors.collect());
        Ok(Arc::new(Probe { meaning, words }))
    }
}

impl Probe {
    /// Whether a title has the topic's name or one of its words.
    fn names(&self, title: &str) -> bool {
        let text = TextInput { title: title.to_owned(), ..TextInput::default() };
        self.words.evidence(&text).iter().any(|evidence| *evidence > 0.0)
    }
}

fn members_of(
    window: &WindowSnapshot,
    belongs: impl Fn(autoglm_ranking::window::Row<'_>) -> bool,
) -> Arc<[ArticleId]> {
    let mut found: Vec<(Timestamp, ArticleId)> = window
        .rows()
        .filter(|row| belongs(*row))
        .map(|row| (row.published_at(), row.article_id()))
        .collect();
    found.sort_unstable_by(|left, right| right.cmp(left));
    found.into_iter().take(MEMBERS_MAX).map(|(_, id)| id).collect()
}

/// A list of this topic only: its name is a word like its seeds.
fn alone(text: &ReaderTopicText) -> Result<Taxonomy, Fault> {
    let topic = TopicDefinition {
        key: "own".to_owned(),
        en: text.name.clone(),
        zh: text.name.clone(),
        description: text.description.clone().into(),
        seeds: text.seeds.clone(),
    };
    Taxonomy::new(vec![topic]).map_err(|error| Fault::invalid(error.to_string()))
}

/// A topic as a text that says what it is about.
fn described_by(text: &ReaderTopicText) -> Text {
    let lead = format!("{} {}", text.description, text.seeds.join(" "));
    Text { title: text.name.clone(), lead, language: None, tokens: None }
}

fn described(topic: &TopicDefinition) -> Text {
    let description = &topic.description;
    let seeds = topic.seeds.join(" ");
    Text {
        title: format!("{} {}", topic.en, topic.zh),
        lead: format!("{} {} {seeds}", description.en, description.zh),
        language: None,
        tokens: None,
    }
}
