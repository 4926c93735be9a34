//! What the student's training makes smaller.

use super::EncoderOptions;
use super::stack::{Batch, unit};
use crate::distill::losses;
use crate::error::{Error, Result};
use burn::tensor::{Device, Tensor, TensorData, activation};

/// How sharply the people's scores are told apart.
const SHARPNESS: f32 = 20.0;
/// Takes a text itself out of those it is near to.
const FAR_BELOW: f32 = -1e9;

/// Hidden states and pooled vectors of one batch.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) hidden: Vec<Tensor<3>>,
    pub(super) pooled: Tensor<2>,
}

/// The parts of following the teacher, each a mean, before they are weighed.
#[derive(Debug)]
pub(super) struct Following {
    /// 1 − cosine of the vectors.
    pub(super) direction: Tensor<1>,
    /// Squared distance of the vectors before they are made unit length.
    pub(super) distance: Tensor<1>,
    /// Squared distance of the hidden states.
    pub(super) hidden: Tensor<1>,
    /// Divergence of which texts are near each other.
    pub(super) relations: Tensor<1>,
}

impl Following {
    pub(super) fn new(
        student: &Outcome,
        teacher: &Outcome,
        batch: &Batch,
        options: &EncoderOptions,
    ) -> Self {
        let (ours, theirs) = (unit(student.pooled.clone()), unit(teacher.pooled.clone()));
        let cosines = (ours.clone() * theirs.clone()).sum_dim(1);
        let apart = student.pooled.clone() - teacher.pooled.clone();
        Self {
            direction: (cosines * -1.0 + 1.0).mean(),
            distance: (apart.clone() * apart).mean(),
            hidden: hidden(student, teacher, batch),
            relations: relations(ours, theirs, options.temperature),
        }
    }

    pub(super) fn sum(&self, options: &EncoderOptions) -> Tensor<1> {
        self.direction.clone()
            + self.distance.clone()
            + self.hidden.clone() * options.hidden
            + self.relations.clone() * options.relational
    }
}

/// Every layer of the student against the one of the teacher that is as far up.
fn hidden(student: &Outcome, teacher: &Outcome, batch: &Batch) -> Tensor<1> {
    let (of_student, of_teacher) = (student.hidden.len(), teacher.hidden.len());
    let counted = batch.mask.clone().sum();
    let mut sum = Tensor::<1>::zeros([1], &batch.mask.device());
    for (index, ours) in student.hidden.iter().enumerate() {
        let place = ((index + 1) * of_teacher / of_student).saturating_sub(1);
        let Some(theirs) = teacher.hidden.get(place) else { continue };
        let [_, _, width] = ours.dims();
        let apart = (ours.clone() - theirs.clone()) * batch.mask.clone();
        sum = sum + (apart.clone() * apart).sum() / (counted.clone() * width as f32);
    }
    sum / of_student as f32
}

/// Kullback-Leibler divergence of both models' opinion, at a temperature, of which other text of
/// the batch each text is nearest to; times the temperature's square, so that the gradient's size
/// does not hang on it.
fn relations(ours: Tensor<2>, theirs: Tensor<2>, temperature: f32) -> Tensor<1> {
    let [texts, _] = ours.dims();
    let itself = Tensor::<2>::eye(texts, &ours.device()) * FAR_BELOW;
    let near = |vectors: Tensor<2>| {
        let cosines = vectors.clone().matmul(vectors.transpose());
        activation::log_softmax(cosines * temperature.recip() + itself.clone(), 1)
    };
    let (ours, theirs) = (near(ours), near(theirs));
    let divergence = theirs.clone().exp() * (theirs - ours);
    divergence.sum() * (temperature * temperature / texts as f32)
}

/// The ranking of pairs by the people's scores: its value, and a tensor with its gradient.
pub(super) fn ranking(
    first: Tensor<2>,
    second: Tensor<2>,
    scores: &[f32],
    device: &Device,
) -> Result<(f32, Tensor<1>)> {
    let cosines = (unit(first) * unit(second)).sum_dim(1);
    let values = numbers(cosines.clone().reshape([scores.len()]))?;
    let (loss, slopes) = losses::ranking(&values, scores, SHARPNESS);
    // The slopes are numbers, so the gradient of this sum by the cosines is theirs.
    let slopes = TensorData::new(slopes, [scores.len(), 1]);
    let weighted = cosines * Tensor::<2>::from_data(slopes, device);
    Ok((loss, weighted.sum()))
}

/// The numbers of a tensor.
pub(super) fn numbers(tensor: Tensor<1>) -> Result<Vec<f32>> {
    let failed = |reason: String| Error::InvalidModel { model: "the student".to_owned(), reason };
    let data = tensor.try_into_data().map_err(|error| failed(error.to_string()))?;
    data.try_to_vec::<f32>().map_err(|error| failed(error.to_string()))
}
