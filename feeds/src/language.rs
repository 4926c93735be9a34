//! The language of a text: by script where the script decides, else by its words, else as declared.

mod sample;
mod words;

use autoglm_domain::Language;
use sample::Sample;
use whatlang::{Detector, Lang};

/// Fewer letters than this say nothing by their trigrams.
const LETTERS_MIN: usize = 24;
/// Nor do fewer words, when hardly one of them is known.
const WORDS_MIN: usize = 8;
/// How many bytes the trigram detector is given.
const DETECTOR_BYTES: usize = 400;
/// From how many different known words on they decide alone.
const VOTES_MIN: u8 = 3;
/// Below this the trigrams are less likely right than the declaration.
const CONFIDENCE_MIN: f64 = 0.5;
/// How many bytes of each article tell the language of a feed, title and text each.
const ARTICLE_BYTES: usize = 80;
/// How many of all of them.
const FEED_BYTES: usize = 1_000;
/// Fewer characters than this may be Japanese without kana.
const WITHOUT_KANA_MAX: usize = 20;

/// The language of an article. Script first: kana means Japanese, hangul Korean, other Han text
/// Chinese. Then the words everybody needs. Where they leave several languages, what is expected
/// (declared, or told by the rest of the feed) decides between them, and trigrams where nothing is.
#[must_use]
pub fn detect(title: &str, text: &str, expected: Option<Language>) -> Option<Language> {
    let sample = Sample::read(title, text);
    if sample.letters() == 0 {
        return expected;
    }
    if sample.is_eastern(expected) {
        return by_script(&sample, expected);
    }
    let letters = sample.prevailing();
    // What is written in other letters is not in the language that was expected.
    let expected = expected.filter(|expected| words::is_written_in(*expected, letters));
    if expected.is_some() && sample.letters() < LETTERS_MIN {
        return expected;
    }
    let ranked = letters.map(|letters| sample.votes.ranked(letters)).unwrap_or_default();
    if let Some(language) = by_words(&ranked, expected) {
        return Some(language);
    }
    let silent = letters.is_some() && matches!(ranked.as_slice(), [] | [(_, 1), ..]);
    if expected.is_some() && silent && sample.votes.words < WORDS_MIN {
        return expected;
    }
    let close = candidates(&ranked);
    match expected {
        // With several languages at hand the expected one is none of them.
        Some(expected) if close.is_empty() => {
            by_trigrams(title, text, &close, CONFIDENCE_MIN).or(Some(expected))
        }
        _ => by_trigrams(title, text, &close, 0.0),
    }
}

/// The language of a feed that declares none, from the titles and texts of its articles.
#[must_use]
pub fn prevailing<'a>(articles: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Language> {
    let mut joined = String::new();
    for (title, text) in articles {
        for part in [title, text] {
            joined.push_str(crate::text::prefix(part, ARTICLE_BYTES));
            joined.push('\n');
        }
        if joined.len() > FEED_BYTES {
            break;
        }
    }
    detect("", &joined, None)
}

fn by_script(sample: &Sample, expected: Option<Language>) -> Option<Language> {
    if sample.hangul * 2 > sample.east() {
        return Language::from_tag("ko");
    }
    // Chinese quotes a kana now and then; Japanese cannot do without.
    if sample.kana * 8 > sample.han {
        return Language::from_tag("ja");
    }
    let japanese = Language::from_tag("ja");
    let short = sample.east() < WITHOUT_KANA_MAX;
    if expected == japanese && short { japanese } else { Some(Language::CHINESE) }
}

