//! Names of models and products by their form: `GPT-5`, `Qwen3-32B`, `Claude Opus 4.1`, `H200`.

use super::mention::{Mention, Sureness};
use super::words::{Gap, Word};
use autoglm_domain::{EntityKind, entity_key};

/// Families whose members are told by a version.
const FAMILIES: [&str; 62] = [
    "gpt",
    "glm",
    "chatglm",
    "qwen",
    "qwq",
    "deepseek",
    "claude",
    "llama",
    "gemini",
    "gemma",
    "grok",
    "mistral",
    "mixtral",
    "codestral",
    "phi",
    "ernie",
    "kimi",
    "minimax",
    "abab",
    "yi",
    "baichuan",
    "internlm",
    "hunyuan",
    "step",
    "doubao",
    "seed",
    "seedance",
    "minicpm",
    "falcon",
    "nemotron",
    "nova",
    "olmo",
    "jamba",
    "sora",
    "veo",
    "imagen",
    "kling",
    "vidu",
    "dall",
    "midjourney",
    "whisper",
    "bert",
    "stable",
    "flux",
    "iphone",
    "pixel",
    "galaxy",
    "mate",
    "pura",
    "nova",
    "ipad",
    "rtx",
    "rx",
    "ryzen",
    "epyc",
    "xeon",
    "tpu",
    "snapdragon",
    "kirin",
    "dimensity",
    "ascend",
    "exynos",
];
/// Families that are ordinary words or names too: only with a capital letter, and with a hyphen
/// before the version or nothing at all.
const PLAIN_WORDS: [&str; 10] =
    ["step", "seed", "falcon", "nova", "stable", "flux", "phi", "yi", "whisper", "rx"];
/// The same, but a short version may stand behind a blank: `Galaxy S25`, `Mate 70`.
const PLAIN_DEVICES: [&str; 3] = ["mate", "galaxy", "pixel"];
/// Families of programs: `Windows 11`, `Android 16`.
const SYSTEMS: [&str; 10] = [
    "windows",
    "android",
    "ios",
    "ipados",
    "macos",
    "watchos",
    "visionos",
    "harmonyos",
    "hyperos",
    "playstation",
];
/// What may follow a family or its version.
const VARIANTS: [&str; 36] = [
    "pro",
    "max",
    "ultra",
    "flash",
    "turbo",
    "mini",
    "air",
    "plus",
    "opus",
    "sonnet",
    "haiku",
    "instruct",
    "chat",
    "coder",
    "thinking",
    "lite",
    "nano",
    "preview",
    "base",
    "small",
    "medium",
    "large",
    "vision",
    "code",
    "codex",
    "maverick",
    "scout",
    "fold",
    "flip",
    "edge",
    "diffusion",
    "oss",
    "image",
    "omni",
    "elite",
    "super",
];
/// Parts for machines that learn, by their whole name.
const CHIPS: [&str; 34] = [
    "A100", "A800", "H100", "H200", "H20", "H800", "H20E", "B100", "B200", "B300", "GB200",
    "GB300", "GH200", "L40S", "L20", "V100", "RTX4090", "RTX5090", "MI250", "MI300", "MI300X",
    "MI308", "MI325X", "MI350", "MI355X", "MI400", "910B", "910C", "950PR", "M4", "M5", "A18",
    "A19", "HBM4",
];

/// The names of models and products in a text. `words` are its words.
pub(super) fn find(text: &str, words: &[Word]) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut index = 0;
    while let Some(rest) = words.get(index..).filter(|rest| !rest.is_empty()) {
        let length = length_at(text, rest);
        if let Some(last) = length.checked_sub(1).and_then(|last| rest.get(last))
            && let Some(first) = rest.first()
            && let Some(name) = text.get(first.start..last.end)
        {
            let key = key_of(name);
            let (start, end) = (first.start, last.end);
            let name = name.to_owned();
            found.push(Mention {
                start,
                end,
                kind: EntityKind::Model,
                key,
                name,
                sureness: Sureness::Form,
            });
        }
        index += length.max(1);
    }
    found
}

/// One key however it is written: `Qwen3-32B`, `Qwen 3 32B`, `qwen3 32b`.
pub(crate) fn key_of(name: &str) -> String {
    let mut apart = String::with_capacity(name.len() + 2);
    let (mut letters, mut is_first_word) = (0, true);
    for character in name.chars() {
        // A family and the number joined to it: of later words such as `v3` and `32b` nothing is cut.
        if is_first_word && letters >= 2 && character.is_ascii_digit() && !apart.ends_with('-') {
            apart.push('-');
        }
        is_first_word &= character.is_alphabetic();
        letters += usize::from(character.is_alphabetic());
        apart.push(character);
    }
    entity_key(&apart)
}

/// How many words at the start are one name; 0 when none is.
fn length_at(text: &str, words: &[Word]) -> usize {
    let Some(first) = words.first() else { return 0 };
    let slice = first.slice(text);
    if CHIPS.contains(&slice) || is_reasoner(text, words) {
        return 1 + variants(text, words, 1);
    }
    let family_end = slice.find(|one: char| !one.is_ascii_alphabetic()).unwrap_or(slice.len());
    let Some((family, version)) = slice.split_at_checked(family_end) else { return 0 };
    let lower = family.to_ascii_lowercase();
    let is_system = SYSTEMS.contains(&lower.as_str());
    if !is_system && !FAMILIES.contains(&lower.as_str()) {
        return 0;
    }
    let is_device = PLAIN_DEVICES.contains(&lower.as_str());
    let is_plain_word = is_device || PLAIN_WORDS.contains(&lower.as_str());
    if is_plain_word && !first.is_capital {
        return 0;
    }
    if !version.is_empty() {
        return if is_version(version) { 1 + variants(text, words, 1) } else { 0 };
    }
    // `Claude Opus 4.1`: variants before the version.
    let mut at = 1;
    while at < 3 && is_variant(text, words, at) {
        at += 1;
    }
    let is_versioned = words.get(at).is_some_and(|word| {
        matches!(word.gap, Gap::Blank | Gap::Hyphen) && is_version(word.slice(text))
            // A year or an amount behind a plain word is no version.
            && !(is_plain_word && word.gap == Gap::Blank && !(is_device && word.slice(text).len() <= 3))
            && !(is_system && word.gap == Gap::Hyphen)
    });
    if is_versioned {
        return at + 1 + variants(text, words, at + 1);
    }
    // `DALL-E`, `Gemini Pro`, `GLM-Edge`: a variant alone tells a model, not a plain word.
    if at > 1 && !is_plain_word && !is_system { at } else { 0 }
}

