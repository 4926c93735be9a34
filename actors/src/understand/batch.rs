//! One batch of articles at the models: asked together, then one by one when that fails, so that a
//! poisonous text holds up nobody and its article still becomes visible.

use crate::inference_gateway::InferenceGateway;
use crate::stage::{Backoff, CLAIM_LEASE, complaint};
use autoglm_domain::{
    ArticleId, EMBEDDING_DIMENSIONS, Embedding, Fault, Priority, QuantizedEmbedding, Understanding,
};
use autoglm_models::{ClaimedArticle, Store, UnreadArticle};
use autoglm_protocol::inference_pool::{ReadBeside, Text, Understandings, Understood};
use std::time::Duration;
use tokio::time::Instant;

/// Bytes of an article's text that are sent along; the contract's limit.
const LEAD_MAX: usize = 8 * 1024;
/// Model version of an article no model could read: it can be found and tried again later.
pub(super) const UNREADABLE: &str = "none-0";

/// What a batch came to.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Articles that have gone on to the next stage.
    pub(super) stored: usize,
    /// What failed, for the operator.
    pub(super) error: Option<String>,
}

/// Whom a batch talks to.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) store: Store,
    pub(super) pool: InferenceGateway,
    pub(super) within: Duration,
}

impl Worker {
    /// Understands claimed articles and stores the answers. Tries again while the pool or the
    /// store is away, for as long as the claim lasts; after that the articles are claimed anew.
    pub(super) async fn understand(&self, articles: Vec<ClaimedArticle>) -> Report {
        let until = Instant::now() + CLAIM_LEASE.mul_f64(0.8);
        let ids: Vec<ArticleId> = articles.iter().map(|article| article.id).collect();
        let texts: Vec<Text> = articles.into_iter().map(text_of).collect();
        let mut report = Report::default();
        let mut beside = Vec::new();
        let understood = match self.ask(&texts, until).await {
            Ok(mut answers) => {
                beside = taken_beside(&ids, &mut answers);
                understandings(&ids, answers)
            }
            Err(fault) if fault.is_retryable() => {
                report.error = Some(complaint(&fault));
                return report;
            }
            Err(fault) => {
                report.error = Some(complaint(&fault));
                self.one_by_one(&ids, &texts, until, &mut report).await
            }
        };
        match self.store(understood, until).await {
            Ok(stored) => report.stored = stored,
            Err(fault) => report.error = Some(complaint(&fault)),
        }
        self.store_beside(beside).await;
        report
    }

    /// A candidate's readings that are lost are made again when it is promoted.
    async fn store_beside(&self, beside: Vec<Understanding>) {
        if beside.is_empty() {
            return;
        }
        if let Err(error) = self.store.store_readings_beside(beside).await {
            tracing::warn!("a candidate's readings were not stored: {error}");
        }
    }

    async fn one_by_one(
        &self,
        ids: &[ArticleId],
        texts: &[Text],
        until: Instant,
        report: &mut Report,
    ) -> Vec<Understanding> {
        let mut all = Vec::with_capacity(ids.len());
        for (id, text) in ids.iter().zip(texts) {
            match self.ask(std::slice::from_ref(text), until).await {
                Ok(answers) => all.extend(understandings(std::slice::from_ref(id), answers)),
                // The pool is away: the rest of the batch is claimed anew later.
                Err(fault) if fault.is_retryable() => break,
                Err(fault) => {
                    let problem = format!("article {id} cannot be understood: {}", fault.message);
                    tracing::error!(article = id.0, "{problem}");
                    report.error = Some(problem);
                    all.push(unreadable(*id));
                }
            }
        }
        all
    }

    async fn ask(&self, texts: &[Text], until: Instant) -> Result<Understandings, Fault> {
        again_until(until, || self.pool.understand(texts.to_vec(), Priority::Ingest, self.within))
            .await
            .and_then(|answers| {
                if answers.items.len() == texts.len() {
                    return Ok(answers);
                }
                let (answered, asked) = (answers.items.len(), texts.len());
                Err(Fault::internal(format!("the pool answered {answered} of {asked} texts")))
            })
    }

