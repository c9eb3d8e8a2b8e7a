//! When an application is to be decided, and how long it has taken (domain A37).

use fugong_common::lang::Lang;
use fugong_common::time::{Millis, Zone, say_span};
use fugong_common::words::fill;
use jiff::civil::{Date, Weekday};

use super::words::ApplicationWords;

/// The end of the last of so many working days after the day of submission. Saturdays and Sundays
/// don't count; no days at all means the day of submission itself.
pub fn due_at(zone: &Zone, submitted_at: Millis, working_days: i64) -> Millis {
    let last = (|| {
        let mut day: Date = zone.date(submitted_at).parse().ok()?;
        let mut left = working_days.clamp(0, 366);
        while left > 0 {
            day = day.tomorrow().ok()?;
            if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
                left -= 1;
            }
        }
        zone.end_of(&day.to_string())
    })();
    last.unwrap_or_else(|| submitted_at.plus_days(working_days))
}

/// How the clock looks on a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elapsed {
    /// `已用时 1 天 3 小时`.
    pub text: String,
    /// `今日须办结`, `已超期 2 天`, or empty.
    pub due: String,
    /// Row class: `late`, `soon` or empty.
    pub class: &'static str,
}

impl Elapsed {
    /// Where the clock rests.
    pub const fn none() -> Self {
        Self { text: String::new(), due: String::new(), class: "" }
    }
}

/// Elapsed time, and whether it is due today or late.
pub fn elapsed(
    zone: &Zone,
    (submitted_at, due_at): (Millis, Millis),
    now: Millis,
    lang: Lang,
) -> Elapsed {
    let w = ApplicationWords::of(lang);
    if submitted_at.0 == 0 {
        return Elapsed::none();
    }
    let text = fill(w.elapsed, &[("span", &say_span(lang, now.since(submitted_at) / 1000))]);
    let last_day = zone.date(due_at.plus_millis(-1));
    let (due, class) = if due_at.0 == 0 {
        (String::new(), "")
    } else if now >= due_at {
        (fill(w.overdue, &[("span", &say_span(lang, now.since(due_at) / 1000))]), "late")
    } else if last_day == zone.date(now) {
        (w.due_today.to_owned(), "soon")
    } else {
        let day = zone.say_day(lang, due_at.plus_millis(-1), now);
        (fill(w.due_on, &[("day", &day)]), "")
    };
    Elapsed { text, due, class }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shanghai() -> Zone {
        Zone::parse("Asia/Shanghai").unwrap()
    }

    #[test]
    fn a_weekend_does_not_count_towards_the_time_to_decide() {
        // 2020-02-06 is a Thursday: three working days end on Tuesday, 11 February.
        let thursday = shanghai().start_of("2020-02-06").unwrap().plus_hours(10);
        assert_eq!(due_at(&shanghai(), thursday, 3), shanghai().end_of("2020-02-11").unwrap());
        assert_eq!(due_at(&shanghai(), thursday, 0), shanghai().end_of("2020-02-06").unwrap());
    }

    #[test]
    fn the_last_day_is_announced_and_lateness_counted() {
        let zone = shanghai();
        let start = zone.start_of("2020-02-10").unwrap().plus_hours(9);
        let due = due_at(&zone, start, 1);
        let said = |now| elapsed(&zone, (start, due), now, Lang::Zh);
        assert_eq!(said(start.plus_hours(1)).class, "");
        let last = said(start.plus_hours(27));
        assert_eq!((last.due.as_str(), last.class), ("今日须办结", "soon"));
        assert_eq!(last.text, "已用时 1 天 3 小时");
        let late = said(due.plus_hours(5));
        assert_eq!((late.due.as_str(), late.class), ("已超期 5 小时", "late"));
    }
}
