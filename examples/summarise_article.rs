//! The sentences that say most of a text, in their order.
//!
//! `cargo run --example summarise_article`

use autoglm_inference::{ExtractiveSummariser, TextInput};

const ARTICLE: &str = "A winter storm closed the harbour of Marlow on Tuesday night. Waves of six \
    metres broke over the eastern pier, and two ferries with 300 passengers turned back to the \
    islands. The cafés along the quay had taken their chairs in early. Pilots will look at the \
    damage on Wednesday before any ship may leave, the harbour master said. “We have not seen \
    such a night since 1987,” she added. Schools on the islands stay closed until Thursday.";

fn main() {
    let article = TextInput {
        title: "Winter storm closes the harbour of Marlow".to_owned(),
        lead: ARTICLE.to_owned(),
        language: None,
    };
    println!("{}", ExtractiveSummariser::default().summary_of(&article));
}
