//! How a terminal keeps its place in the numbering.

use super::*;
use autoglm_domain::{ArticleId, Marks, ReaderId};
use proptest::prelude::*;

const STREAM: u64 = 7;

fn item(number: u64) -> PushItem {
    PushItem::Mark { article_id: ArticleId(number.cast_signed()), marks: Marks::default() }
}

fn items(numbers: impl IntoIterator<Item = u64>) -> Vec<PushItem> {
    numbers.into_iter().map(item).collect()
}

fn delivery(stream: u64, first: u64, last: u64) -> Delivery {
    Delivery { reader_id: ReaderId(1), stream, seq: last, items: items(first..=last).into() }
}

fn answer(stream: u64, seq: u64, missed: Option<Vec<PushItem>>) -> Watching {
    Watching { stream, seq, missed }
}

fn connected(seq: u64) -> Coalescer {
    let mut coalescer = Coalescer::new(None);
    assert_eq!(coalescer.watching(answer(STREAM, seq, Some(Vec::new()))), Next::Continue);
    assert_eq!(coalescer.take_frame(), Some(Frame::Items { seq, items: Vec::new() }));
    coalescer
}

#[test]
fn the_first_frame_tells_where_the_numbering_stands() {
    let mut coalescer = connected(10);
    assert_eq!(coalescer.take_frame(), None);
}

#[test]
fn items_that_come_before_the_answer_follow_what_was_missed() {
    let mut coalescer = Coalescer::new(Some(3));
    assert_eq!(coalescer.deliver(delivery(STREAM, 6, 7)), Next::Continue);
    assert_eq!(coalescer.take_frame(), None);
    assert_eq!(coalescer.watching(answer(STREAM, 6, Some(items(4..=6)))), Next::Continue);
    assert_eq!(coalescer.take_frame(), Some(Frame::Items { seq: 7, items: items(4..=7) }));
}

#[test]
fn a_lost_delivery_is_asked_for() {
    let mut coalescer = connected(10);
    assert_eq!(coalescer.deliver(delivery(STREAM, 13, 14)), Next::Ask { after: Some(10) });
    assert_eq!(coalescer.deliver(delivery(STREAM, 15, 15)), Next::Continue);
    assert_eq!(coalescer.watching(answer(STREAM, 14, Some(items(11..=14)))), Next::Continue);
    assert_eq!(coalescer.take_frame(), Some(Frame::Items { seq: 15, items: items(11..=15) }));
}

#[test]
fn an_empty_delivery_ahead_of_us_shows_a_loss() {
    let mut coalescer = connected(10);
    let ahead = Delivery { items: Vec::new().into(), ..delivery(STREAM, 12, 12) };
    assert_eq!(coalescer.deliver(ahead), Next::Ask { after: Some(10) });
}

#[test]
fn another_life_of_the_numbering_resets_the_terminal_once() {
    let mut coalescer = connected(10);
    assert_eq!(coalescer.deliver(delivery(STREAM, 11, 12)), Next::Continue);
    assert_eq!(coalescer.deliver(delivery(STREAM + 1, 101, 101)), Next::Continue);
    assert_eq!(coalescer.deliver(delivery(STREAM, 13, 13)), Next::Continue);
    assert_eq!(coalescer.take_frame(), Some(Frame::Reset { seq: 101 }));
    assert_eq!(coalescer.deliver(delivery(STREAM + 1, 102, 102)), Next::Continue);
    assert_eq!(coalescer.take_frame(), Some(Frame::Items { seq: 102, items: items(102..=102) }));
}

#[test]
fn a_client_that_was_away_too_long_is_reset() {
    let mut coalescer = Coalescer::new(Some(1));
    assert_eq!(coalescer.watching(answer(STREAM, 5_000, None)), Next::Continue);
    assert_eq!(coalescer.take_frame(), Some(Frame::Reset { seq: 5_000 }));
    assert_eq!(coalescer.take_frame(), None);
}

#[test]
fn a_refused_frame_becomes_one_reset_where_the_numbering_then_stands() {
    let mut coalescer = connected(10);
    assert_eq!(coalescer.deliver(delivery(STREAM, 11, 11)), Next::Continue);
    assert!(coalescer.take_frame().is_some());
    coalescer.refused();
    assert_eq!(coalescer.deliver(delivery(STREAM, 12, 20)), Next::Continue);
    assert_eq!(coalescer.take_frame(), Some(Frame::Reset { seq: 20 }));
    assert_eq!(coalescer.take_frame(), None);
}

#[test]
fn a_terminal_that_falls_behind_holds_a_bounded_number_of_items() {
    let mut coalescer = connected(0);
    for number in 1..5_000 {
        assert_eq!(coalescer.deliver(delivery(STREAM, number, number)), Next::Continue);
        assert!(coalescer.waiting() <= WAITING_MAX);
    }
    assert_eq!(coalescer.take_frame(), Some(Frame::Reset { seq: 4_999 }));
}

#[test]
fn what_overflows_before_the_answer_is_asked_for_afterwards() {
    let mut coalescer = Coalescer::new(None);
    for number in 1..=2_001 {
        assert_eq!(coalescer.deliver(delivery(STREAM, number, number)), Next::Continue);
        assert!(coalescer.waiting() <= WAITING_MAX);
    }
    let next = coalescer.watching(answer(STREAM, 0, Some(Vec::new())));
    assert_eq!(next, Next::Ask { after: Some(0) });
}

proptest! {
    /// A shard that pushes, a link that loses and repeats, an outlet that is sometimes full:
    /// whatever is shown between two resets is gapless and in order.
    #[test]
    fn frames_are_gapless_between_resets(steps in prop::collection::vec((0_u8..6, 1_u64..4), 1..200)) {
        let mut coalescer = connected(100);
        let mut newest = 100_u64;
        let mut shown = 100_u64;
        let mut last: Option<Delivery> = None;
        let mut asked: Option<Option<u64>> = None;
        for (kind, count) in steps {
            let next = match kind {
                0 | 1 => {
                    let pushed = delivery(STREAM, newest + 1, newest + count);
                    newest += count;
                    last = Some(pushed.clone());
                    coalescer.deliver(pushed)
                }
                2 => {
                    newest += count;
                    Next::Continue
                }
                3 => last.clone().map_or(Next::Continue, |again| coalescer.deliver(again)),
                4 => match asked.take() {
                    Some(after) => {
                        let after = after.unwrap_or(newest);
                        coalescer.watching(answer(STREAM, newest, Some(items(after + 1..=newest))))
                    }
                    None => Next::Continue,
                },
                _ => {
                    match coalescer.take_frame() {
                        Some(Frame::Items { seq, items: shown_items }) => {
                            prop_assert_eq!(&shown_items, &items(shown + 1..=seq));
                            shown = seq;
                        }
                        Some(Frame::Reset { seq }) => shown = seq,
                        None => {}
                    }
                    Next::Continue
                }
            };
            if let Next::Ask { after } = next {
                asked = Some(after);
            }
            prop_assert!(coalescer.waiting() <= WAITING_MAX);
        }
    }
}
