//! Time zones named by a city, such as `Europe/Paris`: the ones whose feeds are read most, with the
//! rules of today. The whole database would be larger than the rest of this crate, and a date this
//! old that its rules have changed since is rarely written so.

use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, Weekday};

/// Minutes east of Greenwich in winter and the rule of summer time (IANA tzdata 2025b):
/// `n` none, `a` North America, `e` Europe, `s` south-east Australia, `z` New Zealand.
const REGIONS: &str = "\
    america/new_york=-300a america/detroit=-300a america/toronto=-300a america/montreal=-300a \
    america/chicago=-360a america/winnipeg=-360a america/denver=-420a america/edmonton=-420a \
    america/phoenix=-420n america/los_angeles=-480a america/vancouver=-480a \
    america/anchorage=-540a america/halifax=-240a america/st_johns=-210a us/eastern=-300a \
    us/central=-360a us/mountain=-420a us/pacific=-480a us/hawaii=-600n pacific/honolulu=-600n \
    america/mexico_city=-360n america/bogota=-300n america/lima=-300n america/caracas=-240n \
    america/sao_paulo=-180n america/argentina/buenos_aires=-180n america/buenos_aires=-180n \
    america/montevideo=-180n atlantic/reykjavik=0n europe/london=0e europe/dublin=0e \
    europe/lisbon=0e europe/paris=60e europe/berlin=60e europe/madrid=60e europe/rome=60e \
    europe/amsterdam=60e europe/brussels=60e europe/zurich=60e europe/vienna=60e europe/prague=60e \
    europe/warsaw=60e europe/budapest=60e europe/stockholm=60e europe/oslo=60e \
    europe/copenhagen=60e europe/belgrade=60e europe/zagreb=60e europe/bratislava=60e \
    europe/ljubljana=60e europe/luxembourg=60e europe/athens=120e europe/helsinki=120e \
    europe/bucharest=120e europe/sofia=120e europe/kiev=120e europe/kyiv=120e europe/riga=120e \
    europe/tallinn=120e europe/vilnius=120e europe/istanbul=180n europe/moscow=180n \
    europe/minsk=180n africa/cairo=120n africa/johannesburg=120n africa/lagos=60n \
    africa/nairobi=180n asia/riyadh=180n asia/baghdad=180n asia/tehran=210n asia/dubai=240n \
    asia/karachi=300n asia/kolkata=330n asia/calcutta=330n asia/dhaka=360n asia/yangon=390n \
    asia/bangkok=420n asia/jakarta=420n asia/ho_chi_minh=420n asia/saigon=420n asia/shanghai=480n \
    asia/chongqing=480n asia/hong_kong=480n asia/taipei=480n asia/singapore=480n asia/manila=480n \
    asia/kuala_lumpur=480n australia/perth=480n asia/tokyo=540n asia/seoul=540n \
    australia/brisbane=600n australia/sydney=600s australia/melbourne=600s australia/hobart=600s \
    australia/adelaide=570s australia/darwin=570n pacific/auckland=720z etc/utc=0n etc/gmt=0n";

/// A zone of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    winter_minutes: i32,
    rule: Rule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    None,
    NorthAmerica,
    Europe,
    Australia,
    NewZealand,
}

/// Takes the name of a zone out of a date: the zone, and the date without its name. `None` when
/// there is no name of the table in it.
pub(super) fn take(text: &str) -> Option<(Region, String)> {
    let of_name = |c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '_' | '-');
    let mut words = text.split(|c: char| !of_name(c)).filter(|word| word.contains('/'));
    words.find_map(|word| Some((find(word)?, text.replacen(word, " ", 1))))
}

fn find(name: &str) -> Option<Region> {
    let name = name.to_ascii_lowercase();
    let mut pairs = REGIONS.split(' ').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(known, _)| *known == name)?;
    let (minutes, rule) = value.split_at_checked(value.len().checked_sub(1)?)?;
    let rule = match rule {
        "a" => Rule::NorthAmerica,
        "e" => Rule::Europe,
        "s" => Rule::Australia,
        "z" => Rule::NewZealand,
        _ => Rule::None,
    };
    Some(Region { winter_minutes: minutes.parse().ok()?, rule })
}

impl Region {
    /// Minutes east of Greenwich at a local time. In the hour that autumn has twice the first counts.
    pub(super) fn offset(self, local: NaiveDateTime) -> i32 {
        let in_summer = self.summer(local.year()).is_some_and(|(begin, end)| match begin < end {
            true => begin <= local && local < end,
            false => !(end <= local && local < begin),
        });
        self.winter_minutes + if in_summer { 60 } else { 0 }
    }

    /// Beginning and end of summer time in a year, each by the clock before the change; in the south
    /// the end comes first.
    fn summer(self, year: i32) -> Option<(NaiveDateTime, NaiveDateTime)> {
        let at = |date: NaiveDate, minutes: i32| {
            date.and_time(NaiveTime::MIN).checked_add_signed(Duration::minutes(minutes.into()))
        };
        let first = |month| NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Sun, 1);
        let second = |month| NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Sun, 2);
        Some(match self.rule {
            Rule::None => return None,
            Rule::NorthAmerica => (at(second(3)?, 120)?, at(first(11)?, 120)?),
            // All of Europe changes at one o'clock in Greenwich.
            Rule::Europe => {
                let hour = 60 + self.winter_minutes;
                (at(last_sunday(year, 3)?, hour)?, at(last_sunday(year, 10)?, hour + 60)?)
            }
            Rule::Australia => (at(first(10)?, 120)?, at(first(4)?, 180)?),
            Rule::NewZealand => (at(last_sunday(year, 9)?, 120)?, at(first(4)?, 180)?),
        })
    }
}

fn last_sunday(year: i32, month: u32) -> Option<NaiveDate> {
    (4..=5).rev().find_map(|n| NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Sun, n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(name: &str, month: u32, day: u32) -> i32 {
        let local = NaiveDate::from_ymd_opt(2024, month, day).and_then(|d| d.and_hms_opt(12, 0, 0));
        find(name).expect("is in the table").offset(local.expect("exists"))
    }

    #[test]
    fn summer_time_follows_the_rules_of_the_region() {
        for (name, winter, summer) in [
            ("America/New_York", -300, -240),
            ("America/Phoenix", -420, -420),
            ("Europe/Paris", 60, 120),
            ("Asia/Shanghai", 480, 480),
        ] {
            assert_eq!((offset(name, 1, 15), offset(name, 7, 15)), (winter, summer), "{name}");
        }
        assert_eq!(
            (offset("Australia/Sydney", 1, 15), offset("Australia/Sydney", 7, 15)),
            (660, 600)
        );
        assert_eq!(
            (offset("Pacific/Auckland", 4, 6), offset("Pacific/Auckland", 4, 8)),
            (780, 720)
        );
        assert_eq!((offset("Europe/London", 3, 30), offset("Europe/London", 4, 1)), (0, 60));
    }

    #[test]
    fn a_name_is_taken_out_of_a_date() {
        let (region, rest) = take("31 Mar 2023 20:19 Europe/Paris").expect("is known");
        assert_eq!((region.winter_minutes, rest.trim()), (60, "31 Mar 2023 20:19"));
        assert_eq!(take("10/30/23 21:55"), None);
        assert_eq!(take("31 Mar 2023 Mars/Olympus"), None);
    }
}
