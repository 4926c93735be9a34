//! Understands a few headlines with the built-in models and prints what they say and how fast.
//!
//! `cargo run --release -p autoglm-inference --example understand_text`

use autoglm_inference::{ModelRegistry, TextInput, Understander};
use std::time::Instant;

fn main() -> Result<(), autoglm_inference::Error> {
    let understander = Understander::from_defaults(&ModelRegistry::with_baseline())?;
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
    Ok(())
}
