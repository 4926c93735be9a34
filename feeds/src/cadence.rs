//! How often a feed wants to be fetched, and when not: what stands in the head of its document.

use crate::text;
use autoglm_domain::QuietTimes;
use std::time::Duration;

/// A feed's own wish for the time between fetches is never taken for more.
pub(crate) const INTERVAL_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Bytes looked at: what concerns the whole feed comes before its entries.
const HEAD_BYTES: usize = 16 * 1024;
/// As RSS 2.0 writes them, from Monday.
const DAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// `sy:updatePeriod` divided by `sy:updateFrequency`.
pub(crate) fn update_period(document: &str) -> Option<Duration> {
    let head = text::prefix(document, HEAD_BYTES);
    let value = |name: &str| {
        let after = head[text::find(head, name)?..].split_once('>')?.1;
        after.split('<').next().map(str::trim)
    };
    let seconds = match value(":updatePeriod")? {
        "hourly" => 3_600,
        "daily" => 86_400,
        "weekly" | "monthly" | "yearly" => 604_800,
        _ => return None,
    };
    let times = value(":updateFrequency").and_then(|text| text.parse().ok()).unwrap_or(1_u64);
    Some(Duration::from_secs(seconds / times.max(1)).min(INTERVAL_MAX))
}

/// `skipHours` and `skipDays` of RSS 2.0. Midnight is hour 0, or 24 in documents that follow
/// RSS 0.91.
pub(crate) fn quiet_times(document: &str) -> QuietTimes {
    let head = text::prefix(document, HEAD_BYTES);
    let hours = values(head, "skipHours", "hour").filter_map(|hour| hour.parse::<u8>().ok());
    let hours = hours.map(|hour| if hour == 24 { 0 } else { hour });
    let days = values(head, "skipDays", "day").filter_map(|name| {
        let day = DAYS.iter().position(|day| name.eq_ignore_ascii_case(day))?;
        u8::try_from(day).ok()
    });
    QuietTimes::new(hours, days)
}

/// The texts of the `element`s within `list`.
fn values<'a>(head: &'a str, list: &str, element: &'a str) -> impl Iterator<Item = &'a str> {
    let inner = text::find(head, list)
        .and_then(|at| head[at..].split_once(&format!("</{list}")))
        .map_or("", |(inner, _)| inner);
    inner.split('<').filter_map(move |part| {
        let (name, value) = part.split_once('>')?;
        (name.trim() == element).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_days_to_skip_are_read_however_they_are_laid_out() {
        let document = "<rss><channel><title>T</title><skipHours>\n <hour>3</hour><hour> 24 </hour>\
                        <hour>25</hour><hour>x</hour></skipHours>\
                        <skipDays><day>Sunday</day><day>saturday</day><day>Someday</day></skipDays>";
        assert_eq!(quiet_times(document), QuietTimes::new([3, 0], [5, 6]));
    }

    #[test]
    fn a_document_that_says_nothing_or_breaks_off_has_no_quiet_times() {
        for document in
            ["", "<rss>", "<skipHours/>", "<skipHours><hour>1</hour>", "<skipDays><day>"]
        {
            assert!(quiet_times(document).is_empty(), "{document}");
        }
    }

    #[test]
    fn an_update_period_is_divided_by_its_frequency() {
        let document =
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>";
        assert_eq!(update_period(document), Some(Duration::from_secs(21_600)));
        assert_eq!(update_period("<sy:updatePeriod>often</sy:updatePeriod>"), None);
    }
}
