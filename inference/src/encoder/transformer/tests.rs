//! Vectors against those of the published implementation.

use super::configuration::Configuration;
use super::graphics::GraphicsModel;
use super::parameters::Parameters;
use super::stage::StageClock;
use super::{EncoderError, Pooling, StageTimes, TransformerEncoder, TransformerOptions};
use crate::device::ComputeDevice;
use crate::error::Error;
use crate::weights::{Precision, Weights};
use proptest::prelude::*;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

#[derive(Deserialize)]
struct Expected {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    ids: Vec<u32>,
    mean: Vec<f32>,
    cls: Vec<f32>,
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn expected(name: &str) -> Vec<Case> {
    let text = std::fs::read_to_string(fixture(name).join("expected.json")).unwrap();
    serde_json::from_str::<Expected>(&text).unwrap().cases
}

fn load(name: &str, pooling: Option<Pooling>) -> TransformerEncoder {
    let options = TransformerOptions { pooling, ..TransformerOptions::default() };
    TransformerEncoder::load_with(&fixture(name), &ComputeDevice::cpu(), options).unwrap()
}

static TINY: LazyLock<TransformerEncoder> = LazyLock::new(|| load("tiny_bert", None));

fn assert_close(got: &[f32], expected: &[f32], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() < 5e-6, "{what}: {got} instead of {expected}");
    }
}

/// A copy of a fixture, to be changed.
fn copy_of(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        std::fs::copy(fixture(name).join(file), folder.path().join(file)).unwrap();
    }
    folder
}

fn change_configuration(folder: &Path, from: &str, to: &str) {
    let file = folder.join("config.json");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    std::fs::write(file, text.replace(from, to)).unwrap();
}

#[test]
fn both_families_give_the_vectors_of_the_published_implementation() {
    for name in ["tiny_bert", "tiny_xlmr"] {
        let cases = expected(name);
        let texts: Vec<&str> = cases.iter().map(|case| case.text.as_str()).collect();
        for pooling in [Pooling::Mean, Pooling::First] {
            let vectors = load(name, Some(pooling)).encode(&texts).unwrap();
            for (case, vector) in cases.iter().zip(vectors) {
                let wanted = if pooling == Pooling::Mean { &case.mean } else { &case.cls };
                assert_close(&vector, wanted, &format!("{name} {pooling:?} {:?}", case.text));
            }
        }
    }
}

#[test]
fn the_way_for_graphics_processors_gives_the_same_vectors() {
    for name in ["tiny_bert", "tiny_xlmr"] {
        let mut configuration = Configuration::read(&fixture(name)).unwrap();
        for pooling in [Pooling::Mean, Pooling::First] {
            configuration.pooling = pooling;
            let weights = Weights::open(&fixture(name)).unwrap();
            let parameters = Parameters::load(&weights, &configuration).unwrap();
            let (device, precision) = (burn::tensor::Device::flex(), Precision::F32);
            let model = GraphicsModel::new(parameters, &configuration, &device, precision);
            let mut cases = expected(name);
            cases.sort_by_key(|case| std::cmp::Reverse(case.ids.len()));
            let ids: Vec<&[u32]> = cases.iter().map(|case| case.ids.as_slice()).collect();
            let vectors = model.forward(&ids, &StageClock::default()).unwrap();
            assert_eq!(vectors.len(), cases.len());
            for (case, vector) in cases.iter().zip(vectors) {
                let wanted = if pooling == Pooling::Mean { &case.mean } else { &case.cls };
                assert_close(&vector, wanted, &format!("{name} {pooling:?} {:?}", case.text));
            }
        }
    }
}

#[test]
fn every_stage_is_counted() {
    let encoder = load("tiny_bert", None);
    assert_eq!(encoder.stage_times(), StageTimes::default());
    encoder.encode(&["The central bank kept its rate."]).unwrap();
    let times = encoder.stage_times();
    assert!([times.tokenise, times.forward, times.pool].iter().all(|time| !time.is_zero()));
}

#[test]
fn the_files_say_how_tokens_become_one_vector() {
    assert_eq!(load("tiny_bert", None).pooling(), Pooling::Mean);
    assert_eq!(load("tiny_xlmr", None).pooling(), Pooling::First);
}

