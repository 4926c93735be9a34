//! Texts in messages that may travel, and their answers put together again.

use autoglm_domain::Fault;
use autoglm_inference::{LEAD_BYTES_MAX, TITLE_BYTES_MAX};
use autoglm_protocol::inference_pool::{Text, Understandings};
use std::time::Duration;

/// Texts of one message: an answer takes up to about 8 KiB each, its vector and that of a candidate
/// included.
const TEXTS_MAX: usize = 24;
/// Bytes of one message.
const BYTES_MAX: usize = 200 * 1024;
/// What a text takes beside its title and its lead.
const TEXT_OVERHEAD: usize = 64;

/// The texts in order, in parts that may travel; as long as the pool reads them.
pub(super) fn parts(texts: &[Text]) -> Vec<Vec<Text>> {
    let (mut parts, mut part, mut bytes) = (Vec::new(), Vec::new(), 0);
    for text in texts {
        let text = shortened(text);
        let size = text.title.len() + text.lead.len() + TEXT_OVERHEAD;
        if !part.is_empty() && (part.len() >= TEXTS_MAX || bytes + size > BYTES_MAX) {
            parts.push(std::mem::take(&mut part));
            bytes = 0;
        }
        bytes += size;
        part.push(text);
    }
    parts.extend((!part.is_empty()).then_some(part));
    parts
}

fn shortened(text: &Text) -> Text {
    let cut = |text: &str, bytes: usize| text[..text.floor_char_boundary(bytes)].to_owned();
    Text {
        title: cut(&text.title, TITLE_BYTES_MAX),
        lead: cut(&text.lead, LEAD_BYTES_MAX),
        ..text.clone()
    }
}

/// The answers in order.
///
/// # Errors
/// `Unavailable` when the node changed its models between two of them.
pub(super) fn joined(answers: Vec<Understandings>) -> Result<Understandings, Fault> {
    let mut answers = answers.into_iter();
    let mut all = answers
        .next()
        .unwrap_or_else(|| Understandings { model_version: String::new(), items: Vec::new() });
    for part in answers {
        if part.model_version != all.model_version {
            let message = format!(
                "the model changed from {} to {} within one request; ask again",
                all.model_version, part.model_version
            );
            return Err(Fault::unavailable(message, Duration::ZERO));
        }
        all.items.extend(part.items);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoglm_domain::Priority;
    use autoglm_protocol::inference_pool::TextsForPeer;
    use autoglm_protocol::wire::encode;

    #[test]
    fn texts_travel_in_order_and_in_messages_that_fit() {
        let text = |number: usize| Text {
            title: format!("{number}"),
            lead: "新".repeat(4_000),
            language: None,
            tokens: None,
        };
        let texts: Vec<Text> = (0..100).map(text).collect();
        let parts = parts(&texts);
        let titles: Vec<String> = parts.iter().flatten().map(|text| text.title.clone()).collect();
        assert_eq!(titles, (0..100).map(|number| number.to_string()).collect::<Vec<_>>());
        for texts in parts {
            let models = "m".to_owned();
            let message = TextsForPeer { texts, priority: Priority::Ingest, models };
            assert!(encode(&message).expect("written").len() <= 256 * 1024);
        }
    }
}
