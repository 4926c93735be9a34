//! The window over a real store.

use super::*;
use crate::testing_readers::{House, eventually, place_article};
use ractor::ActorStatus;

#[tokio::test]
async fn an_article_whose_hint_was_lost_is_found_by_the_overlap_read() {
    let house = House::new().await;
    let source = house.followed(1).await;
    let id = place_article(&house.store, source, 1, 3).await;
    house.window.0.cast(ArticleWindowMessage::Overlap).expect("running");
    eventually("the article is found", || async { house.cell.load().find(id).is_some() }).await;
    eventually("and counted", || async {
        house.window_actor.0.status.get().found_by_overlap_total == 1
    })
    .await;
}

#[tokio::test]
async fn a_restarted_window_holds_what_it_held() {
    let house = House::new().await;
    let source = house.followed(1).await;
    let mut ids = Vec::new();
    for number in 1..=5 {
        ids.push(house.place(source, number, 3).await);
    }
    let (args, actor) = &house.window_actor;
    actor.kill();
    eventually("it is gone", || async { actor.get_status() == ActorStatus::Stopped }).await;
    args.cell.store(Arc::new(WindowSnapshot::empty(1_000)));
    ArticleWindowActor::spawn(args.clone(), house.onlooker.clone()).await.expect("a window");
    let window = house.cell.load();
    assert!(ids.iter().all(|id| window.find(*id).is_some()));
    assert_eq!(args.status.get().articles, 5);
}

#[tokio::test]
async fn the_window_keeps_its_memory_limit() {
    let house = House::new().await;
    let source = house.followed(1).await;
    for number in 1..=20 {
        house.place(source, number, 3).await;
    }
    let whole = house.cell.load_full();
    let half = within_bytes(WindowSnapshot::clone(&whole), whole.bytes() / 2);
    assert!(half.len() < whole.len() && !half.is_empty(), "{} of {}", half.len(), whole.len());
}

#[test]
fn a_click_rate_arrives_in_the_ranking_as_it_was_sent() {
    for rate in [0.0, 0.05, 0.5, 1.0] {
        assert!((value_of_rate(rate).rate() - rate).abs() < 2e-4, "{rate}");
    }
    assert!(value_of_rate(f32::NAN).rate() < 2e-4);
}

#[tokio::test]
async fn articles_that_were_moved_are_in_their_new_story_in_the_window_and_others_do_not_come_back()
{
    let house = House::new().await;
    let source = house.followed(1).await;
    let ids = [house.place(source, 1, 3).await, house.place(source, 2, 3).await];
    let story_of = |id| house.cell.load().find(id).and_then(|row| row.story_id());
    let stories = ids.map(|id| story_of(id).expect("placed"));
    assert_ne!(stories[0], stories[1]);
    house.store.merge_stories(&stories, "operator", None).await.expect("merged");
    house.window.stories_changed();
    eventually("both are in one story", || async { story_of(ids[1]) == Some(stories[0]) }).await;
    // One that has left the window stays outside; hints are taken in their order.
    let rest = house.cell.load().with(&[], &HashSet::from([ids[1]]));
    house.cell.store(Arc::new(rest));
    house.store.split_story(stories[0], &ids[1..], "operator", None).await.expect("split");
    house.window.stories_changed();
    house.place(source, 3, 3).await;
    assert!(house.cell.load().find(ids[1]).is_none());
}
