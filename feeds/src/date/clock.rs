//! The time of day and the time zone in the tokens of a date.

use super::{Token, pairs};

/// Time zones by name, in minutes east of Greenwich. `CST` is the American one (RFC 2822).
const ZONES: &str = "\
    z=0 ut=0 utc=0 gmt=0 wet=0 bst=60 west=60 cet=60 met=60 cest=120 mest=120 eet=120 \
    eest=180 msk=180 ist=330 hkt=480 sgt=480 awst=480 jst=540 kst=540 aest=600 aedt=660 \
    nzst=720 nzdt=780 at=-240 ast=-240 edt=-240 est=-300 et=-300 cdt=-300 cst=-360 ct=-360 \
    mdt=-360 mst=-420 mt=-420 pdt=-420 pst=-480 pt=-480";

/// The time of day and the zone.
#[derive(Debug, Default)]
pub(super) struct Clock {
    pub(super) seconds: i64,
    pub(super) millis: i64,
    pub(super) zone: Option<i32>,
}

impl Clock {
    /// Takes time and zone out of the tokens; what is left is the date. `None` for a time that
    /// does not exist.
    pub(super) fn split(tokens: &[Token]) -> Option<(Self, Vec<Token>)> {
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
