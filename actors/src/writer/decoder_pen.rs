//! A decoder of the folder of models as a pen: loaded and run on threads of its own, so that
//! neither its long steps nor a panic of it touch the runtime.
//!
//! A model that cannot be loaded, or fails in a way after which it cannot be trusted, is loaded
//! again after a while; until then every question is answered with the reason.

use super::pen::{Draft, Pen, PenState};
use autoglm_domain::{Fault, FaultKind};
use autoglm_inference::{Error, Finish, Generate, GenerateRequest, Generated};
use autoglm_protocol::remote_engine::Asking;
use autoglm_protocol::status::StatusCell;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc as threads};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Texts a decoder writes at a time; each needs memory for its own context.
pub const DECODER_SLOTS: usize = 2;
/// How long a broken decoder is left alone before it is loaded again.
const LOAD_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// How often a thread without work looks whether the model still stands.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Loads decoders of this node.
pub trait LoadDecoder: Send + Sync + fmt::Debug {
    /// The decoder of this name and version.
    ///
    /// # Errors
    /// Why it cannot be had, naming what to do.
    fn load_decoder(&self, name: &str) -> Result<Arc<dyn Generate>, Fault>;
}

/// A text on its way to a thread. Dropped without an answer when the model panics.
struct Job {
    request: GenerateRequest,
    until: Instant,
    pieces: Option<mpsc::Sender<String>>,
    answer: oneshot::Sender<Result<Draft, Fault>>,
}

type Inbox = Arc<Mutex<threads::Receiver<Job>>>;

/// A decoder of this node. The model is given back when the last clone is dropped.
#[derive(Clone)]
pub struct DecoderPen {
    name: String,
    state: StatusCell<PenState>,
    jobs: threads::SyncSender<Job>,
}

impl fmt::Debug for DecoderPen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DecoderPen").field("name", &self.name).finish_non_exhaustive()
    }
}

impl DecoderPen {
    /// Begins to load the decoder of this name; does not wait for it.
    #[must_use]
    pub fn start(name: &str, loader: Arc<dyn LoadDecoder>) -> Self {
        let (jobs, inbox) = threads::sync_channel(DECODER_SLOTS);
        let pen = Self { name: name.to_owned(), state: StatusCell::default(), jobs };
        let (name, state) = (pen.name.clone(), pen.state.clone());
        let thread = std::thread::Builder::new().name(format!("write-{name}"));
        let started = thread.spawn(move || {
            live(&name, loader.as_ref(), &state, &Arc::new(Mutex::new(inbox)));
        });
        if let Err(error) = started {
            pen.state.set(PenState::Broken(format!("its thread cannot be started: {error}")));
        }
        pen
    }

    fn away(&self) -> Fault {
        match &*self.state.get() {
            PenState::Broken(why) => Fault::unavailable(
                format!("the writer {} cannot write: {why}", self.name),
                LOAD_AGAIN_AFTER,
            ),
            _ => Fault::unavailable(
                format!("the writer {} is still being loaded", self.name),
                Duration::from_secs(10),
            ),
        }
    }
}

#[async_trait::async_trait]
impl Pen for DecoderPen {
    fn version(&self) -> String {
        self.name.clone()
    }

    fn state(&self) -> PenState {
        PenState::clone(&self.state.get())
    }

    fn parallel(&self) -> usize {
        DECODER_SLOTS
    }

    async fn write(
        &self,
        request: GenerateRequest,
        asking: Asking,
        pieces: Option<mpsc::Sender<String>>,
    ) -> Result<Draft, Fault> {
        if *self.state.get() != PenState::Ready {
            return Err(self.away());
        }
        let (answer, outcome) = oneshot::channel();
        let job = Job { request, until: Instant::now() + asking.within, pieces, answer };
        self.jobs.try_send(job).map_err(|_full| {
            let message = format!("the writer {} has as much to write as it can", self.name);
            Fault::overloaded(message, Duration::from_secs(5))
        })?;
        outcome.await.unwrap_or_else(|_panicked| Err(self.away()))
    }
}

