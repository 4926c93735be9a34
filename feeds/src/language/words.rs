//! Frequent words that carry grammar and little meaning: a few of them in a text tell its language.

use autoglm_domain::Language;
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Longest word in bytes; those of the table are shorter.
pub(super) const WORD_BYTES_MAX: usize = 16;
/// Most different words of the table.
const KNOWN_MAX: usize = 1_024;

/// Languages written with Latin letters, each with its words. A word of several languages stands
/// with each of them, or the one that has it alone would be preferred.
const LATIN: &[(&str, &str)] = &[
    (
        "en",
        "the of and to in is for that with are was this by from have has its been which their \
         will were you your how what on it as at be an not or he they we his her but can more \
         about who when new i my all our up out if so no do had one would",
    ),
    (
        "de",
        "der die das und in den von zu mit sich des auf für ist im dem nicht ein eine als auch es \
         an werden aus er hat dass daß sie nach wird bei einer um am sind noch wie einem über \
         einen so zum war haben nur oder aber vor zur bis mehr durch man wurde wenn was ich wir",
    ),
    (
        "fr",
        "de la le et les des en un du une que est pour qui dans par plus pas au sur ne se ce il \
         sont avec son cette ou aux mais qu on vous nous leur été ses comme ont fait \
         elle à je y sa",
    ),
    (
        "es",
        "de la que el en y a los se del las un por con no una su para es al lo como más o pero \
         sus le ha me si sin sobre este ya entre cuando todo esta son también fue era muy hasta \
         desde e",
    ),
    (
        "pt",
        "de a o que e do da em um para com não uma os no se na por mais as dos como mas ao das à \
         seu sua ou quando muito nos já também pelo pela até isso entre sem foi são está é eu",
    ),
    (
        "it",
        "di e il la che in a un per è del non con si una i da sono al della le dei nel alla più \
         lo anche ha come ma gli delle ed se o su dal degli questo nella dalla sul tra",
    ),
    (
        "nl",
        "de van het een en in is dat op te zijn met voor niet aan er om ook als dan maar bij uit \
         nog door naar heeft ze wordt of worden deze over hij was zich tot werd kan ik je",
    ),
    (
        "sv",
        "och i att det som en på är av för med den till inte har de ett om var jag så från men \
         kan vi han hade eller när sig nu ska efter",
    ),
    (
        "da",
        "og i at det er en til på af for med de den som ikke har der et var om men jeg vi han fra \
         sig så kan skal efter ud over",
    ),
    (
        "nb",
        "og i det er en til på av for med de som å ikke har at et den var om men jeg vi fra seg \
         så kan skal etter ut over ble",
    ),
    (
        "fi",
        "ja on ei että se oli ovat hän mutta joka kun niin myös kuin tai sen ole ollut jo vain \
         sekä mukaan mitä nyt",
    ),
    (
        "pl",
        "i w z na się nie do to że jest o a jak po od za dla przez oraz są był czy już tak co ale \
         tylko który we ze",
    ),
    (
        "cs",
        "a v se na je že z s do to o k i za pro ve si jako byl po od by ale jsou ze jeho které už \
         tak jsem není",
    ),
    (
        "sk",
        "a v sa na je že z s do to o k aj za pre vo si ako bol po od by ale sú zo jeho ktoré už \
         tak som nie",
    ),
    (
        "hu",
        "a az és hogy nem is egy ez de van meg ha csak már mint még el ki volt azt több után \
         lehet fel",
    ),
    (
        "ro",
        "de și şi în a la cu nu pe o care este să din că un mai pentru au al prin sau fi ca fost",
    ),
    ("tr", "ve bir bu için de da ile olarak daha çok olan en gibi kadar sonra ne ya ise"),
    ("hr", "i u je na se da za od su s o a ne ali će ili koji što kao iz bi"),
    ("sl", "in je v na za se da so z ki pa s ne bi tudi po kot od ali iz o"),
    ("lt", "ir kad į yra iš su kaip bet tai o jis dėl po ar"),
    ("lv", "un ir ka no uz ar par kas tas bet pēc lai"),
    ("et", "ja on ei see et oli kui ta mis aga või ning"),
    ("id", "yang dan di dengan untuk ini dari dalam tidak itu pada akan adalah juga ke oleh bisa"),
    ("vi", "và của là có cho không một được các trong với người này những ở để đã"),
    ("ca", "de la i el que a en les per un amb els una és no del al més dels ha com es però seva"),
    ("af", "die van en in is het nie n te vir dat op met sy ek om was aan wat hy by"),
    ("eo", "la kaj de en estas al por ne kun mi li ke ĝi pri sed"),
    ("tl", "ang ng sa na mga ay at ito para ko ni"),
    ("cy", "y yr yn a i o ar ei mae wedi bod am gan fod"),
    ("la", "et in est ad non cum ut qui sed sit amet dolor"),
    ("az", "və bu bir ilə üçün da də"),
    ("jv", "lan ing sing karo iki ora kang saka"),
    ("uz", "va bu bilan uchun ham bir da"),
];

