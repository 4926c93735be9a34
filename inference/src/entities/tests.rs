//! What the extractor promises of any text, and what it finds in some.

use super::gazetteer::Gazetteer;
use super::mention::without_overlaps;
use super::words::words_of;
use super::{GazetteerExtractor, tickers};
use crate::evaluate::evaluate_entities;
use crate::text::TextInput;
use autoglm_domain::{ENTITIES_MAX, EntityKind, KEYWORDS_MAX, entity_key};
use proptest::prelude::*;
use std::path::Path;

fn extractor() -> GazetteerExtractor {
    GazetteerExtractor::built_in().unwrap()
}

fn input(title: &str, lead: &str) -> TextInput {
    TextInput { title: title.to_owned(), lead: lead.to_owned(), language: None }
}

fn found(title: &str, lead: &str) -> Vec<(EntityKind, String)> {
    let entities = extractor().extract_one(&input(title, lead)).entities;
    entities.into_iter().map(|one| (one.kind, one.key)).collect()
}

fn has(title: &str, kind: EntityKind, key: &str) -> bool {
    found(title, "").contains(&(kind, key.to_owned()))
}

#[test]
fn one_thing_has_one_key_in_both_languages() {
    for title in [
        "Nvidia beats forecasts",
        "英伟达业绩超预期",
        "Shares of $NVDA jump",
        "NVIDIA BEATS FORECASTS",
    ] {
        assert!(has(title, EntityKind::Company, "nvidia"), "{title}: {:?}", found(title, ""));
    }
    for title in ["Elon Musk's plan", "马斯克的计划"] {
        assert!(has(title, EntityKind::Person, "elon-musk"), "{title}: {:?}", found(title, ""));
    }
    for title in ["Rain in Beijing", "北京市今日有雨"] {
        assert!(has(title, EntityKind::Place, "beijing"), "{title}: {:?}", found(title, ""));
    }
}

#[test]
fn share_codes_are_told_by_their_form() {
    let keys = |text: &str| -> Vec<String> {
        tickers::find(text, &words_of(text)).into_iter().map(|one| one.key).collect()
    };
    assert_eq!(keys("$NVDA and (NYSE: BRK.B), NASDAQ:TSLA"), ["$nvda", "$brk.b", "$tsla"]);
    assert_eq!(
        keys("600519.SH、000858.SZ、0700.HK和SH688981"),
        ["600519.sh", "000858.sz", "00700.hk", "688981.sh"]
    );
    assert_eq!(
        keys("贵州茅台（600519）与股票代码：300750，港股代码00700"),
        ["600519.sh", "300750.sz", "00700.hk"]
    );
    assert_eq!(keys("AAPL.O fell, 7203.T rose"), ["$aapl", "7203.t"]);
    for text in [
        "US$5 and $5M",
        "the U.S. and 3.5",
        "call 600519 now",
        "in 2025. The",
        "www.example.COM",
        "A.B. Smith",
    ] {
        assert!(keys(text).is_empty(), "{text}: {:?}", keys(text));
    }
}

#[test]
fn an_ordinary_word_is_a_company_only_where_something_speaks_for_it() {
    assert!(!has("秋天多吃苹果和梨", EntityKind::Company, "apple"));
    assert!(has("苹果发布新款手机", EntityKind::Company, "apple"));
    assert!(!has("Target practice for beginners", EntityKind::Company, "target"));
    assert!(has("Shoppers return to Target stores", EntityKind::Company, "target"));
}

#[test]
fn a_person_is_told_by_name_role_or_speech_and_stays_one_by_the_last_name() {
    let entities = extractor()
        .extract_one(&input(
            "Minister Ottilie Brandvold resigns",
            "Brandvold said on Monday that talks had failed.",
        ))
        .entities;
    assert_eq!(entities[0].key, "ottilie-brandvold");
    assert_eq!(entities[0].count, 2);
    assert!(has("市长张文博表示将继续治理", EntityKind::Person, "张文博"));
}

#[test]
fn what_stands_in_the_title_comes_first() {
    let entities = extractor()
        .extract_one(&input("Tencent buys studio", "Microsoft was outbid. Microsoft left."))
        .entities;
    assert_eq!(entities[0].key, "tencent");
}

#[test]
fn keywords_are_rare_words_and_phrases_of_the_title() {
    let words = |title: &str, lead: &str| extractor().extract_one(&input(title, lead)).keywords;
    let english = words(
        "Sodium batteries could make grid storage cheap",
        "Sodium batteries store energy without lithium. Grid storage is the first market.",
    );
    assert!(english.iter().any(|word| word == "sodium batteries"), "{english:?}");
    assert!(english.iter().any(|word| word == "grid storage"), "{english:?}");
    assert!(!english.iter().any(|word| word == "the" || word == "could"), "{english:?}");
    let chinese = words(
        "量子计算机实现新突破",
        "研究人员用量子计算机模拟了化学反应，量子比特数量达到一千个。",
    );
    assert!(chinese.iter().any(|word| word.contains("量子")), "{chinese:?}");
    assert!(words("", "").is_empty());
}

