//! The models of one node, shared by its devices and replaced as a whole while batches run.
//!
//! A device looks at the newest models at the start of each batch: a batch is never read by two
//! sets, and no request is lost or waits when they change. A candidate reads its share of the texts
//! after the models in use, whatever happens to it: it can neither fail nor delay an answer for
//! long, and everything about it is counted.

mod figures;

use crate::inference::{Run, input_of};
use crate::topic_list::label;
use autoglm_domain::{Fault, Rollout};
use autoglm_inference::{TextInput, TextUnderstanding, Understander};
use autoglm_protocol::inference_pool::{ReadBeside, Text, Understood};
use autoglm_protocol::model_desk::VersionFigures;
use figures::Ledger;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use xxhash_rust::xxh3::xxh3_64;

/// The models of one device.
#[derive(Debug, Clone)]
pub struct ModelSet {
    /// Whose answers count.
    pub active: Understander,
    /// Who also reads a share of the texts.
    pub candidate: Option<Understander>,
}

/// The models of a node.
#[derive(Debug, Clone)]
pub struct ModelsInUse {
    /// What they were loaded for.
    pub rollout: Rollout,
    /// By device.
    pub devices: BTreeMap<String, ModelSet>,
}

/// Clones share it.
#[derive(Debug, Clone, Default)]
pub struct LiveModels(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    newest: Mutex<Option<Arc<ModelsInUse>>>,
    replaced: Condvar,
    ledger: Mutex<Ledger>,
}

