//! Writing with a pen that says what it is told, when it is told.

use super::*;
use crate::pipeline_testing::{NODE, draft, eventually, onlooker, store};
use crate::summaries::StoreSummaries;
use autoglm_domain::{ArticleStage, FaultKind, SourceId, SystemClock};
use autoglm_inference::{
    Error, Generate, GenerateRequest, Generated, Model, ModelId, Result as InferenceResult,
};
use autoglm_models::{PlacementRow, PlacementStory};
use autoglm_protocol::remote_engine::Asking;
use autoglm_protocol::writer::{Summaries as _, WriterHandle, WriterView};
use std::ops::ControlFlow;
use tempfile::TempDir;
use tokio::sync::Semaphore;

const LEAD: &str = "The council of Northport opened a new tram line on Monday. The line links the \
    port with the centre and cost 40 million euros. Tickets stay at two euros, said Mayor Ruiz. \
    The old bus keeps running until the end of the year, and nobody knows what comes then. ";
const SUMMARY: &str = "Northport opened a tram line for 40 million euros.";
const ADA: ReaderId = ReaderId(1);

/// Says `says` in two pieces, one text for each permit.
#[derive(Debug)]
struct Scripted {
    says: Mutex<Result<String, Fault>>,
    gate: Semaphore,
    asked: Mutex<Vec<Option<ReaderId>>>,
}

#[async_trait::async_trait]
impl Pen for Scripted {
    fn version(&self) -> String {
        "scripted-1".to_owned()
    }

    fn state(&self) -> PenState {
        PenState::Ready
    }

    fn parallel(&self) -> usize {
        1
    }

    async fn write(
        &self,
        _: GenerateRequest,
        asking: Asking,
        pieces: Option<mpsc::Sender<String>>,
    ) -> Result<Draft, Fault> {
        self.asked.lock().expect("whole").push(asking.reader);
        let text = self.says.lock().expect("whole").clone();
        if let (Some(pieces), Ok(text)) = (&pieces, &text) {
            pieces.send(text.chars().take(5).collect()).await.ok();
        }
        self.gate.acquire().await.expect("open").forget();
        let text = text?;
        if let Some(pieces) = &pieces {
            pieces.send(text.chars().skip(5).collect()).await.ok();
        }
        Ok(Draft { text, is_cut: false })
    }
}

struct Room {
    store: Store,
    pen: Arc<Scripted>,
    summaries: StoreSummaries,
    handle: WriterHandle,
    status: StatusCell<WriterStatus>,
    _folder: TempDir,
}

async fn room(open: usize, config: WriterConfig) -> Room {
    let (store, folder) = store().await;
    let reader = store.ensure_local_reader().await.expect("a reader").id;
    assert_eq!(reader, ADA);
    store.subscribe(reader, SourceId(1), None, None).await.expect("subscribed");
    let pen = Arc::new(Scripted {
        says: Mutex::new(Ok(SUMMARY.to_owned())),
        gate: Semaphore::new(open),
        asked: Mutex::default(),
    });
    let address = Address::new("writer", ORDERS_MAX);
    let handle = WriterHandle(address.clone());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let args = WriterArgs::new(store.clone(), NODE, pen.clone(), config, clock, address);
    let status = args.status().clone();
    let view = WriterView { name: pen.version() };
    let summaries = StoreSummaries::new(store.clone(), Some((handle.clone(), view)));
    WriterActor::spawn(args, onlooker().await).await.expect("an actor");
    Room { store, pen, summaries, handle, status, _folder: folder }
}

const ASKED: WriterConfig = WriterConfig { is_unasked: false, hourly_max: 0, reader_daily_max: 3 };

impl Room {
    async fn article(&self, number: u64) -> ArticleId {
        let mut one = draft(1, number);
        one.title = "Tram line opened".to_owned();
        one.language = Some(Language::ENGLISH);
        one.content_text = LEAD.repeat(2);
        let stored = self.store.insert_articles(vec![one], None).await.expect("stored");
        stored[0].article_id()
    }

