//! What recommenders rely on in a window.

use super::*;
use crate::testing::{article, axis};
use proptest::prelude::*;

#[test]
fn an_older_snapshot_is_not_disturbed_by_a_newer_one() {
    let first = WindowSnapshot::empty(10).with(&[article(1, axis(0))], &HashSet::new());
    let second = first.with(&[article(2, axis(1))], &HashSet::from([ArticleId(1)]));
    assert!(first.find(ArticleId(1)).is_some() && first.len() == 1);
    assert!(second.find(ArticleId(1)).is_none() && second.find(ArticleId(2)).is_some());
}

#[test]
fn an_article_comes_back_as_it_was_added() {
    let added = article(3, axis(7));
    let window = WindowSnapshot::empty(10).with(std::slice::from_ref(&added), &HashSet::new());
    assert_eq!(window.features(ArticleId(3)), Some(added));
}

proptest! {
    #[test]
    fn the_newest_articles_are_kept_and_found(
        batches in prop::collection::vec(prop::collection::vec((1_i64..60, 0_i64..100), 0..20), 1..8)
    ) {
        let mut window = WindowSnapshot::empty(25);
        let mut all: HashMap<ArticleId, Timestamp> = HashMap::new();
        for batch in batches {
            let added: Vec<ArticleFeatures> = batch.iter().map(|(id, at)| {
                ArticleFeatures { published_at: Timestamp(*at), ..article(*id, axis(0)) }
            }).collect();
            window = window.with(&added, &HashSet::new());
            // What left can only come back by being added again.
            all.retain(|id, _| batch.iter().any(|(b, _)| b == &id.0) || window.find(*id).is_some());
            for each in &added { all.insert(each.article_id, each.published_at); }
            prop_assert!(window.len() <= 25);
            prop_assert_eq!(window.rows().count(), window.len());
            prop_assert_eq!(window.log_rates().len(), window.len());
            for (position, row) in window.rows().enumerate() {
                prop_assert_eq!(row.published_at(), all[&row.article_id()]);
                prop_assert_eq!(window.row(position).map(|r| r.article_id()), Some(row.article_id()));
            }
            let oldest = window.rows().map(|row| row.published_at()).min();
            for (id, at) in &all {
                prop_assert!(window.find(*id).is_some() || Some(*at) <= oldest);
            }
            all.retain(|id, _| window.find(*id).is_some());
        }
    }
}