impl LiveModels {
    /// What is in use, if anything was loaded yet.
    #[must_use]
    pub fn newest(&self) -> Option<Arc<ModelsInUse>> {
        self.0.newest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What a device reads with: the models in use, and a candidate with its share.
    #[must_use]
    pub fn label(&self, device: &str) -> Option<String> {
        let models = self.newest()?;
        let set = models.devices.get(device)?;
        let version = label(&set.active.version(), set.active.topic_list());
        Some(match (&set.candidate, &models.rollout.candidate) {
            (Some(understander), Some(candidate)) => {
                let (beside, share) = (understander.version(), candidate.share);
                format!("{version}, beside it {beside} at {share} %")
            }
            _ => version,
        })
    }

    /// Puts other models to use, from the next batch of each device on.
    pub fn replace(&self, models: ModelsInUse) {
        let mut newest = self.0.newest.lock().unwrap_or_else(PoisonError::into_inner);
        *newest = Some(Arc::new(models));
        drop(newest);
        self.0.replaced.notify_all();
    }

    /// How each set of models has done.
    #[must_use]
    pub fn figures(&self) -> Vec<VersionFigures> {
        self.ledger(|ledger| ledger.report())
    }

    /// The device's models, waiting for the first ones so long.
    ///
    /// # Errors
    /// When none were loaded in time, or none for this device.
    pub fn wait(&self, device: &str, within: Duration) -> Result<LiveRun, Fault> {
        let newest = self.0.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.replaced.wait_timeout_while(newest, within, |models| models.is_none());
        let newest = waited.unwrap_or_else(PoisonError::into_inner).0.clone();
        let run = newest.and_then(|models| {
            let set = models.devices.get(device)?.clone();
            Some(LiveRun { live: self.clone(), device: device.to_owned(), models, set })
        });
        let message = || format!("no models were loaded for device {device} within {within:?}");
        run.ok_or_else(|| Fault::unavailable(message(), Duration::from_secs(1)))
    }

    fn ledger<T>(&self, work: impl FnOnce(&mut Ledger) -> T) -> T {
        work(&mut self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A device's view of the live models.
#[derive(Debug)]
pub struct LiveRun {
    live: LiveModels,
    device: String,
    models: Arc<ModelsInUse>,
    set: ModelSet,
}

impl Run for LiveRun {
    fn version(&self) -> String {
        self.set.active.version()
    }

    fn run(&mut self, texts: Vec<Text>) -> Result<Vec<Understood>, Fault> {
        self.follow();
        let inputs: Vec<TextInput> = texts.into_iter().map(input_of).collect();
        let (version, began) = (self.set.active.version(), Instant::now());
        let answers = self.set.active.understand(&inputs).map_err(|error| {
            self.live.ledger(|ledger| ledger.failed(&version, inputs.len()));
            Fault::internal(format!("understanding texts with {version} failed: {error}"))
        })?;
        self.live.ledger(|ledger| ledger.read(&version, &answers, began.elapsed()));
        let mut beside = self.read_beside(&inputs, &answers);
        Ok(answers
            .into_iter()
            .enumerate()
            .map(|(index, answer)| Understood {
                embedding: answer.embedding,
                topics: answer.topics,
                topic_list: answer.topic_list,
                summary: answer.summary,
                entities: answer.extraction.entities,
                keywords: answer.extraction.keywords,
                beside: beside.remove(&index).map(Box::new),
            })
            .collect())
    }
}

impl LiveRun {
    /// Takes newer models. Without any for this device the old ones stay.
    fn follow(&mut self) {
        let Some(newest) = self.live.newest() else { return };
        if Arc::ptr_eq(&newest, &self.models) {
            return;
        }
        if let Some(set) = newest.devices.get(&self.device) {
            (self.set, self.models) = (set.clone(), newest);
        }
    }

    /// The candidate's readings by the text's place.
    fn read_beside(
        &self,
        inputs: &[TextInput],
        answers: &[TextUnderstanding],
    ) -> BTreeMap<usize, ReadBeside> {
        let Some(candidate) = &self.set.candidate else { return BTreeMap::new() };
        let rollout = &self.models.rollout;
        let chosen: Vec<usize> = (0..inputs.len())
            .filter(|index| inputs.get(*index).is_some_and(|text| rollout.is_canary(key(text))))
            .collect();
        if chosen.is_empty() {
            return BTreeMap::new();
        }
        let texts: Vec<TextInput> =
            chosen.iter().filter_map(|index| inputs.get(*index).cloned()).collect();
        let (version, began) = (candidate.version(), Instant::now());
        // A candidate that panics must not take the device with it.
        let outcome = catch_unwind(AssertUnwindSafe(|| candidate.understand(&texts)));
        let problem = match outcome {
            Ok(Ok(readings)) if readings.len() == chosen.len() => {
                let active: Vec<&TextUnderstanding> =
                    chosen.iter().filter_map(|index| answers.get(*index)).collect();
                self.live.ledger(|ledger| {
                    ledger.read(&version, &readings, began.elapsed());
                    ledger.compared(&version, &readings, &active);
                });
                return named(&version, chosen, readings);
            }
            Ok(Ok(readings)) => format!("it answered {} of {}", readings.len(), chosen.len()),
            Ok(Err(error)) => error.to_string(),
            Err(_panic) => "it panicked".to_owned(),
        };
        tracing::warn!(version, "the candidate could not read {} texts: {problem}", chosen.len());
        self.live.ledger(|ledger| ledger.failed(&version, chosen.len()));
        BTreeMap::new()
    }
}

fn named(
    version: &str,
    chosen: Vec<usize>,
    readings: Vec<TextUnderstanding>,
) -> BTreeMap<usize, ReadBeside> {
    let named = |reading: TextUnderstanding| ReadBeside {
        model_version: version.to_owned(),
        embedding: reading.embedding,
        topics: reading.topics,
        topic_list: reading.topic_list,
        summary: reading.summary,
        entities: reading.extraction.entities,
        keywords: reading.extraction.keywords,
    };
    chosen.into_iter().zip(readings.into_iter().map(named)).collect()
}

/// By which a text is chosen for the candidate: the same on every node.
fn key(text: &TextInput) -> u64 {
    xxh3_64(text.title.as_bytes())
}

/// The space that vectors in memory are in, by a number that differs between encoders.
///
/// Windows, stories and profiles hold vectors that must be comparable with each other. When another
/// encoder comes into use the window reads everything again and then shows the new number; what
/// depends on it begins anew when it sees that.
#[derive(Debug, Clone, Default)]
pub struct VectorSpace(Arc<Spaces>);

#[derive(Debug, Default)]
struct Spaces {
    wanted: AtomicU64,
    shown: AtomicU64,
}

impl VectorSpace {
    /// Vectors are those of this encoder from now on.
    pub fn want(&self, encoder: &str) {
        // Of 40 bits, so that a profile's version has room for the mathematics' own.
        self.0.wanted.store(xxh3_64(encoder.as_bytes()) >> 24, Ordering::Release);
    }

    /// What the window shall show.
    #[must_use]
    pub fn wanted(&self) -> u64 {
        self.0.wanted.load(Ordering::Acquire)
    }

    /// The window shows vectors of this space.
    pub fn show(&self, space: u64) {
        self.0.shown.store(space, Ordering::Release);
    }

    /// The space of the vectors in the window.
    #[must_use]
    pub fn shown(&self) -> u64 {
        self.0.shown.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests;
