//! Dates as feeds write them: RFC 3339 and RFC 2822 and everything people make of them.

mod clock;
mod region;
mod usual;

use autoglm_domain::Timestamp;
use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime};
use clock::Clock;

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
    usual::read(text).or_else(|| Timestamp::from_rfc3339(text)).or_else(|| general(text))
}

fn general(text: &str) -> Option<Timestamp> {
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
    match region::take(text) {
        Some((region, rest)) => moment(&self::tokens(&rest), |local| region.offset(local)),
        None => moment(&tokens, |_| local_zone(text)),
    }
}

/// The moment of date, time and zone; `minutes_east` tells the zone of a local time without one.
fn moment(tokens: &[Token], minutes_east: impl FnOnce(NaiveDateTime) -> i32) -> Option<Timestamp> {
    let (clock, date_tokens) = Clock::split(tokens)?;
    let local = NaiveDateTime::new(read_date(&date_tokens)?, NaiveTime::MIN)
        .checked_add_signed(Duration::seconds(clock.seconds))?;
    let zone = clock.zone.unwrap_or_else(|| minutes_east(local));
    let utc = local.checked_sub_signed(Duration::minutes(zone.into()))?.and_utc();
    Some(Timestamp(utc.timestamp_millis() + clock.millis))
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
        Some(month) => with_month_name(*month, &numbers, has_stray_letter(tokens)),
        None => numeric(tokens, &numbers),
    }
}

/// Whether a letter stands alone, as a placeholder does where a number should be.
fn has_stray_letter(tokens: &[Token]) -> bool {
    tokens.iter().any(
        |token| matches!(token, Token::Word(word) if word.len() == 1 && word.is_ascii() && word != "t"),
    )
}

/// A month without a day is its first, unless something stands where the day should be.
fn with_month_name(
    month: u32,
    numbers: &[(u64, usize)],
    has_stray_letter: bool,
) -> Option<NaiveDate> {
    let (year, day) = match numbers {
        [(_, 4)] if has_stray_letter => return None,
        [(year, 4)] => ((*year, 4), 1),
        [(year, 4), (day, _)] => ((*year, 4), *day),
        [(day, _), year] => (*year, *day),
        _ => return None,
    };
    from_parts(full_year(year.0, year.1)?, month, u32::try_from(day).ok()?)
}

fn numeric(tokens: &[Token], numbers: &[(u64, usize)]) -> Option<NaiveDate> {
    if has_stray_letter(tokens) {
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
mod tests;
