//! Behaviour of the reader of dictionaries.

use super::*;
use proptest::prelude::*;

fn string(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}

fn serialised(entries: &[(u32, &str, &str, &[&str])]) -> Vec<u8> {
    let mut bytes = (entries.len() as u64).to_le_bytes().to_vec();
    for (number, word, reading, senses) in entries {
        bytes.extend(number.to_le_bytes());
        for text in ["傳", word, reading, "ni3"] {
            bytes.extend(string(text));
        }
        bytes.extend((senses.len() as u64).to_le_bytes());
        senses.iter().for_each(|sense| bytes.extend(string(sense)));
        bytes.extend(2_u64.to_le_bytes());
        bytes.extend([3, 4]);
        bytes.extend(7_u64.to_le_bytes());
        bytes.extend(1_u64.to_le_bytes());
        ["個", "个", "ge4", "gè"].iter().for_each(|text| bytes.extend(string(text)));
        bytes.push(1);
        bytes.extend(number.to_le_bytes());
    }
    bytes
}

#[test]
fn both_forms_of_the_dictionary_say_the_same() {
    let text = "# CC-CEDICT\n#! version=1\n\
        傳統 传统 [chuan2 tong3] /tradition/traditional/\r\n\
        輝達 英伟达 [Ying1 wei3 da2] /NVIDIA/\n";
    let bytes = serialised(&[
        (9, "英伟达", "Yīng wěi dá", &["NVIDIA"]),
        (2, "传统", "chuán tǒng", &["tradition", "traditional"]),
    ]);
    let entries = parse(text.as_bytes()).unwrap();
    assert_eq!(entries, parse(&bytes).unwrap());
    assert_eq!(entries[0].senses, ["tradition", "traditional"]);
    assert_eq!(entries.iter().map(|entry| entry.is_name).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn readings_in_double_brackets_are_understood() {
    let entries = parse("中國 中国 [[Zhong1guo2]] /China/\n".as_bytes()).unwrap();
    assert!(entries[0].is_name && entries[0].simplified == "中国");
}

#[test]
fn a_line_that_is_no_entry_is_named() {
    let problem = parse("中國 中国 [Zhong1 guo2] /China/\nnonsense\n".as_bytes()).unwrap_err();
    assert_eq!(problem.place, "line 2");
    assert!(problem.reason.contains("[reading]"), "{}", problem.reason);
}

#[test]
fn a_serialised_dictionary_that_is_cut_or_longer_is_refused_with_the_place() {
    let bytes = serialised(&[(2, "传统", "chuán tǒng", &["tradition"])]);
    for cut in 1..bytes.len() {
        assert!(parse(&bytes[..cut]).is_err(), "{cut}");
    }
    let longer = [&bytes[..], &[0]].concat();
    let problem = parse(&longer).unwrap_err();
    assert_eq!(problem.place, format!("byte {}", bytes.len()));
}

#[test]
fn lengths_beyond_reason_are_refused_before_anything_is_reserved() {
    let mut bytes = u64::MAX.to_le_bytes().to_vec();
    bytes[7] = 0;
    assert!(parse(&bytes).unwrap_err().reason.contains("length"));
}

#[test]
fn an_empty_file_has_no_entries() {
    assert!(parse(b"").unwrap_err().reason.contains("no entries"));
    assert!(parse(b"# only remarks\n").unwrap_err().reason.contains("no entries"));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _either = parse(&bytes);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]/ a中#\n]{0,80}") {
        let _either = parse(text.as_bytes());
    }

    #[test]
    fn a_changed_byte_never_makes_it_panic(at in 0_usize..200, byte: u8) {
        let mut bytes = serialised(&[(2, "传统", "chuán tǒng", &["tradition", "traditional"])]);
        if let Some(place) = bytes.get_mut(at) { *place = byte; }
        let _either = parse(&bytes);
    }
}
