//! How likely each sentence of a text belongs in its summary, and what that is worth.
//!
//! Fitted (logistic regression) on every second article of a set of news with summaries chosen
//! from their sentences: once the random walk is known, place and length say next to nothing in a
//! summary of two fifths of the text. In short ones by people the first sentences count, so place,
//! title and standing alone are weighed by brevity.

use super::rank::{SentenceVector, centrality, vectors};

const CENTRALITY: f32 = 5.73;
const BIAS: f32 = -6.12;
/// How much of the likelihood a sentence's place alone decides in the briefest summary: chosen on
/// 280 characters of news against summaries written by people.
const POSITION: f32 = 0.8;
const TITLE: f32 = 3.0;
/// Against a sentence that leans on the one before it.
const LEANING: f32 = 1.0;
/// What is left of the likelihood of captions, bylines, headings and interjections.
const FRAGMENT: f32 = 0.1;
/// Sentences with fewer characters are fragments; lines without a stop, if shorter than the second.
const SENTENCE_CHARACTERS_MIN: usize = 6;
const OPEN_LINE_CHARACTERS_MIN: usize = 40;
/// How much being like a better sentence counts against one, and from which likeness on.
const REDUNDANCY: f32 = 0.6;
const ALIKE: f32 = 0.5;
/// Sentences this much less likely than the best one are not taken to fill what is left.
const OFF_TOPIC: f32 = 0.05;

const LEANING_STARTS: [&str; 14] = [
    "he", "she", "it", "they", "his", "her", "their", "this", "that", "these", "those", "but",
    "and", "however",
];
const LEANING_STARTS_CHINESE: [&str; 12] =
    ["他", "她", "它", "但", "而", "不过", "然而", "此外", "因此", "所以", "这", "对此"];

/// The likelihood of each sentence, 0 to 1, and its words.
pub(super) fn likelihoods(
    sentences: &[&str],
    title: &str,
    brevity: f32,
) -> (Vec<f32>, Vec<SentenceVector>) {
    let vectors = vectors(sentences);
    let title = super::rank::vectors(&[title]).pop().unwrap_or_default();
    let likelihoods = centrality(&vectors)
        .into_iter()
        .zip(&vectors)
        .zip(sentences)
        .enumerate()
        .map(|(index, ((central, vector), sentence))| {
            let leaning = if index > 0 && leans(sentence) { LEANING } else { 0.0 };
            let brief = brevity * (TITLE * vector.cosine(&title) - leaning);
            let spoken_of = sigmoid(BIAS + CENTRALITY * central + brief);
            let place = (1.0 + index as f32).powi(-2);
            let placed = POSITION * brevity;
            let likelihood = placed * place + (1.0 - placed) * spoken_of;
            likelihood * if is_fragment(sentence) { FRAGMENT } else { 1.0 }
        })
        .collect();
    (likelihoods, vectors)
}

/// What taking a sentence is worth. With costs a long sentence is worth more than a short one of
/// the same likelihood, as it says more. A sentence like a better one loses by it.
pub(super) fn worths(
    likelihoods: &[f32],
    vectors: &[SentenceVector],
    costs: Option<&Vec<usize>>,
    brevity: f32,
) -> Vec<f32> {
    let sharpness = 1.5 * (1.0 + brevity);
    let mut order: Vec<usize> = (0..likelihoods.len()).collect();
    order.sort_by(|i, j| likelihoods[*j].total_cmp(&likelihoods[*i]).then(i.cmp(j)));
    let least = order.first().map_or(0.0, |best| OFF_TOPIC * likelihoods[*best]);
    let mut worths = vec![0.0; likelihoods.len()];
    for (rank, index) in order.iter().copied().enumerate() {
        if likelihoods[index] < least {
            break;
        }
        let better = order.iter().take(rank);
        let nearest =
            better.map(|other| vectors[index].cosine(&vectors[*other])).fold(0.0, f32::max);
        let told = if nearest > ALIKE { REDUNDANCY * nearest } else { 0.0 };
        let size = costs.map_or(1.0, |costs| costs[index] as f32);
        worths[index] = likelihoods[index].powf(sharpness) * size * (1.0 - told);
    }
    worths
}

fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}

/// Whether a sentence cannot be understood well without the one before it.
fn leans(sentence: &str) -> bool {
    let sentence = sentence.trim_start_matches(['"', '“', '「', '\'']);
    let word: String = sentence.chars().take_while(|each| each.is_alphabetic()).collect();
    LEANING_STARTS.contains(&word.to_lowercase().as_str())
        || LEANING_STARTS_CHINESE.iter().any(|start| sentence.starts_with(start))
}

/// Whether this is hardly a sentence: very short, or short and without a stop at its end.
fn is_fragment(sentence: &str) -> bool {
    let weight = |each: char| if crate::token::is_ideographic(each) { 3 } else { 1 };
    let length = sentence.chars().count();
    let open = !sentence.ends_with(|last: char| {
        super::quote::is_stop(last) || matches!(last, '；' | '"' | '”' | '」' | '』' | ')' | '）')
    });
    length < SENTENCE_CHARACTERS_MIN
        || (open && sentence.chars().map(weight).sum::<usize>() < OPEN_LINE_CHARACTERS_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::split_sentences;

    const TEXT: &str = "Good morning to all. The city opens a tram line on Monday. The tram line \
        links the port with the city. But they like cats very much.";

    #[test]
    fn the_shorter_the_summary_the_more_the_first_sentence_counts() {
        let sentences = split_sentences(TEXT);
        let (roomy, _) = likelihoods(&sentences, "", 0.0);
        let (brief, _) = likelihoods(&sentences, "", 1.0);
        assert!(roomy[0] < roomy[1] && brief[0] / brief[1] > roomy[0] / roomy[1]);
    }

    #[test]
    fn a_sentence_that_leans_on_another_is_less_likely_in_a_short_summary() {
        let sentences = ["A tram came.", "But they like red cats.", "People like red cats."];
        let (roomy, _) = likelihoods(&sentences, "", 0.0);
        let (brief, _) = likelihoods(&sentences, "", 0.5);
        assert!(roomy[1] == roomy[2], "{roomy:?}");
        assert!(brief[1] - brief[2] < POSITION * 0.5 * (1.0 / 4.0 - 1.0 / 9.0), "{brief:?}");
        assert!(leans("“但是他不同意。”") && leans("\"But no.\"") && !leans("Butter is dear."));
    }

    #[test]
    fn headings_and_interjections_are_fragments() {
        assert!(is_fragment("No.") && is_fragment("What comes next") && is_fragment("相关新闻"));
        assert!(!is_fragment("It rained all day.") && !is_fragment("今天下了一整天的雨。"));
    }

    #[test]
    fn a_sentence_said_twice_is_worth_less_the_second_time() {
        let sentences = ["The tram line opens.", "The tram line opens.", "Cats sleep by the port."];
        let (likelihoods, vectors) = likelihoods(&sentences, "", 0.0);
        let worths = worths(&likelihoods, &vectors, None, 0.0);
        assert!(worths[1] < worths[0], "{worths:?}");
    }
}
