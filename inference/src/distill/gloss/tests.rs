//! Behaviour of glosses on the entries that are hard.

use super::clean::{Kind, reference, senses};
use super::*;
use proptest::prelude::*;

fn texts(gloss: &str) -> Vec<String> {
    senses(gloss).into_iter().map(|sense| sense.text).collect()
}

fn entry(word: &str, is_name: bool, senses: &[&str]) -> DictionaryEntry {
    DictionaryEntry {
        simplified: word.to_owned(),
        is_name,
        senses: senses.iter().map(|sense| (*sense).to_owned()).collect(),
    }
}

#[test]
fn readings_labels_and_articles_are_left_out() {
    assert_eq!(texts("(coll.) to chat"), ["chat"]);
    assert_eq!(texts("(loanword, Tw) a sofa"), ["sofa"]);
    assert_eq!(texts("to be good at sth (idiom)"), ["good at something"]);
    assert_eq!(texts("(neologism c. 2009) (slang) to be cool"), ["cool"]);
    assert_eq!(texts("to give sb a hand"), ["give somebody a hand"]);
    assert_eq!(texts("the Bund (in Shanghai)"), ["Bund (in Shanghai)"]);
    assert_eq!(texts("fig. to fall behind"), ["fall behind"]);
}

#[test]
fn pointers_to_other_words_are_no_senses() {
    for gloss in [
        "variant of 侃[kan3]",
        "CL:個|个[ge4],位[wei4]",
        "see 打雪仗[da3 xue3 zhang4]",
        "also written 馬里",
        "Taiwan pr. [he2]",
        "Kangxi radical 145",
        "used in 咖啡[ka1 fei1]",
    ] {
        assert_eq!(texts(gloss), Vec::<String>::new(), "{gloss}");
    }
    assert_eq!(texts("inside; variant of 裡|里[li3]"), ["inside"]);
}

#[test]
fn chinese_within_a_sense_is_left_out_with_what_introduces_it() {
    assert_eq!(texts("bank, also written 銀行|银行[yin2 hang2]"), ["bank"]);
    assert_eq!(texts("Peking University (abbr. to 北大[Bei3 da4])"), ["Peking University"]);
    assert_eq!(texts("abbr. for 北京大學|北京大学, Peking University"), ["Peking University"]);
    assert_eq!(texts("daughter of the emperor 曹操[Cao2 Cao1]"), ["daughter of the emperor"]);
}

#[test]
fn a_sense_keeps_words_that_only_look_like_labels() {
    assert_eq!(texts("chief financial officer (CFO)"), ["chief financial officer (CFO)"]);
    assert_eq!(texts("CFO"), ["CFO"]);
    assert_eq!(texts("to seek (old friends)"), ["seek (old friends)"]);
    assert_eq!(texts("the thing"), ["thing"]);
    assert_eq!(texts("sbirro"), ["sbirro"]);
    assert_eq!(texts("(EA) Origin (service)"), ["(EA) Origin (service)"]);
}

#[test]
fn senses_that_are_rarely_meant_are_told_apart() {
    let kind = |gloss| senses(gloss).first().map(|sense| sense.kind);
    assert_eq!(kind("surname Zhang"), Some(Kind::Surname));
    assert_eq!(kind("classifier for flat objects"), Some(Kind::Classifier));
    assert_eq!(kind("Anda, county-level city, district of Suihua"), Some(Kind::Place));
    assert_eq!(kind("(indicating completion of an action)"), Some(Kind::Bracketed));
    assert_eq!(kind("open up"), Some(Kind::Plain));
}

#[test]
fn the_simplified_word_referred_to_is_found() {
    assert_eq!(reference("variant of 裡|里[li3]").as_deref(), Some("里"));
    assert_eq!(reference("(old) abbr. for 里").as_deref(), Some("里"));
    assert_eq!(reference("the word 里"), None);
    assert_eq!(reference("variant of"), None);
}

#[test]
fn a_usual_reading_outweighs_a_surname_and_earlier_senses_later_ones() {
    let glosses = Glosses::new(&[
        entry("张", true, &["surname Zhang"]),
        entry("张", false, &["to open up", "to spread", "sheet of paper"]),
    ]);
    let senses = glosses.senses("张");
    assert_eq!(senses[0].0, "open up");
    assert!(senses[0].1 > senses[1].1 && senses[1].1 > senses[2].1);
    let surname = senses.iter().find(|(text, _)| text == "surname Zhang").unwrap();
    assert!(surname.1 < 0.01, "{senses:?}");
    assert!((senses.iter().map(|(_, weight)| weight).sum::<f32>() - 1.0).abs() < 1e-3);
}

#[test]
fn a_word_without_senses_takes_those_of_the_word_it_refers_to() {
    let glosses = Glosses::new(&[
        entry("裏", false, &["variant of 裡"]),
        entry("裡", false, &["variant of 裏|里[li3]"]),
        entry("里", false, &["inside"]),
        entry("无", false, &["variant of 无"]),
    ]);
    assert_eq!(glosses.senses("裏"), glosses.senses("里"));
    assert!(glosses.senses("无").is_empty());
    assert_eq!(glosses.distinct_senses(), ["inside"]);
}

#[test]
fn a_word_keeps_few_senses_each_once() {
    let many: Vec<String> = (0..30).map(|index| format!("sense {}", index % 20)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let glosses = Glosses::new(&[entry("多", false, &many)]);
    assert_eq!(glosses.senses("多").len(), SENSES_MAX);
}

proptest! {
    #[test]
    fn no_gloss_makes_it_panic_and_every_sense_is_english(
        gloss in "[a-z()\\[\\]|;,. 中国,以\"]{0,60}",
    ) {
        for sense in senses(&gloss) {
            prop_assert!(sense.text.contains(|c: char| c.is_ascii_alphanumeric()));
            prop_assert!(sense.text.chars().count() <= 120);
            prop_assert!(!sense.text.contains('中'));
        }
        let _reference = reference(&gloss);
    }
}
