//! How often a source publishes, and how often it is therefore worth asking: pure.

use autoglm_domain::Timestamp;
use std::time::Duration;

/// Articles whose gaps are looked at: the newest.
const ARTICLES_MAX: usize = 20;
/// Fewer dates show no rhythm.
const ARTICLES_MIN: usize = 4;
/// Questions within one gap between articles: a new article is found after an eighth of it on average.
const QUESTIONS_PER_GAP: u32 = 4;
/// A source that has been silent for so many gaps has slowed down.
const SILENT_GAPS: u32 = 10;

/// The middle gap between the newest articles, or a tenth of the silence since the last one where
/// that is longer; `None` with fewer than four dates.
#[must_use]
pub(crate) fn observe(mut published: Vec<Timestamp>, now: Timestamp) -> Option<Duration> {
    published.retain(|moment| *moment <= now);
    published.sort_unstable_by(|a, b| b.cmp(a));
    published.dedup();
    published.truncate(ARTICLES_MAX);
    if published.len() < ARTICLES_MIN {
        return None;
    }
    let mut gaps: Vec<Duration> = published.windows(2).map(|pair| pair[0].since(pair[1])).collect();
    gaps.sort_unstable();
    let silence = now.since(published[0]);
    Some(gaps[gaps.len() / 2].max(silence / SILENT_GAPS))
}

/// Time between fetches of a source with this rhythm: never shorter than wished, never longer than
/// `max` unless that was wished.
#[must_use]
pub(crate) fn pace(wished: Duration, rhythm: Option<Duration>, max: Duration) -> Duration {
    let Some(rhythm) = rhythm else { return wished };
    (rhythm / QUESTIONS_PER_GAP).min(max).max(wished)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);
    const MINUTE: Duration = Duration::from_secs(60);
    const HOUR: Duration = Duration::from_secs(3_600);

    fn every(gap: Duration, articles: u32) -> Vec<Timestamp> {
        (0..articles).map(|number| NOW.minus(gap * number)).collect()
    }

    #[test]
    fn a_busy_source_is_asked_as_wished_and_a_quiet_one_less_often() {
        let pace_of =
            |gap| pace(MINUTE * 15, observe(every(gap, 12), NOW), HOUR * 2).as_secs() / 60;
        assert_eq!(pace_of(MINUTE), 15);
        assert_eq!(pace_of(HOUR * 4), 60);
        assert_eq!(pace_of(HOUR * 24), 120);
    }

    #[test]
    fn one_burst_or_one_pause_is_no_rhythm() {
        let mut published = every(HOUR * 4, 12);
        published.extend((1..4).map(|second| NOW.minus(Duration::from_secs(second))));
        assert_eq!(observe(published, NOW), Some(HOUR * 4));
        assert_eq!(observe(every(MINUTE, 3), NOW), None);
        assert_eq!(pace(HOUR, None, HOUR * 2), HOUR);
    }

    #[test]
    fn silence_slows_down_and_dates_in_the_future_do_not_count() {
        let published = every(HOUR, 12);
        let later = NOW.plus(HOUR * 240);
        assert_eq!(observe(published.clone(), later), Some(HOUR * 24));
        let mut published = published;
        published.push(NOW.plus(HOUR * 1_000));
        assert_eq!(observe(published, NOW), Some(HOUR));
    }

    proptest! {
        #[test]
        fn the_pace_lies_between_what_was_wished_and_the_limit(
            published in proptest::collection::vec(0_i64..1_790_000_000_000, 0..40),
            wished in 1_u64..100_000,
        ) {
            let rhythm = observe(published.into_iter().map(Timestamp).collect(), NOW);
            let wished = Duration::from_secs(wished);
            let pace = pace(wished, rhythm, HOUR * 2);
            prop_assert!(pace >= wished && pace <= wished.max(HOUR * 2));
        }
    }
}
