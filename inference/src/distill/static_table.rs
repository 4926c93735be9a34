//! The recipe of the built-in bilingual table, step by step.
//!
//! 1. Clean the dictionary's glosses and choose the words.
//! 2. Write sentences of our own in both languages.
//! 3. Ask the teacher about everything English, and bring its vectors to the product's width.
//! 4. Place every word: English ones by the teacher, Chinese ones by their glosses; frequent words
//!    with small weight.
//! 5. Train on senses, headwords from their parts, our sentences and the scored pairs.

mod curriculum;
mod lookup;
mod output;
mod place;

#[cfg(test)]
mod tests;

use super::checkpoints::Checkpoints;
use super::dictionary::DictionaryEntry;
use super::error::DistillError;
use super::frequencies::Frequencies;
use super::gloss::Glosses;
use super::matrix::HalfMatrix;
use super::pairs::BilingualPair;
use super::progress::{Reporter, Watch};
use super::sentences::{QuestionGroup, Sentence, Writer};
use super::teacher::Teacher;
use super::training::{TrainingOptions, train};
use super::words::{WordLimits, Words};
use crate::encoder::{StaticEncoder, StaticTable, Vocabulary};
use crate::error::Result;
use crate::model::ModelId;
use lookup::Said;
use std::path::Path;

/// Seeds of the sentences; part of the recipe, not of the training.
const STATEMENT_SEED: u64 = 7;
const QUESTION_SEED: u64 = 11;

/// What it learns from.
pub struct StaticInputs<'a> {
    /// Says where English texts are.
    pub teacher: &'a dyn Teacher,
    /// Says what Chinese words mean.
    pub dictionary: &'a [DictionaryEntry],
    /// Says which words are used.
    pub frequencies: &'a Frequencies,
    /// Says how near sentences are to people.
    pub pairs: &'a [BilingualPair],
}

impl std::fmt::Debug for StaticInputs<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("StaticInputs")
            .field("teacher", &self.teacher.identity())
            .field("entries", &self.dictionary.len())
            .field("pairs", &self.pairs.len())
            .finish_non_exhaustive()
    }
}

/// Sizes of the result and of the training.
#[derive(Debug, Clone, Copy)]
pub struct StaticOptions {
    /// Rows of the table.
    pub words: WordLimits,
    /// Sentences of our own.
    pub statements: usize,
    /// Groups of questions, of about six sentences each.
    pub question_groups: usize,
    /// How long and how fast it learns.
    pub training: TrainingOptions,
}

impl Default for StaticOptions {
    /// Twice as many sentences gained nothing.
    fn default() -> Self {
        Self {
            words: WordLimits::default(),
            statements: 60_000,
            question_groups: 24_000,
            training: TrainingOptions::default(),
        }
    }
}

/// What was learned.
#[derive(Debug)]
pub struct StaticStudent {
    /// One word a line, in the order of the rows.
    pub vocabulary: String,
    /// A row for each.
    pub table: StaticTable,
    /// Of the last step of the training, by name.
    pub losses: Vec<(&'static str, f32)>,
    /// The share of the teacher's variance that the product's width keeps.
    pub variance_kept: f32,
}

/// Makes the table. What the teacher said is kept in `checkpoints` while it works, so that the
/// same call goes on after an interruption; the result is the same bytes either way.
///
/// # Errors
/// [`DistillError::Stopped`] when `watch` says so; otherwise what cannot be read, written, asked.
pub fn distill_static<'a>(
    inputs: &StaticInputs<'_>,
    options: &StaticOptions,
    checkpoints: &Path,
    watch: &'a mut Watch<'a>,
) -> Result<StaticStudent> {
    let mut reporter = Reporter::new(watch);
    let glosses = Glosses::new(inputs.dictionary);
    let words = Words::choose(inputs.teacher.pieces(), &glosses, inputs.frequencies, options.words);
    if words.pieces.is_empty() || words.chinese.is_empty() {
        return Err(DistillError::TooLittle(format!(
            "the teacher has {} usable pieces and the dictionary {} usable words; name the files \
             of an uncased English encoder and of CC-CEDICT",
            words.pieces.len(),
            words.chinese.len()
        ))
        .into());
    }
    let writer = Writer::new(&glosses, inputs.frequencies);
    let material = Material {
        statements: writer.statements(options.statements, STATEMENT_SEED),
        questions: writer.questions(options.question_groups, QUESTION_SEED),
        pairs: inputs.pairs,
        glosses,
        words,
    };
    let checkpoints = Checkpoints::open(checkpoints.to_owned())?;
    let answers = ask(inputs.teacher, &material, &checkpoints, &mut reporter)?;
    let placed = place::place(&material, &answers)?;
    drop(answers.pieces);
    let encoder = untrained(&material, &placed)?;
    let targets = curriculum::Targets::new(&material, &answers.said, &placed.projection);
    let curriculum = targets.curriculum(&material, &answers.said, &encoder);
    let mut table = placed.table;
    let losses = train(&mut table, &curriculum, options.training, &mut reporter)?;
    let table = StaticTable::quantize(table.values())?;
    checkpoints.remove()?;
    let vocabulary = material.words.lines().iter().map(|line| format!("{line}\n")).collect();
    Ok(StaticStudent { vocabulary, table, losses, variance_kept: placed.projection.kept() })
}