    /// Through every stage to the end of its way.
    async fn placed(&self, number: u64) -> ArticleId {
        let id = self.article(number).await;
        for stage in [ArticleStage::Stored, ArticleStage::Indexed] {
            let lease = Duration::from_secs(9);
            let claimed = self.store.claim_articles(stage, 1, lease, NODE).await.expect("claimed");
            assert_eq!(claimed[0].id, id);
            match stage {
                ArticleStage::Stored => {
                    let entry =
                        autoglm_models::IndexEntry { article_id: id, tokens: String::new() };
                    self.store.finish_index(vec![entry]).await.expect("indexed");
                }
                _ => {
                    let reading = autoglm_domain::Understanding {
                        article_id: id,
                        model_version: "baseline-1".into(),
                        embedding: autoglm_domain::QuantizedEmbedding::from_embedding(
                            &autoglm_domain::Embedding::zero(),
                        ),
                        topics: Vec::new(),
                        topic_list: 0,
                        entities: Vec::new(),
                        keywords: Vec::new(),
                        summary: "The council opened a new tram line.".into(),
                    };
                    self.store.store_understandings(vec![reading]).await.expect("understood");
                }
            }
        }
        let story = PlacementStory::New { key: number };
        let row = PlacementRow { article_id: id, story, strand: None, duplicate_of: None };
        self.store.place_articles(vec![row], None).await.expect("placed");
        id
    }

    fn says(&self, says: Result<&str, Fault>) {
        *self.pen.says.lock().expect("whole") = says.map(str::to_owned);
    }

    fn asked(&self) -> usize {
        self.pen.asked.lock().expect("whole").len()
    }
}

#[tokio::test]
async fn what_is_asked_for_is_written_once_and_kept() {
    let room = room(9, ASKED).await;
    let id = room.article(1).await;
    let (pieces, mut heard) = mpsc::channel(16);
    let answer = room.summaries.write(ADA, id, Language::ENGLISH, Some(pieces)).await;
    let answer = answer.expect("written");
    assert_eq!((answer.summary.text.as_str(), answer.refused), (SUMMARY, None));
    assert_eq!(answer.summary.by.as_deref(), Some("scripted-1"));
    let mut text = String::new();
    while let Some(piece) = heard.recv().await {
        text.push_str(&piece);
    }
    assert_eq!(text, SUMMARY);
    let again = room.summaries.write(ADA, id, Language::ENGLISH, None).await.expect("kept");
    assert_eq!((again.summary.text.as_str(), room.asked()), (SUMMARY, 1));
    assert!(again.summary.written_at.is_some());
    let shown = room.summaries.summary(ADA, id, None).await.expect("there");
    assert!(shown.is_written && shown.text == SUMMARY);
}

#[tokio::test]
async fn what_may_not_stand_is_refused_with_the_reason_and_what_is_there_stands() {
    let room = room(9, ASKED).await;
    let id = room.placed(1).await;
    room.says(Ok("Northport opened a tram line for 50 million euros."));
    let answer = room.summaries.write(ADA, id, Language::ENGLISH, None).await.expect("answered");
    let refused = answer.refused.expect("refused");
    assert_eq!(refused.kind, "invented_number");
    assert!(refused.reason.contains("50 million"), "{refused:?}");
    assert!(!answer.summary.is_written);
    assert_eq!(answer.summary.text, "The council opened a new tram line.");
    let shown = room.summaries.summary(ADA, id, Some(Language::CHINESE)).await.expect("there");
    assert_eq!((shown.is_written, shown.language), (false, Some(Language::ENGLISH)));
    room.says(Ok(SUMMARY));
    let again = room.summaries.write(ADA, id, Language::ENGLISH, None).await.expect("answered");
    assert_eq!(again.refused, None, "a reader may try again");
    eventually("counted", || async {
        let status = room.status.get();
        (status.written_total, status.refused_total) == (1, 1)
    })
    .await;
}

