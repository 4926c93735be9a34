//! Dates as feeds write them: RFC 3339 and RFC 2822 and everything people make of them.

use autoglm_domain::Timestamp;
use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime};

/// Longest text that is looked at, in bytes.
const TEXT_BYTES_MAX: usize = 128;
/// Dates outside these years are mistakes.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;

/// Month names by their beginnings, in the languages feeds were seen in.
const MONTHS: &str = "\
    jan=1 ene=1 gen=1 fev=2 fév=2 feb=2 mar=3 mär=3 mrz=3 maa=3 apr=4 avr=4 abr=4 may=5 \
    mai=5 mei=5 mag=5 juin=6 jun=6 giu=6 juil=7 jul=7 júl=7 lug=7 aug=8 aou=8 aoû=8 ago=8 \
    sep=9 set=9 oct=10 okt=10 ott=10 out=10 nov=11 dec=12 déc=12 dez=12 dic=12 ιαν=1 φεβ=2 \
    μάρ=3 απρ=4 μάι=5 ιούν=6 ιούλ=7 αύγ=8 σεπ=9 οκτ=10 νοέ=11 δεκ=12 янв=1 фев=2 мар=3 апр=4 \
    мая=5 май=5 июн=6 июл=7 авг=8 сен=9 окт=10 ноя=11 дек=12 січ=1 лют=2 бер=3 кві=4 тра=5 чер=6 \
    лип=7 сер=8 вер=9 жов=10 лис=11 гру=12 sty=1 lut=2 kwi=4 maj=5 cze=6 lip=7 sie=8 wrz=9 paź=10 \
    lis=11 gru=12 led=1 úno=2 bře=3 dub=4 kvě=5 červenec=7 čvc=7 čer=6 čvn=6 srp=8 zář=9 \
    říj=10 pro=12 oca=1 şub=2 nis=4 haz=6 tem=7 ağu=8 eyl=9 eki=10 kas=11 ara=12 mrt=3 des=12 \
    agu=8 jui=7 már=3 ápr=4 máj=5 jún=6 szep=9 tammi=1 helmi=2 huhti=4 touko=5 kesä=6 heinä=7 \
    elo=8 syys=9 loka=10 marras=11 joulu=12 μαρ=3 μαΐ=5 μαϊ=5 ιουν=6 ιουλ=7 αυγ=8 νοε=11 \
    يناير=1 فبراير=2 مارس=3 أبريل=4 ابريل=4 مايو=5 يونيو=6 يوليو=7 أغسطس=8 اغسطس=8 سبتمبر=9 \
    أكتوبر=10 اكتوبر=10 نوفمبر=11 ديسمبر=12 ינו=1 פבר=2 מרץ=3 אפר=4 מאי=5 יונ=6 יול=7 אוג=8 \
    ספט=9 אוק=10 נוב=11 דצמ=12";

/// Time zones by name, in minutes east of Greenwich. `CST` is the American one (RFC 2822).
const ZONES: &str = "\
    z=0 ut=0 utc=0 gmt=0 wet=0 bst=60 west=60 cet=60 met=60 cest=120 mest=120 eet=120 \
    eest=180 msk=180 ist=330 hkt=480 sgt=480 awst=480 jst=540 kst=540 aest=600 aedt=660 \
    nzst=720 nzdt=780 at=-240 ast=-240 edt=-240 est=-300 et=-300 cdt=-300 cst=-360 ct=-360 \
    mdt=-360 mst=-420 mt=-420 pdt=-420 pst=-480 pt=-480";

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number { value: u64, digits: usize },
    Word(String),
    Mark(char),
}

