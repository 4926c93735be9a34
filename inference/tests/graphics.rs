//! Encoders on the graphics processors of this machine, against the published implementation:
//! `make test-cuda`. Without a feature for one there is nothing to test.

#![cfg(feature = "graphics")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use autoglm_harness::{skip, test_model};
use autoglm_inference::weights::Precision;
use autoglm_inference::{ComputeDevice, Discovery, TransformerEncoder, TransformerOptions};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Half precision through all layers; single precision may be computed in a faster mode.
const COSINE_MIN: f64 = 0.999;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn json(file: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn cosine(a: &[f32], b: &[f64]) -> f64 {
    let dot: f64 = a.iter().zip(b).map(|(a, b)| f64::from(*a) * b).sum();
    let a: f64 = a.iter().map(|a| f64::from(*a).powi(2)).sum();
    dot / (a.sqrt() * b.iter().map(|b| b * b).sum::<f64>().sqrt())
}

/// Every device but the processor; skips the test where there is none.
fn devices(test: &str) -> Vec<&'static ComputeDevice> {
    let found = Discovery::of_this_machine();
    let devices: Vec<_> = found.devices.iter().filter(|device| !device.is_processor()).collect();
    if devices.is_empty() {
        skip(test, &format!("no graphics processor: {}", found.remarks.join("; ")));
    }
    devices
}

fn compare(folder: &Path, expected: &Value, vector: &str, device: &ComputeDevice) {
    let cases = expected["cases"].as_array().unwrap();
    let texts: Vec<&str> = cases.iter().map(|case| case["text"].as_str().unwrap()).collect();
    for precision in [Precision::F32, Precision::F16, Precision::Bf16] {
        let options = TransformerOptions { precision: Some(precision), ..Default::default() };
        let encoder = TransformerEncoder::load_with(folder, device, options).unwrap();
        // All together, and in counts that have to be filled up.
        for count in [texts.len(), 1, 3] {
            for (case, vectors) in cases.chunks(count).zip(texts.chunks(count)) {
                let vectors = encoder.encode(vectors).unwrap();
                for (case, got) in case.iter().zip(&vectors) {
                    let wanted: Vec<f64> = case[vector]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|x| x.as_f64().unwrap())
                        .collect();
                    let cosine = cosine(got, &wanted);
                    let text = &case["text"];
                    assert!(
                        cosine >= COSINE_MIN,
                        "{} {precision:?} {cosine} {text}",
                        device.name()
                    );
                }
            }
        }
    }
}

#[test]
fn small_models_give_the_published_vectors_on_every_device() {
    for device in devices("small_models_give_the_published_vectors_on_every_device") {
        for (name, vector) in [("tiny_bert", "mean"), ("tiny_xlmr", "cls")] {
            let folder = fixture(name);
            compare(&folder, &json(&folder.join("expected.json")), vector, device);
        }
    }
}

#[test]
fn minilm_gives_the_published_vectors_on_every_device() {
    const NAME: &str = "minilm_gives_the_published_vectors_on_every_device";
    let Some(folder) = test_model("minilm") else {
        return skip(NAME, "there is no model minilm; AUTOGLM_TEST_MODELS names the folder above");
    };
    for device in devices(NAME) {
        compare(&folder, &json(&fixture("minilm.json")), "mean", device);
    }
}

#[test]
fn texts_of_all_lengths_are_the_same_as_on_the_processor() {
    const NAME: &str = "texts_of_all_lengths_are_the_same_as_on_the_processor";
    let rows: Vec<Vec<u32>> =
        (1..=64).flat_map(|length| [vec![7; length], (0..length as u32).collect()]).collect();
    let expected = TransformerEncoder::load(&fixture("tiny_bert"), &ComputeDevice::cpu())
        .unwrap()
        .encode_ids(&rows)
        .unwrap();
    for device in devices(NAME) {
        let encoder = TransformerEncoder::load(&fixture("tiny_bert"), device).unwrap();
        for (got, wanted) in encoder.encode_ids(&rows).unwrap().iter().zip(&expected) {
            let wanted: Vec<f64> = wanted.iter().map(|value| f64::from(*value)).collect();
            assert!(cosine(got, &wanted) >= COSINE_MIN, "{}", device.name());
        }
    }
}
