//! A list of topics in a file: JSON or YAML, a list of topics or a map of them by key.

use anyhow::{Context as _, Result, bail};
use autoglm_domain::TopicDefinition;
use autoglm_domain::topic::checked_list;
use serde_json::{Map, Value};
use std::path::Path;

/// Bytes of such a file.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Reads and checks a list.
///
/// # Errors
/// Names the file, the topic and what is wrong with it.
pub fn read(path: &Path) -> Result<Vec<TopicDefinition>> {
    let shown = path.display();
    let size = std::fs::metadata(path)
        .with_context(|| format!("cannot read the list of topics {shown}"))?
        .len();
    if size > FILE_BYTES_MAX {
        bail!("the list of topics {shown} has {size} bytes; at most {FILE_BYTES_MAX} are read");
    }
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the list of topics {shown}"))?;
    parse(&text).with_context(|| format!("the list of topics {shown} cannot be used"))
}

/// A list as a document that [`read`] reads.
#[must_use]
pub fn write(topics: &Value) -> String {
    // JSON is YAML, too.
    serde_json::to_string_pretty(topics).unwrap_or_default()
}

fn parse(text: &str) -> Result<Vec<TopicDefinition>> {
    let topics = topics_of(document(text)?)?;
    let mut read = Vec::with_capacity(topics.len());
    for (index, topic) in topics.into_iter().enumerate() {
        let named = match topic.get("key").and_then(Value::as_str) {
            Some(key) => format!("topic {} ({key:?})", index + 1),
            None => format!("topic {}", index + 1),
        };
        let topic: TopicDefinition = serde_json::from_value(topic).context(named)?;
        read.push(topic);
    }
    Ok(checked_list(read)?)
}

fn document(text: &str) -> Result<Value> {
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    // The reader of the configuration wants a map; items of a list may stand at its key's depth.
    let is_list = text.lines().any(|line| line.starts_with("- "));
    let text = if is_list && !text.lines().any(|line| line.starts_with("topics:")) {
        format!("topics:\n{text}")
    } else {
        text.to_owned()
    };
    let source = config::File::from_str(&text, config::FileFormat::Yaml);
    let read = config::Config::builder().add_source(source).build();
    Ok(read.context("it is neither JSON nor YAML")?.try_deserialize()?)
}

/// The topics of a list, of a map with `topics`, or of a map by key.
fn topics_of(document: Value) -> Result<Vec<Value>> {
    match document {
        Value::Array(topics) => Ok(topics),
        Value::Object(mut map) => match map.remove("topics") {
            Some(Value::Array(topics)) if map.is_empty() => Ok(topics),
            Some(_) => bail!("beside `topics`, which is a list, there must be nothing else"),
            None => map.into_iter().map(with_key).collect(),
        },
        _ => bail!("a list of topics is expected, or a map of them by key"),
    }
}

fn with_key((key, topic): (String, Value)) -> Result<Value> {
    let Value::Object(topic) = topic else { bail!("topic {key:?} is no map") };
    if topic.contains_key("key") {
        bail!("topic {key:?} says its key a second time");
    }
    let keyed: Map<String, Value> =
        std::iter::once(("key".to_owned(), Value::String(key))).chain(topic).collect();
    Ok(Value::Object(keyed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        parse(text).expect(text).into_iter().map(|topic| topic.key).collect()
    }

    fn problem(text: &str) -> String {
        format!("{:#}", parse(text).expect_err(text))
    }

    #[test]
    fn lists_and_maps_are_read_in_json_and_yaml() {
        let json = r#"[{"key": "b", "en": "B", "zh": "乙"}, {"key": "a", "en": "A", "zh": "甲"}]"#;
        assert_eq!(keys(json), ["b", "a"]);
        let labels = r#"{"0": {"en": "world", "zh": "国际", "description": "D", "seeds": ["x"]}}"#;
        assert_eq!(keys(labels), ["0"]);
        let list = "- key: b\n  en: B\n  zh: 乙\n  description:\n    en: It\n    zh: 它\n- key: a\n  en: A\n  zh: 甲\n";
        assert_eq!(keys(list), ["b", "a"]);
        assert_eq!(keys(&format!("# ours\ntopics:\n{list}")), ["b", "a"]);
        assert_eq!(keys("energy:\n  en: Energy\n  zh: 能源\n  seeds: [oil, 石油]\n"), ["energy"]);
    }

    #[test]
    fn what_was_written_is_read_again() {
        let topics = parse(include_str!("../inference/data/topics.json")).expect("built in");
        let text = write(&serde_json::to_value(&topics).expect("a value"));
        assert_eq!(parse(&text).expect("again"), topics);
    }

    #[test]
    fn problems_name_the_topic() {
        let topic = r#"{"key": "energy", "en": "Energy", "zh": "能源""#;
        assert!(problem(&format!("[{topic}, \"seed\": []}}]")).contains("topic 1 (\"energy\")"));
        assert!(problem(&format!("[{topic}}}, {topic}}}]")).contains("topic 2 (\"energy\")"));
        assert!(problem("[{\"en\": \"x\"}]").contains("topic 1: missing field `key`"));
        assert!(problem("energy: 4\n").contains("energy"));
        assert!(problem("7").contains("list of topics"));
        assert!(problem("[").contains("neither JSON nor YAML"));
        assert!(problem("[]").contains("0 topics"));
    }
}
