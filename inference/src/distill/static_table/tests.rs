//! The whole recipe on a toy dictionary.

use super::*;
use crate::catalog::ModelKind;
use crate::distill::progress::Progress;
use crate::distill::toy::{self, ToyTeacher};
use crate::error::Error;
use std::ops::ControlFlow;

fn pairs() -> Vec<BilingualPair> {
    let pair = |english: [&str; 2], chinese: [&str; 2], score| BilingualPair {
        english: english.map(str::to_owned),
        chinese: chinese.map(str::to_owned),
        score,
    };
    vec![
        pair(["the bank is important", "important bank"], ["银行重要", "重要银行"], 4.5),
        pair(["win the match", "raise the rate"], ["赢得比赛", "提高利率"], 0.5),
        pair(["China", "the team"], ["中国", "球队"], 1.0),
    ]
}

fn options() -> StaticOptions {
    let training = TrainingOptions {
        steps: 60,
        batch: 16,
        pairs: 3,
        questions: 16,
        rate: 1e-2,
        ..TrainingOptions::default()
    };
    StaticOptions { statements: 40, question_groups: 10, training, ..StaticOptions::default() }
}

fn run<'a>(folder: &Path, teacher: &ToyTeacher, watch: &'a mut Watch<'a>) -> Result<StaticStudent> {
    let (dictionary, frequencies, pairs) = (toy::entries(), toy::frequencies(), pairs());
    let inputs =
        StaticInputs { teacher, dictionary: &dictionary, frequencies: &frequencies, pairs: &pairs };
    distill_static(&inputs, &options(), &folder.join("checkpoints"), watch)
}

fn whole() -> StaticStudent {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &ToyTeacher::new(), &mut |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn a_chinese_sentence_comes_to_lie_near_its_english() {
    let student = whole();
    let vocabulary = Vocabulary::parse(&student.vocabulary);
    let encoder =
        StaticEncoder::from_parts(ModelId::new("toy", 1), vocabulary, student.table).unwrap();
    let similarity = |a: &str, b: &str| encoder.encode(a).dot(&encoder.encode(b));
    assert!(similarity("银行", "bank") > 0.8);
    assert!(similarity("银行重要", "important bank") > similarity("银行重要", "win match") + 0.3);
    assert!(student.variance_kept > 0.99, "the toy teacher is narrower than the product");
}

#[test]
fn training_makes_the_losses_smaller() {
    let folder = tempfile::tempdir().unwrap();
    let mut sums = Vec::new();
    let mut watch = |progress: &Progress<'_>| {
        if progress.stage == "training" {
            let cosines = progress.losses.iter().filter(|(name, _)| !name.starts_with("order"));
            sums.push(cosines.map(|(_, loss)| loss).sum::<f32>());
        }
        ControlFlow::Continue(())
    };
    run(folder.path(), &ToyTeacher::new(), &mut watch).unwrap();
    let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
    assert_eq!(sums.len(), 60);
    assert!(mean(&sums[50..]) < 0.8 * mean(&sums[..10]), "{sums:?}");
}

#[test]
fn wherever_it_is_stopped_going_on_makes_the_same_bytes() {
    let expected = whole();
    for stop_at in ["pieces", "senses", "sentences", "training"] {
        let folder = tempfile::tempdir().unwrap();
        let teacher = ToyTeacher::new();
        let mut stop = |progress: &Progress<'_>| match progress.stage == stop_at {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let error = run(folder.path(), &teacher, &mut stop).unwrap_err();
        assert!(matches!(error, Error::Distill(DistillError::Stopped)), "{error}");
        let asked_before = teacher.asked.get();
        let student = run(folder.path(), &teacher, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(student.table.file(), expected.table.file(), "{stop_at}");
        assert_eq!(student.vocabulary, expected.vocabulary);
        if stop_at == "training" {
            assert_eq!(teacher.asked.get(), asked_before, "nothing is asked twice");
        }
        assert!(!folder.path().join("checkpoints").exists());
    }
}

#[test]
fn a_written_folder_is_an_encoder_and_says_from_what_it_was_made() {
    let (folder, student) = (tempfile::tempdir().unwrap(), whole());
    let input = folder.path().join("pairs.jsonl");
    std::fs::write(&input, "pairs").unwrap();
    let out = folder.path().join("out");
    student.write(&out, &[input], &options(), 7).unwrap();
    let encoder = StaticEncoder::load(&out, ModelId::new("toy", 1)).unwrap();
    assert_eq!(encoder.vocabulary().len(), student.table.rows());
    let text = std::fs::read_to_string(out.join("model.json")).unwrap();
    let manifest: crate::catalog::Manifest = serde_json::from_str(&text).unwrap();
    assert_eq!((manifest.kind, manifest.files.len()), (ModelKind::StaticEncoder, 2));
    assert!(text.contains("pairs.jsonl") && text.contains("\"seed\": 1"), "{text}");
}

#[test]
fn a_dictionary_without_words_is_refused_with_what_to_name() {
    let (folder, teacher) = (tempfile::tempdir().unwrap(), ToyTeacher::new());
    let frequencies = Frequencies::default();
    let inputs =
        StaticInputs { teacher: &teacher, dictionary: &[], frequencies: &frequencies, pairs: &[] };
    let mut watch = |_: &Progress<'_>| ControlFlow::Continue(());
    let error =
        distill_static(&inputs, &options(), folder.path(), &mut watch).unwrap_err().to_string();
    assert!(error.contains("CC-CEDICT"), "{error}");
}
