//! Which lengths go together: the grouping of everything that waits that costs a padding device the
//! least time.
//!
//! A group costs an overhead and, for each of its texts, the width of its longest. Few wait: wide
//! groups, for overhead is dear. Many wait: narrow ones, for padding is.

use super::ladder::{BUCKETS, Padding, ceiling};
use super::limits::BatchLimits;
use super::pace::DevicePace;
use super::plan::EFFICIENT_OVERHEADS;
use std::ops::RangeInclusive;
use std::time::Duration;

/// What an overhead counts when groups are chosen: until a group has its turn more of its lengths
/// have come, so that its overhead is shared by more than wait now.
const OVERHEAD_WEIGHT: f64 = 0.4;

/// Lengths that go together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    /// Its buckets.
    pub(super) buckets: RangeInclusive<usize>,
    /// The time of all its texts, roughly.
    pub(super) takes: Duration,
}

/// The group of a bucket; on its own when nothing waits there.
pub(super) fn group_of(groups: &[Group], bucket: usize) -> RangeInclusive<usize> {
    let found = groups.iter().find(|group| group.buckets.contains(&bucket));
    found.map_or(bucket..=bucket, |group| group.buckets.clone())
}

/// The groups when so many texts wait in each bucket.
pub(super) fn groups(
    waiting: &[usize; BUCKETS],
    pace: &DevicePace,
    limits: &BatchLimits,
) -> Vec<Group> {
    let occupied: Vec<usize> = (0..BUCKETS).filter(|bucket| waiting[*bucket] > 0).collect();
    let group = |begin: usize, end: usize| {
        let buckets = &occupied[begin..end];
        let entries = buckets.iter().map(|bucket| waiting[*bucket]).sum();
        let width = pace.padding.width(ceiling(occupied[end - 1]));
        let takes = time_of(entries, width, pace, limits);
        Group {
            buckets: occupied[begin]..=occupied[end - 1],
            takes: Duration::from_secs_f64(takes.clamp(0.0, 1e6)),
        }
    };
    if pace.padding == Padding::None {
        return vec![Group { buckets: 0..=BUCKETS - 1, takes: Duration::ZERO }];
    }
    let begins = cheapest(&occupied, waiting, pace, limits);
    let mut groups = Vec::new();
    let mut end = occupied.len();
    while end > 0 {
        groups.push(group(begins[end], end));
        end = begins[end];
    }
    groups
}

/// For every n, where the last group of the n shortest occupied buckets begins when they are
/// grouped as cheaply as can be.
fn cheapest(
    occupied: &[usize],
    waiting: &[usize; BUCKETS],
    pace: &DevicePace,
    limits: &BatchLimits,
) -> Vec<usize> {
    let (mut least, mut begins) = (vec![0.0_f64], vec![0]);
    for end in 1..=occupied.len() {
        let width = pace.padding.width(ceiling(occupied[end - 1]));
        let (mut best, mut entries) = ((f64::INFINITY, end - 1), 0);
        for begin in (0..end).rev() {
            entries += waiting[occupied[begin]];
            let time = least[begin] + time_of(entries, width, pace, limits);
            if time < best.0 {
                best = (time, begin);
            }
        }
        least.push(best.0);
        begins.push(best.1);
    }
    begins
}

/// Seconds that count for so many texts of one width; of more than one batch as a fraction, because the rest
/// of the last is filled by what comes.
fn time_of(entries: usize, width: usize, pace: &DevicePace, limits: &BatchLimits) -> f64 {
    let (entries, width) = (entries as f64, width as f64);
    let tokens = entries * width;
    let full = (pace.cost().overhead() * EFFICIENT_OVERHEADS).as_secs_f64();
    let batches = (entries / limits.batch_entries_max.max(1) as f64)
        .max(tokens / pace.tokens_max().min(limits.batch_tokens_max).max(1) as f64)
        .max(pace.cost().seconds(0.0, tokens, tokens * width) / full.max(1e-9))
        .max(1.0);
    pace.cost().seconds(batches * OVERHEAD_WEIGHT, tokens, tokens * width)
}

#[cfg(test)]
mod tests {
    use super::super::cost_model::CostModel;
    use super::super::ladder::bucket_of;
    use super::*;
    use proptest::prelude::*;

    fn group(lead: usize, lengths: &[(usize, usize)], overhead_micros: u64) -> (usize, usize) {
        let mut waiting = [0; BUCKETS];
        for (tokens, entries) in lengths {
            waiting[bucket_of(*tokens)] += entries;
        }
        let (overhead, token) =
            (Duration::from_micros(overhead_micros), Duration::from_nanos(1_000));
        let pace = DevicePace::new(Padding::Steps, 16_384)
            .with_cost(CostModel::starting_at(overhead, token));
        let groups = groups(&waiting, &pace, &BatchLimits::default());
        let group = group_of(&groups, bucket_of(lead));
        (ceiling(*group.start()), ceiling(*group.end()))
    }

    #[test]
    fn few_go_together_and_many_apart() {
        assert_eq!(group(16, &[(16, 1), (64, 1)], 1_000), (16, 64));
        assert_eq!(group(16, &[(16, 100), (64, 100)], 1_000), (16, 16));
        assert_eq!(group(64, &[(16, 100), (64, 100)], 1_000), (64, 64));
    }

    #[test]
    fn what_costs_no_overhead_is_never_padded() {
        assert_eq!(group(16, &[(8, 1), (16, 1), (24, 1)], 0), (16, 16));
    }

    proptest! {
        #[test]
        fn the_leader_is_in_its_group(
            lead in 1_usize..10_000,
            others in prop::collection::vec((1_usize..10_000, 1_usize..500), 0..40),
            overhead in 0_u64..1_000_000,
        ) {
            let lengths: Vec<(usize, usize)> = others.into_iter().chain([(lead, 1)]).collect();
            let (low, high) = group(lead, &lengths, overhead);
            prop_assert!((low..=high).contains(&ceiling(bucket_of(lead))));
        }
    }
}
