//! One piece of work from its claim to its end: claimed in the store, written, judged, kept.

use super::audience::Audience;
use super::pen::Pen;
use autoglm_domain::{ArticleId, Fault, FaultKind, Incarnation, Language, ReaderId, Timestamp};
use autoglm_inference::{
    LEAD_BYTES_MAX, Refusal, TextInput, judge_summary, needs_writer, summary_request,
};
use autoglm_models::{Claim, Store, SummaryOutcome, SummaryWork, Unasked, UnwrittenArticle};
use autoglm_protocol::remote_engine::Asking;
use autoglm_protocol::writer::{Writing, WritingRefused};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How long a pen may take for a text, an engine's retries included.
const WITHIN: Duration = Duration::from_secs(120);
/// A claim outlives the pen by what judging and keeping may take.
const LEASE: Duration = Duration::from_secs(150);
/// How long to wait for another node that is at the same summary.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Pieces on their way to those who listen.
const PIECES_MAX: usize = 64;
/// The kind of a refusal by the pen itself.
const BY_WRITER: &str = "writer";

/// What pieces of work share.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    pub(super) store: Store,
    pub(super) claimant: Incarnation,
    pub(super) pen: Arc<dyn Pen>,
}

/// What is to be written.
#[derive(Debug, Clone)]
struct Task {
    work: SummaryWork,
    article: TextInput,
    reader: Option<ReaderId>,
}

impl Desk {
    /// What a reader asked for.
    pub(super) async fn asked(
        &self,
        article_id: ArticleId,
        article: TextInput,
        wished: Language,
        reader: ReaderId,
        audience: &Audience,
    ) -> Result<Writing, Fault> {
        let work = SummaryWork { article_id, language: wished, writer: self.pen.version() };
        match self.claim(&work).await? {
            Claim::Won => {}
            Claim::Done(row) => {
                return Ok(Writing::Stands { text: row.text, written_by: row.writer });
            }
            Claim::Gone => {
                return Err(Fault::not_found(format!("article {article_id} does not exist")));
            }
            Claim::Taken(_) => {
                let message = "another node is writing this summary and is not done yet";
                return Err(Fault::unavailable(message, Duration::from_secs(10)));
            }
        }
        self.finish(Task { work, article, reader: Some(reader) }, Some(audience)).await
    }

    /// The newest article that nobody asked about; `None` when there is nothing to do.
    pub(super) async fn unasked(
        &self,
        since: Timestamp,
        characters_min: u32,
        hourly_max: u32,
    ) -> Option<Result<Writing, Fault>> {
        let (writer, which) = (self.pen.version(), Unasked { since, characters_min, hourly_max });
        let claimed = self.store.claim_unasked_summary(&writer, which, LEASE, self.claimant).await;
        let found = match claimed {
            Ok(found) => found?,
            Err(error) => return Some(Err(error.fault())),
        };
        let extracted = found.summary.clone();
        let task = task_of(found, writer);
        if !needs_writer(&task.article, None, &extracted) {
            let reason = "the article is as short as a summary".to_owned();
            let refused = WritingRefused { kind: "unneeded".to_owned(), reason, claim: None };
            return Some(self.keep(task.work, Writing::Refused(refused)).await);
        }
        Some(self.finish(task, None).await)
    }

    /// Waits a while for whoever else has it.
    async fn claim(&self, work: &SummaryWork) -> Result<Claim, Fault> {
        let until = Instant::now() + WAIT_FOR_OTHERS;
        loop {
            let claimed = self.store.claim_summary(work.clone(), LEASE, self.claimant).await?;
            if !matches!(claimed, Claim::Taken(_)) || Instant::now() >= until {
                return Ok(claimed);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn finish(&self, task: Task, audience: Option<&Audience>) -> Result<Writing, Fault> {
        let work = task.work.clone();
        let written = match self.write(task, audience).await {
            Ok(written) => written,
            Err(fault) if is_about_the_text(&fault, audience.is_none()) => {
                Writing::Refused(WritingRefused {
                    kind: BY_WRITER.to_owned(),
                    reason: fault.message,
                    claim: None,
                })
            }
            Err(fault) => {
                self.store.release_summary(work, self.claimant).await?;
                return Err(fault);
            }
        };
        self.keep(work, written).await
    }

    /// A claim that was lost in the meantime changes nothing for those who wait.
    async fn keep(&self, work: SummaryWork, written: Writing) -> Result<Writing, Fault> {
        let outcome = match &written {
            Writing::Stands { text, .. } => SummaryOutcome::Written(text.clone()),
            Writing::Refused(refused) => {
                SummaryOutcome::Refused(format!("{}: {}", refused.kind, refused.reason))
            }
        };
        if !self.store.finish_summary(work, outcome, self.claimant).await? {
            tracing::debug!("a summary came too late to be kept");
        }
        Ok(written)
    }

    async fn write(&self, task: Task, audience: Option<&Audience>) -> Result<Writing, Fault> {
        let wished = Some(task.work.language);
        let request = summary_request(&task.article, wished);
        let asking = Asking { reader: task.reader, within: WITHIN };
        let draft = match audience {
            None => self.pen.write(request, asking, None).await?,
            Some(audience) => {
                let (pieces, heard) = mpsc::channel(PIECES_MAX);
                let writing = self.pen.write(request, asking, Some(pieces));
                let (draft, ()) = tokio::join!(writing, pass_on(heard, audience));
                draft?
            }
        };
        let written_by = self.pen.version();
        let judged = tokio::task::spawn_blocking(move || {
            judge_summary(&task.article, wished, &draft.text, draft.is_cut)
        });
        let judged = judged
            .await
            .map_err(|error| Fault::internal(format!("judging a summary failed: {error}")))?;
        Ok(match judged {
            Ok(text) => Writing::Stands { text, written_by },
            Err(refusal) => Writing::Refused(refused(&refusal)),
        })
    }
}

/// Whether the same text would fail again. Unasked, a defect is taken for one: it must not hold up
/// the articles after it.
fn is_about_the_text(fault: &Fault, is_unasked: bool) -> bool {
    fault.kind == FaultKind::Invalid || (is_unasked && fault.kind == FaultKind::Internal)
}

/// Passes words on until the pen is done or nobody waits; the latter ends the pen.
async fn pass_on(mut heard: mpsc::Receiver<String>, audience: &Audience) {
    while let Some(piece) = heard.recv().await {
        audience.hear(&piece);
        if audience.has_gone() {
            return;
        }
    }
}

fn refused(refusal: &Refusal) -> WritingRefused {
    let claim = refusal.claim().map(str::to_owned);
    WritingRefused { kind: refusal.kind().to_owned(), reason: refusal.to_string(), claim }
}

fn task_of(found: UnwrittenArticle, writer: String) -> Task {
    let end = found.content_text.floor_char_boundary(LEAD_BYTES_MAX);
    let lead = found.content_text.get(..end).unwrap_or_default().to_owned();
    let article = TextInput { title: found.title, lead, language: Some(found.language) };
    let work = SummaryWork { article_id: found.id, language: found.language, writer };
    Task { work, article, reader: None }
}
