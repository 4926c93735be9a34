//! Fills a limit with the sentences that are worth most together.

/// Indices, ascending, of the sentences whose costs stay within the limit and whose worth is
/// greatest: the 0-1 knapsack, solved exactly. A sentence worth nothing is left out; of two equal
/// choices the earlier sentences win.
pub(super) fn fill(worths: &[f32], costs: &[usize], limit: usize) -> Vec<usize> {
    let mut best = vec![0.0_f32; limit + 1];
    let mut taken: Vec<Vec<bool>> = Vec::with_capacity(worths.len());
    // From the last sentence to the first, so that a tie is settled for the first.
    for (worth, cost) in worths.iter().zip(costs).rev() {
        let mut takes = vec![false; limit + 1];
        for room in (*cost..=limit).rev() {
            let with = best[room - cost] + worth;
            if *worth > 0.0 && with >= best[room] {
                best[room] = with;
                takes[room] = true;
            }
        }
        taken.push(takes);
    }
    let (mut chosen, mut room) = (Vec::new(), limit);
    for (index, (takes, cost)) in taken.iter().rev().zip(costs).enumerate() {
        if takes[room] {
            chosen.push(index);
            room -= cost;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_short_sentences_win_over_a_long_one_worth_less() {
        assert_eq!(fill(&[3.0, 2.0, 2.0], &[10, 5, 5], 10), [1, 2]);
        assert_eq!(fill(&[5.0, 2.0, 2.0], &[10, 5, 5], 10), [0]);
        assert_eq!(fill(&[1.0], &[10], 9), Vec::<usize>::new());
    }

    #[test]
    fn of_equal_sentences_the_first_is_taken() {
        assert_eq!(fill(&[1.0, 1.0, 1.0], &[4, 4, 4], 8), [0, 1]);
    }

    proptest! {
        #[test]
        fn no_other_choice_within_the_limit_is_worth_more(
            items in prop::collection::vec((0_u8..20, 1_usize..12), 0..9), limit in 0_usize..40
        ) {
            let worths: Vec<f32> = items.iter().map(|(worth, _)| f32::from(*worth)).collect();
            let costs: Vec<usize> = items.iter().map(|(_, cost)| *cost).collect();
            let chosen = fill(&worths, &costs, limit);
            prop_assert!(chosen.iter().map(|index| costs[*index]).sum::<usize>() <= limit);
            let worth: f32 = chosen.iter().map(|index| worths[*index]).sum();
            for mask in 0_u32..1 << items.len() {
                let of_mask = |index: &usize| mask & (1 << index) != 0;
                let other: Vec<usize> = (0..items.len()).filter(of_mask).collect();
                if other.iter().map(|index| costs[*index]).sum::<usize>() <= limit {
                    prop_assert!(other.iter().map(|index| worths[*index]).sum::<f32>() <= worth);
                }
            }
        }
    }
}
