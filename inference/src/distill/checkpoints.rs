//! What a teacher said, kept in files, so that an interrupted distillation goes on where it was.
//!
//! A file holds the vectors of one batch in 16 bits; its name is the hash of the teacher and the
//! texts, so a changed input is asked about again and an unchanged one never twice.

use super::error::DistillError;
use super::matrix::HalfMatrix;
use super::progress::Reporter;
use super::teacher::Teacher;
use crate::error::{Error, Result};
use half::f16;
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;

/// Texts asked about at a time: about a second of MiniLM on one core, the most that is lost.
const BATCH: usize = 1024;
/// Bytes of the hash in a file's name.
const NAME_BYTES: usize = 16;

#[derive(Debug)]
pub(super) struct Checkpoints {
    folder: PathBuf,
}

impl Checkpoints {
    pub(super) fn open(folder: PathBuf) -> Result<Self, DistillError> {
        match std::fs::create_dir_all(&folder) {
            Ok(()) => Ok(Self { folder }),
            Err(source) => Err(DistillError::Write { path: folder, source }),
        }
    }

    /// The teacher's vectors of texts.
    pub(super) fn texts(
        &self,
        teacher: &dyn Teacher,
        (stage, texts): (&'static str, &[String]),
        reporter: &mut Reporter<'_>,
    ) -> Result<HalfMatrix> {
        let ask = |batch: &[String]| {
            let batch: Vec<&str> = batch.iter().map(String::as_str).collect();
            teacher.embed(&batch)
        };
        self.vectors((teacher, stage), texts, String::as_bytes, ask, reporter)
    }

    /// The teacher's vectors of rows of ids.
    pub(super) fn ids(
        &self,
        teacher: &dyn Teacher,
        (stage, ids): (&'static str, &[Vec<u32>]),
        reporter: &mut Reporter<'_>,
    ) -> Result<HalfMatrix> {
        let bytes =
            |row: &Vec<u32>| -> Vec<u8> { row.iter().flat_map(|id| id.to_le_bytes()).collect() };
        self.vectors((teacher, stage), ids, bytes, |batch| teacher.embed_ids(batch), reporter)
    }

    fn vectors<'a, T, B: AsRef<[u8]>>(
        &self,
        (teacher, stage): (&dyn Teacher, &'static str),
        items: &'a [T],
        bytes: impl Fn(&'a T) -> B,
        ask: impl Fn(&[T]) -> Result<Vec<Vec<f32>>>,
        reporter: &mut Reporter<'_>,
    ) -> Result<HalfMatrix> {
        let width = teacher.width();
        let mut vectors = HalfMatrix::new(width);
        for batch in items.chunks(BATCH) {
            let mut hasher = Sha256::new();
            hasher.update(teacher.identity());
            for item in batch {
                let item = bytes(item);
                hasher.update((item.as_ref().len() as u64).to_le_bytes());
                hasher.update(item.as_ref());
            }
            let name: String = hasher
                .finalize()
                .iter()
                .take(NAME_BYTES)
                .map(|byte| format!("{byte:02x}"))
                .collect();
            let path = self.folder.join(format!("{stage}-{name}.f16"));
            let values = match read(&path, batch.len() * width) {
                Some(values) => values,
                None => {
                    let values = flatten(&ask(batch)?, batch.len(), width)?;
                    self.write(&path, &values)?;
                    values
                }
            };
            vectors.extend(&values);
            reporter.report(stage, (vectors.len(), items.len()), &[])?;
        }
        Ok(vectors)
    }

    /// Whole or not at all: under another name first.
    fn write(&self, path: &PathBuf, values: &[f16]) -> Result<(), DistillError> {
        let failed = |source| DistillError::Write { path: path.clone(), source };
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let unfinished = self.folder.join("unfinished");
        std::fs::write(&unfinished, bytes).map_err(failed)?;
        std::fs::rename(&unfinished, path).map_err(failed)
    }

    /// Deletes the folder once its content is of no more use.
    pub(super) fn remove(self) -> Result<(), DistillError> {
        let path = self.folder;
        std::fs::remove_dir_all(&path).map_err(|source| DistillError::Write { path, source })
    }
}

/// A checkpoint that is there and has the right size; anything else is computed again.
fn read(path: &PathBuf, count: usize) -> Option<Vec<f16>> {
    let bytes = std::fs::read(path).ok()?;
    let (pairs, rest) = bytes.as_chunks::<2>();
    let whole = pairs.len() == count && rest.is_empty();
    whole.then(|| pairs.iter().map(|pair| f16::from_le_bytes(*pair)).collect())
}

fn flatten(vectors: &[Vec<f32>], count: usize, width: usize) -> Result<Vec<f16>> {
    if vectors.len() != count {
        let (asked, answered) = (count, vectors.len());
        return Err(Error::WrongCount { model: "the teacher".to_owned(), asked, answered });
    }
    if let Some(wrong) = vectors.iter().find(|vector| vector.len() != width) {
        let (got, expected) = (wrong.len(), width);
        return Err(Error::WrongDimensions { model: "the teacher".to_owned(), got, expected });
    }
    let mut values = vec![f16::ZERO; count * width];
    for (target, vector) in values.chunks_exact_mut(width.max(1)).zip(vectors) {
        for (target, value) in target.iter_mut().zip(vector) {
            *target = f16::from_f32(*value);
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::super::toy::{TOY_WIDTH, ToyTeacher};
    use super::*;
    use std::ops::ControlFlow;

    fn ask(folder: &std::path::Path, teacher: &ToyTeacher, texts: &[String]) -> HalfMatrix {
        let mut watch = |_: &super::super::Progress<'_>| ControlFlow::Continue(());
        let mut reporter = Reporter::new(&mut watch);
        let checkpoints = Checkpoints::open(folder.to_owned()).unwrap();
        checkpoints.texts(teacher, ("texts", texts), &mut reporter).unwrap()
    }

    #[test]
    fn what_was_asked_once_is_not_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        let teacher = ToyTeacher::new();
        let texts: Vec<String> = (0..2_000).map(|index| format!("text {index}")).collect();
        let first = ask(folder.path(), &teacher, &texts);
        assert_eq!((teacher.asked.get(), first.len()), (2_000, 2_000));
        assert_eq!(ask(folder.path(), &teacher, &texts), first);
        assert_eq!(teacher.asked.get(), 2_000);
        let mut changed = texts;
        changed[0] = "another".to_owned();
        ask(folder.path(), &teacher, &changed);
        assert_eq!(teacher.asked.get(), 2_000 + BATCH);
    }

    #[test]
    fn a_damaged_checkpoint_is_computed_again() {
        let folder = tempfile::tempdir().unwrap();
        let teacher = ToyTeacher::new();
        let texts = vec!["bank".to_owned()];
        let first = ask(folder.path(), &teacher, &texts);
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            std::fs::write(entry.unwrap().path(), "short").unwrap();
        }
        assert_eq!(ask(folder.path(), &teacher, &texts), first);
        assert_eq!(teacher.asked.get(), 2);
    }

    #[test]
    fn a_teacher_that_answers_wrongly_is_named() {
        assert!(matches!(flatten(&[], 1, TOY_WIDTH), Err(Error::WrongCount { .. })));
        let short = [vec![0.0; 3]];
        assert!(matches!(flatten(&short, 1, TOY_WIDTH), Err(Error::WrongDimensions { .. })));
    }
}
