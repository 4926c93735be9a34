//! The engine on the tiny models, with prompts as ids and tokens spelled as numbers.

use super::*;
use crate::decoder::config::DecoderConfig;
use crate::decoder::linear::WeightFormat;
use crate::generate::Sampling;
use burn::tensor::Device;
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Deserialize)]
struct Expected {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    ids: Vec<u32>,
    greedy: Vec<u32>,
}

fn folder(family: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/decoder").join(family)
}

fn cases(family: &str) -> Vec<Case> {
    let text = std::fs::read_to_string(folder(family).join("expected.json")).unwrap();
    serde_json::from_str::<Expected>(&text).unwrap().cases
}

fn engine_with(
    family: &str,
    slots: usize,
    part: usize,
    change: impl FnOnce(&mut DecoderConfig),
) -> Engine {
    let mut config = DecoderConfig::read(&folder(family)).unwrap();
    config.ends.clear();
    change(&mut config);
    let network =
        Network::load(&folder(family), config, WeightFormat::F32, 64, &Device::flex()).unwrap();
    Engine::new(network, EngineLimits { slots, waiting: 8, part, beginnings: 2 })
}

fn engine(family: &str, slots: usize, part: usize) -> Engine {
    engine_with(family, slots, part, |_| {})
}

/// A token's text is its number.
fn spell(ids: &[u32]) -> Result<Vec<u8>> {
    Ok(ids.iter().flat_map(|id| format!("{id} ").into_bytes()).collect())
}

fn spelled(ids: &[u32]) -> String {
    String::from_utf8(spell(ids).unwrap()).unwrap().trim_end().to_owned()
}

fn request(tokens_max: usize) -> GenerateRequest {
    GenerateRequest::greedy(Vec::new(), tokens_max)
}

fn prompt(ids: &[u32], shared: usize) -> Prompt {
    Prompt { ids: ids.to_vec(), shared }
}

/// Works until a request has ended; all that was handed out, and the answer.
fn answer(engine: &mut Engine, id: RequestId) -> (String, Result<Generated>) {
    let mut parts = String::new();
    for _ in 0..500 {
        let progress = engine.progress(id).unwrap();
        parts.push_str(&progress.text);
        if let Some(answer) = progress.ended {
            return (parts, answer);
        }
        engine.step(&spell);
    }
    panic!("the request never ends");
}

#[test]
fn every_family_writes_what_its_reference_writes() {
    for family in ["glm", "glm-edge", "glm4", "chatglm2", "glm4-remote", "chatglm"] {
        let mut engine = engine(family, 1, 4);
        for case in cases(family) {
            let id = engine.submit(prompt(&case.ids, 0), &request(20)).unwrap();
            let (parts, answer) = answer(&mut engine, id);
            let answer = answer.unwrap();
            assert_eq!(answer.text, spelled(&case.greedy), "{family}");
            assert_eq!(parts.trim_end(), answer.text, "what was streamed is the answer");
            assert_eq!((answer.finish, answer.tokens), (Finish::Length, 20));
        }
    }
}

#[test]
fn a_request_writes_the_same_alone_and_among_others() {
    for family in ["glm4", "chatglm"] {
        let cases = cases(family);
        let warm = GenerateRequest {
            sampling: Sampling { temperature: 1.0, top_p: 0.9, seed: 3, ..Sampling::greedy() },
            ..request(12)
        };
        let alone: Vec<Generated> = cases
            .iter()
            .map(|case| {
                let mut engine = engine(family, 1, 3);
                let id = engine.submit(prompt(&case.ids, 0), &warm).unwrap();
                answer(&mut engine, id).1.unwrap()
            })
            .collect();
        let mut engine = engine(family, 3, 3);
        // Five requests over three slots, the later ones joining while the others write.
        let mut ids = Vec::new();
        for at in [0, 1, 0, 1, 1] {
            let case = &cases[at];
            ids.push((at, engine.submit(prompt(&case.ids, 0), &warm).unwrap()));
            engine.step(&spell);
            engine.step(&spell);
        }
        for (at, id) in ids {
            assert_eq!(answer(&mut engine, id).1.unwrap(), alone[at], "{family}");
        }
    }
}

