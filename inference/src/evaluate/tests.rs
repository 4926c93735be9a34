//! The built-in models on the corpora; without corpora the tests say so and pass.

use super::*;
use crate::encoder::StaticEncoder;
use crate::summary::SummaryBudget;
use std::path::PathBuf;

fn corpus(file: &str) -> Option<PathBuf> {
    // Tests only: the product's one reader of the environment is src/config.rs.
    let root = std::env::var_os("AUTOGLM_CORPORA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora"),
        PathBuf::from,
    );
    let path = root.join("nlp/tasks").join(file);
    if path.is_file() {
        return Some(path);
    }
    println!("skipped: no corpus at {}", path.display());
    None
}

#[test]
fn similar_pairs_are_nearer_than_others_in_both_languages() {
    let files = [
        ("stsb-en-dev", 0.60),
        ("stsb-zh-dev", 0.60),
        ("chinese-sts-b-sts-b-dev", 0.60),
        ("lcqmc-dev", 0.30),
    ];
    for (file, floor) in files {
        let Some(path) = corpus(&format!("similarity/{file}.jsonl")) else { continue };
        let report = evaluate_similarity(&StaticEncoder::built_in().unwrap(), &path).unwrap();
        println!("{file}: {} pairs, Spearman {:.4}", report.pairs, report.spearman);
        assert!(report.spearman > floor, "{file}: {report:?}");
    }
}

#[test]
fn topics_are_told_apart_by_their_names_and_better_by_seeds() {
    for (set, names_floor, floor) in [("thucnews", 0.44, 0.57), ("agnews", 0.68, 0.78)] {
        let Some(path) = corpus(&format!("topics/{set}-dev.jsonl")) else { continue };
        let Some(labels) = corpus(&format!("topics/{set}.labels.json")) else { continue };
        for (names_only, floor) in [(true, names_floor), (false, floor)] {
            let report = evaluate_topics(&path, &labels, names_only).unwrap();
            println!("{set}, names only {names_only}: {report:?}");
            assert!(report.accuracy > floor, "{set}: {report:?}");
        }
    }
}

#[test]
fn summaries_say_more_than_the_first_sentences_do() {
    let sets = [
        ("bbc", None, 0.755, 0.67),
        ("lcsts", None, 0.248, 0.144),
        ("cnndm-summeval", Some(SummaryBudget::Share(0.16)), 0.30, 0.10),
    ];
    for (set, budget, one, two) in sets {
        let Some(path) = corpus(&format!("summaries/{set}.jsonl")) else { continue };
        let report = evaluate_summaries(&path, budget).unwrap();
        println!("{set}: {report:?}");
        assert!(report.rouge_1 >= one && report.rouge_2 >= two, "{set}: {report:?}");
    }
}

#[test]
fn without_a_wanted_length_the_language_of_the_file_decides() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("en", "One tram came. It was red.", "40% of the words"),
        ("zh", "电车来了。它是红的。", "one sentence, cut to clauses near 16 words"),
    ];
    for (language, text, length) in cases {
        let path = folder.path().join(language);
        let line =
            format!(r#"{{"text": "{text}", "summaries": ["{text}"], "lang": "{language}"}}"#);
        std::fs::write(&path, line).unwrap();
        let report = evaluate_summaries(&path, None).unwrap();
        assert_eq!((report.texts, report.length.as_str()), (1, length));
        let whole = evaluate_summaries(&path, Some(SummaryBudget::Sentences(2))).unwrap();
        assert_eq!((whole.rouge_1, whole.length.as_str()), (1.0, "2 sentences"));
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let path = std::path::Path::new("/nowhere/at-all.jsonl");
    let error = evaluate_summaries(path, None).unwrap_err();
    assert!(error.to_string().contains("/nowhere/at-all.jsonl"), "{error}");
}

#[test]
fn a_trained_head_knows_the_topics_of_news() {
    let Some(path) = corpus("topics/agnews-dev.jsonl") else { return };
    let Some(labels) = corpus("topics/agnews.labels.json") else { return };
    let Some(train) = corpus("topics/agnews-train.jsonl") else { return };
    let report = evaluate_head(&path, &labels, &train, 1).unwrap();
    println!("{report:?}");
    assert!(report.accuracy > 0.87, "{report:?}");
}
