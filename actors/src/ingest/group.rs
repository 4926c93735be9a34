//! Which waiting batches are written together, and whose share of the answer is whose.

use autoglm_domain::ArticleDraft;
use autoglm_models::InsertOutcome;
use autoglm_protocol::ingest::Stored;
use std::collections::VecDeque;

/// The drafts of one caller.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) drafts: Vec<ArticleDraft>,
    pub(super) trace_parent: Option<String>,
}

/// Takes the oldest waiting batch and all others of the same trace that still fit under `max`
/// drafts, oldest first. A batch that is larger goes alone. The store keeps one trace a write,
/// hence no mixing.
pub(super) fn next_group<W>(
    waiting: &mut VecDeque<W>,
    max: usize,
    batch: impl Fn(&W) -> &Batch,
) -> Vec<W> {
    let Some(first) = waiting.pop_front() else { return Vec::new() };
    let mut drafts = batch(&first).drafts.len();
    let mut group = vec![first];
    let mut left = VecDeque::with_capacity(waiting.len());
    while let Some(next) = waiting.pop_front() {
        let fits = drafts + batch(&next).drafts.len() <= max;
        if fits && batch(&next).trace_parent == batch(&group[0]).trace_parent {
            drafts += batch(&next).drafts.len();
            group.push(next);
        } else {
            left.push_back(next);
        }
    }
    *waiting = left;
    group
}

/// Deals the outcomes of a group out to its batches, whose sizes add up to their number.
pub(super) fn split(outcomes: &[InsertOutcome], sizes: &[usize]) -> Vec<Stored> {
    let mut rest = outcomes;
    sizes
        .iter()
        .map(|size| {
            let (mine, others) = rest.split_at((*size).min(rest.len()));
            rest = others;
            stored(mine)
        })
        .collect()
}

fn stored(outcomes: &[InsertOutcome]) -> Stored {
    let mut stored = Stored::default();
    for outcome in outcomes {
        match outcome {
            InsertOutcome::Inserted(id) => stored.inserted.push(*id),
            InsertOutcome::Updated(id) => stored.updated.push(*id),
            InsertOutcome::Known(_) => stored.known += 1,
        }
    }
    stored
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline_testing::draft;
    use autoglm_domain::ArticleId;

    fn batch(size: usize, trace_parent: Option<&str>) -> Batch {
        let drafts = (0..size).map(|number| draft(1, number as u64)).collect();
        Batch { drafts, trace_parent: trace_parent.map(str::to_owned) }
    }

    fn sizes(group: &[Batch]) -> Vec<usize> {
        group.iter().map(|batch| batch.drafts.len()).collect()
    }

    #[test]
    fn waiting_batches_are_written_together_up_to_the_limit() {
        let mut waiting: VecDeque<_> =
            [3, 4, 9, 2].into_iter().map(|size| batch(size, None)).collect();
        assert_eq!(sizes(&next_group(&mut waiting, 10, |one| one)), [3, 4, 2]);
        assert_eq!(sizes(&next_group(&mut waiting, 10, |one| one)), [9]);
        assert!(next_group(&mut waiting, 10, |one| one).is_empty());
    }

    #[test]
    fn a_batch_over_the_limit_goes_alone() {
        let mut waiting: VecDeque<_> = [12, 1].into_iter().map(|size| batch(size, None)).collect();
        assert_eq!(sizes(&next_group(&mut waiting, 10, |one| one)), [12]);
        assert_eq!(waiting.len(), 1);
    }

    #[test]
    fn traces_are_not_mixed() {
        let mut waiting: VecDeque<_> =
            [batch(1, Some("a")), batch(2, None), batch(3, Some("a"))].into();
        assert_eq!(sizes(&next_group(&mut waiting, 10, |one| one)), [1, 3]);
        assert_eq!(sizes(&next_group(&mut waiting, 10, |one| one)), [2]);
    }

    #[test]
    fn every_caller_gets_its_own_share() {
        let outcomes = [
            InsertOutcome::Inserted(ArticleId(1)),
            InsertOutcome::Known(ArticleId(2)),
            InsertOutcome::Updated(ArticleId(3)),
        ];
        let shares = split(&outcomes, &[2, 0, 1]);
        assert_eq!(shares[0], Stored { inserted: vec![ArticleId(1)], updated: vec![], known: 1 });
        assert_eq!(shares[1], Stored::default());
        assert_eq!(shares[2].updated, [ArticleId(3)]);
    }
}
