//! Behaviour of encoder students, on the tiny teacher of the fixtures.

use super::*;
use crate::device::ComputeDevice;
use crate::distill::progress::Progress;
use crate::error::Error;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

fn teacher() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tiny_bert")
}

fn texts() -> Vec<String> {
    let words = ["the", "bank", "raised", "its", "rate", "team", "won", "a", "match"];
    (0..40)
        .map(|index| {
            let word = |place: usize| words[(index * 7 + place * (index + 3)) % words.len()];
            (0..3 + index % 6).map(word).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

fn pairs() -> Vec<ScoredPair> {
    let texts = texts();
    let pair = |index: usize| ScoredPair {
        texts: [texts[index].clone(), texts[index * 3 % 40].clone()],
        score: (index % 5) as f32,
    };
    (0..12).map(pair).collect()
}

fn options() -> EncoderOptions {
    EncoderOptions {
        layers: 1,
        steps: 30,
        batch: 8,
        rate: 3e-3,
        checkpoint_every: 10,
        ..EncoderOptions::default()
    }
}

/// Trains until `stop_after` steps; the losses of direction on the way.
fn run(out: &Path, options: &EncoderOptions, stop_after: usize) -> (Result<()>, Vec<f32>) {
    let (texts, pairs) = (texts(), pairs());
    let mut losses = Vec::new();
    let mut watch = |progress: &Progress<'_>| {
        losses.push(progress.losses[0].1);
        if progress.done == stop_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let lessons = EncoderLessons { texts: &texts, pairs: &pairs };
    let outcome = distill_encoder(&teacher(), lessons, options, out, &mut watch);
    (outcome, losses)
}

fn load(folder: &Path) -> TransformerEncoder {
    TransformerEncoder::load(folder, &ComputeDevice::cpu()).unwrap()
}

#[test]
fn the_student_comes_nearer_to_its_teacher_and_is_an_encoder() {
    let folder = tempfile::tempdir().unwrap();
    let options = EncoderOptions { steps: 60, alpha: 0.05, ..options() };
    let (outcome, losses) = run(folder.path(), &options, usize::MAX);
    outcome.unwrap();
    let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
    assert!(mean(&losses[50..]) < 0.7 * mean(&losses[..10]), "{losses:?}");
    let (student, teacher) = (load(folder.path()), load(&teacher()));
    let text = ["the team won a match"];
    let cosine = crate::distill::matrix::dot(
        &student.encode(&text).unwrap()[0],
        &teacher.encode(&text).unwrap()[0],
    );
    assert!(cosine > 0.4, "{cosine}");
    let manifest = std::fs::read_to_string(folder.path().join("model.json")).unwrap();
    let manifest: crate::catalog::Manifest = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest.name, "student-1-of-tiny_bert");
    assert!(manifest.files.iter().any(|file| file.path == "model.safetensors"));
    assert!((-1.0..=1.0).contains(&agreement(&student, &pairs()).unwrap()));
}

#[test]
fn a_student_with_all_layers_says_at_once_what_its_teacher_says() {
    let folder = tempfile::tempdir().unwrap();
    let layers = folder::TeacherFiles::open(&teacher()).unwrap().sizes.layers;
    let options = EncoderOptions { layers, alpha: 0.0, ..options() };
    let (_stopped, losses) = run(folder.path(), &options, 1);
    assert!(losses[0] < 1e-5, "the plain layers and the fast ones agree: {losses:?}");
}

#[test]
fn a_training_that_was_stopped_goes_on_as_if_it_had_not_been() {
    let whole = tempfile::tempdir().unwrap();
    run(whole.path(), &options(), usize::MAX).0.unwrap();
    let halves = tempfile::tempdir().unwrap();
    let stopped = run(halves.path(), &options(), 17).0.unwrap_err();
    assert!(matches!(stopped, Error::Distill(DistillError::Stopped)), "{stopped}");
    let (outcome, losses) = run(halves.path(), &options(), usize::MAX);
    outcome.unwrap();
    assert_eq!(losses.len(), 20, "it goes on from the checkpoint after 10 steps");
    let text = ["the bank raised its rate"];
    let (a, b) = (load(whole.path()).encode(&text), load(halves.path()).encode(&text));
    for (a, b) in a.unwrap()[0].iter().zip(&b.unwrap()[0]) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
    assert!(!halves.path().join("checkpoint.safetensors").exists());
}

#[test]
fn a_checkpoint_of_another_recipe_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let _stopped = run(folder.path(), &options(), 15);
    let other = EncoderOptions { seed: 2, ..options() };
    let (outcome, losses) = run(folder.path(), &other, usize::MAX);
    outcome.unwrap();
    assert_eq!(losses.len(), 30);
}

#[test]
fn what_cannot_be_trained_is_said() {
    let folder = tempfile::tempdir().unwrap();
    for (options, said) in [
        (EncoderOptions { layers: 99, ..options() }, "99 layers"),
        (EncoderOptions { layers: 0, ..options() }, "0 layers"),
        (EncoderOptions { alpha: 1.5, ..options() }, "alpha"),
        (EncoderOptions { batch: 1, ..options() }, "batch"),
    ] {
        let error = run(folder.path(), &options, 1).0.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    let lessons = EncoderLessons { texts: &[], pairs: &[] };
    let mut watch = |_: &Progress<'_>| ControlFlow::Continue(());
    let error =
        distill_encoder(&teacher(), lessons, &options(), folder.path(), &mut watch).unwrap_err();
    assert!(error.to_string().contains("no texts"), "{error}");
}
