//! Behaviour of the models while they change.

use super::*;
use autoglm_domain::{EMBEDDING_DIMENSIONS, ModelChoice};
use autoglm_inference::{ModelId, ModelRegistry, StaticEncoder, StaticTable, Vocabulary};

fn choice(encoder: &str) -> ModelChoice {
    let (classifier, summariser, extractor) = ("c-1".into(), "s-1".into(), "e-1".into());
    ModelChoice { encoder: encoder.into(), classifier, summariser, extractor }
}

/// An encoder whose every vector points along one dimension.
fn understander(name: &str, dimension: usize) -> Understander {
    let mut row = vec![0.0; EMBEDDING_DIMENSIONS];
    row[dimension] = 1.0;
    let vocabulary = Vocabulary::from_lines(vec!["news".into()]);
    let table = StaticTable::quantize(&row).expect("a table");
    let id = ModelId::new(name, 1);
    let encoder = Arc::new(StaticEncoder::from_parts(id, vocabulary, table).expect("an encoder"));
    let built_in = ModelRegistry::built_in().expect("models");
    let (classifier, summariser) = (built_in.classify(None), built_in.summarise(None));
    let (classifier, summariser) = (classifier.expect("one"), summariser.expect("one"));
    Understander::of(encoder, classifier, summariser, built_in.extract(None).expect("one"))
}

fn in_use(rollout: Rollout, active: Understander, candidate: Option<Understander>) -> ModelsInUse {
    let set = ModelSet { active, candidate };
    ModelsInUse { rollout, devices: BTreeMap::from([("cpu".to_owned(), set)]) }
}

fn texts(count: usize) -> Vec<Text> {
    let text = |number| Text {
        title: format!("news {number}"),
        lead: String::new(),
        language: None,
        tokens: None,
    };
    (0..count).map(text).collect()
}

#[test]
fn a_device_takes_newer_models_between_two_batches() {
    let live = LiveModels::default();
    live.replace(in_use(Rollout::of(choice("a-1")), understander("a", 0), None));
    let mut device = live.wait("cpu", Duration::ZERO).expect("loaded");
    let first = device.run(texts(2)).expect("read");
    assert!(first[0].embedding.0[0] > 0.9);
    live.replace(in_use(Rollout::of(choice("b-1")), understander("b", 1), None));
    let second = device.run(texts(2)).expect("read");
    assert!(second[0].embedding.0[1] > 0.9);
    assert!(device.version().starts_with("b-1"), "{}", device.version());
}

#[test]
fn a_candidate_reads_its_share_beside_and_is_counted() {
    let live = LiveModels::default();
    let rollout = Rollout::of(choice("a-1")).canary(choice("b-1"), 25).expect("a candidate");
    live.replace(in_use(rollout, understander("a", 0), Some(understander("b", 1))));
    let mut device = live.wait("cpu", Duration::ZERO).expect("loaded");
    let answers = device.run(texts(200)).expect("read");
    assert!(answers.iter().all(|answer| answer.embedding.0[0] > 0.9));
    let beside: Vec<&ReadBeside> =
        answers.iter().filter_map(|answer| answer.beside.as_deref()).collect();
    assert!((25..80).contains(&beside.len()), "{}", beside.len());
    assert!(beside.iter().all(|reading| reading.embedding.0[1] > 0.9));
    let again = device.run(texts(200)).expect("read");
    let chosen =
        |all: &[Understood]| all.iter().map(|answer| answer.beside.is_some()).collect::<Vec<_>>();
    assert_eq!(chosen(&again), chosen(&answers));
    let figures = live.figures();
    assert_eq!(figures.len(), 2);
    assert_eq!(figures[0].texts, 400);
    assert_eq!(figures[1].compared, 2 * beside.len() as u64);
}

#[test]
fn a_device_that_starts_before_its_models_waits_for_them() {
    let live = LiveModels::default();
    let fault = live.wait("cpu", Duration::ZERO).expect_err("nothing is loaded");
    assert!(fault.is_retryable());
    let late = live.clone();
    let waiting = std::thread::spawn(move || late.wait("cpu", Duration::from_secs(60)));
    live.replace(in_use(Rollout::of(choice("a-1")), understander("a", 0), None));
    waiting.join().expect("no panic").expect("loaded");
    assert!(live.wait("cuda:0", Duration::ZERO).is_err());
}

#[test]
fn the_space_is_shown_only_when_the_window_says_so() {
    let space = VectorSpace::default();
    space.want("a-1");
    assert_ne!(space.wanted(), space.shown());
    space.show(space.wanted());
    let first = space.shown();
    space.want("b-1");
    assert_eq!(space.shown(), first);
    assert_ne!(space.wanted(), first);
}