/// `o3`, `o4-mini`: small letter and number, alone.
fn is_reasoner(text: &str, words: &[Word]) -> bool {
    words.first().is_some_and(|word| matches!(word.slice(text), "o1" | "o3" | "o4"))
}

fn variants(text: &str, words: &[Word], from: usize) -> usize {
    (from..from + 4)
        .take_while(|at| is_variant(text, words, *at) || is_size(text, words, *at))
        .count()
}

fn is_variant(text: &str, words: &[Word], at: usize) -> bool {
    words.get(at).is_some_and(|word| {
        let is_joined = word.gap == Gap::Hyphen || word.gap == Gap::Blank && word.is_capital;
        is_joined && VARIANTS.contains(&word.slice(text).to_ascii_lowercase().as_str())
    })
}

/// `32B`, `A3B`, `0528`, `V2` after a version.
fn is_size(text: &str, words: &[Word], at: usize) -> bool {
    words.get(at).is_some_and(|word| {
        let slice = word.slice(text);
        let is_parameters = slice.ends_with(['B', 'b'])
            && slice.trim_start_matches('A').trim_end_matches(['B', 'b']).parse::<f32>().is_ok();
        let is_joined_number = word.gap == Gap::Hyphen
            && slice.len() <= 4
            && slice.bytes().all(|one| one.is_ascii_digit());
        matches!(word.gap, Gap::Blank | Gap::Hyphen) && is_parameters || is_joined_number
    })
}

/// `5`, `4.5`, `4o`, `V3`, `R1`, `K2`, `M1`, `S25`, `910B`, `32B`.
fn is_version(text: &str) -> bool {
    let digits = text.trim_start_matches(['V', 'v', 'R', 'K', 'M', 'S', 'X', 'Z', 'T']);
    let lead = text.len() - digits.len();
    let number_end =
        digits.find(|one: char| !one.is_ascii_digit() && one != '.').unwrap_or(digits.len());
    let Some((number, rest)) = digits.split_at_checked(number_end) else { return false };
    lead <= 1
        && !number.is_empty()
        && number.len() <= 4
        && rest.len() <= 3
        && rest.bytes().all(|one| one.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::words::words_of;

    fn names(text: &str) -> Vec<String> {
        find(text, &words_of(text)).into_iter().map(|one| one.name).collect()
    }

    #[test]
    fn models_are_found_with_their_versions_and_variants() {
        let text = "GPT-5 and GPT-4o, GLM-4.5-Air, Qwen3-235B-A22B, DeepSeek-V3.1, DeepSeek R1-0528, \
                    Claude Opus 4.1, Claude 3.5 Sonnet, Gemini 2.5 Pro, Llama 3.1 405B, Kimi K2 and o3-mini";
        assert_eq!(
            names(text),
            [
                "GPT-5",
                "GPT-4o",
                "GLM-4.5-Air",
                "Qwen3-235B-A22B",
                "DeepSeek-V3.1",
                "DeepSeek R1-0528",
                "Claude Opus 4.1",
                "Claude 3.5 Sonnet",
                "Gemini 2.5 Pro",
                "Llama 3.1 405B",
                "Kimi K2",
                "o3-mini"
            ]
        );
    }

    #[test]
    fn products_are_found_too() {
        assert_eq!(
            names(
                "The iPhone 17 Pro, Galaxy S25 Ultra, Mate 70 Pro, RTX 5090, H200, Windows 11 and MI300X"
            ),
            [
                "iPhone 17 Pro",
                "Galaxy S25 Ultra",
                "Mate 70 Pro",
                "RTX 5090",
                "H200",
                "Windows 11",
                "MI300X"
            ]
        );
        assert_eq!(
            names("智谱发布GLM-4.5，华为推出Mate 70，英伟达H20恢复供货"),
            ["GLM-4.5", "Mate 70", "H20"]
        );
    }

    #[test]
    fn ordinary_words_and_numbers_are_no_models() {
        for text in [
            "A step 3 of the plan",
            "Seed 2 million dollars",
            "Claude went home",
            "the galaxy 25 million years ago",
            "Windows were broken",
            "Falcon 2025 season",
            "Gemini said so",
            "Stable 2024 outlook",
        ] {
            assert!(names(text).is_empty(), "{text}: {:?}", names(text));
        }
    }

    #[test]
    fn one_model_has_one_key_however_it_is_written() {
        for name in ["Qwen3-32B", "Qwen 3 32B", "qwen3 32b"] {
            assert_eq!(key_of(name), "qwen-3-32b");
        }
        assert_eq!(key_of("GPT5"), key_of("GPT-5"));
        assert_eq!(key_of("DeepSeek-V3"), "deepseek-v3");
        assert_eq!(key_of("H200"), "h200");
    }
}
