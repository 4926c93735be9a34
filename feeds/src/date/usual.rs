//! The form that most feeds write, `Sat, 07 Sep 2002 09:42:31 +0200`, read at once. Whatever differs
//! from it in the least is left to the general way.

use autoglm_domain::Timestamp;
use chrono::{Duration, NaiveDate};

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Hours of the zones farthest from Greenwich.
const ZONE_HOURS_MAX: u32 = 14;

/// Reads a date of this form.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let (weekday, rest) = text.split_once(", ")?;
    if !WEEKDAYS.contains(&weekday) {
        return None;
    }
    let mut parts = rest.split(' ');
    let day = number(parts.next()?, 1..=2)?;
    let month = parts.next()?;
    let month = (1..).zip(MONTHS).find_map(|(number, name)| (name == month).then_some(number))?;
    let year = i32::try_from(number(parts.next()?, 4..=4)?).ok().filter(|year| *year > 0)?;
    let (hour, minute, second) = clock(parts.next()?)?;
    let minutes_east = zone(parts.next()?)?;
    if parts.next().is_some() {
        return None;
    }
    let local = NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(hour, minute, second)?;
    let utc = local.checked_sub_signed(Duration::minutes(minutes_east))?;
    Some(Timestamp(utc.and_utc().timestamp_millis()))
}

fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let plain = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn clock(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split(':');
    let mut next = || number(parts.next()?, 2..=2);
    let read = (next()?, next()?, next()?);
    parts.next().is_none().then_some(read)
}

/// Minutes east of Greenwich.
fn zone(text: &str) -> Option<i64> {
    if matches!(text, "GMT" | "UTC" | "UT" | "Z") {
        return Some(0);
    }
    let value = number(text.strip_prefix(['+', '-'])?, 4..=4)?;
    let (hours, minutes) = (value / 100, value % 100);
    let east = i64::from(hours * 60 + minutes);
    (hours <= ZONE_HOURS_MAX && minutes < 60).then_some(if text.starts_with('-') {
        -east
    } else {
        east
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_differs_is_left_to_the_general_way() {
        for text in [
            "Sat, 7 September 2002 09:42:31 GMT",
            "Sab, 07 Sep 2002 09:42:31 GMT",
            "Sat, 07 Sep 02 09:42:31 GMT",
            "Sat, 07 Sep 2002 9:42:31 GMT",
            "Sat, 07 Sep 2002 09:42 GMT",
            "Sat, 07 Sep 2002 09:42:31 EST",
            "Sat, 07 Sep 2002 09:42:31 GMT (x)",
            "Sat, 31 Sep 2002 09:42:31 GMT",
            "Sat, 07 Sep 2002 24:00:00 GMT",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_is_read_as_in_the_general_way(
            weekday in 0_usize..7, day in 1_u32..=31, month in 0_usize..12, year in 1_u32..=9999,
            (hour, minute, second) in (0_u32..24, 0_u32..60, 0_u32..60), zone in "[+-](0[0-9]|1[0-4])[0-5][0-9]|GMT|UTC|Z",
        ) {
            let (weekday, month) = (WEEKDAYS[weekday], MONTHS[month]);
            let text = format!(
                "{weekday}, {day} {month} {year:04} {hour:02}:{minute:02}:{second:02} {zone}"
            );
            prop_assert_eq!(read(&text), super::super::general(&text), "{}", text);
        }
    }
}
