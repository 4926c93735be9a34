//! Names at their places, and which of them stand when they overlap.

use autoglm_domain::EntityKind;

/// How sure a way of finding names is; the surer one wins where two find equally long names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sureness {
    /// By what stands beside it.
    Evidence,
    /// By a list of names.
    Known,
    /// By its form.
    Form,
}

/// One name at one place of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: EntityKind,
    pub(super) key: String,
    /// As it is shown.
    pub(super) name: String,
    pub(super) sureness: Sureness,
}

/// The longest, then surest, then first of names that overlap, in the order of the text.
pub(super) fn without_overlaps(mut mentions: Vec<Mention>) -> Vec<Mention> {
    mentions.sort_by(|a, b| {
        let length = |one: &Mention| one.end - one.start;
        length(b)
            .cmp(&length(a))
            .then(b.sureness.cmp(&a.sureness))
            .then(a.start.cmp(&b.start))
            .then(a.key.cmp(&b.key))
    });
    let mut taken = std::collections::BTreeMap::<usize, usize>::new();
    mentions.retain(|one| {
        let before = taken.range(..one.end).next_back();
        let is_free = before.is_none_or(|(_, end)| *end <= one.start);
        if is_free {
            taken.insert(one.start, one.end);
        }
        is_free
    });
    mentions.sort_by_key(|one| one.start);
    mentions
}

/// Whether a place is inside one of these names, which are in the order of the text.
pub(super) fn covers(mentions: &[Mention], start: usize, end: usize) -> bool {
    let after = mentions.partition_point(|one| one.end <= start);
    mentions.get(after).is_some_and(|one| one.start < end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mention(start: usize, end: usize, sureness: Sureness) -> Mention {
        let key = format!("{start}-{end}");
        Mention { start, end, kind: EntityKind::Company, name: key.clone(), key, sureness }
    }

    #[test]
    fn of_names_that_overlap_the_longest_and_then_the_surest_stands() {
        let found = vec![
            mention(0, 4, Sureness::Form),
            mention(2, 9, Sureness::Evidence),
            mention(10, 12, Sureness::Evidence),
            mention(10, 12, Sureness::Known),
            mention(11, 12, Sureness::Form),
        ];
        let kept = without_overlaps(found);
        let places: Vec<_> = kept.iter().map(|one| (one.start, one.end, one.sureness)).collect();
        assert_eq!(places, [(2, 9, Sureness::Evidence), (10, 12, Sureness::Known)]);
        assert!(
            covers(&kept, 3, 4)
                && covers(&kept, 8, 11)
                && !covers(&kept, 0, 2)
                && !covers(&kept, 9, 10)
        );
    }
}
