//! The language of a text: by script where the script decides, else by its words, else as declared.

use autoglm_domain::Language;
use whatlang::{Detector, Lang};

/// How many characters of a text are looked at.
const SAMPLE_CHARS: usize = 1_000;
/// Fewer letters than this say nothing by their trigrams.
const LETTERS_MIN: usize = 24;
/// How many bytes the trigram detector is given; it is the slow part.
const DETECTOR_BYTES: usize = 400;
/// An ideograph says as much as this many letters: names of products in Latin letters are common
/// in Chinese and Japanese titles.
const EAST_WEIGHT: usize = 5;
/// Share of function words from which a Latin text is English without asking the detector.
const ENGLISH_SHARE: f32 = 0.14;

/// Frequent English words that other languages do not have.
const ENGLISH_WORDS: &[&str] = &[
    "the", "of", "and", "to", "is", "for", "that", "with", "are", "was", "this", "by", "from",
    "have", "has", "its", "been", "which", "their", "will", "were", "you", "your", "how", "what",
];

#[derive(Debug, Default)]
struct Scripts {
    latin: usize,
    han: usize,
    kana: usize,
    hangul: usize,
    other: usize,
}

/// The language of an article. Script first: kana means Japanese, hangul Korean, other Han text
/// Chinese. Then the words of a text long enough. Then what the source declares.
#[must_use]
pub fn detect(title: &str, text: &str, declared: Option<&str>) -> Option<Language> {
    let declared = declared.and_then(Language::from_tag);
    let sample: String =
        title.chars().chain(" ".chars()).chain(text.chars()).take(SAMPLE_CHARS).collect();
    let scripts = count(&sample);
    let letters =
        scripts.latin + (scripts.han + scripts.kana + scripts.hangul) * EAST_WEIGHT + scripts.other;
    if letters == 0 {
        return declared;
    }
    if let Some(language) = by_script(&scripts, declared) {
        return Some(language);
    }
    if letters < LETTERS_MIN {
        return declared.or_else(|| by_words(&sample, 0.0));
    }
    if scripts.other == 0 && english_share(&sample) >= ENGLISH_SHARE {
        return Some(Language::ENGLISH);
    }
    by_words(&sample, 0.5).or(declared).or_else(|| by_words(&sample, 0.0))
}

fn count(sample: &str) -> Scripts {
    let mut scripts = Scripts::default();
    for c in sample.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' => scripts.latin += 1,
            '\u{3041}'..='\u{30fa}' => scripts.kana += 1,
            '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{323af}' => {
                scripts.han += 1;
            }
            '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}' => scripts.hangul += 1,
            _ if c.is_alphabetic() => scripts.other += 1,
            _ => {}
        }
    }
    scripts
}

fn by_script(scripts: &Scripts, declared: Option<Language>) -> Option<Language> {
    let east = scripts.han + scripts.kana + scripts.hangul;
    if east * EAST_WEIGHT < scripts.latin + scripts.other {
        return None;
    }
    if scripts.hangul * 2 > east {
        return Language::from_tag("ko");
    }
    // Chinese quotes a kana now and then; Japanese cannot do without.
    if scripts.kana * 8 > scripts.han {
        return Language::from_tag("ja");
    }
    let japanese = Language::from_tag("ja");
    if declared == japanese && east < 20 { japanese } else { Some(Language::CHINESE) }
}

fn english_share(sample: &str) -> f32 {
    let (mut words, mut english) = (0_u16, 0_u16);
    for word in sample.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
        words += 1;
        english += u16::from(ENGLISH_WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)));
    }
    if words < 6 { 0.0 } else { f32::from(english) / f32::from(words) }
}

fn by_words(sample: &str, confidence: f64) -> Option<Language> {
    let info = Detector::new().detect(crate::text::prefix(sample, DETECTOR_BYTES))?;
    if info.confidence() < confidence {
        return None;
    }
    Language::from_tag(iso_639_1(info.lang()))
}

/// ISO 639-3 and ISO 639-1 of the detector's languages.
const CODES: &str = "\
    epo=eo eng=en rus=ru cmn=zh spa=es por=pt ita=it ben=bn fra=fr deu=de ukr=uk kat=ka ara=ar \
    hin=hi jpn=ja heb=he yid=yi pol=pl amh=am jav=jv kor=ko nob=nb dan=da swe=sv fin=fi tur=tr \
    nld=nl hun=hu ces=cs ell=el bul=bg bel=be mar=mr kan=kn ron=ro slv=sl hrv=hr srp=sr mkd=mk \
    lit=lt lav=lv est=et tam=ta vie=vi urd=ur tha=th guj=gu uzb=uz pan=pa aze=az ind=id tel=te \
    pes=fa mal=ml ori=or mya=my nep=ne sin=si khm=km tuk=tk aka=ak zul=zu sna=sn afr=af lat=la \
    slk=sk cat=ca tgl=tl hye=hy cym=cy";

/// ISO 639-1 of a language of the detector.
fn iso_639_1(lang: Lang) -> &'static str {
    let pairs = CODES.split(' ').filter_map(|pair| pair.split_once('='));
    let mut matching = pairs.filter(|(long, _)| *long == lang.code());
    matching.next().map_or("", |(_, short)| short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(title: &str, text: &str, declared: Option<&str>) -> Option<String> {
        detect(title, text, declared).map(|language| language.to_string())
    }

    #[test]
    fn the_script_decides_for_short_titles() {
        assert_eq!(code("英伟达发布新芯片", "", None).as_deref(), Some("zh"));
        assert_eq!(code("OpenAI 发布 GPT", "", Some("en")).as_deref(), Some("zh"));
        assert_eq!(code("新しいチップを発表", "", None).as_deref(), Some("ja"));
        assert_eq!(code("새로운 칩 발표", "", None).as_deref(), Some("ko"));
    }

    #[test]
    fn words_decide_for_longer_texts_whatever_is_declared() {
        let english = "The committee said that it would publish the results of the inquiry";
        assert_eq!(code(english, "", Some("de")).as_deref(), Some("en"));
        let german = "Die Bundesregierung hat am Mittwoch beschlossen, das Gesetz nicht mehr zu \
                      ändern, weil die Mehrheit der Abgeordneten dagegen ist.";
        assert_eq!(code("", german, Some("en")).as_deref(), Some("de"));
        let russian = "Правительство сообщило о новых мерах поддержки промышленности";
        assert_eq!(code(russian, "", None).as_deref(), Some("ru"));
    }

    #[test]
    fn a_few_letters_are_as_declared() {
        assert_eq!(code("iPhone 17", "", Some("fr-FR")).as_deref(), Some("fr"));
        assert_eq!(code("2026", "", None), None);
    }

    #[test]
    fn every_language_of_the_detector_has_a_short_code() {
        for lang in Lang::all() {
            assert!(Language::from_tag(iso_639_1(*lang)).is_some(), "{lang:?} has none");
        }
    }
}
