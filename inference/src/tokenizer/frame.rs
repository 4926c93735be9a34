//! The special tokens a model wants around a text, such as `[CLS]` and `[SEP]`.

use serde_json::Value;
use std::collections::BTreeMap;

/// What comes before and after the ids of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) before: Vec<u32>,
    pub(super) after: Vec<u32>,
}

impl Frame {
    /// Between the first token and the second.
    pub(super) fn between(before: u32, after: u32) -> Self {
        Self { before: vec![before], after: vec![after] }
    }

    /// From the `post_processor` of a `tokenizer.json`; nothing where there is none.
    /// `Err` holds what is not understood.
    pub(super) fn from_post_processor(
        processor: Option<&Value>,
        specials: &BTreeMap<String, u32>,
    ) -> Result<Self, String> {
        let Some(processor) = processor.filter(|value| !value.is_null()) else {
            return Ok(Self::default());
        };
        match text(processor, "type") {
            "BertProcessing" | "RobertaProcessing" => {
                let id = |name| processor.get(name)?.get(1)?.as_u64()?.try_into().ok();
                let (cls, sep) = (id("cls"), id("sep"));
                cls.zip(sep)
                    .map(|(cls, sep)| Self::between(cls, sep))
                    .ok_or_else(|| "its post_processor has no cls and sep".to_owned())
            }
            "TemplateProcessing" => Self::from_template(processor, specials),
            "Sequence" => Self::from_sequence(processor, specials),
            "ByteLevel" => Ok(Self::default()),
            other => Err(format!("its post_processor {other:?} is not known")),
        }
    }

    fn from_sequence(value: &Value, specials: &BTreeMap<String, u32>) -> Result<Self, String> {
        let mut frame = Self::default();
        for part in value.get("processors").and_then(Value::as_array).into_iter().flatten() {
            let inner = Self::from_post_processor(Some(part), specials)?;
            frame.before.splice(0..0, inner.before);
            frame.after.extend(inner.after);
        }
        Ok(frame)
    }

    fn from_template(value: &Value, specials: &BTreeMap<String, u32>) -> Result<Self, String> {
        let mut frame = Self::default();
        let mut text_seen = false;
        for piece in value.get("single").and_then(Value::as_array).into_iter().flatten() {
            let Some(special) = piece.get("SpecialToken") else {
                text_seen = true;
                continue;
            };
            let name = text(special, "id");
            let ids = template_ids(value, name)
                .or_else(|| specials.get(name).map(|id| vec![*id]))
                .ok_or_else(|| format!("its post_processor names the unknown token {name:?}"))?;
            if text_seen { frame.after.extend(ids) } else { frame.before.extend(ids) }
        }
        Ok(frame)
    }

    /// How many tokens it adds.
    pub(super) fn len(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// The ids with the frame around them.
    pub(super) fn around(&self, ids: &[u32]) -> Vec<u32> {
        [self.before.as_slice(), ids, self.after.as_slice()].concat()
    }
}

fn template_ids(template: &Value, name: &str) -> Option<Vec<u32>> {
    let ids = template.get("special_tokens")?.get(name)?.get("ids")?.as_array()?;
    ids.iter().map(|id| id.as_u64()?.try_into().ok()).collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
