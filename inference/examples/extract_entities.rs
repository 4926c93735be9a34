//! Finds who and what a headline names: `cargo run -p autoglm-inference --example extract_entities`,
//! with a title and a lead of your own if you like.

use autoglm_inference::{GazetteerExtractor, Result, TextInput};

fn main() -> Result<()> {
    let mut given = std::env::args().skip(1);
    let title = given
        .next()
        .unwrap_or_else(|| "英伟达（NASDAQ: NVDA）与智谱合作，GLM-4.5在H20上推理提速".to_owned());
    let lead = given.next().unwrap_or_else(|| {
        "Nvidia chief Jensen Huang said in Taipei that open models such as GLM-4.5 matter."
            .to_owned()
    });
    let extractor = GazetteerExtractor::built_in()?;
    let found = extractor.extract_one(&TextInput { title, lead, language: None });
    for entity in &found.entities {
        println!("{:12} {:14} {} ×{}", entity.kind, entity.key, entity.name, entity.count);
    }
    println!("keywords: {}", found.keywords.join(", "));
    Ok(())
}
