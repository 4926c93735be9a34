//! Choosing tokens.

use super::*;
use proptest::prelude::*;

fn drawn(sampling: Sampling, scores: &[f32], count: usize) -> Vec<u32> {
    let mut sampler = Sampler::new(sampling);
    (0..count).map(|_| sampler.choose(scores, &[]).unwrap()).collect()
}

fn warm(temperature: f32) -> Sampling {
    Sampling { temperature, seed: 7, ..Sampling::greedy() }
}

#[test]
fn without_temperature_the_best_token_is_taken() {
    assert_eq!(drawn(Sampling::greedy(), &[0.1, 3.0, 2.9, 3.0], 3), [1, 1, 1]);
}

#[test]
fn the_share_of_a_token_is_its_probability() {
    let scores = [0.0_f32, (3.0_f32).ln()];
    let ones = drawn(warm(1.0), &scores, 4000).into_iter().filter(|token| *token == 1).count();
    assert!((2880..3120).contains(&ones), "{ones} of 4000, expected 3000");
    let colder = drawn(warm(0.5), &scores, 4000).into_iter().filter(|token| *token == 1).count();
    assert!((3500..3700).contains(&colder), "{colder} of 4000, expected 3600");
}

#[test]
fn top_k_and_top_p_leave_the_rest_out() {
    let scores = [1.0, 2.0, 3.0, 0.0];
    let two = drawn(Sampling { top_k: 2, ..warm(10.0) }, &scores, 200);
    assert!(two.iter().all(|token| [1, 2].contains(token)) && two.contains(&1));
    let few = drawn(Sampling { top_p: 0.5, ..warm(1.0) }, &scores, 200);
    assert!(few.iter().all(|token| *token == 2));
    assert_eq!(drawn(Sampling { top_p: 0.0, ..warm(1.0) }, &scores, 1), [2]);
}

#[test]
fn what_was_written_counts_less() {
    let sampling = Sampling { repetition_penalty: 2.0, ..Sampling::greedy() };
    let mut sampler = Sampler::new(sampling);
    assert_eq!(sampler.choose(&[3.0, 2.0, -1.0], &[0]), Some(1));
    assert_eq!(sampler.choose(&[-2.0, -1.5, -9.0], &[1, 1]), Some(0));
    assert_eq!(sampler.choose(&[-1.0, -1.5], &[1, 99]), Some(0));
}

#[test]
fn scores_that_are_no_numbers_are_never_chosen() {
    let scores = [f32::NAN, 1.0, f32::INFINITY, f32::NEG_INFINITY];
    assert_eq!(Sampler::new(Sampling::greedy()).choose(&scores, &[]), Some(1));
    assert_eq!(Sampler::new(warm(1.0)).choose(&scores, &[]), Some(1));
    assert_eq!(Sampler::new(warm(1.0)).choose(&[f32::NAN], &[]), None);
    assert_eq!(Sampler::new(Sampling::greedy()).choose(&[], &[]), None);
}

proptest! {
    #[test]
    fn any_settings_give_a_token_that_exists_and_the_same_again(
        scores in prop::collection::vec(-50.0_f32..50.0, 1..40), temperature in -1.0_f32..5.0,
        top_k in 0_usize..50, top_p in -0.5_f32..1.5, repetition_penalty in -1.0_f32..3.0,
        seed: u64, written in prop::collection::vec(0_u32..60, 0..10)
    ) {
        let sampling = Sampling { temperature, top_k, top_p, repetition_penalty, seed };
        let token = Sampler::new(sampling).choose(&scores, &written).unwrap();
        prop_assert!((token as usize) < scores.len());
        prop_assert_eq!(Sampler::new(sampling).choose(&scores, &written), Some(token));
    }
}
