//! StoreSummaries: summaries of articles as readers see them, and the way of asking for one.
//!
//! **Receives** calls of the port `Summaries`. **Sends** reads to the read pool, orders to
//! WriterActor. **Limits** 8 KiB of an article's text go to the writer. **On restart** it keeps
//! nothing.

use crate::library::in_time;
use async_trait::async_trait;
use autoglm_domain::{ArticleId, Fault, Language, ReaderId};
use autoglm_inference::{LEAD_BYTES_MAX, TextInput, needs_writer};
use autoglm_models::{ArticleDetailRow, Store, WrittenSummaryRow};
use autoglm_protocol::writer::{
    AskedSummary, Summaries, SummaryOrder, SummaryView, WriterHandle, WriterView, Writing,
};
use tokio::sync::mpsc;

/// The summaries. Clones share everything.
#[derive(Debug, Clone)]
pub struct StoreSummaries {
    store: Store,
    writer: Option<(WriterHandle, WriterView)>,
}

impl StoreSummaries {
    /// Over a store, and the writer of this node if there is one.
    #[must_use]
    pub fn new(store: Store, writer: Option<(WriterHandle, WriterView)>) -> Self {
        Self { store, writer }
    }

    async fn article(&self, reader: ReaderId, id: ArticleId) -> Result<ArticleDetailRow, Fault> {
        let row = in_time(self.store.article(reader, id)).await?;
        row.ok_or_else(|| {
            Fault::not_found(format!("article {id} does not exist among your sources"))
        })
    }

    /// What a writer wrote in this language: this node's, or else the latest.
    async fn written(
        &self,
        reader: ReaderId,
        article: ArticleId,
        language: Option<Language>,
    ) -> Result<Option<WrittenSummaryRow>, Fault> {
        let mut rows = in_time(self.store.written_summaries(reader, article)).await?;
        rows.retain(|row| Some(row.language) == language);
        let own = self.writer.as_ref().map(|(_, view)| view.name.as_str());
        let at = rows.iter().position(|row| Some(row.writer.as_str()) == own).unwrap_or(0);
        Ok((at < rows.len()).then(|| rows.swap_remove(at)))
    }
}

#[async_trait]
impl Summaries for StoreSummaries {
    fn writer(&self) -> Option<WriterView> {
        self.writer.as_ref().map(|(_, view)| view.clone())
    }

    async fn summary(
        &self,
        reader: ReaderId,
        article: ArticleId,
        language: Option<Language>,
    ) -> Result<SummaryView, Fault> {
        let row = self.article(reader, article).await?;
        let wished = language.or(row.article.language);
        let written = self.written(reader, article, wished).await?;
        Ok(written.map_or_else(|| extracted(row), |written| written_view(article, written)))
    }

    async fn write(
        &self,
        reader: ReaderId,
        article: ArticleId,
        language: Language,
        pieces: Option<mpsc::Sender<String>>,
    ) -> Result<AskedSummary, Fault> {
        let row = self.article(reader, article).await?;
        if let Some(written) = self.written(reader, article, Some(language)).await? {
            return Ok(stands(written_view(article, written)));
        }
        let Some((writer, _)) = &self.writer else { return Err(nobody_writes()) };
        let input = input_of(&row);
        if !needs_writer(&input, Some(language), &row.article.summary) {
            return Ok(stands(extracted(row)));
        }
        let order = SummaryOrder {
            article_id: article,
            title: input.title,
            lead: input.lead,
            language: input.language,
            wished: language,
            reader,
        };
        match writer.write(order, pieces).await? {
            Writing::Stands { text, written_by } => Ok(stands(SummaryView {
                article_id: article,
                language: Some(language),
                text,
                is_written: true,
                by: Some(written_by),
                written_at: None,
            })),
            Writing::Refused(refused) => {
                Ok(AskedSummary { summary: extracted(row), refused: Some(refused) })
            }
        }
    }
}

fn stands(summary: SummaryView) -> AskedSummary {
    AskedSummary { summary, refused: None }
}

fn nobody_writes() -> Fault {
    Fault::conflict(
        "nobody writes summaries on this node; name an engine for words or a decoder of the folder \
         of models in understanding.writer",
    )
}

fn input_of(row: &ArticleDetailRow) -> TextInput {
    let end = row.content_text.floor_char_boundary(LEAD_BYTES_MAX);
    TextInput {
        title: row.article.title.clone(),
        lead: row.content_text.get(..end).unwrap_or_default().to_owned(),
        language: row.article.language,
    }
}

fn extracted(row: ArticleDetailRow) -> SummaryView {
    SummaryView {
        article_id: row.article.id,
        language: row.article.language,
        text: row.article.summary,
        is_written: false,
        by: row.model_version,
        written_at: None,
    }
}

fn written_view(article_id: ArticleId, row: WrittenSummaryRow) -> SummaryView {
    SummaryView {
        article_id,
        language: Some(row.language),
        text: row.text,
        is_written: true,
        by: Some(row.writer),
        written_at: Some(row.written_at),
    }
}