/// Everything that is learned from, before the teacher is asked.
#[derive(Debug)]
struct Material<'a> {
    glosses: Glosses,
    words: Words,
    statements: Vec<Sentence>,
    questions: Vec<QuestionGroup>,
    pairs: &'a [BilingualPair],
}

/// What the teacher said.
#[derive(Debug)]
struct Answers {
    /// About its own pieces that are words of the table.
    pieces: HalfMatrix,
    said: AllSaid,
}

/// What it said about texts, by text.
#[derive(Debug)]
struct AllSaid {
    whole: Said,
    senses: Said,
    pairs: Said,
    sentences: Said,
}

fn ask(
    teacher: &dyn Teacher,
    material: &Material<'_>,
    checkpoints: &Checkpoints,
    reporter: &mut Reporter<'_>,
) -> Result<Answers> {
    let id = |marker: &str| -> Result<u32, DistillError> {
        let place = teacher.pieces().iter().position(|piece| piece == marker);
        place.and_then(|place| u32::try_from(place).ok()).ok_or_else(|| {
            DistillError::TooLittle(format!(
                "the teacher has no piece {marker}; name the folder of a model of the BERT family"
            ))
        })
    };
    let (begin, end) = (id("[CLS]")?, id("[SEP]")?);
    let pieces: Vec<Vec<u32>> =
        material.words.pieces.iter().map(|(_, id)| vec![begin, *id, end]).collect();
    let pieces = checkpoints.ids(teacher, ("pieces", &pieces), reporter)?;
    let mut texts = |stage, texts: Vec<String>| -> Result<Said> {
        let texts = lookup::distinct(texts);
        let vectors = checkpoints.texts(teacher, (stage, &texts), reporter)?;
        Ok(Said::new(texts, vectors))
    };
    let of_pairs = material.pairs.iter().flat_map(|pair| &pair.english).cloned().collect();
    let said = AllSaid {
        whole: texts("words", material.words.whole.clone())?,
        senses: texts("senses", material.glosses.distinct_senses())?,
        pairs: texts("pairs", of_pairs)?,
        sentences: texts("sentences", material.english_sentences())?,
    };
    Ok(Answers { pieces, said })
}

impl Material<'_> {
    fn english_sentences(&self) -> Vec<String> {
        let questions = self.questions.iter().flat_map(QuestionGroup::sentences);
        self.statements.iter().chain(questions).map(|sentence| sentence.english.clone()).collect()
    }
}

/// The encoder before training: its words are final, and training needs texts cut into them.
fn untrained(material: &Material<'_>, placed: &place::Placed) -> Result<StaticEncoder> {
    let vocabulary = Vocabulary::from_lines(material.words.lines());
    let table = StaticTable::quantize(placed.table.values())?;
    StaticEncoder::from_parts(ModelId::new("untrained", 1), vocabulary, table)
}
