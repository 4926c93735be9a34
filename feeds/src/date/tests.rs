//! Dates as feeds write them.

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
        ("Mon, 15 Jul 2024 08:00:00 America/Chicago", "2024-07-15T13:00:00.000Z"),
        ("2024-01-15 08:00 (Europe/Vienna)", "2024-01-15T07:00:00.000Z"),
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
        "Sat, Jan x 2015 11:47:32 GMT",
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
