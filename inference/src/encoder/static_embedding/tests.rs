//! Behaviour of the built-in encoder.

use super::*;
use proptest::prelude::*;
use std::path::PathBuf;

fn encoder() -> StaticEncoder {
    StaticEncoder::built_in().unwrap()
}

fn similarity(a: &str, b: &str) -> f32 {
    encoder().encode(a).dot(&encoder().encode(b))
}

fn words(text: &str) -> Vec<String> {
    let encoder = encoder();
    let word = |row| encoder.vocabulary().line(row).unwrap().to_owned();
    encoder.tokens(text).into_iter().map(word).collect()
}

#[test]
fn a_text_and_its_translation_are_near_and_other_texts_are_not() {
    let english = "The central bank raises interest rates";
    assert!(similarity(english, "央行宣布加息") > 0.5);
    assert!(similarity(english, "The Fed lifts borrowing costs") > 0.35);
    assert!(similarity(english, "足球队赢得冠军") < 0.25);
    assert!(similarity("英伟达发布新芯片", "Nvidia unveils a new chip") > 0.5);
}

#[test]
fn latin_words_are_cut_into_pieces_and_chinese_by_the_longest_word() {
    assert_eq!(words("The BANK’s café"), ["the", "bank", "s", "cafe"]);
    assert_eq!(words("Ｏｐｅｎ 人工智能"), ["open", "人工智能"]);
    assert_eq!(words("hyperparameterisation").concat().replace("##", ""), "hyperparameterisation");
    assert_eq!(words("🦀 ！ \u{0} €"), Vec::<String>::new());
}

#[test]
fn a_text_of_unknown_words_says_nothing() {
    assert_eq!(encoder().encode("Ωμέγα 🦀"), Embedding::zero());
    assert_eq!(encoder().encode(""), Embedding::zero());
}

#[test]
fn only_the_first_words_of_an_endless_text_count() {
    assert_eq!(encoder().tokens(&"bank ".repeat(100_000)).len(), WORDS_MAX);
    assert_eq!(encoder().tokens(&"银行".repeat(100_000)).len(), WORDS_MAX);
}

#[test]
fn a_vector_of_this_version_never_changes() {
    // Frozen: stored vectors of every installation were made by this version.
    let vector = encoder().encode("Open 新闻 2026");
    let sum: f32 = vector.0.iter().enumerate().map(|(i, value)| value * i as f32).sum();
    assert!((sum - FROZEN).abs() < 1e-2, "{sum}");
}
const FROZEN: f32 = -118.274_41;

#[test]
fn a_table_written_down_is_read_back_as_it_was() {
    let values: Vec<f32> = (0..2 * EMBEDDING_DIMENSIONS).map(|i| (i as f32).sin()).collect();
    let table = StaticTable::quantize(&values).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("table.safetensors"), table.file()).unwrap();
    std::fs::write(folder.path().join("vocab.txt"), "bank\n银行\n").unwrap();
    let read = StaticEncoder::load(folder.path(), ModelId::new("mine", 1)).unwrap();
    for (row, expected) in values.chunks(EMBEDDING_DIMENSIONS).enumerate() {
        let found = read.row(u32::try_from(row).unwrap());
        assert!(found.0.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.005));
    }
}

#[test]
fn files_that_do_not_fit_together_are_refused_with_the_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let table = StaticTable::quantize(&[0.5; EMBEDDING_DIMENSIONS]).unwrap();
    std::fs::write(folder.path().join("table.safetensors"), table.file()).unwrap();
    std::fs::write(folder.path().join("vocab.txt"), "a\nb\n").unwrap();
    let error = StaticEncoder::load(folder.path(), ModelId::new("mine", 1)).unwrap_err();
    assert!(error.to_string().contains("2 words but 1 rows"), "{error}");
}

#[test]
fn a_table_of_the_wrong_shape_is_refused_by_name() {
    let path = PathBuf::from("some/table.safetensors");
    let whole = StaticTable::quantize(&[0.5; EMBEDDING_DIMENSIONS]).unwrap().file().to_vec();
    let renamed = String::from_utf8_lossy(&whole).replace("\"rows\"", "\"wors\"").into_bytes();
    let error = StaticTable::parse(Cow::Owned(renamed), &path).unwrap_err().to_string();
    assert!(error.contains("some/table.safetensors"), "{error}");
    let cut = whole[..whole.len() - 3].to_vec();
    let error = StaticTable::parse(Cow::Owned(cut), &path).unwrap_err().to_string();
    assert!(error.contains("no safetensors file"), "{error}");
}

proptest! {
    #[test]
    fn every_vector_is_zero_or_of_unit_length(text in "\\PC{0,200}") {
        let vector = encoder().encode(&text);
        let norm: f32 = vector.0.iter().map(|value| value * value).sum();
        prop_assert!(norm == 0.0 || (norm - 1.0).abs() < 1e-3);
    }

    #[test]
    fn no_bytes_make_parsing_a_table_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _refused = StaticTable::parse(Cow::Owned(bytes), Path::new("x"));
    }

    #[test]
    fn a_broken_header_never_makes_parsing_a_table_panic(at in 0_usize..180, byte: u8) {
        let mut file = StaticTable::quantize(&[0.5; EMBEDDING_DIMENSIONS]).unwrap().file().to_vec();
        if let Some(place) = file.get_mut(at) { *place = byte; }
        if let Ok(table) = StaticTable::parse(Cow::Owned(file), Path::new("x")) {
            let mut sum = [0.0; EMBEDDING_DIMENSIONS];
            table.add_row(0, &mut sum);
        }
    }
}
