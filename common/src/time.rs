//! Instants as values, and how people say them.

use std::fmt::Debug;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::lang::Lang;

/// An instant: Unix milliseconds UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
#[cfg_attr(feature = "service", derive(utoipa::ToSchema), schema(value_type = i64))]
pub struct Millis(pub i64);

impl Millis {
    /// Whole seconds since 1970; an instant before that counts as 0.
    pub fn seconds(self) -> u64 {
        u64::try_from(self.0.div_euclid(1000)).unwrap_or(0)
    }

    pub fn from_seconds(seconds: u64) -> Self {
        Self(i64::try_from(seconds).unwrap_or(i64::MAX / 1000).saturating_mul(1000))
    }

    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_millis(seconds.saturating_mul(1000))
    }

    #[must_use]
    pub const fn plus_minutes(self, minutes: i64) -> Self {
        self.plus_seconds(minutes.saturating_mul(60))
    }

    #[must_use]
    pub const fn plus_hours(self, hours: i64) -> Self {
        self.plus_minutes(hours.saturating_mul(60))
    }

    /// Adds days of 24 hours; for calendar days use [`Zone`].
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        self.plus_hours(days.saturating_mul(24))
    }

    /// Milliseconds from `earlier` to `self`.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }
}

/// Where `now` comes from. Only composition uses the system's; rules take the instant itself.
pub trait Clock: Send + Sync + Debug {
    fn now(&self) -> Millis;
}

/// A clock that a test sets.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    pub const fn new(now: Millis) -> Self {
        Self(AtomicI64::new(now.0))
    }

    pub fn set(&self, now: Millis) {
        self.0.store(now.0, Ordering::SeqCst);
    }

    pub fn advance_millis(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Millis {
        Millis(self.0.load(Ordering::SeqCst))
    }
}

/// A division's time zone, by which days begin and end there.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Takes an IANA name such as `Asia/Shanghai`.
    ///
    /// # Errors
    /// Names the zone that the time zone database doesn't hold.
    pub fn parse(name: &str) -> Result<Self, UnknownZone> {
        TimeZone::get(name).map(Self).map_err(|_| UnknownZone(name.to_owned()))
    }

    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    fn zoned(&self, at: Millis) -> jiff::Zoned {
        at.timestamp().to_zoned(self.0.clone())
    }

    /// The calendar day there, as `2020-02-10`.
    pub fn date(&self, at: Millis) -> String {
        self.zoned(at).date().to_string()
    }

    /// The first instant of a day written as `2020-02-10`; `None` where that isn't a date.
    pub fn start_of(&self, date: &str) -> Option<Millis> {
        let date: Date = date.parse().ok()?;
        let zoned = date.to_zoned(self.0.clone()).ok()?;
        Some(Millis(zoned.timestamp().as_millisecond()))
    }

    /// The first instant of the day after the one written as `2020-02-10`.
    pub fn end_of(&self, date: &str) -> Option<Millis> {
        let date: Date = date.parse().ok()?;
        self.start_of(&date.tomorrow().ok()?.to_string())
    }

    /// The first instant of the day that lies so many days of the calendar after (or before) that of an
    /// instant: where clocks are set, days have 23 or 25 hours. Days of 24 hours beyond the calendar's end.
    pub fn start_of_day(&self, at: Millis, days_on: i64) -> Millis {
        let then = || {
            let on = jiff::Span::new().try_days(days_on).ok()?;
            let date = self.zoned(at).date().checked_add(on).ok()?;
            self.start_of(&date.to_string())
        };
        then().unwrap_or_else(|| at.plus_days(days_on))
    }

    /// `2020-02-10 09:12`.
    pub fn stamp(&self, at: Millis) -> String {
        self.zoned(at).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// `09:12:41`.
    pub fn clock_time(&self, at: Millis) -> String {
        self.zoned(at).strftime("%H:%M:%S").to_string()
    }

    /// `2 月 9 日` or `9 Feb`, with the year when it isn't the current one.
    pub fn say_day(&self, lang: Lang, at: Millis, now: Millis) -> String {
        let (then, today) = (self.zoned(at), self.zoned(now));
        let (year, day) = (then.year() != today.year(), then.day());
        match (lang, year) {
            (Lang::Zh, false) => format!("{} 月 {day} 日", then.month()),
            (Lang::Zh, true) => format!("{} 年 {} 月 {day} 日", then.year(), then.month()),
            (Lang::En, false) => then.strftime("%-d %b").to_string(),
            (Lang::En, true) => then.strftime("%-d %b %Y").to_string(),
        }
    }

    /// `2 月 9 日 09:12` or `9 Feb 09:12`.
    pub fn say_time(&self, lang: Lang, at: Millis, now: Millis) -> String {
        format!("{} {}", self.say_day(lang, at, now), self.zoned(at).strftime("%H:%M"))
    }

    /// The year there, for document numbers.
    pub fn year(&self, at: Millis) -> i16 {
        self.zoned(at).year()
    }
}