#[test]
fn a_prefix_is_part_of_every_text() {
    let options = TransformerOptions { prefix: "query: ".to_owned(), ..Default::default() };
    let encoder =
        TransformerEncoder::load_with(&fixture("tiny_xlmr"), &ComputeDevice::cpu(), options)
            .unwrap();
    let plain = load("tiny_xlmr", None).encode(&["query: the bank"]).unwrap();
    assert_eq!(encoder.encode(&["the bank"]).unwrap(), plain);
}

#[test]
fn a_text_is_cut_where_the_caller_says() {
    let options = TransformerOptions { tokens_max: Some(8), ..TransformerOptions::default() };
    let encoder =
        TransformerEncoder::load_with(&fixture("tiny_bert"), &ComputeDevice::cpu(), options)
            .unwrap();
    assert_eq!(encoder.max_tokens(), 8);
    assert_eq!(encoder.tokenize("The central bank kept its interest rate").unwrap().len(), 8);
}

#[test]
fn rows_without_ids_have_a_zero_vector() {
    let vectors = TINY.encode_ids(&[vec![], vec![2, 3]]).unwrap();
    assert_eq!(vectors[0], vec![0.0; TINY.width()]);
    assert!(vectors[1].iter().any(|value| *value != 0.0));
    assert!(TINY.encode_ids(&[]).unwrap().is_empty());
}

#[test]
fn ids_the_model_does_not_have_are_refused() {
    let unknown = TINY.encode_ids(&[vec![1_000_000]]).unwrap_err();
    assert!(matches!(unknown, Error::Encoder(EncoderError::Ids { .. })), "{unknown}");
    let too_many = TINY.encode_ids(&[vec![2; 65]]).unwrap_err();
    assert!(too_many.to_string().contains("65"), "{too_many}");
}

#[test]
fn weights_of_another_size_are_refused_by_tensor_and_shape() {
    let folder = copy_of("tiny_bert");
    change_configuration(folder.path(), "\"intermediate_size\":64", "\"intermediate_size\":128");
    let error = TransformerEncoder::load(folder.path(), &ComputeDevice::cpu()).unwrap_err();
    let text = error.to_string();
    for part in ["model.safetensors", "intermediate.dense.weight", "[128, 32]", "[64, 32]"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn what_is_not_supported_is_said() {
    let changes = [
        ("\"model_type\":\"bert\"", "\"model_type\":\"t5\"", "t5"),
        ("\"hidden_act\":\"gelu\"", "\"hidden_act\":\"relu\"", "relu"),
        ("\"num_attention_heads\":4", "\"num_attention_heads\":5", "heads"),
        ("\"num_attention_heads\":4", "\"num_attention_heads\":0", "num_attention_heads"),
        ("\"hidden_size\":32", "\"hidden_size\":1000000000", "hidden_size"),
    ];
    for (from, to, named) in changes {
        let folder = copy_of("tiny_bert");
        change_configuration(folder.path(), from, to);
        let error = TransformerEncoder::load(folder.path(), &ComputeDevice::cpu()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(named) && text.contains("config.json"), "{text}");
    }
}

#[test]
fn a_tokenizer_of_another_model_is_refused() {
    let folder = copy_of("tiny_bert");
    let size = expected("tiny_bert").iter().flat_map(|case| case.ids.clone()).max().unwrap();
    let text = std::fs::read_to_string(folder.path().join("config.json")).unwrap();
    let vocabulary: serde_json::Value = serde_json::from_str(&text).unwrap();
    let from = format!("\"vocab_size\":{}", vocabulary["vocab_size"]);
    change_configuration(folder.path(), &from, &format!("\"vocab_size\":{}", size / 2));
    let error = TransformerEncoder::load(folder.path(), &ComputeDevice::cpu()).unwrap_err();
    assert!(error.to_string().contains("tokenizer"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_text_has_the_same_vector_whatever_stands_beside_it(
        rows in prop::collection::vec(prop::collection::vec(0_u32..60, 0..64), 1..24),
    ) {
        let together = TINY.encode_ids(&rows).unwrap();
        for (row, vector) in rows.iter().zip(&together) {
            let alone = TINY.encode_ids(std::slice::from_ref(row)).unwrap();
            assert_close(vector, &alone[0], "alone and together");
        }
    }
}
