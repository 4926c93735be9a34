//! Vectors of texts by a transformer encoder, and how alike the texts are.
//!
//! Run with `cargo run --release -p autoglm-inference --example encode_texts -- FOLDER TEXT…`,
//! where the folder has a model of the BERT or XLM-R family as its maker published it.

use autoglm_inference::{ComputeDevice, TransformerEncoder};
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("name the folder of a model")?);
    let texts: Vec<String> = arguments.collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();

    let encoder = TransformerEncoder::load(&folder, &ComputeDevice::cpu())?;
    let vectors = encoder.encode(&texts)?;

    for (text, vector) in texts.iter().zip(&vectors) {
        let alike = vectors.iter().map(|other| {
            let cosine: f32 = vector.iter().zip(other).map(|(a, b)| a * b).sum();
            format!("{cosine:5.2}")
        });
        println!("{}  {text}", alike.collect::<Vec<_>>().join(" "));
    }
    Ok(())
}
