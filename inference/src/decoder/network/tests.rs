//! Parity with the published implementations on the tiny models in `tests/fixtures/decoder`.

use super::*;
use crate::decoder::cache::Writing;
use crate::decoder::sampling::Sampler;
use crate::generate::Sampling;
use serde::Deserialize;
use std::path::PathBuf;

const FAMILIES: [&str; 6] = ["glm", "glm-edge", "glm4", "chatglm2", "glm4-remote", "chatglm"];

#[derive(Deserialize)]
struct Expected {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    ids: Vec<u32>,
    logits: Vec<Vec<f32>>,
    greedy: Vec<u32>,
}

fn folder(family: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/decoder").join(family)
}

fn cases(family: &str) -> Vec<Case> {
    let text = std::fs::read_to_string(folder(family).join("expected.json")).unwrap();
    serde_json::from_str::<Expected>(&text).unwrap().cases
}

fn network(family: &str, format: WeightFormat) -> Network {
    let folder = folder(family);
    let config = DecoderConfig::read(&folder).unwrap();
    Network::load(&folder, config, format, 64, &Device::flex()).unwrap()
}

fn best(scores: &[f32]) -> u32 {
    Sampler::new(Sampling::greedy()).choose(scores, &[]).unwrap()
}

/// The most probable continuation, one token at a time with everything before kept.
fn continued(network: &Network, cache: &mut KvCache, slot: usize, case: &Case) -> Vec<u32> {
    let places = Places::of(network.config(), &case.ids);
    let mut token = best(&network.read(cache, slot, &case.ids, 0, places).unwrap());
    let mut written = vec![token];
    while written.len() < case.greedy.len() {
        let index = case.ids.len() + written.len() - 1;
        let writer = Writer { slot, token, index, places };
        token = best(&network.write(cache, &[writer]).unwrap()[0]);
        written.push(token);
    }
    written
}

