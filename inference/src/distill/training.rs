//! Trains the rows of a static embedding until its vectors are the teacher's.

use super::adam::Adam;
use super::losses;
use super::matrix::{Matrix, add_scaled, dot};
use super::progress::Reporter;
use super::random::Random;
use super::sums::{Encoded, Gradient, Texts};
use crate::error::Result;

/// Steps in which the rate of learning rises from nothing; then it falls to nothing in a line.
const WARM_UP: usize = 50;
/// How much a ranking weighs beside the cosines, and how sharply it tells near from far.
const RANKING_WEIGHT: f32 = 0.05;
const RANKING_SHARPNESS: f32 = 20.0;

/// How long and how fast it learns.
#[derive(Debug, Clone, Copy)]
pub struct TrainingOptions {
    /// Batches.
    pub steps: usize,
    /// Texts of each set in a batch.
    pub batch: usize,
    /// Scored pairs in a batch.
    pub pairs: usize,
    /// Pairs of questions in a batch.
    pub questions: usize,
    /// The highest rate of learning.
    pub rate: f32,
    /// For everything that is drawn.
    pub seed: u64,
}

impl Default for TrainingOptions {
    /// As they were found on held-out parts of the training files; more steps gained nothing.
    fn default() -> Self {
        Self { steps: 1200, batch: 1024, pairs: 256, questions: 768, rate: 2e-3, seed: 1 }
    }
}

/// Texts and the vectors they should have, which several may share.
#[derive(Debug)]
pub(super) struct Lessons<'a> {
    pub(super) name: &'static str,
    pub(super) texts: Texts,
    pub(super) targets: &'a Matrix,
    /// For each text the row of its target.
    pub(super) of_text: Vec<usize>,
}

/// Pairs of texts that people, or the teacher, found near or far.
#[derive(Debug, Default)]
pub(super) struct Ranked {
    /// Places in the lessons they are of.
    pub(super) pairs: Vec<(usize, usize)>,
    pub(super) scores: Vec<f32>,
}

/// What is learned from.
#[derive(Debug)]
pub(super) struct Curriculum<'a> {
    pub(super) lessons: Vec<Lessons<'a>>,
    /// The scored pairs: English first and second texts, then their Chinese translations.
    pub(super) scored: [Lessons<'a>; 4],
    pub(super) scores: Vec<f32>,
    /// Chinese questions, whose pairs are ranked.
    pub(super) questions: Lessons<'a>,
    pub(super) ranked: Ranked,
}

/// Which texts of a scored pair are compared: within each language and across both.
const COMPARED: [(usize, usize); 4] = [(0, 1), (2, 3), (0, 3), (2, 1)];

/// Trains `table` in place and returns the losses of the last step by name.
pub(super) fn train(
    table: &mut Matrix,
    curriculum: &Curriculum<'_>,
    options: TrainingOptions,
    reporter: &mut Reporter<'_>,
) -> Result<Vec<(&'static str, f32)>> {
    let mut trainer = Trainer {
        gradient: Gradient::new(table.len(), table.width()),
        table,
        random: Random::new(options.seed),
        losses: Vec::new(),
    };
    let mut adam = Adam::new(trainer.table.len(), trainer.table.width());
    for step in 0..options.steps {
        trainer.losses.clear();
        for lessons in curriculum.lessons.iter().chain([&curriculum.questions]) {
            trainer.follow(lessons, options.batch);
        }
        trainer.follow_scored(curriculum, options.pairs);
        trainer.rank(&curriculum.questions, &curriculum.ranked, options.questions);
        let rise = ((step + 1) as f32 / WARM_UP as f32).min(1.0);
        let fall = 1.0 - step as f32 / options.steps as f32;
        adam.step(trainer.table, &trainer.gradient, options.rate * rise * fall);
        trainer.gradient.clear();
        reporter.report("training", (step + 1, options.steps), &trainer.losses)?;
    }
    Ok(trainer.losses)
}

struct Trainer<'t> {
    table: &'t mut Matrix,
    gradient: Gradient,
    random: Random,
    losses: Vec<(&'static str, f32)>,
}