/// Reads a date in any form seen in feeds; a date without a zone is taken as UTC (Chinese and
/// Korean forms as local time there). `None` when the text is none.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > TEXT_BYTES_MAX {
        return None;
    }
    if let Some(moment) = Timestamp::from_rfc3339(text) {
        return Some(moment);
    }
    let tokens = tokens(text);
    if let [Token::Number { value, digits }] = tokens.as_slice() {
        match digits {
            10 => return Some(Timestamp(i64::try_from(*value).ok()?.checked_mul(1000)?)),
            13 => return Some(Timestamp(i64::try_from(*value).ok()?)),
            _ => {}
        }
    }
    if let Some(date) = abbreviated(text, &tokens) {
        return Some(Timestamp(date.and_time(NaiveTime::MIN).and_utc().timestamp_millis()));
    }
    let (clock, date_tokens) = Clock::split(&tokens)?;
    let date = read_date(&date_tokens)?;
    let zone = clock.zone.unwrap_or_else(|| local_zone(text));
    let moment = NaiveDateTime::new(date, NaiveTime::MIN)
        .checked_add_signed(Duration::seconds(clock.seconds) - Duration::minutes(zone.into()))?;
    Some(Timestamp(moment.and_utc().timestamp_millis() + clock.millis))
}

/// The short forms of ISO 8601 (1988): the day of the year as `2003-335`, `2003335` or `03335`, and
/// year and month without the century as `-03-12` or `-0312`. Five digits are a date only with a
/// leading zero, which a plain number does not have.
fn abbreviated(text: &str, tokens: &[Token]) -> Option<NaiveDate> {
    let day_of_year = |year: i32, day: u64| NaiveDate::from_yo_opt(year, u32::try_from(day).ok()?);
    let month =
        |year: u64, month: u64| from_parts(full_year(year, 2)?, u32::try_from(month).ok()?, 1);
    match tokens {
        [
            Token::Number { value: year, digits: 4 },
            Token::Mark('-'),
            Token::Number { value, digits: 3 },
        ] => day_of_year(full_year(*year, 4)?, *value),
        [Token::Number { value, digits: 7 }] => {
            day_of_year(full_year(value / 1000, 4)?, value % 1000)
        }
        [Token::Number { value, digits: 5 }] if text.starts_with('0') => {
            day_of_year(full_year(value / 1000, 2)?, value % 1000)
        }
        [Token::Mark('-'), Token::Number { value, digits: 4 }] => month(value / 100, value % 100),
        [
            Token::Mark('-'),
            Token::Number { value: year, digits: 2 },
            Token::Mark('-'),
            Token::Number { value, digits: 2 },
        ] => month(*year, *value),
        _ => None,
    }
}

/// Minutes east of Greenwich of a form that only one country uses.
fn local_zone(text: &str) -> i32 {
    if text.contains('년') || text.contains('오') {
        540
    } else if text.contains('年') {
        480
    } else {
        0
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() {
            rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())
        } else if first.is_alphabetic() {
            rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (part, after) = rest.split_at(length);
        rest = after;
        if first.is_ascii_digit() {
            let value = part.parse().unwrap_or(u64::MAX);
            tokens.push(Token::Number { value, digits: length });
        } else if first.is_alphabetic() {
            tokens.push(Token::Word(part.to_lowercase()));
        } else if !first.is_whitespace() {
            tokens.push(Token::Mark(first));
        }
    }
    tokens
}

/// The time of day and the zone.
#[derive(Debug, Default)]
struct Clock {
    seconds: i64,
    millis: i64,
    zone: Option<i32>,
}

