//! Trains an encoder student, from the teacher's folder to the student's.

use super::batches::Batches;
use super::folder::{Layer, TeacherFiles};
use super::objective::{Following, Outcome, numbers, ranking};
use super::parameters::Parameters;
use super::stack::{Stack, Words, pool, tensor};
use super::{EncoderLessons, EncoderOptions};
use crate::device::ComputeDevice;
use crate::distill::error::DistillError;
use crate::distill::progress::{Reporter, Watch};
use crate::distill::random::Random;
use crate::encoder::{Pooling, TransformerEncoder};
use crate::error::Result;
use burn::tensor::{Device, Tensor};
use sha2::{Digest as _, Sha256};
use std::path::Path;

/// Steps in which the rate of learning rises from nothing; then it falls to nothing in a line.
const WARM_UP: usize = 50;
/// Where what was learned so far is kept, in the student's folder.
const CHECKPOINT: &str = "checkpoint.safetensors";

/// Makes a student in the folder `out`, which [`TransformerEncoder::load`] can read. What was
/// learned is kept there every few steps, so that the same call goes on after an interruption.
///
/// # Errors
/// [`DistillError::Stopped`] when `watch` says so; otherwise what cannot be read, written, learned.
pub fn distill_encoder<'a>(
    teacher: &Path,
    lessons: EncoderLessons<'_>,
    options: &EncoderOptions,
    out: &Path,
    watch: &'a mut Watch<'a>,
) -> Result<()> {
    let mut reporter = Reporter::new(watch);
    let files = TeacherFiles::open(teacher)?;
    options.check(files.sizes.layers)?;
    let encoder = TransformerEncoder::load(teacher, &ComputeDevice::cpu())?;
    let mut classroom = Classroom::new(&files, &encoder, lessons, options)?;
    let recipe = classroom.recipe(lessons, options);
    std::fs::create_dir_all(out)
        .map_err(|source| DistillError::Write { path: out.to_owned(), source })?;
    let checkpoint = out.join(CHECKPOINT);
    let chosen = chosen_layers(files.sizes.layers, options.layers);
    let layers: Vec<Layer> =
        chosen.into_iter().map(|index| files.layer(index)).collect::<Result<_>>()?;
    let mut parameters = Parameters::new(layers);
    parameters.resume(&checkpoint, &recipe);
    while parameters.step < options.steps {
        let losses = classroom.step(&mut parameters, options)?;
        let done = parameters.step;
        if done.is_multiple_of(options.checkpoint_every) {
            parameters.save(&checkpoint, &recipe)?;
        }
        reporter.report("training", (done, options.steps), &losses)?;
    }
    files.write_student(out, &parameters.layers())?;
    match std::fs::remove_file(&checkpoint) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(DistillError::Write { path: checkpoint, source: error }.into())
        }
        _ => Ok(()),
    }
}

/// The teacher's layers the student begins with: the first, the last, and evenly between.
fn chosen_layers(of_teacher: usize, of_student: usize) -> Vec<usize> {
    let gaps = of_student.saturating_sub(1).max(1);
    (0..of_student).map(|index| (index * (of_teacher - 1) + gaps / 2) / gaps).collect()
}

/// A scored pair as token ids.
struct Pair {
    texts: [Vec<u32>; 2],
    score: f32,
}

/// Everything a step needs but the student itself.
struct Classroom<'a> {
    words: Words,
    teacher: Stack,
    sizes: &'a super::folder::Sizes,
    pooling: Pooling,
    texts: Batches<Vec<u32>>,
    pairs: Batches<Pair>,
    device: Device,
    learning: Device,
}

impl<'a> Classroom<'a> {
    fn new(
        files: &'a TeacherFiles,
        encoder: &TransformerEncoder,
        lessons: EncoderLessons<'_>,
        options: &EncoderOptions,
    ) -> Result<Self> {
        let tokenize = |text: &String| -> Result<Vec<u32>> {
            let mut ids = encoder.tokenize(text)?;
            if let (true, Some(end)) = (ids.len() > options.tokens_max, ids.last().copied()) {
                // The frame's last token stays the last.
                ids.truncate(options.tokens_max - 1);
                ids.push(end);
            }
            Ok(ids)
        };
        let ids: Vec<Vec<u32>> = lessons.texts.iter().map(tokenize).collect::<Result<_>>()?;
        let texts = ids.into_iter().filter(|ids| !ids.is_empty()).collect();
        let texts = Batches::new(texts, Vec::len);
        if texts.len() < 2 {
            return Err(DistillError::TooLittle("there are no texts to learn from".into()).into());
        }
        let pairs = lessons.pairs.iter().map(|pair| {
            let [first, second] = &pair.texts;
            Ok(Pair { texts: [tokenize(first)?, tokenize(second)?], score: pair.score })
        });
        let pairs = pairs.collect::<Result<_>>()?;
        let longer = |pair: &Pair| pair.texts.iter().map(Vec::len).max().unwrap_or_default();
        let device = ComputeDevice::cpu().tensors().clone();
        let of_teacher = (0..files.sizes.layers).map(|index| {
            let layer = files.layer(index)?;
            Ok(layer.iter().map(|(name, stored)| (name.clone(), tensor(stored, &device))).collect())
        });
        let teacher = of_teacher.collect::<Result<Vec<_>>>()?;
        Ok(Self {
            words: Words::new(files)?,
            teacher: Stack::new(teacher, &files.sizes),
            sizes: &files.sizes,
            pooling: encoder.pooling(),
            texts,
            pairs: Batches::new(pairs, longer),
            learning: device.clone().autodiff(),
            device,
        })
    }

