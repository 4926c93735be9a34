//! One terminal with a shard that answers when the test wants.

use super::*;
use crate::testing_readers::soon;
use async_trait::async_trait;
use autoglm_domain::{ArticleId, Fault, Marks, ReaderEvent, SystemClock};
use autoglm_protocol::push::PushItem;
use autoglm_protocol::view::RankedList;
use tokio::sync::Mutex;

/// Answers watches from a list, one after the other.
#[derive(Debug)]
struct Shard(Mutex<mpsc::Receiver<Result<ReaderAnswer, Fault>>>);

#[async_trait]
impl Readers for Shard {
    async fn ask(&self, _: ReaderRequest) -> Result<ReaderAnswer, Fault> {
        let answer = self.0.lock().await.recv().await;
        answer.unwrap_or_else(|| Err(Fault::internal("no more answers")))
    }
    async fn recommendations(&self, _: ReaderId, _: usize) -> Result<RankedList, Fault> {
        Err(Fault::internal("not asked here"))
    }
    async fn append_events(
        &self,
        _: ReaderId,
        _: Vec<ReaderEvent>,
    ) -> Result<(usize, usize), Fault> {
        Err(Fault::internal("not asked here"))
    }
}

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
        _: ractor::SupervisionEvent,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}

struct Connection {
    terminal: Address<TerminalMessage>,
    cell: ActorCell,
    answers: mpsc::Sender<Result<ReaderAnswer, Fault>>,
    frames: mpsc::Receiver<Frame>,
}

async fn connect(room: usize) -> Connection {
    let (answers, waiting) = mpsc::channel(8);
    let (outlet, frames) = mpsc::channel(room);
    let terminal = Address::new("terminal", 4);
    let args = TerminalArgs {
        reader: ReaderId(1),
        after: None,
        outlet,
        gateway: Incarnation(1),
        readers: Arc::new(Shard(Mutex::new(waiting))),
        meter: PipelineMeter::new(Arc::new(SystemClock)),
        address: terminal.clone(),
    };
    let onlooker = Actor::spawn(None, Onlooker, ()).await.expect("an onlooker").0;
    let cell = TerminalActor::spawn(args, onlooker.get_cell()).await.expect("a terminal");
    Connection { terminal, cell, answers, frames }
}

fn items(count: usize) -> Arc<[PushItem]> {
    let mark = PushItem::Mark { article_id: ArticleId(1), marks: Marks::default() };
    vec![mark; count].into()
}

fn place(seq: u64) -> Result<ReaderAnswer, Fault> {
    Ok(ReaderAnswer::Watching(Watching { stream: 5, seq, missed: Some(Vec::new()) }))
}

fn deliver(connection: &Connection, seq: u64, count: usize) {
    let delivery = Delivery { reader_id: ReaderId(1), stream: 5, seq, items: items(count) };
    connection.terminal.cast(TerminalMessage::Deliver { delivery, traced: true }).expect("running");
}

#[tokio::test]
async fn a_shard_that_is_away_is_asked_again_and_nothing_pushed_meanwhile_is_lost() {
    let mut connection = connect(8).await;
    let away = Fault::unavailable("moving", Duration::from_millis(1));
    connection.answers.send(Err(away)).await.expect("listening");
    deliver(&connection, 11, 1);
    connection.answers.send(place(10)).await.expect("listening");
    let frame = soon("a frame", connection.frames.recv()).await;
    assert_eq!(frame, Some(Frame::Items { seq: 11, items: items(1).to_vec() }));
}

#[tokio::test]
async fn a_full_outlet_gets_one_reset_when_there_is_room_again() {
    let mut connection = connect(1).await;
    connection.answers.send(place(10)).await.expect("listening");
    // The first frame fills the outlet; the next one does not fit.
    soon("the first frame lies there", async {
        while connection.frames.is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
    deliver(&connection, 12, 2);
    tokio::time::sleep(FRAME_PAUSE * 2).await;
    deliver(&connection, 13, 1);
    assert!(matches!(connection.frames.recv().await, Some(Frame::Items { seq: 10, .. })));
    let frame = soon("a reset", connection.frames.recv()).await;
    assert_eq!(frame, Some(Frame::Reset { seq: 13 }));
    deliver(&connection, 14, 1);
    let frame = soon("an item", connection.frames.recv()).await;
    assert_eq!(frame, Some(Frame::Items { seq: 14, items: items(1).to_vec() }));
}

#[tokio::test]
async fn a_terminal_whose_client_has_gone_stops_though_nothing_is_pushed() {
    let connection = connect(1).await;
    drop(connection.frames);
    soon("the end", connection.cell.wait(None)).await.expect("stopped");
}

#[tokio::test]
async fn a_terminal_that_dies_ends_its_connection() {
    let mut connection = connect(4).await;
    connection.cell.kill();
    soon("the end", async { while connection.frames.recv().await.is_some() {} }).await;
}

#[tokio::test]
async fn a_terminal_that_shall_connect_again_has_everything_before_it_ends() {
    let mut connection = connect(8).await;
    deliver(&connection, 11, 1);
    connection.terminal.cast(TerminalMessage::ConnectAgain).expect("running");
    // What is missing is still asked for, and what comes meanwhile is still taken.
    connection.answers.send(place(10)).await.expect("listening");
    deliver(&connection, 12, 1);
    let (mut count, mut last) = (0, 0);
    while let Some(frame) = soon("a frame or the end", connection.frames.recv()).await {
        let Frame::Items { seq, items } = frame else { panic!("{frame:?}") };
        (count, last) = (count + items.len(), seq);
    }
    assert_eq!((count, last), (2, 12));
    soon("the end", connection.cell.wait(None)).await.expect("stopped");
}
