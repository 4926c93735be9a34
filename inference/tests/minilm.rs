//! MiniLM, as its maker published it, against the published implementation: the same ids, and
//! vectors that cannot be told apart.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use autoglm_harness::{skip, test_model};
use autoglm_inference::tokenizer::Tokenizer;
use autoglm_inference::{ComputeDevice, TransformerEncoder};
use serde_json::Value;

const MISSING: &str =
    "there is no model minilm; `make setup` fetches it, AUTOGLM_TEST_MODELS names the folder above";

fn expected() -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/minilm.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn cosine(a: &[f32], b: &[f64]) -> f64 {
    let dot: f64 = a.iter().zip(b).map(|(a, b)| f64::from(*a) * b).sum();
    let length = |squares: f64| squares.sqrt();
    let a = length(a.iter().map(|a| f64::from(*a).powi(2)).sum());
    dot / (a * length(b.iter().map(|b| b * b).sum()))
}

#[test]
fn minilm_gives_the_ids_of_the_published_tokenizer() {
    let Some(folder) = test_model("minilm") else {
        return skip("minilm_gives_the_ids_of_the_published_tokenizer", MISSING);
    };
    let tokenizer = Tokenizer::load(&folder).unwrap();
    let expected = expected();
    let cases = expected["ids"].as_array().unwrap();
    for case in cases {
        let text = case["text"].as_str().unwrap();
        let ids = tokenizer.encode_framed(text, 4096).unwrap();
        let wanted: Vec<u32> = numbers(&case["ids"]).into_iter().map(|id| id as u32).collect();
        assert_eq!(ids, wanted, "{text:?}");
    }
    eprintln!("{} texts", cases.len());
}

#[test]
fn minilm_gives_the_vectors_of_the_published_implementation() {
    let Some(folder) = test_model("minilm") else {
        return skip("minilm_gives_the_vectors_of_the_published_implementation", MISSING);
    };
    let encoder = TransformerEncoder::load(&folder, &ComputeDevice::cpu()).unwrap();
    assert_eq!((encoder.width(), encoder.max_tokens()), (384, 256));
    let expected = expected();
    let cases = expected["cases"].as_array().unwrap();
    let texts: Vec<&str> = cases.iter().map(|case| case["text"].as_str().unwrap()).collect();
    let vectors = encoder.encode(&texts).unwrap();
    let mut least = 1.0_f64;
    for (case, vector) in cases.iter().zip(&vectors) {
        let cosine = cosine(vector, &numbers(&case["mean"]));
        assert!(cosine >= 0.9999, "{cosine} for {}", case["text"]);
        least = least.min(cosine);
    }
    eprintln!("{} texts, least cosine {least:.7}", texts.len());
}