#[test]
fn a_dictionary_adds_names_and_says_which_line_is_wrong() {
    let text = "# ours\n[company]\nQuillon Robotics;Quillon|奎隆机器人|QLN\n[person]\nApple|\n";
    let gazetteer = Gazetteer::with_dictionary(text).unwrap();
    assert_eq!(gazetteer.key_of("奎隆机器人"), Some("quillon-robotics"));
    assert_eq!(gazetteer.key_of("quillon"), Some("quillon-robotics"));
    assert_eq!(gazetteer.names_of("apple").unwrap().kind, EntityKind::Person);
    let extractor = GazetteerExtractor::new(gazetteer).unwrap();
    let entities = extractor.extract_one(&input("奎隆机器人完成融资 $QLN", "")).entities;
    assert_eq!(
        entities.iter().filter(|one| one.key == "quillon-robotics").count(),
        1,
        "{entities:?}"
    );
    for (text, line) in [
        ("[planet]\nMars", 1),
        ("[company]\n|", 2),
        ("\n[company]\nA|字", 3),
        ("X||Y||Z", 1),
        ("X||no code", 1),
    ] {
        let problem = Gazetteer::with_dictionary(text).unwrap_err().to_string();
        assert!(problem.contains(&format!("line {line}")), "{text:?}: {problem}");
    }
}

#[test]
fn the_list_that_comes_with_the_product_is_sound() {
    let gazetteer = Gazetteer::built_in().unwrap();
    assert!(gazetteer.len() > 1_300, "{}", gazetteer.len());
    assert!(gazetteer.key_of("no such thing").is_none());
    for (english, chinese) in
        [("Google", "谷歌"), ("World Health Organization", "世卫组织"), ("Tokyo", "东京")]
    {
        assert_eq!(gazetteer.key_of(english), gazetteer.key_of(chinese));
    }
}

#[test]
fn the_labelled_articles_are_read_as_well_as_was_measured() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/entities-1/evaluation.jsonl");
    let report = evaluate_entities(&file, &extractor()).unwrap();
    assert!(report.articles >= 60);
    assert!(report.all.precision > 0.95 && report.all.recall > 0.93, "{report:#?}");
}

#[test]
fn articles_that_no_list_was_made_for_are_read_nearly_as_well() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/entities-1/unseen.jsonl");
    let report = evaluate_entities(&file, &extractor()).unwrap();
    assert!(report.all.precision > 0.9 && report.all.recall > 0.74, "{report:#?}");
}

/// Texts in the shapes that news, and attackers, come in.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        ".{0,20}",
        "[A-Z][a-z]{1,8}( [A-Z][a-z]{1,8}){0,3}",
        "[A-Z$][A-Z0-9.$:'-]{0,8}",
        "\\PC{0,12}",
        "[\u{4e00}-\u{4fff}·]{1,10}",
        Just("英伟达（NASDAQ: NVDA）".to_owned()),
        Just("埃隆·马斯克表示".to_owned()),
        Just("GPT-5\u{0} \u{202e}GLM-4.5-Air".to_owned()),
        Just("👩‍👩‍👧 U.S. Mr. O’Neill's ".to_owned()),
        Just("·".to_owned()),
        Just("李".to_owned()),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_read_the_same_way_twice_and_within_the_limits(title in any_text(), lead in any_text()) {
        let input = input(&title, &lead);
        let read = extractor().extract_one(&input);
        prop_assert_eq!(&extractor().extract_one(&input), &read);
        prop_assert!(read.entities.len() <= ENTITIES_MAX && read.keywords.len() <= KEYWORDS_MAX);
        let mut keys = std::collections::BTreeSet::new();
        for one in &read.entities {
            prop_assert!(one.count >= 1 && !one.name.trim().is_empty());
            prop_assert_eq!(&entity_key(&one.key), &one.key);
            prop_assert!(keys.insert((one.kind, one.key.clone())));
        }
        for word in &read.keywords {
            prop_assert!(!word.trim().is_empty() && !word.chars().any(char::is_control));
        }
    }

    #[test]
    fn every_name_is_a_slice_of_the_text_and_none_overlaps(title in any_text(), lead in any_text()) {
        let text = format!("{title}\n{lead}");
        let extractor = extractor();
        let (words, pieces) = (words_of(&text), extractor.pieces(&text));
        let mentions = extractor.mentions(&text, title.len(), &words, &pieces);
        let mut end = 0;
        for one in &mentions {
            prop_assert!(text.get(one.start..one.end).is_some_and(|name| !name.is_empty()));
            prop_assert!(one.start >= end);
            end = one.end;
        }
        prop_assert_eq!(without_overlaps(mentions.clone()), mentions);
    }

    #[test]
    fn a_dictionary_is_read_or_refused(text in any_text()) {
        let text = text.replace(' ', "\n");
        if let Ok(gazetteer) = Gazetteer::parse(&text) {
            prop_assert!(gazetteer.len() <= text.lines().count());
        }
    }
}