impl Trainer<'_> {
    /// Towards the targets of a few random texts.
    fn follow(&mut self, lessons: &Lessons<'_>, batch: usize) {
        let chosen = self.random.many(batch, lessons.texts.len());
        if chosen.is_empty() {
            return;
        }
        let targets = chosen.clone();
        let encoded = Encoded::new(self.table, &lessons.texts, chosen);
        let (loss, gradient) = losses::cosine(&encoded.units, lessons.target(&targets), 1.0);
        encoded.backward(&gradient, &mut self.gradient);
        self.losses.push((lessons.name, loss));
    }

    /// Towards the targets of both texts of scored pairs in both languages, and the pairs into the
    /// order of their scores.
    fn follow_scored(&mut self, curriculum: &Curriculum<'_>, batch: usize) {
        let chosen = self.random.distinct(batch, curriculum.scores.len());
        if chosen.is_empty() {
            return;
        }
        let scores: Vec<f32> =
            chosen.iter().filter_map(|index| curriculum.scores.get(*index)).copied().collect();
        let mut sides = curriculum.scored.each_ref().map(|lessons| {
            let encoded = Encoded::new(self.table, &lessons.texts, chosen.clone());
            let (loss, gradient) = losses::cosine(&encoded.units, lessons.target(&chosen), 1.0);
            self.losses.push((lessons.name, loss));
            (encoded, gradient)
        });
        let mut ranking = 0.0;
        for (first, second) in COMPARED {
            let Ok([first, second]) = sides.get_disjoint_mut([first, second]) else { continue };
            ranking += rank_pairs(first, second, &scores);
        }
        self.losses.push(("order of pairs", ranking));
        for (encoded, gradient) in &sides {
            encoded.backward(gradient, &mut self.gradient);
        }
    }

    /// Pairs of texts into the order of their scores.
    fn rank(&mut self, lessons: &Lessons<'_>, ranked: &Ranked, batch: usize) {
        let chosen = self.random.many(batch, ranked.pairs.len());
        if chosen.is_empty() {
            return;
        }
        let pairs = chosen.iter().filter_map(|index| ranked.pairs.get(*index)).copied();
        let (first, second): (Vec<usize>, Vec<usize>) = pairs.unzip();
        let scores: Vec<f32> =
            chosen.iter().filter_map(|index| ranked.scores.get(*index)).copied().collect();
        let mut sides = [first, second].map(|chosen| {
            let gradient = Matrix::zeros(chosen.len(), self.table.width());
            (Encoded::new(self.table, &lessons.texts, chosen), gradient)
        });
        let [first, second] = &mut sides;
        let loss = rank_pairs(first, second, &scores);
        self.losses.push(("order of questions", loss));
        for (encoded, gradient) in &sides {
            encoded.backward(gradient, &mut self.gradient);
        }
    }
}

/// Adds the gradient of the ranking of pairs, which are texts at the same place of both sides.
fn rank_pairs(
    (first, of_first): &mut (Encoded<'_>, Matrix),
    (second, of_second): &mut (Encoded<'_>, Matrix),
    scores: &[f32],
) -> f32 {
    let cosines: Vec<f32> =
        first.units.rows().zip(second.units.rows()).map(|(a, b)| dot(a, b)).collect();
    let (loss, slopes) = losses::ranking(&cosines, scores, RANKING_SHARPNESS);
    for (index, slope) in slopes.into_iter().enumerate() {
        let slope = RANKING_WEIGHT * slope;
        add_scaled(of_first.row_mut(index), second.units.row(index), slope);
        add_scaled(of_second.row_mut(index), first.units.row(index), slope);
    }
    RANKING_WEIGHT * loss
}

impl<'a> Lessons<'a> {
    /// The targets of chosen texts, by their place among these.
    fn target(&self, chosen: &[usize]) -> impl Fn(usize) -> &'a [f32] {
        move |place| {
            let text = chosen.get(place).and_then(|text| self.of_text.get(*text));
            text.map_or(&[], |target| self.targets.row(*target))
        }
    }
}
