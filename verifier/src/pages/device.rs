//! The machine itself: enrolment, lists, journal, clock, paired browsers.

use std::fmt::Write as _;

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fugong_common::lang::Lang;
use fugong_common::service::language::Language;
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone, say_ago, say_span};
use fugong_common::words::fill;
use qrcode::{Color, EcLevel, QrCode};
use serde::Deserialize;

use super::access::grouped;
use super::guard::OnDuty;
use super::shown::{Frame, Here, Notice};
use super::words::DeviceWords;
use super::{Site, draw};
use crate::error::GateError;
use crate::view::{ClockState, EnrolmentStatus};

/// A paired browser in the list.
#[derive(Clone, Debug)]
pub struct Browser {
    pub id: i64,
    pub label: String,
    pub paired: String,
    pub guard: Option<String>,
    pub this: bool,
}

/// A pairing code on show.
#[derive(Clone, Debug)]
pub struct ShownCode {
    pub code: String,
    pub link: String,
    /// A whole `<svg>`.
    pub qr: String,
    pub valid: String,
}

#[derive(Debug, Template)]
#[template(path = "device.html")]
pub struct DevicePage {
    pub frame: Frame,
    /// Headed lists of (term, value).
    pub sections: Vec<(&'static str, Vec<(&'static str, String)>)>,
    pub browsers: Vec<Browser>,
    pub code: Option<ShownCode>,
    /// Label of the field that sets the time, while the clock is uncertain.
    pub set_clock: Option<String>,
    /// The time, as typed where it was not taken.
    pub time: String,
    /// Pairing, unpairing and setting the time are the shift leader's.
    pub leader: bool,
}

async fn page_with(
    site: &Site,
    lang: Lang,
    on_duty: &OnDuty,
    notice: Option<Notice>,
    code: Option<ShownCode>,
) -> Response {
    page_again(site, lang, on_duty, notice, code, String::new()).await
}

async fn page_again(
    site: &Site,
    lang: Lang,
    on_duty: &OnDuty,
    notice: Option<Notice>,
    code: Option<ShownCode>,
    time: String,
) -> Response {
    let mut frame = site.frame(lang, Here::Device, "/device", Some(&on_duty.guard));
    frame.notice = notice;
    let say = site.say(lang);
    let pairs = site.gate.pairs().await.unwrap_or_default();
    let browsers = pairs.into_iter().map(|row| Browser {
        this: row.id == on_duty.pair.id,
        paired: say.zone.say_time(lang, row.paired_at, say.now),
        id: row.id,
        label: row.label,
        guard: row.guard,
    });
    let browsers = browsers.collect();
    let sections = sections(site, lang);
    let status = site.gate.status();
    let set_clock = (status.clock == ClockState::Uncertain)
        .then(|| fill(DeviceWords::of(lang).clock_field, &[("zone", &status.time_zone)]));
    let leader = on_duty.guard.leader;
    draw(&DevicePage { frame, sections, browsers, code, set_clock, time, leader })
}

