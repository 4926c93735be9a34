//! Vectors in which English and Chinese share one space: the built-in encoder, without any file.
//!
//! `cargo run --example embed_texts`

use anyhow::Result;
use autoglm_inference::StaticEncoder;

fn main() -> Result<()> {
    let encoder = StaticEncoder::built_in()?;
    let question = encoder.encode("Central bank raises interest rates");
    for text in ["央行宣布加息", "The Fed lifts borrowing costs", "足球队赢得冠军"] {
        println!("{:.2}  {text}", question.dot(&encoder.encode(text)));
    }
    Ok(())
}