impl Clock {
    /// Takes time and zone out of the tokens; what is left is the date. `None` for a time that
    /// does not exist.
    fn split(tokens: &[Token]) -> Option<(Self, Vec<Token>)> {
        let mut clock = Self::default();
        let colon = tokens.windows(3).position(|window| {
            matches!(
                window,
                [
                    Token::Number { digits: 1..=2, .. },
                    Token::Mark(':'),
                    Token::Number { digits: 1..=2, .. }
                ]
            )
        });
        let Some(start) = colon else {
            let hour_only = tokens.iter().position(is_half_of_day);
            let date_end = hour_only.filter(|at| *at > 3).map_or(tokens.len(), |at| at - 1);
            return clock.without_colon(tokens, date_end);
        };
        let mut at = start + 3;
        let (hour, minute) = (number(&tokens[start])?, number(&tokens[start + 2])?);
        let mut second = 0;
        if let [Token::Mark(':'), found @ Token::Number { .. }, ..] = &tokens[at..] {
            second = number(found)?;
            at += 2;
        }
        if let [Token::Mark('.' | ','), Token::Number { value, digits: digits @ 1..=9 }, ..] =
            &tokens[at..]
        {
            let thousandths = value * 1000 / 10_u64.pow(u32::try_from(*digits).ok()?);
            clock.millis = i64::try_from(thousandths).ok()?;
            at += 2;
        }
        if matches!(tokens.get(at), Some(Token::Mark(':'))) {
            return None;
        }
        let half = tokens[..start].iter().chain(&tokens[at..]).find_map(half_of_day);
        let hour = match half {
            Some(true) if hour < 12 => hour + 12,
            Some(false) if hour == 12 => 0,
            _ => hour,
        };
        if hour > 24 || minute > 59 || second > 60 {
            return None;
        }
        clock.seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second.min(59));
        let mut date: Vec<Token> = tokens[..start].to_vec();
        let rest = clock.take_zone(&tokens[at..])?;
        date.extend(rest);
        Some((clock, date))
    }

    /// A date alone, perhaps with the name of a zone behind it.
    fn without_colon(mut self, tokens: &[Token], end: usize) -> Option<(Self, Vec<Token>)> {
        let mut date = tokens[..end].to_vec();
        if let Some(Token::Word(word)) = date.last()
            && let Some(zone) = zone(word)
        {
            self.zone = Some(zone);
            date.pop();
        }
        Some((self, date))
    }

    /// Reads the zone after a time and returns the tokens that do not belong to it.
    fn take_zone(&mut self, tokens: &[Token]) -> Option<Vec<Token>> {
        let mut rest = Vec::new();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                Token::Word(word) => match zone(word) {
                    Some(found) => self.zone = self.zone.or(Some(found)),
                    None if word == "xx" => return None,
                    None => rest.push(token.clone()),
                },
                Token::Mark(sign @ ('+' | '-' | '−')) => {
                    let Some((minutes, used)) = offset(&tokens[at..]) else {
                        if matches!(tokens.get(at), Some(Token::Word(_))) {
                            return None;
                        }
                        continue;
                    };
                    if minutes.abs() > 18 * 60 {
                        return None;
                    }
                    self.zone = Some(if *sign == '+' { minutes } else { -minutes });
                    at += used;
                }
                Token::Mark('(') => break,
                _ => rest.push(token.clone()),
            }
        }
        Some(rest)
    }
}

/// Minutes of `0800`, `08:00`, `8`, and how many tokens they took.
fn offset(tokens: &[Token]) -> Option<(i32, usize)> {
    match tokens {
        [
            Token::Number { value: hours, digits: 1..=2 },
            Token::Mark(':'),
            Token::Number { value: minutes, digits: 2 },
            ..,
        ] => {
            let minutes = (*minutes < 60).then_some(*minutes)?;
            Some((i32::try_from(hours * 60 + minutes).ok()?, 3))
        }
        [Token::Number { digits: 1..=2, .. }, Token::Mark(':'), ..] => None,
        [Token::Number { value, digits: 3..=4 }, ..] => {
            Some((i32::try_from(value / 100 * 60 + value % 100).ok()?, 1))
        }
        [Token::Number { value, digits: 1..=2 }, ..] => Some((i32::try_from(value * 60).ok()?, 1)),
        _ => None,
    }
}

fn number(token: &Token) -> Option<u32> {
    match token {
        Token::Number { value, .. } => u32::try_from(*value).ok(),
        _ => None,
    }
}

