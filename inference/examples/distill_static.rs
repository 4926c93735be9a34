//! Makes the built-in bilingual table from a teacher, a dictionary and scored pairs.
//!
//! `cargo run --release -p autoglm-inference --example distill_static -- \
//!  TEACHER_FOLDER DICTIONARY FREQUENCIES PAIRS_EN PAIRS_ZH OUT`
//!
//! `autoglm distill static` does the same with names for its arguments.

use autoglm_inference::distill::{
    Frequencies, Progress, StaticInputs, StaticOptions, TransformerTeacher, distill_static,
    read_bilingual_pairs, read_dictionary,
};
use std::ops::ControlFlow;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [folder, dictionary, frequencies, english, chinese, out] = arguments.as_slice() else {
        return Err("wanted: TEACHER_FOLDER DICTIONARY FREQUENCIES PAIRS_EN PAIRS_ZH OUT".into());
    };
    let (options, teacher) = (StaticOptions::default(), TransformerTeacher::load(folder)?);
    let inputs = StaticInputs {
        teacher: &teacher,
        dictionary: &read_dictionary(dictionary)?,
        frequencies: &Frequencies::read(frequencies)?,
        pairs: &read_bilingual_pairs(english, chinese)?,
    };
    let mut watch = |progress: &Progress<'_>| {
        let Progress { stage, done, of, elapsed, losses } = *progress;
        if stage != "training" || done % 100 == 0 {
            println!("{stage} {done}/{of} {} s {losses:?}", elapsed.as_secs());
        }
        ControlFlow::Continue(())
    };
    let student = distill_static(&inputs, &options, &out.join("checkpoints"), &mut watch)?;
    let weights = folder.join("model.safetensors");
    let files = [&weights, dictionary, frequencies, english, chinese].map(Clone::clone);
    student.write(out, &files, &options, 0)?;
    Ok(())
}
