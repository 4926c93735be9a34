//! What the student learns: the numbers of its layers, with Adam's moments, and their checkpoints.

use super::folder::{Layer, Stored, write_tensors};
use crate::error::Result;
use safetensors::SafeTensors;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The usual constants of Adam.
const FIRST_DECAY: f32 = 0.9;
const SECOND_DECAY: f32 = 0.999;
const EPSILON: f32 = 1e-8;
/// Keys of a checkpoint's notes.
const STEP: &str = "step";
const RECIPE: &str = "recipe";

/// One tensor that is learned.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parameter {
    pub(super) layer: usize,
    /// What comes after the layer's number in its name.
    pub(super) name: String,
    pub(super) stored: Stored,
    first: Vec<f32>,
    second: Vec<f32>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parameters {
    pub(super) all: Vec<Parameter>,
    /// Steps done.
    pub(super) step: usize,
}

impl Parameters {
    pub(super) fn new(layers: Vec<Layer>) -> Self {
        let mut all = Vec::new();
        for (layer, tensors) in layers.into_iter().enumerate() {
            for (name, stored) in tensors {
                let count = stored.values.len();
                let (first, second) = (vec![0.0; count], vec![0.0; count]);
                all.push(Parameter { layer, name, stored, first, second });
            }
        }
        Self { all, step: 0 }
    }

    pub(super) fn layers(&self) -> Vec<Layer> {
        let count = self.all.iter().map(|parameter| parameter.layer + 1).max().unwrap_or_default();
        let mut layers = vec![Layer::new(); count];
        for parameter in &self.all {
            if let Some(layer) = layers.get_mut(parameter.layer) {
                layer.insert(parameter.name.clone(), parameter.stored.clone());
            }
        }
        layers
    }

    /// One step of Adam; `gradients` in the order of the parameters.
    pub(super) fn learn(&mut self, gradients: &[Vec<f32>], rate: f32) {
        self.step += 1;
        let step = i32::try_from(self.step).unwrap_or(i32::MAX);
        let first_scale = (1.0 - FIRST_DECAY.powi(step)).recip();
        let second_scale = (1.0 - SECOND_DECAY.powi(step)).recip();
        for (parameter, gradient) in self.all.iter_mut().zip(gradients) {
            let moments = parameter.first.iter_mut().zip(&mut parameter.second);
            let values = parameter.stored.values.iter_mut().zip(gradient);
            for ((first, second), (value, gradient)) in moments.zip(values) {
                *first += (1.0 - FIRST_DECAY) * (gradient - *first);
                *second += (1.0 - SECOND_DECAY) * (gradient * gradient - *second);
                *value -= rate * *first * first_scale / ((*second * second_scale).sqrt() + EPSILON);
            }
        }
    }

    /// `recipe` tells what the checkpoint belongs to.
    pub(super) fn save(&self, path: &Path, recipe: &str) -> Result<()> {
        let mut tensors = BTreeMap::new();
        for parameter in &self.all {
            let shape = parameter.stored.shape.clone();
            let kept = |values: &[f32]| Stored { shape: shape.clone(), values: values.to_vec() };
            tensors.insert(parameter.key("value"), parameter.stored.clone());
            tensors.insert(parameter.key("first"), kept(&parameter.first));
            tensors.insert(parameter.key("second"), kept(&parameter.second));
        }
        let notes = [(STEP, self.step.to_string()), (RECIPE, recipe.to_owned())];
        let notes = notes.map(|(key, value)| (key.to_owned(), value));
        write_tensors(path, &tensors, Some(HashMap::from(notes)))
    }

    /// Takes over a checkpoint of the same recipe; whether there was one. Anything else is left.
    pub(super) fn resume(&mut self, path: &Path, recipe: &str) -> bool {
        match self.resumed(path, recipe) {
            Some(resumed) => {
                *self = resumed;
                true
            }
            None => false,
        }
    }

    fn resumed(&self, path: &Path, recipe: &str) -> Option<Self> {
        let file = std::fs::read(path).ok()?;
        let (_, header) = SafeTensors::read_metadata(&file).ok()?;
        let notes = header.metadata().as_ref()?;
        if notes.get(RECIPE).map(String::as_str) != Some(recipe) {
            return None;
        }
        let mut resumed = Self { step: notes.get(STEP)?.parse().ok()?, ..self.clone() };
        let tensors = SafeTensors::deserialize(&file).ok()?;
        for parameter in &mut resumed.all {
            let read = |part: &str, values: &mut Vec<f32>| {
                let view = tensors.tensor(&parameter.key(part)).ok()?;
                let (chunks, rest) = view.data().as_chunks::<4>();
                let whole = chunks.len() == values.len() && rest.is_empty();
                let read = chunks.iter().map(|bytes| f32::from_le_bytes(*bytes));
                whole.then(|| *values = read.collect())
            };
            let mut stored = parameter.stored.values.clone();
            let (mut first, mut second) = (parameter.first.clone(), parameter.second.clone());
            read("value", &mut stored)?;
            read("first", &mut first)?;
            read("second", &mut second)?;
            parameter.stored.values = stored;
            (parameter.first, parameter.second) = (first, second);
        }
        Some(resumed)
    }
}

impl Parameter {
    fn key(&self, part: &str) -> String {
        format!("{}.{}.{part}", self.layer, self.name)
    }
}