/// Whether a word says afternoon (`true`) or morning.
fn half_of_day(token: &Token) -> Option<bool> {
    match token {
        Token::Word(word) => match word.as_str() {
            "pm" | "p" | "下午" | "晚上" | "오후" => Some(true),
            "am" | "a" | "上午" | "早上" | "오전" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn is_half_of_day(token: &Token) -> bool {
    half_of_day(token).is_some()
}

fn zone(word: &str) -> Option<i32> {
    pairs(ZONES).find(|(name, _)| *name == word).and_then(|(_, minutes)| minutes.parse().ok())
}

fn month(word: &str) -> Option<u32> {
    // Hebrew puts "in" before the month as one letter.
    let word = word.strip_prefix('ב').unwrap_or(word);
    let mut matching = pairs(MONTHS).filter(|(name, _)| word.starts_with(name));
    matching.next().and_then(|(_, month)| month.parse().ok())
}

/// The pairs of a table above.
fn pairs(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.split(' ').filter_map(|pair| pair.split_once('='))
}

fn read_date(tokens: &[Token]) -> Option<NaiveDate> {
    let months: Vec<u32> = tokens
        .iter()
        .filter_map(|token| match token {
            Token::Word(word) => month(word),
            _ => None,
        })
        .collect();
    let numbers: Vec<(u64, usize)> = tokens
        .iter()
        .filter_map(|token| match token {
            Token::Number { value, digits } => Some((*value, *digits)),
            _ => None,
        })
        .collect();
    // The last month word counts: a weekday may begin like one (`mar.` is Tuesday in French).
    match months.last() {
        Some(month) => with_month_name(*month, &numbers),
        None => numeric(tokens, &numbers),
    }
}

fn with_month_name(month: u32, numbers: &[(u64, usize)]) -> Option<NaiveDate> {
    let (year, day) = match numbers {
        [(year, 4)] => ((*year, 4), 1),
        [(year, 4), (day, _)] => ((*year, 4), *day),
        [(day, _), year] => (*year, *day),
        _ => return None,
    };
    from_parts(full_year(year.0, year.1)?, month, u32::try_from(day).ok()?)
}

fn numeric(tokens: &[Token], numbers: &[(u64, usize)]) -> Option<NaiveDate> {
    let words = tokens.iter().any(|token| {
        matches!(token, Token::Word(word)
        if word.len() == 1 && word.is_ascii() && word != "t")
    });
    if words {
        return None;
    }
    let separator = tokens.iter().find_map(|token| match token {
        Token::Mark(mark @ ('/' | '.' | '-')) => Some(*mark),
        _ => None,
    });
    let small = |value: u64| u32::try_from(value).ok();
    match numbers {
        [(value, 8)] => {
            let year = i32::try_from(value / 10_000).ok()?;
            from_parts(year, small(value / 100 % 100)?, small(value % 100)?)
        }
        [(year, 4)] if matches!(tokens.first(), Some(Token::Number { .. })) => {
            from_parts(full_year(*year, 4)?, 1, 1)
        }
        [(year, 4), (month, 1..=2)] => from_parts(full_year(*year, 4)?, small(*month)?, 1),
        [(year, 4), (month, _), (day, _)] => {
            from_parts(full_year(*year, 4)?, small(*month)?, small(*day)?)
        }
        [(first, ..=2), (second, ..=2), (third, digits @ (2 | 4))] => {
            let (year, month, day) = match separator {
                Some('-') if *digits == 2 => {
                    return from_parts(full_year(*first, 2)?, small(*second)?, small(*third)?);
                }
                Some('/') if *first <= 12 => (full_year(*third, *digits)?, *first, *second),
                _ => (full_year(*third, *digits)?, *second, *first),
            };
            from_parts(year, small(month)?, small(day)?)
        }
        _ => None,
    }
}

/// Two digits mean 1970 to 2069.
fn full_year(value: u64, digits: usize) -> Option<i32> {
    let year = i32::try_from(value).ok()?;
    Some(match digits {
        ..=2 if year < 70 => 2000 + year,
        ..=2 => 1900 + year,
        _ => year,
    })
}

fn from_parts(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    YEARS.contains(&year).then(|| NaiveDate::from_ymd_opt(year, month, day)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        parse(text).map(|moment| moment.to_rfc3339())
    }

    #[test]
    fn the_standard_forms_are_read() {
        for (text, expected) in [
            ("2003-12-31T10:14:55Z", "2003-12-31T10:14:55.000Z"),
            ("2003-12-31T10:14:55.5-08:00", "2003-12-31T18:14:55.500Z"),
            ("Mon, 02 Jan 2006 15:04:05 -0700", "2006-01-02T22:04:05.000Z"),
            ("Thu, 01 Jan 04 19:48:21 GMT", "2004-01-01T19:48:21.000Z"),
            ("2 Jan 2006 15:04 EST", "2006-01-02T20:04:00.000Z"),
            ("Sun Jan  4 16:29:06 2004", "2004-01-04T16:29:06.000Z"),
            ("2003-12", "2003-12-01T00:00:00.000Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_people_make_of_them_is_read_too() {
        for (text, expected) in [
            ("2024年1月2日 10:11", "2024-01-02T02:11:00.000Z"),
            ("2024-01-02 10:11:12", "2024-01-02T10:11:12.000Z"),
            ("Friday, December 8, 2017 - 3:07pm", "2017-12-08T15:07:00.000Z"),
            ("ven., 03 juil. 2020 15:09:58 +0000", "2020-07-03T15:09:58.000Z"),
            ("1520932969", "2018-03-13T09:22:49.000Z"),
            ("10/30/23 21:55:58", "2023-10-30T21:55:58.000Z"),
            ("30.10.23", "2023-10-30T00:00:00.000Z"),
            ("Thu Nov 12 2020 17:00:00 GMT+0000 (Coordinated)", "2020-11-12T17:00:00.000Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn short_forms_of_iso_8601_are_read() {
        for (text, expected) in [
            ("2003-335", "2003-12-01T00:00:00.000Z"),
            ("2003335", "2003-12-01T00:00:00.000Z"),
            ("03335", "2003-12-01T00:00:00.000Z"),
            ("-03-12", "2003-12-01T00:00:00.000Z"),
            ("-0312", "2003-12-01T00:00:00.000Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(read("22013"), None);
        assert_eq!(read("2003-367"), None);
    }

    #[test]
    fn months_are_known_in_the_languages_of_feeds() {
        for (text, month) in [
            ("pon., 15 sie 2022 10:00:00 +0200", "08"),
            ("15. října 2022", "10"),
            ("3 červenec 2022", "07"),
            ("15 Ağustos 2022 Pazartesi", "08"),
            ("15 серпня 2022", "08"),
            ("15. joulukuuta 2022", "12"),
            ("15 أغسطس 2022", "08"),
            ("15 באוגוסט 2022", "08"),
        ] {
            let read = read(text).unwrap_or_default();
            assert_eq!(read.get(5..7), Some(month), "{text}: {read}");
        }
    }

    #[test]
    fn what_is_no_date_gives_none() {
        for text in [
            "",
            "yesterday",
            "2003-12-31T10:61:55Z",
            "Sun, 99 Jun 2009 12:00:00 GMT",
            "1:2:3:4",
            "9999-12-31T23:59:59-99:99",
            "12",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn every_second_survives_rfc_2822(seconds in 0_i64..4_000_000_000) {
            let moment = chrono::DateTime::from_timestamp(seconds, 0).expect("is in range");
            prop_assert_eq!(parse(&moment.to_rfc2822()), Some(Timestamp(seconds * 1000)));
        }
    }
}
