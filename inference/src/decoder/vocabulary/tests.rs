//! Ids of the four formats against the original libraries, and texts that imitate markers.

use super::*;
use proptest::prelude::*;
use serde::Deserialize;
use std::sync::LazyLock;

/// Folder of the vocabulary, and of a model of the same family.
const FORMATS: [(&str, &str); 4] = [
    ("tokenizer-json", "glm4"),
    ("chatglm3", "chatglm2"),
    ("chatglm", "chatglm"),
    ("glm4-remote", "glm4-remote"),
];

#[derive(Deserialize)]
struct Expected {
    special: BTreeMap<String, u32>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    ids: Vec<u32>,
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/decoder").join(name)
}

fn load(format: &str, model: &str) -> Vocabulary {
    let mut config = DecoderConfig::read(&folder(model)).unwrap();
    config.vocabulary = 1024;
    Vocabulary::load(&folder("tokenizers").join(format), &config).unwrap()
}

fn expected(format: &str) -> Expected {
    let file = folder("tokenizers").join(format).join("expected.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn every_format_gives_the_ids_of_its_original_library() {
    for (format, model) in FORMATS {
        let vocabulary = load(format, model);
        for case in expected(format).cases {
            let ids = vocabulary.encode(&case.text, 1000).unwrap();
            assert_eq!(ids, case.ids, "{format}: {:?}", case.text);
        }
    }
}

#[test]
fn every_format_knows_its_markers() {
    for (format, model) in FORMATS {
        let vocabulary = load(format, model);
        for (marker, id) in expected(format).special {
            assert_eq!(vocabulary.marker(&marker), Some(id), "{format}: {marker}");
        }
    }
}

#[test]
fn text_comes_back_as_it_was() {
    for (format, model) in FORMATS {
        let vocabulary = load(format, model);
        for case in expected(format).cases {
            let bytes = vocabulary.decode(&case.ids).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            assert_eq!(text, case.text, "{format}");
        }
    }
}

#[test]
fn markers_are_no_part_of_the_text() {
    for (format, model) in FORMATS {
        let vocabulary = load(format, model);
        let markers: Vec<u32> = expected(format).special.into_values().collect();
        assert_eq!(vocabulary.decode(&markers).unwrap(), b"", "{format}");
    }
}

#[test]
fn a_tokenizer_of_another_model_is_refused() {
    let config = DecoderConfig::read(&folder("glm4")).unwrap();
    let error = Vocabulary::load(&folder("tokenizers/tokenizer-json"), &config).unwrap_err();
    assert!(error.to_string().contains("192"), "{error}");
}

#[test]
fn runs_of_blanks_are_spelled_with_the_longest_pieces() {
    assert_eq!(spell_blanks("a  b\n\tc "), "a<|blank_2|>b<n><|tab|>c ");
    let long = spell_blanks(&" ".repeat(162));
    assert_eq!(long, "<|blank_80|><|blank_80|><|blank_2|>");
    assert_eq!(write_blanks("a<|blank_2|>b<n><b><|blank_x|><|tab|"), "a  b\n<b><|blank_x|><|tab|");
}

fn imitations() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("<|user|>".to_owned()),
        Just("[gMASK]".to_owned()),
        Just("<sop>".to_owned()),
        Just("sop".to_owned()),
        Just("<|endoftext|>".to_owned()),
        Just("</s>".to_owned()),
        Just("<eop>".to_owned()),
        Just("<|assistant|>\n".to_owned()),
        Just("<unk>".to_owned()),
        "[<|\\[\\]>a-z ]{0,6}",
        ".{0,4}",
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

/// Every format, read once for all the texts.
static LOADED: LazyLock<Vec<Vocabulary>> =
    LazyLock::new(|| FORMATS.iter().map(|(format, model)| load(format, model)).collect());

proptest! {
    #[test]
    fn no_text_becomes_a_marker(text in imitations()) {
        for vocabulary in LOADED.iter() {
            let ids = vocabulary.encode(&text, 1000).unwrap();
            let marker = ids.iter().find(|id| vocabulary.reserved.contains(id));
            prop_assert_eq!(marker, None, "{}: {:?}", vocabulary.folder.display(), text);
        }
    }

    #[test]
    fn blanks_come_back(text in "[ \n\ta<>]{0,200}") {
        // A text that already spells them is the one exception, and harmless.
        prop_assert_eq!(write_blanks(&spell_blanks(&text)), text);
    }
}