/// The pen's whole life: load, write, and once more when the model fails; until nobody holds it.
fn live(name: &str, loader: &dyn LoadDecoder, state: &StatusCell<PenState>, inbox: &Inbox) {
    loop {
        state.set(PenState::Loading);
        let why = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            loader.load_decoder(name)
        })) {
            Ok(Ok(model)) => {
                state.set(PenState::Ready);
                tracing::info!(model = name, "the writer is ready");
                match serve(&model, state, inbox) {
                    Served::NobodyLeft => return,
                    Served::Panicked => "it failed in the middle of a text".to_owned(),
                }
            }
            Ok(Err(fault)) => fault.message,
            Err(_panicked) => "loading it failed in our own code; the log says more".to_owned(),
        };
        tracing::error!(model = name, "the writer cannot write: {why}");
        state.set(PenState::Broken(why));
        if !wait_in_vain(name, state, inbox) {
            return;
        }
    }
}

enum Served {
    NobodyLeft,
    Panicked,
}

/// Writes on as many threads as there are slots, until nobody is left or the model panics.
fn serve(model: &Arc<dyn Generate>, state: &StatusCell<PenState>, inbox: &Inbox) -> Served {
    let is_broken = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..DECODER_SLOTS)
            .map(|_| scope.spawn(|| work(model.as_ref(), state, inbox, &is_broken)))
            .collect();
        // Every thread is waited for, whatever became of the others.
        let panicked = workers.into_iter().filter_map(|worker| worker.join().err()).count();
        if panicked > 0 { Served::Panicked } else { Served::NobodyLeft }
    })
}

/// Says that the model broke when the thread ends by a panic.
struct TellBroken<'a>(&'a AtomicBool, &'a StatusCell<PenState>);

impl Drop for TellBroken<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Release);
            self.1.set(PenState::Broken("it failed in the middle of a text".to_owned()));
        }
    }
}

fn work(model: &dyn Generate, state: &StatusCell<PenState>, inbox: &Inbox, is_broken: &AtomicBool) {
    let _tell = TellBroken(is_broken, state);
    while !is_broken.load(Ordering::Acquire) {
        match next(inbox) {
            Ok(job) => {
                let outcome = write(model, &job);
                if job.answer.send(outcome).is_err() {
                    tracing::debug!("nobody waited for a text any more");
                }
            }
            Err(threads::RecvTimeoutError::Timeout) => {}
            Err(threads::RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn next(inbox: &Inbox) -> Result<Job, threads::RecvTimeoutError> {
    inbox.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(LOOK_EVERY)
}

/// Refuses what comes while the model is broken; false when nobody is left.
fn wait_in_vain(name: &str, state: &StatusCell<PenState>, inbox: &Inbox) -> bool {
    let until = Instant::now() + LOAD_AGAIN_AFTER;
    while Instant::now() < until {
        match next(inbox) {
            Ok(job) => {
                let message = format!("the writer {name} cannot write: {}", state.get().words());
                let fault = Fault::unavailable(message, LOAD_AGAIN_AFTER);
                job.answer.send(Err(fault)).unwrap_or_default();
            }
            Err(threads::RecvTimeoutError::Timeout) => {}
            Err(threads::RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}

fn write(model: &dyn Generate, job: &Job) -> Result<Draft, Fault> {
    let mut is_late = false;
    let answers = model.generate(std::slice::from_ref(&job.request), &mut |_, text| {
        is_late = Instant::now() > job.until;
        let is_left = job.answer.is_closed()
            || job.pieces.as_ref().is_some_and(|to| to.blocking_send(text.to_owned()).is_err());
        if is_late || is_left { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let missing =
        || Err(Error::WrongCount { model: model.id().to_string(), asked: 1, answered: 0 });
    let generated = answers.into_iter().next().unwrap_or_else(missing).map_err(fault)?;
    draft(generated, is_late)
}

fn draft(generated: Generated, is_late: bool) -> Result<Draft, Fault> {
    match generated.finish {
        Finish::Cancelled if is_late => {
            Err(Fault::new(FaultKind::Timeout, "the writer was not done in time"))
        }
        Finish::Cancelled => {
            Err(Fault::new(FaultKind::Timeout, "nobody waits for the text any more"))
        }
        finish => Ok(Draft { text: generated.text, is_cut: finish == Finish::Length }),
    }
}

fn fault(error: Error) -> Fault {
    match error.fault_kind() {
        FaultKind::Invalid => Fault::invalid(error.to_string()),
        kind => Fault {
            kind,
            message: format!("the writer failed: {error}"),
            retry_after: Some(Duration::from_secs(30)),
        },
    }
}