#[test]
fn a_shared_beginning_is_read_once_and_changes_nothing() {
    let case = &cases("glm")[0];
    let mut engine = engine("glm", 2, 64);
    let mut turns = Vec::new();
    for _ in 0..3 {
        let id = engine.submit(prompt(&case.ids, 9), &request(20)).unwrap();
        engine.step(&spell);
        turns.push(engine.beginnings.of(&case.ids).map(|(tokens, _)| tokens));
        assert_eq!(answer(&mut engine, id).1.unwrap().text, spelled(&case.greedy));
    }
    assert_eq!(turns, [Some(9); 3]);
    let id = engine.submit(prompt(&case.ids, 9), &request(1)).unwrap();
    while let Some((slot, id)) = engine.schedule.seat() {
        engine.begin(slot, id);
    }
    assert!(matches!(engine.schedule.turn(), Turn::Read { from: 9, count: 4, .. }));
    engine.cancel(id);
}

#[test]
fn a_cancelled_request_leaves_and_the_next_takes_its_slot() {
    let cases = cases("glm4");
    let mut engine = engine("glm4", 1, 64);
    let first = engine.submit(prompt(&cases[0].ids, 0), &request(20)).unwrap();
    let second = engine.submit(prompt(&cases[1].ids, 0), &request(20)).unwrap();
    for _ in 0..4 {
        engine.step(&spell);
    }
    let cancelled = engine.cancel(first).unwrap();
    assert_eq!(cancelled.finish, Finish::Cancelled);
    assert_eq!(cancelled.text, spelled(&cases[0].greedy[..4]));
    assert!(engine.progress(first).is_none());
    assert_eq!(answer(&mut engine, second).1.unwrap().text, spelled(&cases[1].greedy));
    assert!(engine.requests.is_empty());
}

#[test]
fn an_end_token_or_a_stop_text_ends_the_answer() {
    let case = &cases("glm")[0];
    let mut ending = engine_with("glm", 1, 64, |config| config.ends = vec![case.greedy[3]]);
    let id = ending.submit(prompt(&case.ids, 0), &request(20)).unwrap();
    let ended = answer(&mut ending, id).1.unwrap();
    assert_eq!(ended.finish, Finish::Ended);
    assert_eq!(ended.text, spelled(&case.greedy[..3]));
    let mut stopping = engine("glm", 1, 64);
    let stop = GenerateRequest { stop: vec![format!(" {} ", case.greedy[5])], ..request(20) };
    let id = stopping.submit(prompt(&case.ids, 0), &stop).unwrap();
    let (parts, stopped) = answer(&mut stopping, id);
    assert_eq!(stopped.unwrap().text, spelled(&case.greedy[..5]));
    assert_eq!(parts, spelled(&case.greedy[..5]));
}

#[test]
fn a_prompt_without_room_for_an_answer_is_refused_with_both_numbers() {
    let mut engine = engine("glm", 1, 64);
    let error = engine.submit(prompt(&[9; 64], 0), &request(5)).unwrap_err().to_string();
    assert!(error.contains("64 tokens") && error.contains("63"), "{error}");
    let id = engine.submit(prompt(&[9; 60], 0), &request(500)).unwrap();
    assert_eq!(answer(&mut engine, id).1.unwrap().tokens, 4, "as many as there is room for");
}

#[test]
fn a_full_queue_takes_nobody() {
    let mut engine = engine("glm", 1, 64);
    for _ in 0..8 {
        engine.submit(prompt(&[9; 4], 0), &request(5)).unwrap();
    }
    assert!(!engine.has_room());
    let error = engine.submit(prompt(&[9; 4], 0), &request(5)).unwrap_err();
    assert!(error.to_string().contains("8 are waiting"), "{error}");
}