fn sections(site: &Site, lang: Lang) -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    let (words, say) = (DeviceWords::of(lang), site.say(lang));
    let (status, machine) = (site.gate.status(), site.gate.machine());
    let seconds = |age: u64| say_ago(lang, i64::try_from(age).unwrap_or(i64::MAX));
    let mut enrolment = vec![(words.gate, status.name.clone())];
    if let EnrolmentStatus::Enrolled { issuer, device_fingerprint, .. } = &status.enrolment {
        enrolment.push((words.issuer, issuer.clone()));
        enrolment.push((words.state, words.state_working.to_owned()));
        enrolment.push((words.fingerprint, grouped(device_fingerprint)));
    }
    enrolment.push((words.gate_id, machine.gate_id.clone()));
    enrolment.extend(machine.root_fingerprint.as_deref().map(|root| (words.root, grouped(root))));
    let manifest = match (machine.manifest_seq, machine.manifest_at) {
        (Some(seq), Some(at)) => fill(words.manifest_seq, &[("n", &seq), ("ago", &say.ago(at))]),
        _ => words.manifest_none.to_owned(),
    };
    let mut lists = vec![(words.manifest, manifest)];
    lists.extend(
        machine
            .trust_version
            .map(|version| (words.trust_version, fill(words.version, &[("n", &version)]))),
    );
    lists.extend(machine.status_lists.iter().map(|(seq, age)| {
        (words.status_seq, fill(words.status_row, &[("n", seq), ("ago", &seconds(*age))]))
    }));
    lists.push((words.roster, fill(words.people_n, &[("n", &status.roster_len)])));
    lists.push((
        words.synced,
        machine.last_sync.map_or_else(|| words.sync_never.to_owned(), |at| say.ago(at)),
    ));
    let journal = vec![
        (words.journal_id, grouped(&machine.journal_id)),
        (words.journal_next, machine.journal_next_seq.to_string()),
        (words.journal_head, grouped(&machine.journal_head)),
        (words.to_send, fill(words.entries_n, &[("n", &status.to_send)])),
        (words.unsaved, fill(words.entries_n, &[("n", &status.not_recorded)])),
    ];
    let clock_state = match status.clock {
        ClockState::Trusted => words.clock_good,
        ClockState::Uncertain => words.clock_bad,
    };
    let clock = vec![
        (words.now, format!("{} {}", say.zone.date(say.now), say.zone.clock_time(say.now))),
        (words.state, clock_state.to_owned()),
    ];
    let software = vec![(words.software, env!("CARGO_PKG_VERSION").to_owned())];
    vec![
        (words.enrolment, enrolment),
        (words.lists, lists),
        (words.journal, journal),
        (words.clock, clock),
        (words.title, software),
    ]
}

/// `GET /device`
pub async fn page(State(site): State<Site>, Language(lang): Language, on_duty: OnDuty) -> Response {
    page_with(&site, lang, &on_duty, None, None).await
}

/// `POST /device/sync`
pub async fn sync(State(site): State<Site>, Language(lang): Language, on_duty: OnDuty) -> Response {
    site.gate.sync_now();
    let text = DeviceWords::of(lang).sync_started.to_owned();
    page_with(&site, lang, &on_duty, Some(Notice { tone: "step", text }), None).await
}

fn leader_only(on_duty: &OnDuty) -> Result<(), GateError> {
    if on_duty.guard.leader { Ok(()) } else { Err(GateError::LeaderNeeded) }
}

/// A refused step: the page again, under the reason.
async fn refused(site: &Site, lang: Lang, on_duty: &OnDuty, error: GateError) -> Response {
    let notice = Notice { tone: "stop", text: error.say(lang) };
    let status: StatusCode = Problem::from(error).status();
    (status, page_with(site, lang, on_duty, Some(notice), None).await).into_response()
}

/// `POST /device/code`
pub async fn code(State(site): State<Site>, Language(lang): Language, on_duty: OnDuty) -> Response {
    if let Err(error) = leader_only(&on_duty) {
        return refused(&site, lang, &on_duty, error).await;
    }
    let code = match site.gate.pairing_code().await {
        Ok(code) => code,
        Err(error) => return refused(&site, lang, &on_duty, error).await,
    };
    let link = format!("{}/pair?code={}", site.gate.config().origin, code.code);
    let now = site.gate.status().now;
    let span = say_span(lang, code.expires_at.since(now) / 1000);
    let shown = ShownCode {
        qr: qr(&link),
        valid: fill(DeviceWords::of(lang).pair_valid, &[("span", &span)]),
        code: code.code,
        link,
    };
    page_with(&site, lang, &on_duty, None, Some(shown)).await
}

/// An `<svg>` of one path, quiet zone included; empty where the text doesn't fit, and the code is
/// typed instead.
pub fn qr(text: &str) -> String {
    const QUIET: usize = 4;
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else {
        return String::new();
    };
    let width = code.width();
    let mut path = String::new();
    for (index, color) in code.to_colors().iter().enumerate() {
        if *color == Color::Dark {
            let (x, y) = (index % width + QUIET, index / width + QUIET);
            let _ = write!(path, "M{x} {y}h1v1h-1z");
        }
    }
    let side = width + 2 * QUIET;
    format!(
        "<svg viewBox=\"0 0 {side} {side}\" aria-hidden=\"true\" shape-rendering=\"crispEdges\">\
         <path fill=\"#000\" d=\"{path}\"/></svg>"
    )
}