    /// Tells checkpoints of one training from those of every other.
    fn recipe(&self, lessons: EncoderLessons<'_>, options: &EncoderOptions) -> String {
        let mut hasher = Sha256::new();
        hasher.update(format!("{options:?} {:?} {:?}", self.sizes, self.pooling));
        for text in lessons.texts {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
        hasher.update(format!("{:?}", lessons.pairs));
        let words = self.words.fingerprint();
        hasher.update(words);
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// One batch; returns the losses by name.
    fn step(
        &mut self,
        parameters: &mut Parameters,
        options: &EncoderOptions,
    ) -> Result<[(&'static str, f32); 5]> {
        // Seeded by the step: a resumed training draws what an uninterrupted one draws.
        let mut random = Random::new(options.seed ^ (parameters.step as u64).rotate_left(32));
        let student = self.student(parameters);
        let texts = self.texts.draw(options.batch, &mut random);
        let following = self.follow(&student, texts, options);
        let mut total = following.sum(options);
        let mut ranked = 0.0;
        if self.pairs.len() > 1 && options.alpha > 0.0 {
            let (value, loss) = self.rank(&student, options, &mut random)?;
            ranked = value;
            total = total * (1.0 - options.alpha) + loss * options.alpha;
        }
        let gradients = total.backward();
        let mut flat = Vec::with_capacity(parameters.all.len());
        for parameter in &parameters.all {
            let leaf = student.layers.get(parameter.layer).and_then(|l| l.get(&parameter.name));
            let gradient = leaf.and_then(|(leaf, _)| leaf.grad(&gradients));
            flat.push(gradient.map(numbers).transpose()?.unwrap_or_default());
        }
        let step = parameters.step;
        let rise = ((step + 1) as f32 / WARM_UP as f32).min(1.0);
        let fall = 1.0 - step as f32 / options.steps as f32;
        parameters.learn(&flat, options.rate * rise * fall);
        let value = |tensor: Tensor<1>| -> Result<f32> {
            Ok(numbers(tensor.without_autodiff())?.first().copied().unwrap_or_default())
        };
        Ok([
            ("direction", value(following.direction)?),
            ("distance", value(following.distance)?),
            ("hidden", value(following.hidden)?),
            ("relations", value(following.relations)?),
            ("order of pairs", ranked),
        ])
    }

    /// The student's layers as leaves of a new graph.
    fn student(&self, parameters: &Parameters) -> Stack {
        let mut layers = Vec::new();
        for layer in parameters.layers() {
            let leaves = layer.iter().map(|(name, stored)| {
                let (leaf, shape) = tensor(stored, &self.learning);
                (name.clone(), (leaf.require_grad(), shape))
            });
            layers.push(leaves.collect());
        }
        Stack::new(layers, self.sizes)
    }

    fn follow(&self, student: &Stack, texts: &[Vec<u32>], options: &EncoderOptions) -> Following {
        let batch = self.words.batch(texts, &self.device);
        let hidden = self.teacher.forward(&batch);
        let pooled = self.pooled(&hidden, &batch);
        let raise = |tensor: Tensor<3>| tensor.autodiff();
        let teacher =
            Outcome { hidden: hidden.into_iter().map(raise).collect(), pooled: pooled.autodiff() };
        let batch = self.words.batch(texts, &self.learning);
        let hidden = student.forward(&batch);
        let pooled = self.pooled(&hidden, &batch);
        Following::new(&Outcome { hidden, pooled }, &teacher, &batch, options)
    }

    fn rank(
        &self,
        student: &Stack,
        options: &EncoderOptions,
        random: &mut Random,
    ) -> Result<(f32, Tensor<1>)> {
        let chosen = self.pairs.draw(options.batch, random);
        let side = |side: usize| {
            let texts = chosen.iter().filter_map(|pair| pair.texts.get(side));
            let texts: Vec<Vec<u32>> = texts.cloned().collect();
            let batch = self.words.batch(&texts, &self.learning);
            self.pooled(&student.forward(&batch), &batch)
        };
        let scores: Vec<f32> = chosen.iter().map(|pair| pair.score).collect();
        ranking(side(0), side(1), &scores, &self.learning)
    }

    fn pooled(&self, hidden: &[Tensor<3>], batch: &super::stack::Batch) -> Tensor<2> {
        pool(hidden.last().unwrap_or(&batch.hidden), batch, self.pooling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_student_begins_with_layers_from_the_whole_teacher() {
        assert_eq!(chosen_layers(6, 3), [0, 3, 5]);
        assert_eq!(chosen_layers(6, 2), [0, 5]);
        assert_eq!(chosen_layers(12, 4), [0, 4, 7, 11]);
        assert_eq!(chosen_layers(6, 6), [0, 1, 2, 3, 4, 5]);
        assert_eq!(chosen_layers(6, 1), [0]);
    }
}
