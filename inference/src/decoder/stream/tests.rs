//! Text that grows, over tokens that are bytes or made-up pieces.

use super::*;
use proptest::prelude::*;
use std::convert::Infallible;

fn bytes(ids: &[u32]) -> Result<Vec<u8>, Infallible> {
    Ok(ids.iter().map(|id| *id as u8).collect())
}

/// Feeds bytes one by one; what was handed out after each, then the rest.
fn fed(text: &[u8], stops: &[&str]) -> (Vec<String>, TextStream) {
    let stops: Vec<String> = stops.iter().map(|stop| (*stop).to_owned()).collect();
    let mut stream = TextStream::new(&stops);
    let mut parts = Vec::new();
    for byte in text {
        stream.push(u32::from(*byte), bytes).unwrap();
        parts.push(stream.take());
        if stream.is_stopped() {
            break;
        }
    }
    parts.push(stream.finish());
    (parts, stream)
}

#[test]
fn a_character_is_handed_out_when_it_is_whole() {
    let (parts, _) = fed("a电😀".as_bytes(), &[]);
    assert_eq!(parts, ["a", "", "", "电", "", "", "", "😀", ""]);
}

#[test]
fn what_may_become_a_stop_text_is_held_back_and_the_stop_itself_never_shown() {
    let (parts, stream) = fed(b"One. STORM STOP more", &["STOP", ""]);
    assert!(stream.is_stopped());
    assert_eq!(parts.concat(), "One. STORM ");
    assert_eq!(stream.text(), "One. STORM");
    assert_eq!(parts[5], "", "the S might have been the stop");
    assert_eq!(parts[8], "STOR", "and then it was not");
}

#[test]
fn blanks_before_the_first_word_are_left_out() {
    assert_eq!(fed(b"\n\n  Word.\n", &[]).1.text(), "Word.");
}

#[test]
fn bytes_that_never_become_a_character_do_not_pile_up() {
    let (parts, _) = fed(&[0xFF; 20], &[]);
    assert!(parts.iter().take(10).any(|part| part.contains('\u{FFFD}')));
}

proptest! {
    #[test]
    fn the_parts_are_the_text_and_never_go_beyond_the_first_stop(
        text in "[a-c ]{0,30}", stops in prop::collection::vec("[a-c]{1,3}", 0..3)
    ) {
        let stops: Vec<&str> = stops.iter().map(String::as_str).collect();
        let (parts, stream) = fed(text.as_bytes(), &stops);
        let started = text.trim_start();
        // The earliest to be complete wins, as it would for somebody who reads along.
        let end = (0..=started.len()).find_map(|end| {
            let seen = &started[..end];
            stops.iter().filter_map(|stop| seen.find(stop)).min()
        });
        let expected = &started[..end.unwrap_or(started.len())];
        prop_assert_eq!(parts.concat(), expected);
        prop_assert_eq!(stream.is_stopped(), end.is_some());
    }

    #[test]
    fn any_bytes_come_out_as_far_as_they_are_text(text in ".{0,30}") {
        let (parts, _) = fed(text.as_bytes(), &[]);
        prop_assert_eq!(parts.concat(), text.trim_start());
    }
}
