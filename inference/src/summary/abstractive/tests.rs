//! What stands and what falls back, with a model that says what it is told.

use super::*;
use crate::decoder::DecoderError;
use crate::generate::{GenerateRequest, Generated};
use std::sync::Mutex;

/// Answers every request with the same text, and remembers what it was asked.
#[derive(Debug)]
struct Parrot {
    says: std::result::Result<(String, Finish), ()>,
    asked: Mutex<Vec<GenerateRequest>>,
}

impl Model for Parrot {
    fn id(&self) -> ModelId {
        ModelId::new("parrot", 1)
    }
}

impl Generate for Parrot {
    fn generate(
        &self,
        requests: &[GenerateRequest],
        _: &mut dyn FnMut(usize, &str) -> ControlFlow<()>,
    ) -> Vec<Result<Generated>> {
        self.asked.lock().unwrap().extend(requests.iter().cloned());
        let answer = |_| match &self.says {
            Ok((text, finish)) => {
                Ok(Generated { text: text.clone(), finish: *finish, prompt_tokens: 9, tokens: 9 })
            }
            Err(()) => Err(DecoderError::Device { reason: "gone".into() }.into()),
        };
        requests.iter().map(answer).collect()
    }
}

fn article() -> TextInput {
    let lead =
        "The council of Northport opened a new tram line on Monday. The line links the port \
        with the centre and cost 40 million euros. Tickets stay at two euros, said Mayor Ruiz. \
        The old bus keeps running until the end of the year, and nobody knows what comes then. "
            .repeat(2);
    TextInput { title: "Tram line opened".into(), lead, language: Some(Language::ENGLISH) }
}

fn model(text: &str, finish: Finish) -> Arc<Parrot> {
    Arc::new(Parrot { says: Ok((text.to_owned(), finish)), asked: Mutex::default() })
}

fn summary(text: &str, finish: Finish, language: Option<Language>) -> String {
    let extractive = ExtractiveSummariser::default();
    AbstractiveSummariser::new(model(text, finish), extractive, language)
        .summarise(&[article()])
        .unwrap()
        .remove(0)
}

fn extracted() -> String {
    ExtractiveSummariser::default().summary_of(&article())
}

#[test]
fn a_summary_that_keeps_to_the_article_stands() {
    let text = "Northport opened a tram line for 40 million euros.";
    assert_eq!(summary(text, Finish::Ended, None), text);
    assert_eq!(summary(&format!("\"{text}\"\n"), Finish::Ended, None), text);
}

#[test]
fn one_that_invents_a_number_or_a_name_does_not() {
    for text in [
        "Northport opened a tram line for 50 million euros.",
        "The mayor of Southport opened a tram line.",
        "NATO opened a tram line.",
        "",
        "ok",
        "港口开通了新的电车线路，连接市中心。",
    ] {
        assert_eq!(summary(text, Finish::Ended, None), extracted(), "{text}");
    }
}

#[test]
fn one_that_was_cut_off_ends_with_its_last_whole_sentence() {
    let text = "Northport opened a tram line. Tickets stay at two euros. The old b";
    let whole = "Northport opened a tram line. Tickets stay at two euros.";
    assert_eq!(summary(text, Finish::Length, None), whole);
    assert_eq!(summary("The line links the port with", Finish::Length, None), extracted());
}

#[test]
fn another_language_may_be_wished_and_must_then_be_used() {
    let text = "港口城市周一开通新电车线路，耗资4000万欧元。";
    assert_eq!(summary(text, Finish::Ended, Some(Language::CHINESE)), text);
    let english = "Northport opened a tram line.";
    assert_eq!(summary(english, Finish::Ended, Some(Language::CHINESE)), extracted());
}

#[test]
fn an_article_shorter_than_a_summary_is_not_asked_about() {
    let parrot = model("x", Finish::Ended);
    let generate: Arc<dyn Generate> = parrot.clone();
    let summariser = AbstractiveSummariser::new(generate, ExtractiveSummariser::default(), None);
    let short = TextInput { title: "T".into(), lead: "Only this.".into(), language: None };
    let answers = summariser.summarise(&[short, TextInput::default()]).unwrap();
    assert_eq!(answers, ["Only this.", ""]);
    assert!(parrot.asked.lock().unwrap().is_empty());
}

#[test]
fn a_model_that_fails_is_a_failure() {
    let parrot: Arc<dyn Generate> = Arc::new(Parrot { says: Err(()), asked: Mutex::default() });
    let summariser = AbstractiveSummariser::new(parrot, ExtractiveSummariser::default(), None);
    assert!(summariser.summarise(&[article()]).unwrap_err().to_string().contains("gone"));
}