/// The language that has far more words than the next one, or the expected one if it is close to it.
fn by_words(ranked: &[(&'static str, u8)], expected: Option<Language>) -> Option<Language> {
    let (first, most) = *ranked.first()?;
    let second = ranked.get(1).map_or(0, |(_, count)| *count);
    if most >= VOTES_MIN && most > second + 1 && u32::from(most) * 5 >= u32::from(second) * 7 {
        return Language::from_tag(first);
    }
    let tags = close(ranked).filter_map(Language::from_tag);
    expected.filter(|expected| tags.into_iter().any(|tag| tag == *expected))
}

/// The languages that have at least half as many words as the first.
fn close(ranked: &[(&'static str, u8)]) -> impl Iterator<Item = &'static str> {
    let most = ranked.first().map_or(0, |(_, count)| *count);
    ranked
        .iter()
        .filter(move |(_, count)| u32::from(*count) * 2 >= u32::from(most))
        .map(|(tag, _)| *tag)
}

/// The languages that the trigrams have to choose from; none when the words say too little.
fn candidates(ranked: &[(&'static str, u8)]) -> Vec<Lang> {
    match ranked {
        [(_, VOTES_MIN..), _, ..] => close(ranked).filter_map(detected_as).collect(),
        _ => Vec::new(),
    }
}

/// What the trigrams say, as far as they are sure enough; it is the slow way.
fn by_trigrams(title: &str, text: &str, among: &[Lang], confidence: f64) -> Option<Language> {
    let title = crate::text::prefix(title, DETECTOR_BYTES);
    let text = crate::text::prefix(text, DETECTOR_BYTES - title.len());
    let detector = match among {
        [] => Detector::new(),
        some => Detector::with_allowlist(some.to_vec()),
    };
    let info = detector.detect(&format!("{title} {text}"))?;
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

/// A language as the detector calls it.
fn detected_as(tag: &str) -> Option<Lang> {
    let mut pairs = CODES.split(' ').filter_map(|pair| pair.split_once('='));
    pairs.find(|(_, short)| *short == tag).and_then(|(long, _)| Lang::from_code(long))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(title: &str, text: &str, declared: Option<&str>) -> Option<String> {
        let declared = declared.and_then(Language::from_tag);
        detect(title, text, declared).map(|language| language.to_string())
    }

    #[test]
    fn the_script_decides_for_short_titles() {
        assert_eq!(code("英伟达发布新芯片", "", None).as_deref(), Some("zh"));
        assert_eq!(code("OpenAI 发布 GPT", "", Some("en")).as_deref(), Some("zh"));
        assert_eq!(code("新しいチップを発表", "", None).as_deref(), Some("ja"));
        assert_eq!(code("새로운 칩 발표", "", None).as_deref(), Some("ko"));
        let table = "HTTP Content-type对照表 .tif image/tiff";
        assert_eq!(code(table, "", Some("zh-CN")).as_deref(), Some("zh"));
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
    fn a_few_letters_are_as_declared_unless_they_are_others() {
        assert_eq!(code("iPhone 17", "", Some("fr-FR")).as_deref(), Some("fr"));
        assert_eq!(code("iPhone 17", "", Some("zh")).as_deref(), Some("zh"));
        assert_eq!(code("ปักหมุด", "", Some("en")).as_deref(), Some("th"));
        assert_ne!(code("Купон", "", Some("en")).as_deref(), Some("en"));
        assert_eq!(code("2026", "", None), None);
    }

    #[test]
    fn every_language_of_the_detector_has_a_short_code() {
        for lang in Lang::all() {
            assert!(Language::from_tag(iso_639_1(*lang)).is_some(), "{lang:?} has none");
        }
    }

    #[test]
    fn what_is_expected_decides_between_languages_that_share_their_words() {
        let title = "Statsministeren vil tale med partierne om en ny aftale til foråret";
        assert_eq!(code(title, "", Some("da")).as_deref(), Some("da"));
        assert_ne!(code(title, "", Some("en")).as_deref(), Some("en"));
        let title = "US designates election infrastructure as critical";
        assert_eq!(code(title, "", Some("en")).as_deref(), Some("en"));
    }

    #[test]
    fn a_text_of_nothing_but_known_words_is_told() {
        let words = "the of and to in is for that with are was this by from have has its been which \
                     their will were you your how what on it as at be an not or he they we his her \
                     but can more about who when new i my all our up out if so no do had one would";
        assert_eq!(code("", words, None).as_deref(), Some("en"));
        assert_eq!(code("", words, Some("de")).as_deref(), Some("en"));
    }

    #[test]
    fn a_repeated_title_does_not_outvote_its_trigrams() {
        let title = "Thick As A Brick.mp3";
        let text = "Jethro Tull-Thick As A Brick.mp3 Thick As A Brick";
        assert_ne!(code(title, text, None).as_deref(), Some("pt"));
    }

    #[test]
    fn code_and_names_in_a_russian_text_leave_it_russian() {
        let text = "На CPAN опубликована версия 0.1 модуля Template::Plugin::ASCIITable, который \
                    позволяет рисовать таблицы";
        assert_eq!(code("Template::Plugin::ASCIITable", text, None).as_deref(), Some("ru"));
    }

    #[test]
    fn a_feed_is_in_the_language_of_most_of_its_words() {
        let articles = [
            ("Casting Silver Bullets", "Comments"),
            ("What is new in this release of the editor", "It has been a year"),
            ("A look at how they did it", "and what comes from it"),
        ];
        assert_eq!(prevailing(articles.into_iter()), Some(Language::ENGLISH));
        assert_eq!(prevailing(std::iter::empty()), None);
    }

    #[test]
    fn the_detector_knows_every_language_of_the_word_lists() {
        for tag in ["en", "nb", "tl", "eo", "mk", "sr", "az"] {
            assert!(detected_as(tag).is_some(), "{tag}");
        }
    }
}
