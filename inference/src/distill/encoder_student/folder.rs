//! The files of a teacher as training needs them, and those of its student.

use crate::catalog::{MANIFEST, Manifest, ManifestFile, ModelKind, sha256_of};
use crate::distill::error::DistillError;
use crate::error::Result;
use crate::weights::Weights;
use safetensors::{Dtype, serialize_to_file, tensor::TensorView};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files beside the weights that the student takes over as they are.
const COPIED: [&str; 9] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
    "LICENSE",
];
/// Tensors of a layer: shape by what they belong to.
const LINEARS: [&str; 6] = [
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
];
const NORMS: [&str; 2] = ["attention.output.LayerNorm", "output.LayerNorm"];
/// Characters of the teacher's name that go into the student's.
const NAME_CHARACTERS: usize = 30;
/// What names may begin with.
const PREFIXES: [&str; 2] = ["", "bert."];

/// What is needed of `config.json`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Sizes {
    model_type: String,
    #[serde(rename = "hidden_size")]
    pub(super) width: usize,
    #[serde(rename = "num_hidden_layers")]
    pub(super) layers: usize,
    #[serde(rename = "num_attention_heads")]
    pub(super) heads: usize,
    #[serde(rename = "layer_norm_eps", default = "usual_epsilon")]
    pub(super) epsilon: f64,
}

fn usual_epsilon() -> f64 {
    1e-12
}

/// A tensor as it lies in the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stored {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f32>,
}

/// The tensors of one layer by what comes after its number.
pub(super) type Layer = BTreeMap<String, Stored>;

#[derive(Debug)]
pub(super) struct TeacherFiles {
    folder: PathBuf,
    prefix: &'static str,
    configuration: serde_json::Value,
    pub(super) sizes: Sizes,
    weights: Weights,
}

impl TeacherFiles {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("config.json");
        let wrong = |reason: String| DistillError::Input {
            path: path.clone(),
            place: "the whole".to_owned(),
            reason,
        };
        let text = std::fs::read_to_string(&path)
            .map_err(|source| DistillError::Read { path: path.clone(), source })?;
        let configuration: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let sizes: Sizes = serde_json::from_value(configuration.clone())
            .map_err(|error| wrong(error.to_string()))?;
        if sizes.model_type != "bert" {
            let found = sizes.model_type;
            return Err(wrong(format!("a teacher must be of the type bert; it is {found}")).into());
        }
        let weights = Weights::open(folder)?;
        let known =
            |prefix: &&str| weights.contains(&format!("{prefix}embeddings.word_embeddings.weight"));
        let prefix = PREFIXES.into_iter().find(known).unwrap_or_default();
        Ok(Self { folder: folder.to_owned(), prefix, configuration, sizes, weights })
    }

    pub(super) fn layer(&self, index: usize) -> Result<Layer> {
        let parts = |names: &[&str]| -> Vec<String> {
            names.iter().flat_map(|n| [format!("{n}.weight"), format!("{n}.bias")]).collect()
        };
        let names = parts(&LINEARS).into_iter().chain(parts(&NORMS));
        names
            .map(|name| {
                let stored = self.stored(&format!("encoder.layer.{index}.{name}"))?;
                Ok((name, stored))
            })
            .collect()
    }

    /// A tensor by its name without prefix.
    pub(super) fn stored(&self, name: &str) -> Result<Stored> {
        let name = format!("{}{name}", self.prefix);
        let shape = self.weights.shape(&name).unwrap_or_default().to_vec();
        let values = self.weights.values(&name, &shape)?;
        Ok(Stored { shape, values })
    }

    /// Writes the student's folder: the teacher's with other layers.
    pub(super) fn write_student(&self, folder: &Path, layers: &[Layer]) -> Result<()> {
        let failed = |source| DistillError::Write { path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        for name in COPIED {
            let (from, to) = (self.folder.join(name), folder.join(name));
            if from.is_file() {
                let parent = to.parent().unwrap_or(folder);
                std::fs::create_dir_all(parent).map_err(failed)?;
                std::fs::copy(&from, &to).map_err(failed)?;
            }
        }
        let mut configuration = self.configuration.clone();
        if let Some(count) = configuration.get_mut("num_hidden_layers") {
            *count = layers.len().into();
        }
        let text = serde_json::to_string_pretty(&configuration).unwrap_or_default();
        std::fs::write(folder.join("config.json"), text).map_err(failed)?;
        let mut tensors = BTreeMap::new();
        for name in ["word_embeddings", "position_embeddings", "token_type_embeddings"] {
            let name = format!("embeddings.{name}.weight");
            tensors.insert(format!("{}{name}", self.prefix), self.stored(&name)?);
        }
        for name in ["embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias"] {
            tensors.insert(format!("{}{name}", self.prefix), self.stored(name)?);
        }
        for (index, layer) in layers.iter().enumerate() {
            for (name, stored) in layer {
                let name = format!("{}encoder.layer.{index}.{name}", self.prefix);
                tensors.insert(name, stored.clone());
            }
        }
        write_tensors(&folder.join("model.safetensors"), &tensors, None)?;
        self.write_manifest(folder, layers.len())
    }

    /// Says what the student is, so that the registry can take the folder as it is.
    fn write_manifest(&self, folder: &Path, layers: usize) -> Result<()> {
        let mut files = Vec::new();
        for path in COPIED.into_iter().chain(["config.json", "model.safetensors"]) {
            if folder.join(path).is_file() {
                let (bytes, sha256) = sha256_of(&folder.join(path))?;
                files.push(ManifestFile { path: path.to_owned(), bytes, sha256 });
            }
        }
        let teacher = self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let name: String = teacher.chars().filter(|c| allowed(*c)).take(NAME_CHARACTERS).collect();
        let manifest = Manifest {
            name: format!("student-{layers}-of-{name}"),
            version: 1,
            kind: ModelKind::Encoder,
            source: format!("autoglm distill encoder, teacher {teacher}"),
            licence: String::new(),
            prefix: String::new(),
            notes: format!("{layers} of {} layers", self.sizes.layers),
            created_at: 0,
            files,
        };
        let path = folder.join(MANIFEST);
        let text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
        let written = std::fs::write(&path, text);
        Ok(written.map_err(|source| DistillError::Write { path, source })?)
    }
}

/// Whole or not at all: under another name first.
pub(super) fn write_tensors(
    path: &Path,
    tensors: &BTreeMap<String, Stored>,
    notes: Option<std::collections::HashMap<String, String>>,
) -> Result<()> {
    let wrong = |error: safetensors::SafeTensorError| DistillError::Write {
        path: path.to_owned(),
        source: std::io::Error::other(error),
    };
    let bytes: Vec<(&String, &Stored, Vec<u8>)> = tensors
        .iter()
        .map(|(name, stored)| {
            (name, stored, stored.values.iter().flat_map(|value| value.to_le_bytes()).collect())
        })
        .collect();
    let mut views = Vec::with_capacity(bytes.len());
    for (name, stored, bytes) in &bytes {
        let view = TensorView::new(Dtype::F32, stored.shape.clone(), bytes).map_err(wrong)?;
        views.push((name.as_str(), view));
    }
    let unfinished = path.with_extension("unfinished");
    serialize_to_file(views, notes, &unfinished).map_err(wrong)?;
    let renamed = std::fs::rename(&unfinished, path);
    Ok(renamed.map_err(|source| DistillError::Write { path: path.to_owned(), source })?)
}
