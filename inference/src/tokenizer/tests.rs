//! Ids against those of the published implementation, and files that are no tokenizers.

use super::{Tokenizer, TokenizerError};
use proptest::prelude::*;
use serde::Deserialize;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Expected {
    tokens_max: usize,
    cases: Vec<Case>,
    ids: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    ids: Vec<u32>,
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn expected(name: &str) -> Expected {
    let text = std::fs::read_to_string(fixture(name).join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn compare(tokenizer: &Tokenizer, name: &str) {
    let expected = expected(name);
    for case in &expected.cases {
        let ids = tokenizer.encode_framed(&case.text, expected.tokens_max).unwrap();
        assert_eq!(ids, case.ids, "{:?}", case.text);
    }
    for case in &expected.ids {
        let ids = tokenizer.encode_framed(&case.text, 4096).unwrap();
        assert_eq!(ids, case.ids, "{:?}", case.text);
    }
}

/// A folder with one file in it.
fn folder_with(name: &str, bytes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    folder
}

#[test]
fn a_bert_tokenizer_gives_the_ids_of_the_published_implementation() {
    compare(&Tokenizer::load(&fixture("tiny_bert")).unwrap(), "tiny_bert");
}

#[test]
fn a_unigram_tokenizer_gives_the_ids_of_the_published_implementation() {
    compare(&Tokenizer::load(&fixture("tiny_xlmr")).unwrap(), "tiny_xlmr");
}

#[test]
fn the_older_vocabulary_file_gives_the_same_ids() {
    let vocabulary = std::fs::read(fixture("tiny_bert/vocab.txt")).unwrap();
    let folder = folder_with("vocab.txt", &vocabulary);
    compare(&Tokenizer::load(folder.path()).unwrap(), "tiny_bert");
}

#[test]
fn markers_in_a_text_are_only_its_characters() {
    for (name, markers) in [("tiny_bert", ["[CLS]", "[SEP]"]), ("tiny_xlmr", ["<s>", "</s>"])] {
        let tokenizer = Tokenizer::load(&fixture(name)).unwrap();
        for marker in markers {
            let id = tokenizer.require_special(marker).unwrap();
            let text = format!("before {marker} after {marker}{marker}");
            assert!(!tokenizer.encode(&text, 100).unwrap().contains(&id), "{name} {marker}");
        }
    }
}

#[test]
fn a_text_is_cut_and_its_frame_is_not() {
    for name in ["tiny_bert", "tiny_xlmr"] {
        let tokenizer = Tokenizer::load(&fixture(name)).unwrap();
        let long = "The central bank kept its rate. ".repeat(1000);
        let whole = tokenizer.encode_framed(&long, 20).unwrap();
        let short = tokenizer.encode_framed("The", 20).unwrap();
        assert_eq!(whole.len(), 20);
        assert_eq!((whole.first(), whole.last()), (short.first(), short.last()));
        assert_eq!(tokenizer.encode_framed(&long, 0).unwrap().len(), tokenizer.frame_tokens());
    }
}

#[test]
fn a_unigram_tokenizer_gives_back_what_it_was_given() {
    let tokenizer = Tokenizer::load(&fixture("tiny_xlmr")).unwrap();
    let text = "The bank kept 利率 unchanged.";
    let ids = tokenizer.encode_framed(text, 100).unwrap();
    assert_eq!(String::from_utf8(tokenizer.decode(&ids).unwrap()).unwrap(), text);
}

#[test]
fn steps_under_their_newer_names_are_known() {
    let text = std::fs::read_to_string(fixture("tiny_xlmr/tokenizer.json")).unwrap();
    let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let strip = serde_json::json!({"type": "Strip", "strip_left": false, "strip_right": true});
    let steps = file["normalizer"]["normalizers"].as_array_mut().unwrap();
    steps.insert(1, strip);
    let folder = folder_with("tokenizer.json", file.to_string().as_bytes());
    compare(&Tokenizer::load(folder.path()).unwrap(), "tiny_xlmr");
}

#[test]
fn a_text_of_white_space_has_no_words() {
    for name in ["tiny_bert", "tiny_xlmr"] {
        let tokenizer = Tokenizer::load(&fixture(name)).unwrap();
        for text in ["", " ", "\t\n", "\u{200b}", "\u{3000}"] {
            assert!(tokenizer.encode(text, 10).unwrap().is_empty(), "{name} {text:?}");
        }
    }
}

#[test]
fn a_folder_without_a_tokenizer_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Tokenizer::load(folder.path()).unwrap_err();
    assert!(matches!(error, TokenizerError::NoFile { .. }));
    assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
    assert!(error.to_string().contains("tokenizer.json"), "{error}");
}

#[test]
fn files_that_are_no_tokenizers_are_refused_by_name() {
    let json = r#"{"added_tokens":[],"model":{"type":"Unigram","vocab":[],"unk_id":null}}"#;
    let files: [(&str, &[u8]); 6] = [
        ("tokenizer.json", b"{"),
        ("tokenizer.json", json.as_bytes()),
        ("tokenizer.json", br#"{"model":{"type":"WordPiece","vocab":{"a":-1}}}"#),
        ("vocab.txt", b"no\nspecial\ntokens"),
        ("tokenizer.model", b"\x00\x01\x02garbage"),
        ("tokenizer.model", b"bm90IHJhbmtz notanumber\n"),
    ];
    for (name, bytes) in files {
        let error = Tokenizer::load(folder_with(name, bytes).path()).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn ranks_of_byte_pairs_are_read_with_the_special_tokens_beside_them() {
    use std::fmt::Write as _;
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut ranks = String::new();
    for byte in 0..=255_u8 {
        let digit = |index: u8| char::from(DIGITS[usize::from(index)]);
        writeln!(ranks, "{}{}== {byte}", digit(byte >> 2), digit((byte & 3) << 4)).unwrap();
    }
    ranks.push_str("aGk= 256\n");
    let folder = folder_with("tokenizer.model", ranks.as_bytes());
    let specials = r#"{"added_tokens_decoder":{"300":{"content":"<|user|>","special":true}}}"#;
    std::fs::write(folder.path().join("tokenizer_config.json"), specials).unwrap();
    let tokenizer = Tokenizer::load(folder.path()).unwrap();
    assert_eq!(tokenizer.special("<|user|>"), Some(300));
    assert_eq!(tokenizer.vocabulary_size(), 301);
    assert_eq!(tokenizer.encode("hi", 10).unwrap(), [256]);
    assert!(!tokenizer.encode("<|user|>", 100).unwrap().contains(&300));
    assert_eq!(tokenizer.decode(&[300, 256, 33]).unwrap(), b"hi!");
}

proptest! {
    #[test]
    fn any_text_has_ids_of_the_vocabulary_and_no_more_than_asked(
        text in "\\PC{0,60}|.{0,40}|(\\u{0}|\\u{202e}|\\u{fffd}|a\\u{301}|👩‍👧|汉|가| |\n){0,60}",
        tokens_max in 2_usize..40,
    ) {
        for name in ["tiny_bert", "tiny_xlmr"] {
            let tokenizer = Tokenizer::load(&fixture(name)).unwrap();
            let ids = tokenizer.encode_framed(&text, tokens_max).unwrap();
            prop_assert!(ids.len() <= tokens_max);
            prop_assert!(ids.iter().all(|id| (*id as usize) < tokenizer.vocabulary_size()));
        }
    }

    #[test]
    fn a_damaged_file_is_refused_or_read_and_never_a_panic(
        position in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = std::fs::read(fixture("tiny_xlmr/tokenizer.json")).unwrap();
        let position = position.index(bytes.len());
        bytes[position] = byte;
        let cut = cut.index(bytes.len() * 2).min(bytes.len());
        bytes.truncate(cut);
        let folder = folder_with("tokenizer.json", &bytes);
        if let Ok(tokenizer) = Tokenizer::load(folder.path()) {
            // Either answer will do; that there is one is the point.
            drop(tokenizer.encode("The central bank 央行", 100));
        }
    }
}