/// The largest difference between two lists of scores.
fn apart(left: &[f32], right: &[f32]) -> f32 {
    assert_eq!(left.len(), right.len());
    left.iter().zip(right).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn the_scores_of_every_family_are_those_of_its_reference() {
    for family in FAMILIES {
        let network = network(family, WeightFormat::F32);
        for case in cases(family) {
            let places = Places::of(network.config(), &case.ids);
            let mut cache = network.cache(1);
            let scores = network.read_all(&mut cache, 0, &case.ids, 0, places).unwrap();
            let difference = apart(&scores, &case.logits.concat());
            assert!(difference < 1e-3, "{family}: {difference}");
        }
    }
}

#[test]
fn written_token_by_token_every_family_continues_as_its_reference() {
    for family in FAMILIES {
        let network = network(family, WeightFormat::F32);
        for case in cases(family) {
            let mut cache = network.cache(2);
            assert_eq!(continued(&network, &mut cache, 1, &case), case.greedy, "{family}");
        }
    }
}

#[test]
fn a_prompt_read_in_parts_gives_the_scores_of_one_read_at_once() {
    for family in FAMILIES {
        let network = network(family, WeightFormat::F32);
        if !network.config().is_causal() {
            continue;
        }
        let case = &cases(family)[0];
        let mut cache = network.cache(1);
        let mut scores = Vec::new();
        for (part, from) in case.ids.chunks(4).zip((0..).step_by(4)) {
            scores = network.read(&mut cache, 0, part, from, Places::Sequence).unwrap();
        }
        let difference = apart(&scores, case.logits.last().unwrap());
        assert!(difference < 1e-3, "{family}: {difference}");
    }
}

/// Two requests of different length write together, with an empty slot between them.
fn together(family: &str, writing: Writing) {
    let network = network(family, WeightFormat::F32);
    let cases = cases(family);
    let mut cache = network.cache(4).with_writing(writing);
    let slots = [0, 2];
    let mut written: Vec<Vec<u32>> = Vec::new();
    for (case, slot) in cases.iter().zip(slots) {
        let places = Places::of(network.config(), &case.ids);
        written.push(vec![best(&network.read(&mut cache, slot, &case.ids, 0, places).unwrap())]);
    }
    for _ in 1..cases[0].greedy.len() {
        let writers: Vec<Writer> = cases
            .iter()
            .zip(slots)
            .zip(&written)
            .map(|((case, slot), written)| Writer {
                slot,
                token: *written.last().unwrap(),
                index: case.ids.len() + written.len() - 1,
                places: Places::of(network.config(), &case.ids),
            })
            .collect();
        for (scores, written) in
            network.write(&mut cache, &writers).unwrap().iter().zip(&mut written)
        {
            written.push(best(scores));
        }
    }
    for (case, written) in cases.iter().zip(written) {
        assert_eq!(written, case.greedy, "{family} {writing:?}");
    }
}

#[test]
fn requests_that_write_together_do_not_touch_each_other() {
    for family in FAMILIES {
        together(family, Writing::Rows);
        together(family, Writing::Scatter);
    }
}

#[test]
fn a_beginning_kept_from_one_slot_serves_another() {
    let network = network("glm4", WeightFormat::F32);
    let case = &cases("glm4")[0];
    let mut cache = network.cache(2);
    network.read(&mut cache, 0, &case.ids[..8], 0, Places::Sequence).unwrap();
    let beginning = cache.beginning(0, 8);
    network.read(&mut cache, 0, &[9; 10], 0, Places::Sequence).unwrap();
    cache.begin(1, &beginning);
    let scores = network.read(&mut cache, 1, &case.ids[8..], 8, Places::Sequence).unwrap();
    assert!(apart(&scores, case.logits.last().unwrap()) < 1e-3);
}

#[test]
fn a_slot_remembers_nothing_of_the_request_before() {
    let network = network("chatglm", WeightFormat::F32);
    let cases = cases("chatglm");
    let mut cache = network.cache(1);
    continued(&network, &mut cache, 0, &cases[0]);
    assert_eq!(continued(&network, &mut cache, 0, &cases[1]), cases[1].greedy);
}

/// How far the scores move with fewer bits, against how far they spread.
fn moved(family: &str, format: WeightFormat) -> f32 {
    let network = network(family, format);
    let case = &cases(family)[0];
    let places = Places::of(network.config(), &case.ids);
    let scores = network.read_all(&mut network.cache(1), 0, &case.ids, 0, places).unwrap();
    let expected = case.logits.concat();
    let squares = |values: &mut dyn Iterator<Item = f32>| values.map(|x| x * x).sum::<f32>();
    let off = squares(&mut scores.iter().zip(&expected).map(|(a, b)| a - b));
    (off / squares(&mut expected.iter().copied())).sqrt()
}

#[test]
fn fewer_bits_move_the_scores_only_so_far() {
    for family in FAMILIES {
        let exact = moved(family, WeightFormat::F32);
        let half = moved(family, WeightFormat::Bf16);
        let eight = moved(family, WeightFormat::Int8);
        let four = moved(family, WeightFormat::Int4);
        println!("{family}: f32 {exact:.1e}, bf16 {half:.1e}, int8 {eight:.1e}, int4 {four:.1e}");
        assert!(exact < 1e-4 && half < 0.02 && eight < 0.04 && four < 0.8, "{family}");
        assert!(half > exact && eight > exact && four > 5.0 * eight, "{family}");
    }
}

#[test]
fn a_tensor_of_another_shape_is_named_with_both_shapes() {
    let folder = folder("glm");
    let mut config = DecoderConfig::read(&folder).unwrap();
    config.inner = 32;
    let error = Network::load(&folder, config, WeightFormat::F32, 64, &Device::flex())
        .unwrap_err()
        .to_string();
    for part in ["model.safetensors", "model.layers.0.mlp.gate_up_proj.weight", "64", "96"] {
        assert!(error.contains(part), "{part} in {error}");
    }
}
