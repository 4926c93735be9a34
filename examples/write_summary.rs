//! Has a decoder write a summary in another language, and lets it stand only where it keeps to the
//! article.
//!
//! `cargo run --release --example write_summary -- FOLDER`
//!
//! FOLDER holds a model of the GLM family as it was published: `config.json`, weights, tokenizer.

use anyhow::{Context, Result};
use autoglm_domain::Language;
use autoglm_inference::{
    ComputeDevice, DecoderSettings, Finish, Generate as _, GlmDecoder, ModelId, TextInput,
    judge_summary, summary_request,
};
use std::ops::ControlFlow;
use std::path::Path;

const ARTICLE: &str = "A winter storm closed the harbour of Marlow on Tuesday night. Waves of six \
    metres broke over the eastern pier, and two ferries with 300 passengers turned back to the \
    islands. Pilots will look at the damage on Wednesday before any ship may leave.";

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).context("name the folder of a model")?;
    let (id, settings) = (ModelId::new("mine", 1), DecoderSettings::default());
    let decoder = GlmDecoder::load(Path::new(&folder), id, settings, &ComputeDevice::cpu())?;
    let article = TextInput {
        title: "Winter storm closes the harbour of Marlow".to_owned(),
        lead: ARTICLE.to_owned(),
        language: Some(Language::ENGLISH),
    };
    let wished = Some(Language::CHINESE);
    let request = summary_request(&article, wished);
    let mut answers = decoder.generate(&[request], &mut |_, _| ControlFlow::Continue(()));
    let answer = answers.pop().context("one answer for one request")??;
    match judge_summary(&article, wished, &answer.text, answer.finish == Finish::Length) {
        Ok(summary) => println!("{summary}"),
        Err(refusal) => println!("it may not stand: {refusal}\n{}", answer.text),
    }
    Ok(())
}
