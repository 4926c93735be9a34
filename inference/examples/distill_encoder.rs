//! Makes an encoder of fewer layers from one in a folder, and compares both.
//!
//! `cargo run --release -p autoglm-inference --example distill_encoder -- \
//!  TEACHER_FOLDER OUT LAYERS STEPS PAIRS_TO_LEARN PAIRS_TO_MEASURE TEXTS...`

use autoglm_inference::distill::{
    EncoderLessons, EncoderOptions, Progress, agreement, distill_encoder, read_pairs, read_texts,
};
use autoglm_inference::{ComputeDevice, TransformerEncoder};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [teacher, out, layers, steps, learned, measured, files @ ..] = arguments.as_slice() else {
        return Err("wanted: TEACHER OUT LAYERS STEPS PAIRS PAIRS_TO_MEASURE TEXTS...".into());
    };
    let (teacher, out) = (PathBuf::from(teacher), PathBuf::from(out));
    let mut texts = Vec::new();
    for file in files {
        texts.extend(read_texts(file.as_ref())?);
    }
    let pairs = read_pairs(learned.as_ref())?;
    let options = EncoderOptions {
        layers: layers.parse()?,
        steps: steps.parse()?,
        ..EncoderOptions::default()
    };
    let mut watch = |progress: &Progress<'_>| {
        if progress.done.is_multiple_of(50) {
            let Progress { done, of, elapsed, losses, .. } = *progress;
            println!("{done}/{of} {} s {losses:?}", elapsed.as_secs());
        }
        ControlFlow::Continue(())
    };
    let lessons = EncoderLessons { texts: &texts, pairs: &pairs };
    distill_encoder(&teacher, lessons, &options, &out, &mut watch)?;
    let measured = read_pairs(measured.as_ref())?;
    let sample: Vec<&str> =
        texts.iter().step_by(texts.len() / 2_000 + 1).map(String::as_str).collect();
    for (name, folder) in [("teacher", teacher), ("student", out)] {
        let encoder = TransformerEncoder::load(&folder, &ComputeDevice::cpu())?;
        let (agreement, started) = (agreement(&encoder, &measured)?, Instant::now());
        encoder.encode(&sample)?;
        let each = started.elapsed().as_secs_f64() / sample.len() as f64;
        println!("{name}: Spearman {agreement:.4}, {:.3} ms a text", each * 1e3);
    }
    Ok(())
}