/// No such time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownZone(pub String);

impl std::fmt::Display for UnknownZone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "unknown time zone {:?}; use an IANA name such as Asia/Shanghai", self.0)
    }
}

impl std::error::Error for UnknownZone {}

/// A length of time as people say it: `刚才`, `16 秒`, `3 小时`, `1 天 3 小时`.
pub fn say_span(lang: Lang, seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match lang {
        Lang::Zh if days > 0 && hours > 0 => format!("{days} 天 {hours} 小时"),
        Lang::Zh if days > 0 => format!("{days} 天"),
        Lang::Zh if hours > 0 => format!("{hours} 小时"),
        Lang::Zh if minutes > 0 => format!("{minutes} 分钟"),
        Lang::Zh => format!("{seconds} 秒"),
        Lang::En if days > 0 && hours > 0 => format!("{days} d {hours} h"),
        Lang::En if days > 0 => format!("{days} d"),
        Lang::En if hours > 0 => format!("{hours} h"),
        Lang::En if minutes > 0 => format!("{minutes} min"),
        Lang::En => format!("{seconds} s"),
    }
}

/// How long ago: `刚才` under ten seconds, then `16 秒前`, `3 小时前`.
pub fn say_ago(lang: Lang, seconds: i64) -> String {
    match lang {
        Lang::Zh if seconds < 10 => "刚才".to_owned(),
        Lang::En if seconds < 10 => "just now".to_owned(),
        Lang::Zh => format!("{}前", say_span(lang, seconds)),
        Lang::En => format!("{} ago", say_span(lang, seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shanghai() -> Zone {
        Zone::parse("Asia/Shanghai").unwrap()
    }

    #[test]
    fn days_begin_where_the_division_is() {
        let start = shanghai().start_of("2020-02-10").unwrap();
        assert_eq!(start, Millis(1_581_264_000_000));
        assert_eq!(shanghai().end_of("2020-02-10").unwrap(), start.plus_days(1));
        assert_eq!(shanghai().date(start.plus_millis(-1)), "2020-02-09");
        assert_eq!(shanghai().start_of("2020-02-30"), None);
        assert!(Zone::parse("Mars/Base").unwrap_err().to_string().contains("Mars/Base"));
    }

    #[test]
    fn days_are_counted_by_the_calendar_also_where_clocks_are_set() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let noon = berlin.start_of("2020-03-20").unwrap().plus_hours(12);
        let end = berlin.start_of_day(noon, 14);
        assert_eq!(Some(end), berlin.start_of("2020-04-03"));
        assert_eq!(berlin.date(end.plus_millis(-1)), "2020-04-02");
        assert_eq!(end.since(berlin.start_of_day(noon, 0)), (14 * 24 - 1) * 3_600_000);
        let autumn = berlin.start_of("2020-10-24").unwrap();
        assert_eq!(berlin.start_of_day(autumn, 2).since(autumn), 49 * 3_600_000);
        assert_eq!(Some(berlin.start_of_day(end, -14)), berlin.start_of("2020-03-20"));
        // There midnight itself is skipped: the day begins at one o'clock, the one after at midnight.
        let havana = Zone::parse("America/Havana").unwrap();
        let short = havana.start_of("2020-03-08").unwrap();
        assert_eq!(havana.stamp(short), "2020-03-08 01:00");
        assert_eq!(havana.stamp(havana.start_of_day(short, 1)), "2020-03-09 00:00");
        // No change of clocks, no difference.
        let start = shanghai().start_of("2020-02-10").unwrap();
        assert_eq!(shanghai().start_of_day(start.plus_hours(9), 30), start.plus_days(30));
        assert_eq!(shanghai().start_of_day(start, i64::MAX), start.plus_days(i64::MAX));
    }

    #[test]
    fn instants_are_said_as_people_say_them() {
        let at = Millis(1_581_210_720_000);
        assert_eq!(shanghai().say_time(Lang::Zh, at, at), "2 月 9 日 09:12");
        assert_eq!(shanghai().say_time(Lang::En, at, at), "9 Feb 09:12");
        assert_eq!(shanghai().say_day(Lang::Zh, at, at.plus_days(400)), "2020 年 2 月 9 日");
        assert_eq!(say_span(Lang::Zh, 97_300), "1 天 3 小时");
        assert_eq!(say_ago(Lang::Zh, 3), "刚才");
        assert_eq!(say_ago(Lang::En, 16), "16 s ago");
        assert_eq!(say_ago(Lang::Zh, 7300), "2 小时前");
    }

    #[test]
    fn instants_before_1970_and_absurd_ones_do_not_overflow() {
        assert_eq!(Millis(-1).seconds(), 0);
        assert_eq!(Millis(i64::MAX).plus_days(3), Millis(i64::MAX));
        assert!(!shanghai().date(Millis(i64::MAX)).is_empty());
        assert!(Millis::from_seconds(u64::MAX).0 > 0);
    }
}
