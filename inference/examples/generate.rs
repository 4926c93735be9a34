//! Summarises a text with a decoder from a folder and prints it as it is written.
//!
//! `cargo run --release -p autoglm-inference --example generate -- FOLDER [TEXT]`
//!
//! FOLDER holds a model of the GLM family as it was published: `config.json`, weights, tokenizer.

use autoglm_inference::{
    ComputeDevice, DecoderSettings, Generate, GenerateRequest, GlmDecoder, Message, ModelId, Role,
};
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name the folder of a model")?;
    let text = arguments.next().unwrap_or_else(|| "What is news?".to_owned());

    let start = Instant::now();
    let device = ComputeDevice::cpu();
    let settings = DecoderSettings::default();
    let decoder = GlmDecoder::load(Path::new(&folder), ModelId::new("glm", 1), settings, &device)?;
    println!("loaded in {:?}", start.elapsed());

    let messages = vec![
        Message::new(Role::System, "Summarise the text in one sentence."),
        Message::new(Role::User, text),
    ];
    let start = Instant::now();
    let answers = decoder.generate(&[GenerateRequest::greedy(messages, 100)], &mut |_, text| {
        print!("{text}");
        let _ = std::io::stdout().flush();
        ControlFlow::Continue(())
    });
    for answer in answers {
        let answer = answer?;
        let seconds = start.elapsed().as_secs_f64();
        let rate = answer.tokens as f64 / seconds;
        println!("\n{} tokens after {}, {rate:.1} a second", answer.tokens, answer.prompt_tokens);
    }
    Ok(())
}