    /// When the database refuses a batch for good, each answer is stored alone and then replaced by
    /// an empty one.
    async fn store(&self, all: Vec<Understanding>, until: Instant) -> Result<usize, Fault> {
        let articles = all.len();
        match self.store_once(&all, until).await {
            Err(fault) if !fault.is_retryable() && articles > 0 => {}
            outcome => return outcome.map(|()| articles),
        }
        for one in all {
            let article_id = one.article_id;
            match self.store_once(&[one], until).await {
                Err(fault) if !fault.is_retryable() => {
                    tracing::error!(
                        article = article_id.0,
                        "its understanding is refused: {fault}"
                    );
                    self.store_once(&[unreadable(article_id)], until).await?;
                }
                outcome => outcome?,
            }
        }
        Ok(articles)
    }

    async fn store_once(&self, all: &[Understanding], until: Instant) -> Result<(), Fault> {
        again_until(until, || async {
            Ok(self.store.store_understandings(all.to_vec()).await.map(|_changed| ())?)
        })
        .await
    }
}

/// Tries again after growing pauses while the fault may pass and there is time.
async fn again_until<T, Fut>(until: Instant, attempt: impl Fn() -> Fut) -> Result<T, Fault>
where
    Fut: Future<Output = Result<T, Fault>>,
{
    let mut backoff = Backoff::default();
    loop {
        match attempt().await {
            Err(fault) if fault.is_retryable() => {
                let pause = backoff.failed(fault.retry_after);
                if Instant::now() + pause >= until {
                    return Err(fault);
                }
                tokio::time::sleep(pause).await;
            }
            outcome => return outcome,
        }
    }
}

fn text_of(article: ClaimedArticle) -> Text {
    Text {
        title: article.title,
        lead: lead_of(article.content_text),
        language: article.language,
        tokens: None,
    }
}

/// The text of an article that is read again: the same that was read at first.
pub(crate) fn text_of_unread(article: &UnreadArticle) -> Text {
    Text {
        title: article.title.clone(),
        lead: lead_of(article.content_text.clone()),
        language: article.language,
        tokens: None,
    }
}

fn lead_of(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(LEAD_MAX));
    text
}

fn taken_beside(ids: &[ArticleId], answers: &mut Understandings) -> Vec<Understanding> {
    let pairs = ids.iter().zip(&mut answers.items);
    pairs.filter_map(|(id, item)| Some(reading_beside(*id, *item.beside.take()?))).collect()
}

/// A candidate's answer as it is stored.
pub(crate) fn reading_beside(article_id: ArticleId, beside: ReadBeside) -> Understanding {
    let ReadBeside { model_version, embedding, topics, topic_list, summary, entities, keywords } =
        beside;
    let item =
        Understood { embedding, topics, topic_list, summary, entities, keywords, beside: None };
    reading_of(article_id, item, model_version)
}

fn understandings(ids: &[ArticleId], answers: Understandings) -> Vec<Understanding> {
    let version = answers.model_version;
    ids.iter().zip(answers.items).map(|(id, item)| reading_of(*id, item, version.clone())).collect()
}

/// An answer as it is stored.
pub(crate) fn reading_of(
    article_id: ArticleId,
    item: Understood,
    model_version: String,
) -> Understanding {
    let embedding = sound(item.embedding);
    Understanding {
        article_id,
        model_version,
        embedding: QuantizedEmbedding::from_embedding(&embedding),
        topics: item.topics,
        topic_list: item.topic_list,
        summary: item.summary,
        entities: item.entities,
        keywords: item.keywords,
    }
}

/// A vector of another size or with NaN would poison ranking: it counts as saying nothing.
pub(super) fn sound(embedding: Embedding) -> Embedding {
    let fits = embedding.0.len() == EMBEDDING_DIMENSIONS;
    if fits && embedding.0.iter().all(|value| value.is_finite()) {
        return embedding;
    }
    Embedding::zero()
}

fn unreadable(article_id: ArticleId) -> Understanding {
    let nothing = Understood {
        embedding: Embedding::zero(),
        topics: Vec::new(),
        topic_list: 0,
        summary: String::new(),
        entities: Vec::new(),
        keywords: Vec::new(),
        beside: None,
    };
    reading_of(article_id, nothing, UNREADABLE.to_owned())
}
