//! Understands a few headlines with the built-in models and prints what they say and how fast.
//!
//! `cargo run --release -p autoglm-inference --example understand_text`

use autoglm_inference::{ModelRegistry, TextInput, Understander};
use std::time::Instant;

fn main() -> Result<(), autoglm_inference::Error> {
    let understander = Understander::from_defaults(&ModelRegistry::built_in()?)?;
    let headlines = [
        "Central bank holds interest rates as inflation slows",
        "央行维持利率不变，通胀放缓",
        "Researchers train a language model on a single laptop",
        "国产芯片厂商发布新一代处理器",
        "Late goal sends the home team to the final",
    ];
    let batch: Vec<TextInput> = headlines
        .iter()
        .map(|title| TextInput { title: (*title).to_owned(), ..TextInput::default() })
        .collect();
    println!("models: {}", understander.version());
    for (input, answer) in batch.iter().zip(understander.understand(&batch)?) {
        let topics: Vec<String> = answer
            .topics
            .iter()
            .map(|topic| format!("{} {:.2}", topic.name, topic.score))
            .collect();
        println!("{}  [{}]", input.title, topics.join(", "));
    }

    let many: Vec<TextInput> = batch.iter().cycle().take(5_000).cloned().collect();
    let start = Instant::now();
    let answers = understander.understand(&many)?;
    let seconds = start.elapsed().as_secs_f64();
    println!("{:.0} titles a second on one core", answers.len() as f64 / seconds);

    let articles: Vec<TextInput> = (0..500).map(article).collect();
    let start = Instant::now();
    let answers = understander.understand(&articles)?;
    let each = start.elapsed() / 500;
    println!("{each:?} an article of 1 KB with a summary of {} bytes", answers[0].summary.len());
    Ok(())
}

/// A made-up article with a lead of about one kilobyte.
fn article(number: usize) -> TextInput {
    let places = ["Northport", "Eastbrook", "Lakeside", "Stonefield", "Riverton", "Hillcrest"];
    let mut lead = String::new();
    let mut part = number;
    while lead.len() < 1024 {
        part += 1;
        let place = places[part % places.len()];
        lead.push_str(&format!(
            "The council of {place} discussed plan {part} for the harbour with engineers, who \
             expect {} months of work before the first ships arrive. ",
            part % 37
        ));
    }
    TextInput { title: format!("Harbour plan {number} approved"), lead, language: None }
}