#[derive(Debug, Deserialize)]
pub struct SetClock {
    /// `2020-02-24T08:12` as browsers send it, in the division's time.
    time: String,
}

/// The instant at which a clock on the wall there shows this; `None` if it isn't a time of that day.
fn instant(zone: &Zone, text: &str) -> Option<Millis> {
    let (date, time) = text.trim().split_once(['T', ' '])?;
    let (hours, minutes) = time.split_once(':')?;
    let minutes = hours.parse::<i64>().ok()? * 60 + minutes.get(..2)?.parse::<i64>().ok()?;
    let wanted = format!("{date} {}", time.get(..5)?);
    // On a day on which clocks are changed, the hours counted from midnight are one off.
    [0, -60, 60]
        .into_iter()
        .filter_map(|shift| Some(zone.start_of(date)?.plus_minutes(minutes + shift)))
        .find(|at| zone.stamp(*at) == wanted)
}

/// `POST /device/clock`
pub async fn clock(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    Form(form): Form<SetClock>,
) -> Response {
    if let Err(error) = leader_only(&on_duty) {
        return refused(&site, lang, &on_duty, error).await;
    }
    let words = DeviceWords::of(lang);
    let Some(at) = instant(&site.say(lang).zone, &form.time) else {
        let notice = Notice { tone: "stop", text: words.clock_wrong.to_owned() };
        let page = page_again(&site, lang, &on_duty, Some(notice), None, form.time).await;
        return (StatusCode::UNPROCESSABLE_ENTITY, page).into_response();
    };
    match site.gate.set_clock(&on_duty.guard, at).await {
        Ok(()) => {
            let notice = Notice { tone: "ok", text: words.clock_done.to_owned() };
            page_with(&site, lang, &on_duty, Some(notice), None).await
        }
        Err(error) => {
            let notice = Notice { tone: "stop", text: error.say(lang) };
            let page = page_again(&site, lang, &on_duty, Some(notice), None, form.time).await;
            (Problem::from(error).status(), page).into_response()
        }
    }
}

#[derive(Debug, Deserialize)]
pub struct Unpair {
    pair: i64,
}

/// `POST /device/unpair`
pub async fn unpair(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    Form(form): Form<Unpair>,
) -> Response {
    if let Err(error) = leader_only(&on_duty) {
        return refused(&site, lang, &on_duty, error).await;
    }
    match site.gate.unpair(&on_duty.guard, form.pair).await {
        Ok(()) => page_with(&site, lang, &on_duty, None, None).await,
        Err(error) => refused(&site, lang, &on_duty, error).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_on_the_wall_is_an_instant_there_or_nothing() {
        let shanghai = Zone::parse("Asia/Shanghai").unwrap();
        let at = instant(&shanghai, "2020-02-24T08:12").unwrap();
        assert_eq!(shanghai.stamp(at), "2020-02-24 08:12");
        assert_eq!(instant(&shanghai, "2020-02-24 08:12:30"), Some(at));
        for text in
            ["", "2020-02-24", "2020-02-30T08:12", "2020-02-24T25:00", "2020-02-24T8", "x:y"]
        {
            assert_eq!(instant(&shanghai, text), None, "{text}");
        }
    }

    #[test]
    fn the_day_on_which_clocks_change_has_no_wrong_hour() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let at = instant(&berlin, "2020-03-29T08:12").unwrap();
        assert_eq!(berlin.stamp(at), "2020-03-29 08:12");
        assert_eq!(instant(&berlin, "2020-03-29T02:30"), None, "an hour that was skipped");
    }

    #[test]
    fn a_pairing_link_is_drawn_with_a_quiet_zone_and_no_inline_style() {
        let svg = qr("https://gate.example:8443/pair?code=7K2M-4Q9D");
        assert!(svg.starts_with("<svg viewBox=") && !svg.contains("style"));
        assert!(!svg.contains("M0 ") && !svg.contains("M3 ") && svg.contains("M4 4h"));
    }
}
