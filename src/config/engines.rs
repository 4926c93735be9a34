//! The OpenAI-compatible engines a node may ask.

use super::secret;
use anyhow::{Context, Result, bail, ensure};
use autoglm_actors::remote_engine::{EngineKind, EngineSpec};
use autoglm_domain::Secret;
use autoglm_feeds::{EngineClient, EngineConfig};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One engine in the configuration. Its address may be on a private network.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EngineEntry {
    /// How it is named everywhere else: small letters, digits, `-`.
    pub name: String,
    /// Base address, such as `http://localhost:11434`.
    pub url: String,
    /// The model to ask.
    pub model: String,
    /// `chat` or `embeddings`.
    pub kind: EngineEntryKind,
    /// Sent as bearer token; empty for none.
    pub key: Secret,
    /// File with that key.
    pub key_file: Option<PathBuf>,
    /// Tokens a day, UTC; 0 for any number.
    pub daily_tokens: u64,
    /// Tokens a day of one reader; 0 for any number.
    pub reader_daily_tokens: u64,
}

/// What an engine is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineEntryKind {
    /// Words.
    #[default]
    Chat,
    /// Vectors of articles, in place of the node's own.
    Embeddings,
}

impl EngineEntry {
    /// Takes the key from its file.
    ///
    /// # Errors
    /// When both are given or the file cannot be read.
    pub(super) fn fill_key(&mut self) -> Result<()> {
        secret::fill_from(&mut self.key, self.key_file.as_deref(), "understanding.engines.key_file")
    }

    /// The engine as the node asks it.
    ///
    /// # Errors
    /// What is missing or cannot be used.
    pub fn spec(&self) -> Result<EngineSpec> {
        let name = &self.name;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        ensure!(
            !name.is_empty() && name.chars().all(plain),
            "understanding.engines: {name:?} is no name; use small letters, digits and -"
        );
        ensure!(!self.model.is_empty(), "understanding.engines: {name} names no model");
        let url = url::Url::parse(&self.url)
            .with_context(|| format!("understanding.engines: the url of {name} is no address"))?;
        if !url.username().is_empty() || url.password().is_some() {
            bail!("understanding.engines: the url of {name} holds a login; give a key instead");
        }
        autoglm_feeds::install_crypto_provider();
        let client = EngineClient::new(&self.url, &self.key, &EngineConfig::default())
            .with_context(|| format!("understanding.engines: {name} cannot be asked"))?;
        let kind = match self.kind {
            EngineEntryKind::Chat => EngineKind::Chat,
            EngineEntryKind::Embeddings => EngineKind::Embeddings,
        };
        Ok(EngineSpec {
            name: name.clone(),
            kind,
            address: self.url.clone(),
            model: self.model.clone(),
            daily_tokens: self.daily_tokens,
            reader_daily_tokens: self.reader_daily_tokens,
            client,
        })
    }
}

/// All engines, each under a name of its own, and at most one for vectors: vectors of two models
/// cannot be compared.
///
/// # Errors
/// What cannot be used.
pub fn engine_specs(entries: &[EngineEntry]) -> Result<Vec<EngineSpec>> {
    let specs: Vec<EngineSpec> = entries.iter().map(EngineEntry::spec).collect::<Result<_>>()?;
    for (position, spec) in specs.iter().enumerate() {
        if specs[..position].iter().any(|other| other.name == spec.name) {
            bail!("understanding.engines: two engines are called {}; rename one", spec.name);
        }
    }
    if specs.iter().filter(|spec| spec.kind == EngineKind::Embeddings).count() > 1 {
        bail!("understanding.engines: two engines are for embeddings; keep one");
    }
    Ok(specs)
}

#[cfg(test)]
mod tests {
    use super::super::tests::parse;

    #[test]
    fn engines_are_read_with_keys_that_are_never_printed_and_wrong_ones_are_named() {
        let yaml = "\
understanding:
  engines:
    - { name: local, url: 'http://localhost:11434', model: glm4, key: k-e-y, daily_tokens: 9 }
    - { name: vectors, url: 'https://e.org/v1', model: bge, kind: embeddings }
";
        let config = parse(yaml).expect("valid");
        assert_eq!(config.understanding.engines[0].daily_tokens, 9);
        let shown = format!("{}{config:?}", config.describe());
        assert!(!shown.contains("k-e-y") && shown.contains("glm4"), "{shown}");
        let refused = |from: &str, to: &str| {
            format!("{:#}", parse(&yaml.replace(from, to)).expect_err("is refused"))
        };
        assert!(refused("name: vectors", "name: local").contains("called local"));
        assert!(refused("name: local", "name: 'My engine'").contains("My engine"));
        assert!(refused("model: glm4", "kind: embeddings, model: m").contains("for embeddings"));
        assert!(refused("http://localhost:11434", "localhost:11434").contains("local"));
        assert!(refused("//localhost", "//me:pw@localhost").contains("login"));
        assert!(refused("daily_tokens", "dayly_tokens").contains("understanding.engines"));
        assert!(refused("kind: embeddings", "kind: vectors").contains("wrong form"));
    }

    #[test]
    fn without_a_word_no_engine_is_asked() {
        assert!(parse("").expect("valid").understanding.engines.is_empty());
    }
}