#[tokio::test]
async fn who_asks_for_what_is_being_written_joins_and_hears_it_from_the_beginning() {
    let room = room(0, ASKED).await;
    let id = room.article(1).await;
    let summaries = room.summaries.clone();
    let first =
        tokio::spawn(async move { summaries.write(ADA, id, Language::ENGLISH, None).await });
    eventually("it is being written", || async { room.asked() == 1 }).await;
    let (pieces, mut heard) = mpsc::channel(16);
    let summaries = room.summaries.clone();
    let second =
        tokio::spawn(
            async move { summaries.write(ADA, id, Language::ENGLISH, Some(pieces)).await },
        );
    assert_eq!(heard.recv().await.as_deref(), Some("North"));
    room.pen.gate.add_permits(1);
    for asked in [first, second] {
        let answer = asked.await.expect("no panic").expect("written");
        assert_eq!(answer.summary.text, SUMMARY);
    }
    assert_eq!(room.asked(), 1);
}

#[tokio::test]
async fn a_readers_day_is_used_up_and_failures_do_not_count() {
    let room = room(9, ASKED).await;
    let mut articles = Vec::new();
    for number in 1..=4 {
        articles.push(room.article(number).await);
    }
    room.says(Err(Fault::unavailable("the engine is away", Duration::from_secs(7))));
    let fault = room.summaries.write(ADA, articles[0], Language::ENGLISH, None).await;
    let fault = fault.expect_err("away");
    assert_eq!(
        (fault.kind, fault.retry_after),
        (FaultKind::Unavailable, Some(Duration::from_secs(7)))
    );
    room.says(Ok(SUMMARY));
    for id in &articles[..3] {
        room.summaries.write(ADA, *id, Language::ENGLISH, None).await.expect("within the day");
    }
    let fault = room.summaries.write(ADA, articles[3], Language::ENGLISH, None).await;
    let fault = fault.expect_err("used up");
    assert_eq!(fault.kind, FaultKind::Overloaded);
    assert!(fault.message.contains("write_reader_daily"), "{fault}");
    assert!(fault.retry_after.is_some());
    room.summaries.write(ADA, articles[0], Language::ENGLISH, None).await.expect("kept is free");
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_given_up_and_can_be_asked_for_again() {
    let room = room(0, ASKED).await;
    let id = room.article(1).await;
    let summaries = room.summaries.clone();
    let gone = tokio::spawn(async move { summaries.write(ADA, id, Language::ENGLISH, None).await });
    eventually("it is being written", || async { room.asked() == 1 }).await;
    gone.abort();
    gone.await.expect_err("gone");
    room.pen.gate.add_permits(2);
    let again = room.summaries.write(ADA, id, Language::ENGLISH, None).await.expect("written");
    assert_eq!(again.summary.text, SUMMARY);
}

#[tokio::test]
async fn unasked_new_articles_are_written_about_one_after_the_other() {
    let unasked = WriterConfig { is_unasked: true, hourly_max: 2, reader_daily_max: 0 };
    let room = room(9, unasked).await;
    for number in 1..=3 {
        room.placed(number).await;
    }
    eventually("the hour's share is written", || async { room.status.get().unasked_total == 2 })
        .await;
    assert_eq!(*room.pen.asked.lock().expect("whole"), [None, None], "in nobody's name");
    let count = |ids: [i64; 3]| {
        let summaries = room.summaries.clone();
        async move {
            let mut written = Vec::new();
            for id in ids {
                let shown = summaries.summary(ADA, ArticleId(id), None).await.expect("there");
                written.push(shown.is_written);
            }
            written
        }
    };
    assert_eq!(count([1, 2, 3]).await.iter().filter(|written| **written).count(), 2);
}

#[tokio::test]
async fn without_a_writer_one_is_told_what_to_do() {
    let room = room(9, ASKED).await;
    let id = room.article(1).await;
    let nobody = StoreSummaries::new(room.store.clone(), None);
    let fault = nobody.write(ADA, id, Language::ENGLISH, None).await.expect_err("nobody");
    assert_eq!(fault.kind, FaultKind::Conflict);
    assert!(fault.message.contains("understanding.writer"), "{fault}");
    let other = room.store.add_reader("other", Language::ENGLISH).await.expect("added").id;
    let fault = room.summaries.write(other, id, Language::ENGLISH, None).await.expect_err("theirs");
    assert_eq!(fault.kind, FaultKind::NotFound);
    assert_eq!(room.handle.0.in_flight(), 0);
}

/// A decoder that breaks when it is told to.
#[derive(Debug)]
struct Brittle;

impl Model for Brittle {
    fn id(&self) -> ModelId {
        ModelId::new("brittle", 1)
    }
}

impl Generate for Brittle {
    fn generate(
        &self,
        requests: &[GenerateRequest],
        on_text: &mut dyn FnMut(usize, &str) -> ControlFlow<()>,
    ) -> Vec<InferenceResult<Generated>> {
        let text = &requests[0].messages[1].text;
        assert!(!text.contains("break"), "told to");
        let finish = match on_text(0, "Hello") {
            ControlFlow::Continue(()) => autoglm_inference::Finish::Ended,
            ControlFlow::Break(()) => autoglm_inference::Finish::Cancelled,
        };
        vec![Ok(Generated { text: "Hello".into(), finish, prompt_tokens: 1, tokens: 1 })]
    }
}

#[derive(Debug)]
struct Loader(bool);

impl LoadDecoder for Loader {
    fn load_decoder(&self, name: &str) -> Result<Arc<dyn Generate>, Fault> {
        match self.0 {
            true => Ok(Arc::new(Brittle)),
            false => {
                let model = name.to_owned();
                let reason = "its weights are missing".to_owned();
                Err(Fault::invalid(Error::InvalidModel { model, reason }.to_string()))
            }
        }
    }
}

fn request(text: &str) -> GenerateRequest {
    let article =
        TextInput { title: text.to_owned(), lead: LEAD.to_owned(), ..TextInput::default() };
    autoglm_inference::summary_request(&article, None)
}

const SOON: Asking = Asking { reader: None, within: Duration::from_secs(20) };

#[tokio::test]
async fn a_decoder_that_cannot_be_loaded_says_why_and_the_node_lives_on() {
    let pen = DecoderPen::start("tiny-1", Arc::new(Loader(false)));
    eventually("it is known", || async { matches!(pen.state(), PenState::Broken(_)) }).await;
    let fault = pen.write(request("a"), SOON, None).await.expect_err("cannot write");
    assert_eq!(fault.kind, FaultKind::Unavailable);
    assert!(fault.message.contains("weights are missing"), "{fault}");
}

#[tokio::test]
async fn a_decoder_that_breaks_takes_one_text_along_and_is_not_asked_again() {
    let pen = DecoderPen::start("tiny-1", Arc::new(Loader(true)));
    eventually("it is loaded", || async { pen.state() == PenState::Ready }).await;
    let (pieces, mut heard) = mpsc::channel(4);
    let draft = pen.write(request("a"), SOON, Some(pieces)).await.expect("written");
    assert_eq!((draft.text.as_str(), heard.recv().await.as_deref()), ("Hello", Some("Hello")));
    let (pieces, heard) = mpsc::channel(4);
    drop(heard);
    let fault = pen.write(request("a"), SOON, Some(pieces)).await.expect_err("nobody listens");
    assert_eq!(fault.kind, FaultKind::Timeout);
    let fault = pen.write(request("break"), SOON, None).await.expect_err("broken");
    assert_eq!(fault.kind, FaultKind::Unavailable);
    eventually("it is known", || async { matches!(pen.state(), PenState::Broken(_)) }).await;
    let fault = pen.write(request("a"), SOON, None).await.expect_err("not asked");
    assert!(fault.message.contains("in the middle of a text"), "{fault}");
}