/// The same for Cyrillic letters.
const CYRILLIC: &[(&str, &str)] = &[
    (
        "ru",
        "и в не на что с по это как из для от за к но он а его то все так у о же бы был при или я \
         вы мы ты",
    ),
    ("uk", "і в не на що з до та у за як це для від по про а він є його але й"),
    ("bg", "на и да за се от е с в не по че са ще като това си до аз"),
    ("sr", "и у је да на се за од су са не који што као из"),
    ("be", "і ў не на што з да у як гэта для за по пра ад"),
    ("mk", "на и да се во за од е со не што ќе ги како тоа"),
];

/// How many languages the tables have.
const LANGUAGES: usize = LATIN.len() + CYRILLIC.len();

/// A word as a number: its bytes, the last one lowest.
type Key = u128;

/// A known word: its number, and the languages that have it as bits.
type Known = (u16, u64);

static KNOWN: LazyLock<HashMap<Key, Known, FixedState>> = LazyLock::new(known);

fn known() -> HashMap<Key, Known, FixedState> {
    let mut words: HashMap<Key, Known, FixedState> = HashMap::default();
    for (language, (_, list)) in LATIN.iter().chain(CYRILLIC).enumerate() {
        for word in list.split_whitespace() {
            let number = words.len() as u16;
            words.entry(key(word)).or_insert((number, 0)).1 |= 1 << language;
        }
    }
    words
}

fn key(word: &str) -> Key {
    word.bytes().fold(0, |key, byte| key << 8 | Key::from(byte))
}

/// The letters that prevail in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letters {
    Latin,
    Cyrillic,
}

/// Whether a language is written in these letters, as far as the tables know; `None` means neither
/// Latin nor Cyrillic ones. Any language may have a title in Latin letters.
pub(super) fn is_written_in(language: Language, letters: Option<Letters>) -> bool {
    let is_of = |table: &[(&str, &str)]| table.iter().any(|(tag, _)| *tag == language.as_str());
    match letters {
        Some(Letters::Latin) => true,
        Some(Letters::Cyrillic) => !is_of(LATIN),
        None => !is_of(LATIN) && !is_of(CYRILLIC),
    }
}

/// How many different words of each language a text has.
#[derive(Debug)]
pub(super) struct Votes {
    /// Words of the text, known or not.
    pub(super) words: usize,
    seen: [u64; KNOWN_MAX / 64],
    counts: [u8; LANGUAGES],
}

impl Default for Votes {
    fn default() -> Self {
        Self { words: 0, seen: [0; KNOWN_MAX / 64], counts: [0; LANGUAGES] }
    }
}

impl Votes {
    /// Counts a word in lower case. The same word again says nothing new: titles are repeated.
    pub(super) fn add(&mut self, word: &[u8]) {
        self.words += 1;
        let key = word.iter().fold(0, |key, byte| key << 8 | Key::from(*byte));
        let Some((number, languages)) = KNOWN.get(&key) else { return };
        let (place, bit) = (usize::from(number / 64), 1 << (number % 64));
        let Some(seen) = self.seen.get_mut(place).filter(|seen| **seen & bit == 0) else { return };
        *seen |= bit;
        let mut languages = *languages;
        while languages != 0 {
            self.counts[languages.trailing_zeros() as usize] += 1;
            languages &= languages - 1;
        }
    }

    /// The languages with words in the text, most words first.
    pub(super) fn ranked(&self, letters: Letters) -> Vec<(&'static str, u8)> {
        let (latin, cyrillic) = self.counts.split_at(LATIN.len());
        let (table, counts) = match letters {
            Letters::Latin => (LATIN, latin),
            Letters::Cyrillic => (CYRILLIC, cyrillic),
        };
        let tags = table.iter().map(|(tag, _)| *tag);
        let mut ranked: Vec<_> =
            tags.zip(counts.iter().copied()).filter(|(_, count)| *count > 0).collect();
        ranked.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        ranked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn votes(text: &str) -> Votes {
        let mut votes = Votes::default();
        text.split(' ').for_each(|word| votes.add(word.as_bytes()));
        votes
    }

    #[test]
    fn every_word_of_the_tables_has_a_number_and_fits() {
        assert!(KNOWN.len() <= KNOWN_MAX && LANGUAGES <= 64, "{} words", KNOWN.len());
        for (_, list) in LATIN.iter().chain(CYRILLIC) {
            for word in list.split_whitespace() {
                assert!(word.len() <= WORD_BYTES_MAX, "{word}");
                assert_eq!(word, word.to_lowercase());
            }
        }
    }

    #[test]
    fn a_word_counts_once_and_for_every_language_that_has_it() {
        let votes = votes("und und von van");
        assert_eq!(votes.words, 4);
        let ranked = votes.ranked(Letters::Latin);
        assert_eq!(ranked.first(), Some(&("de", 2)));
        assert!(ranked.contains(&("nl", 1)) && ranked.contains(&("hu", 1)), "{ranked:?}");
    }

    #[test]
    fn letters_decide_whose_words_are_looked_at() {
        let votes = votes("и на the");
        assert!(votes.ranked(Letters::Cyrillic).iter().all(|(tag, _)| *tag != "en"));
        assert_eq!(votes.ranked(Letters::Latin), [("en", 1)]);
    }
}
