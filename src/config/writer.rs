//! Who writes summaries on a node, and how much.

use super::{EngineEntryKind, UnderstandingConfig};
use anyhow::{Result, bail};
use autoglm_actors::tree::WriterWish;
use autoglm_actors::writer::WriterConfig;
use autoglm_inference::ModelId;
use serde::{Deserialize, Serialize};

/// What a writer writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteWish {
    /// Nothing, whoever is named.
    Off,
    /// What readers ask for.
    #[default]
    Asked,
    /// That, and one article of every new story.
    All,
}

impl UnderstandingConfig {
    /// Who writes and how much; `None` for nobody.
    #[must_use]
    pub fn writer_wish(&self) -> Option<WriterWish> {
        if self.writer.is_empty() || self.write == WriteWish::Off {
            return None;
        }
        let config = WriterConfig {
            is_unasked: self.write == WriteWish::All,
            hourly_max: self.write_hourly,
            reader_daily_max: self.write_reader_daily,
        };
        Some(WriterWish { name: self.writer.clone(), config })
    }
}

/// Whether the writer can be one.
///
/// # Errors
/// What it is instead, and what to name.
pub(super) fn check(config: &UnderstandingConfig) -> Result<()> {
    let name = &config.writer;
    if name.is_empty() {
        return Ok(());
    }
    match config.engines.iter().find(|engine| engine.name == *name) {
        Some(engine) if engine.kind == EngineEntryKind::Chat => Ok(()),
        Some(_) => {
            bail!("understanding.writer: the engine {name} makes vectors; name one of kind chat")
        }
        None if name.parse::<ModelId>().is_ok() => Ok(()),
        None => bail!(
            "understanding.writer: {name:?} is neither an engine of understanding.engines nor a \
             model with its version, such as glm-edge-1"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::parse;

    const ENGINES: &str = "  engines:
    - { name: local, url: 'http://localhost:11434', model: glm4 }
    - { name: vectors, url: 'https://e.org/v1', model: bge, kind: embeddings }
";

    fn wish(keys: &str) -> anyhow::Result<Option<(String, bool)>> {
        let config = parse(&format!("understanding:\n{ENGINES}{keys}"))?;
        let wish = config.understanding.writer_wish();
        Ok(wish.map(|wish| (wish.name, wish.config.is_unasked)))
    }

    #[test]
    fn a_writer_is_an_engine_for_words_or_a_model_with_its_version() {
        assert_eq!(wish("").expect("nobody"), None);
        let local = wish("  writer: local\n").expect("an engine");
        assert_eq!(local, Some(("local".to_owned(), false)));
        let all = wish("  writer: glm-edge-1\n  write: all\n").expect("a model");
        assert_eq!(all, Some(("glm-edge-1".to_owned(), true)));
        for off in ["off", "'off'"] {
            assert_eq!(wish(&format!("  writer: local\n  write: {off}\n")).expect("off"), None);
        }
        let refused = |keys: &str| format!("{:#}", wish(keys).expect_err(keys));
        assert!(refused("  writer: vectors\n").contains("makes vectors"));
        assert!(refused("  writer: nobody\n").contains("nobody"));
        assert!(refused("  write: sometimes\n").contains("wrong form"));
    }
}
