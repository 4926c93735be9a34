//! A whole tiny decoder: text in, text out.

use super::*;
use crate::generate::{Finish, Message, Role};
use std::fs;
use std::path::PathBuf;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/decoder")
}

/// The tiny GLM-Edge with the vocabulary of its format.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in [
        "glm-edge/config.json",
        "glm-edge/model.safetensors",
        "tokenizers/tokenizer-json/tokenizer.json",
        "tokenizers/tokenizer-json/tokenizer_config.json",
    ] {
        let from = fixtures().join(file);
        fs::copy(&from, folder.path().join(from.file_name().unwrap())).unwrap();
    }
    folder
}

fn decoder() -> GlmDecoder {
    let settings = DecoderSettings { slots: 2, context: 128, ..DecoderSettings::default() };
    let id = ModelId::new("tiny", 1);
    GlmDecoder::load(folder().path(), id, settings, &ComputeDevice::cpu()).unwrap()
}

fn request(text: &str) -> GenerateRequest {
    let messages = vec![
        Message::new(Role::System, "Summarise this news in one sentence."),
        Message::new(Role::User, text),
    ];
    GenerateRequest::greedy(messages, 12)
}

fn generate(decoder: &GlmDecoder, requests: &[GenerateRequest]) -> Vec<Result<Generated>> {
    decoder.generate(requests, &mut |_, _| ControlFlow::Continue(()))
}

#[test]
fn what_is_streamed_is_the_answer_and_every_request_has_one() {
    let decoder = decoder();
    let requests: Vec<GenerateRequest> =
        ["The tram line opened.", "电车开通。", "One.", "Two.", "Three."].map(request).to_vec();
    let mut streamed = vec![String::new(); requests.len()];
    let answers = decoder.generate(&requests, &mut |position, text| {
        streamed[position].push_str(text);
        ControlFlow::Continue(())
    });
    for ((request, answer), streamed) in requests.iter().zip(answers).zip(streamed) {
        let answer = answer.unwrap();
        assert!(answer.tokens > 0);
        assert_eq!(streamed.trim_end(), answer.text);
        let alone = generate(&decoder, std::slice::from_ref(request)).remove(0).unwrap();
        assert_eq!(alone, answer);
    }
}

#[test]
fn a_request_that_cannot_be_served_fails_alone() {
    let decoder = decoder();
    let long = "电".repeat(2000);
    let answers = generate(&decoder, &[request("One."), request(&long), request("Two.")]);
    assert!(answers[0].is_ok() && answers[2].is_ok());
    assert!(answers[1].as_ref().unwrap_err().to_string().contains("shorten the text"));
}

#[test]
fn a_reader_who_has_enough_cancels_only_their_own_request() {
    let decoder = decoder();
    let requests = [request("One."), request("Two.")];
    let whole = generate(&decoder, &requests);
    let answers = decoder.generate(&requests, &mut |position, _| {
        if position == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let cancelled = answers[0].as_ref().unwrap();
    assert_eq!(cancelled.finish, Finish::Cancelled);
    assert!(whole[0].as_ref().unwrap().text.starts_with(&cancelled.text));
    assert_eq!(answers[1].as_ref().unwrap(), whole[1].as_ref().unwrap());
}

#[test]
fn callers_on_several_threads_share_the_slots() {
    let decoder = decoder();
    let expected: Vec<Generated> = (0..4)
        .map(|n| generate(&decoder, &[request(&format!("News {n}."))]).remove(0).unwrap())
        .collect();
    std::thread::scope(|scope| {
        for (number, expected) in expected.iter().enumerate() {
            let decoder = &decoder;
            scope.spawn(move || {
                let request = request(&format!("News {number}."));
                for _ in 0..3 {
                    let answers = generate(decoder, &[request.clone(), request.clone()]);
                    for answer in answers {
                        assert_eq!(&answer.unwrap(), expected);
                    }
                }
            });
        }
    });
}

#[test]
fn a_caller_that_panics_leaves_nothing_behind() {
    let decoder = decoder();
    let requests = [request("One."), request("Two."), request("Three.")];
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        decoder.generate(&requests, &mut |_, _| panic!("the caller's own"))
    }));
    assert!(panicked.is_err());
    assert!(format!("{:?}", decoder.engine.lock().unwrap()).contains("requests: 0"));
    assert!(generate(&decoder, &requests).iter().all(Result::is_ok));
}

#[test]
fn a_folder_without_weights_or_vocabulary_is_named() {
    for missing in ["model.safetensors", "tokenizer.json", "config.json"] {
        let folder = folder();
        fs::remove_file(folder.path().join(missing)).unwrap();
        let (id, settings) = (ModelId::new("tiny", 1), DecoderSettings::default());
        let error =
            GlmDecoder::load(folder.path(), id, settings, &ComputeDevice::cpu()).unwrap_err();
        assert!(error.to_string().contains(folder.path().to_str().unwrap()), "{error}");
    }
}
