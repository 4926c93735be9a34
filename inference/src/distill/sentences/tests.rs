//! Behaviour of the writer of sentences.

use super::*;
use crate::distill::toy;

fn writer() -> Writer {
    Writer::new(&toy::glosses(), &toy::frequencies())
}

#[test]
fn a_chinese_sentence_and_its_english_say_the_same() {
    let sentences = writer().statements(50, 7);
    assert!(sentences.len() > 20, "{}", sentences.len());
    let pair = sentences.iter().find(|sentence| sentence.chinese == "银行是什么").unwrap();
    assert_eq!(pair.english, "what is bank?");
    let marks = |text: &str| text.contains(['{', '}', '|']);
    assert!(!sentences.iter().any(|s| marks(&s.chinese) || marks(&s.english)));
}

#[test]
fn the_same_seed_makes_the_same_sentences_and_another_seed_others() {
    assert_eq!(writer().statements(30, 7), writer().statements(30, 7));
    assert_eq!(writer().questions(10, 7), writer().questions(10, 7));
    assert_ne!(writer().questions(10, 7), writer().questions(10, 8));
}

#[test]
fn statements_are_different_and_end_when_the_dictionary_has_no_more() {
    let sentences = writer().statements(3_000, 7);
    let different: HashSet<&str> = sentences.iter().map(|s| s.chinese.as_str()).collect();
    assert_eq!(different.len(), sentences.len());
    assert!(sentences.len() < 3_000);
}

#[test]
fn a_group_has_one_question_in_several_wordings_and_near_ones() {
    let groups = writer().questions(40, 11);
    assert_eq!(groups.len(), 40);
    for group in &groups {
        assert!((1..=WORDINGS).contains(&group.same.len()) && !group.near.is_empty());
        assert!(group.same.windows(2).all(|pair| pair[0].english == pair[1].english));
        assert!(group.same.windows(2).all(|pair| pair[0].chinese != pair[1].chinese));
    }
}

#[test]
fn without_fitting_words_nothing_is_written() {
    let writer = Writer::new(&Glosses::default(), &Frequencies::default());
    assert!(writer.statements(10, 1).is_empty());
    assert!(writer.questions(10, 1).is_empty());
}

#[test]
fn every_line_of_the_templates_is_one_with_slots_that_both_languages_fill() {
    for text in [STATEMENTS, QUESTIONS] {
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let template = Template::parse(line).unwrap();
            assert!(!template.slots.is_empty(), "{line}");
            for slot in &template.slots {
                assert!(template.english.contains(slot.mark()), "{line}");
                let all = template.wordings.iter().all(|wording| wording.contains(slot.mark()));
                assert!(all, "{line}");
            }
        }
    }
}
