//! Topics as people write them.

use super::*;
use proptest::prelude::*;

fn topic(key: &str) -> TopicDefinition {
    TopicDefinition {
        key: key.into(),
        en: "Energy".into(),
        zh: "能源".into(),
        description: TopicDescription::default(),
        seeds: vec!["oil".into()],
    }
}

fn problem(topics: Vec<TopicDefinition>) -> String {
    checked_list(topics).expect_err("refused").0
}

#[test]
fn a_list_loses_blanks_and_repeated_seeds_and_nothing_else() {
    let seeds = [" oil ", "OIL", "", "石油", "石油"].map(str::to_owned).to_vec();
    let given = TopicDefinition { en: " Energy ".into(), seeds, ..topic("energy") };
    let checked = checked_list(vec![given]).expect("valid");
    let expected =
        TopicDefinition { seeds: vec!["oil".into(), "石油".into()], ..topic("energy") };
    assert_eq!(checked, [expected]);
}

#[test]
fn what_is_wrong_is_named_with_its_topic() {
    assert!(problem(Vec::new()).contains("0 topics"));
    assert!(problem(vec![topic("a"), topic("a")]).contains("topic 2 (\"a\")"));
    for key in ["", "Energy", "my-1", "a b", "能源", &"k".repeat(KEY_BYTES_MAX + 1)] {
        assert!(problem(vec![topic(key)]).contains("a key has"), "{key}");
    }
    let nameless = TopicDefinition { zh: " ".into(), ..topic("energy") };
    assert_eq!(problem(vec![nameless]), "topic 1 (\"energy\"): the Chinese name is missing");
    let long = TopicDefinition { seeds: vec!["x".repeat(61)], ..topic("energy") };
    assert!(problem(vec![long]).contains("has 61 characters; give at most 60"));
    let many = (0..=SEEDS_MAX).map(|number| format!("seed {number}")).collect();
    assert!(problem(vec![TopicDefinition { seeds: many, ..topic("energy") }]).contains("501"));
}

#[test]
fn a_single_description_counts_for_the_language_it_is_in() {
    let english = TopicDescription::from("Oil and gas".to_owned());
    assert_eq!((english.en.as_str(), english.zh.as_str()), ("Oil and gas", ""));
    let chinese = TopicDescription::from("石油和天然气".to_owned());
    assert_eq!((chinese.en.as_str(), chinese.zh.as_str()), ("", "石油和天然气"));
}

#[test]
fn a_readers_topic_needs_a_name_only() {
    let topic = ReaderTopicText { name: " Fusion ".into(), ..ReaderTopicText::default() };
    assert_eq!(topic.checked().expect("valid").name, "Fusion");
    let problem = ReaderTopicText::default().checked().expect_err("nameless");
    assert_eq!(problem.0, "the name is missing");
}

#[test]
fn keys_of_readers_topics_are_never_those_of_the_list() {
    assert_eq!(ReaderTopicId::from_key("my-12"), Some(ReaderTopicId(12)));
    for key in ["my-", "my-x", "my--1", "my-+1", "12", "energy", "my-99999999999999999999"] {
        assert_eq!(ReaderTopicId::from_key(key), None, "{key}");
    }
    assert!(problem(vec![topic(&ReaderTopicId(12).to_string())]).contains("a key has"));
}

proptest! {
    #[test]
    fn what_was_checked_is_valid_and_stays_the_same(
        key in "[a-z0-9_]{1,40}",
        name in ".{0,70}",
        seeds in prop::collection::vec(".{0,70}", 0..8),
    ) {
        let given = TopicDefinition { en: name, seeds, ..topic(&key) };
        if let Ok(checked) = checked_list(vec![given]) {
            prop_assert_eq!(checked_list(checked.clone()), Ok(checked));
        }
    }
}
