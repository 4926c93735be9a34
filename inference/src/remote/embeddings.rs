//! Embeddings: the question, and vectors as lists of numbers or as base64 of 32-bit floats.

use super::chat::{Usage, usage_of};
use super::failure::{WireError, json, shortened};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::{Value, json as object};

/// Widest vector that is taken.
const WIDTH_MAX: usize = 65_536;

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddingRequest<'a> {
    /// The texts.
    pub texts: &'a [String],
    /// Whether vectors are asked for in base64, a quarter of the size; not every engine can.
    pub base64: bool,
}

impl EmbeddingRequest<'_> {
    /// What is sent.
    #[must_use]
    pub fn encode(&self, model: &str) -> String {
        let format = if self.base64 { "base64" } else { "float" };
        object!({"model": model, "input": self.texts, "encoding_format": format}).to_string()
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct EmbeddingAnswer {
    /// One vector for each text, in order, all of one width.
    pub vectors: Vec<Vec<f32>>,
    /// What it cost; `None` when the engine does not say.
    pub usage: Option<Usage>,
}

/// Reads the answer to a question with so many texts. Vectors come in any order and in either form,
/// whatever was asked for.
///
/// # Errors
/// When it is an error, no list of vectors, or not one good vector for each text.
pub fn decode_embeddings(bytes: &[u8], asked: usize) -> Result<EmbeddingAnswer, WireError> {
    let answer = json(bytes)?;
    let items = answer.get("data").and_then(Value::as_array).ok_or_else(|| {
        WireError::Malformed(format!("it has no data: {}", shortened(&answer.to_string())))
    })?;
    if items.len() != asked {
        return Err(WireError::WrongCount { asked, answered: items.len() });
    }
    let mut vectors: Vec<Option<Vec<f32>>> = vec![None; asked];
    for (position, item) in items.iter().enumerate() {
        let index = item.get("index").and_then(Value::as_u64);
        let index = index.and_then(|index| usize::try_from(index).ok()).unwrap_or(position);
        let place = vectors.get_mut(index).filter(|place| place.is_none());
        let place = place.ok_or_else(|| {
            WireError::WrongVector(format!("index {index} is beyond the texts or comes twice"))
        })?;
        *place = Some(vector_of(item.get("embedding").unwrap_or(&Value::Null))?);
    }
    let vectors: Vec<Vec<f32>> = vectors.into_iter().flatten().collect();
    let width = vectors.first().map_or(0, Vec::len);
    match vectors.iter().find(|vector| vector.len() != width) {
        Some(other) => {
            Err(WireError::WrongVector(format!("one has {width} numbers, another {}", other.len())))
        }
        None => Ok(EmbeddingAnswer { vectors, usage: usage_of(&answer) }),
    }
}

fn vector_of(value: &Value) -> Result<Vec<f32>, WireError> {
    let vector: Vec<f32> = match value {
        Value::Array(numbers) => numbers
            .iter()
            .map(|number| number.as_f64().map_or(f32::NAN, |number| number as f32))
            .collect(),
        Value::String(text) => floats_of(text)?,
        _ => return Err(WireError::WrongVector("one is neither a list nor base64".to_owned())),
    };
    if vector.is_empty() || vector.len() > WIDTH_MAX {
        return Err(WireError::WrongVector(format!("one has {} numbers", vector.len())));
    }
    if vector.iter().any(|number| !number.is_finite()) {
        return Err(WireError::WrongVector("one has a part that is no finite number".to_owned()));
    }
    Ok(vector)
}

/// Little-endian 32-bit floats.
fn floats_of(text: &str) -> Result<Vec<f32>, WireError> {
    let bytes = STANDARD.decode(text.trim()).or_else(|_| STANDARD_NO_PAD.decode(text.trim()));
    let bytes = bytes.map_err(|error| WireError::WrongVector(format!("bad base64: {error}")))?;
    let (floats, rest) = bytes.as_chunks::<4>();
    if rest.is_empty() {
        return Ok(floats.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect());
    }
    Err(WireError::WrongVector(format!("{} bytes are no 32-bit floats", bytes.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(answer: &str, asked: usize) -> Result<Vec<Vec<f32>>, WireError> {
        decode_embeddings(answer.as_bytes(), asked).map(|answer| answer.vectors)
    }

    #[test]
    fn vectors_are_put_in_order_in_either_form() {
        let base64 = STANDARD.encode([1.5_f32, -2.0].map(f32::to_le_bytes).concat());
        let answer = object!({"data": [
            {"index": 1, "embedding": [3, 4.5]}, {"index": 0, "embedding": base64}
        ], "usage": {"prompt_tokens": 7}});
        let answer = decode_embeddings(answer.to_string().as_bytes(), 2).unwrap();
        assert_eq!(answer.vectors, [[1.5, -2.0], [3.0, 4.5]]);
        assert_eq!(answer.usage, Some(Usage { question: 7, answer: 0 }));
        let unnumbered = r#"{"data":[{"embedding":[1]},{"embedding":[2]}]}"#;
        assert_eq!(decode(unnumbered, 2), Ok(vec![vec![1.0], vec![2.0]]));
    }

    #[test]
    fn what_is_not_one_good_vector_for_each_text_is_refused() {
        let one = r#"{"data":[{"embedding":[1]}]}"#;
        assert_eq!(decode(one, 2), Err(WireError::WrongCount { asked: 2, answered: 1 }));
        for bad in [
            r#"{"data":[{"embedding":[]}]}"#,
            r#"{"data":[{"embedding":[1,null]}]}"#,
            r#"{"data":[{"embedding":[1e999]}]}"#,
            r#"{"data":[{"embedding":"AAA="}]}"#,
            r#"{"data":[{"embedding":"§"}]}"#,
            r#"{"data":[{"index":7,"embedding":[1]}]}"#,
            r#"{"data":[{}]}"#,
        ] {
            let refused = decode(bad, 1);
            assert!(
                matches!(refused, Err(WireError::WrongVector(_) | WireError::Malformed(_))),
                "{bad}"
            );
        }
        let uneven = r#"{"data":[{"embedding":[1]},{"embedding":[1,2]}]}"#;
        assert!(matches!(decode(uneven, 2), Err(WireError::WrongVector(_))));
        assert!(matches!(decode(r#"{"error":"x"}"#, 1), Err(WireError::Refused(_))));
    }

    proptest! {
        #[test]
        fn base64_and_numbers_say_the_same(
            vectors in prop::collection::vec(prop::collection::vec(-1e6_f32..1e6, 3), 1..5)
        ) {
            let item = |index: usize, embedding: Value| object!({"index": index, "embedding": embedding});
            let whole = |form: &dyn Fn(&Vec<f32>) -> Value| {
                let items: Vec<Value> =
                    vectors.iter().enumerate().map(|(index, vector)| item(index, form(vector))).collect();
                object!({ "data": items }).to_string()
            };
            let base64 = |vector: &Vec<f32>| {
                let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
                object!(STANDARD.encode(bytes))
            };
            let numbers = whole(&|vector| object!(vector));
            prop_assert_eq!(decode(&whole(&base64), vectors.len()), Ok(vectors.clone()));
            prop_assert_eq!(decode(&numbers, vectors.len()), Ok(vectors.clone()));
        }

        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..300), asked in 0_usize..5) {
            decode_embeddings(&bytes, asked).ok();
        }
    }
}
