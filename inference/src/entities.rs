//! Entities and keywords of an article, in English and Chinese: who and what it is about.
//!
//! Four ways of finding a name are tried on title and lead, and the longest reading of a stretch of
//! text counts: a [`Gazetteer`] of names everybody knows, forms (share codes, names of models),
//! capitals with evidence beside them in English, and words by jieba's parts of speech in Chinese.
//! Everything is linear in a bounded text, deterministic, and needs no model file.

mod chinese;
mod english;
mod evidence;
mod extractor;
mod gazetteer;
mod keywords;
mod mention;
mod model_names;
mod tickers;
mod words;

pub(crate) use model_names::key_of as model_key;

pub use extractor::GazetteerExtractor;
pub use gazetteer::{DICTIONARY_BYTES_MAX, EntityNames, Gazetteer};

#[cfg(test)]
mod tests;
