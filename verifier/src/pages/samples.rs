//! One of everything that a page can show, for tests and for looking at.

use askama::Template;
use fugong_common::lang::Lang;
use fugong_common::service::assets::{Assets, SHARED};
use fugong_common::time::Millis;
use fugong_common::verdict::{Details, Verdict};

use super::access::{EnrolPage, PairPage, ShiftPage, SignOnPage, pin_refusal};
use super::device::{Browser, DevicePage, ShownCode, qr};
use super::lane::{Part, ScanPage};
use super::panel::Say;
use super::people::{
    InsideLine, InsidePage, PeoplePage, Record, RecordsPage, VisitorForm, VisitorPage,
};
use super::second::OverridePage;
use super::shown::{Frame, Here, Notice, Panel};
use crate::engine::GuardName;
use crate::error::PinError;
use crate::view::{
    Bearings, ClockState, Condition, Direction, EnrolmentStatus, EnterpriseFacts, GateStatus,
    HostRow, PersonFacts, PersonRow, Reason, RecentRow, Recorded, ScanOutcome, SessionId, Step,
};

/// 2020-02-24 08:12:58 in Shanghai.
pub const NOW: Millis = Millis(1_582_503_178_000);

pub fn assets() -> Assets {
    Assets::new(&[SHARED, super::ASSETS].concat())
}

pub fn gate(name: &str) -> GateStatus {
    GateStatus {
        name: name.to_owned(),
        enrolment: EnrolmentStatus::Enrolled {
            gate_name: name.to_owned(),
            issuer: "https://permits.example".to_owned(),
            device_fingerprint: "5f".repeat(32),
        },
        online: true,
        since: Some(NOW.plus_hours(-3)),
        trouble: None,
        to_send: 0,
        status_age_seconds: Some(16),
        roster_age_seconds: Some(16),
        roster_len: 312,
        clock: ClockState::Trusted,
        not_recorded: 0,
        inside: 312,
        capacity: Some(400),
        parked: 0,
        time_zone: "Asia/Shanghai".to_owned(),
        fever_tenths: 373,
        plausible_tenths: (340, 430),
        low_tenths: 350,
        sample: false,
        now: NOW,
    }
}

pub fn offline() -> GateStatus {
    GateStatus {
        online: false,
        since: Some(NOW.plus_hours(-2)),
        to_send: 1208,
        status_age_seconds: Some(7200),
        ..gate("3 号门")
    }
}

pub fn trouble() -> GateStatus {
    GateStatus {
        not_recorded: 3,
        clock: ClockState::Uncertain,
        online: false,
        since: None,
        status_age_seconds: None,
        capacity: None,
        sample: true,
        ..gate("3 号门")
    }
}

pub fn frame(lang: Lang, here: Here, status: &GateStatus) -> Frame {
    let signed = (here != Here::Outside).then_some("王建国");
    Frame {
        lang,
        here,
        path: "/".to_owned(),
        assets: assets(),
        status: Say::new(lang, Bearings::of(status)).status(status, signed),
        notice: None,
    }
}

/// Somebody of the roster at the given step.
pub fn outcome(verdict: Verdict, step: Step) -> ScanOutcome {
    let finished = matches!(step, Step::Passed | Step::Stopped | Step::Recheck);
    ScanOutcome {
        session: SessionId(0x00c0_ffee),
        verdict,
        step,
        direction: Direction::In,
        enterprise: Some(EnterpriseFacts {
            name: "云锦服饰（示例）".to_owned(),
            ..EnterpriseFacts::default()
        }),
        person: Some(PersonFacts {
            worker: Some("AB12C-0113".to_owned()),
            number: Some("0113".to_owned()),
            name: "张晓梅".to_owned(),
            last_four: Some("2147".to_owned()),
            role: "缝制工".to_owned(),
            visitor: false,
        }),
        conditions: Vec::new(),
        offline_order: None,
        reasons: vec![if step == Step::Stopped { Reason::Listed } else { Reason::Good }],
        details: Details::default(),
        valid_from: (verdict == Verdict::NotYet).then_some(1_582_600_000),
        status_age_seconds: Some(16),
        tenths: match verdict {
            Verdict::Fever => Some(376),
            Verdict::LowReading => Some(344),
            _ if step == Step::Passed => Some(365),
            _ => None,
        },
        visitor_possible: verdict == Verdict::WrongSite,
        override_possible: verdict == Verdict::NotOnRoster,
        also: Vec::new(),
        corrects: None,
        recorded: if finished { Recorded::Yes { seq: 41 } } else { Recorded::Nothing },
        at: NOW,
    }
}

/// The step under which the engine gives this verdict.
pub fn usual_step(verdict: Verdict) -> Step {
    match verdict {
        Verdict::Measure => Step::Measure,
        Verdict::Valid => Step::Passed,
        Verdict::Conditional | Verdict::CapFull => Step::Confirm,
        Verdict::LowReading => Step::MeasureAgain,
        Verdict::Fever => Step::Recheck,
        _ => Step::Stopped,
    }
}

pub fn row(seq: u64, verdict: Verdict, name: &str, tenths: Option<i16>, ago: i64) -> RecentRow {
    RecentRow {
        seq,
        at: NOW.plus_seconds(-ago),
        kind: "pass".to_owned(),
        verdict: Some(verdict),
        direction: Some(Direction::In),
        name: name.to_owned(),
        plate: name.is_empty().then(|| "鲁 F·12345".to_owned()),
        tenths,
        guard: "王建国".to_owned(),
        refused: false,
        correctable_until: (ago < 10).then(|| NOW.plus_seconds(10 - ago)),
        sent: ago > 60,
    }
}

pub fn recent() -> Vec<RecentRow> {
    vec![
        row(41, Verdict::Valid, "张**", Some(365), 1),
        row(40, Verdict::Valid, "李*", Some(364), 17),
        row(39, Verdict::Fever, "王*", Some(376), 56),
        row(38, Verdict::WrongSite, "", None, 81),
    ]
}

pub fn scan_page(lang: Lang, status: &GateStatus, panel: Panel) -> ScanPage {
    let say = Say::new(lang, Bearings::of(status));
    let lines = recent().iter().filter_map(|row| say.line(row)).collect();
    let parked = if status.parked > 0 {
        let waiting = outcome(Verdict::Fever, Step::Recheck);
        vec![say.parked(&ScanOutcome { at: NOW.plus_minutes(-4), ..waiting })]
    } else {
        Vec::new()
    };
    ScanPage::new(frame(lang, Here::Check, status), panel, lines, parked)
}

fn guards() -> Vec<GuardName> {
    ["王建国", "刘敏", "赵德胜"]
        .iter()
        .enumerate()
        .map(|(index, name)| GuardName {
            id: format!("g{index}"),
            name: (*name).to_owned(),
            leader: index == 2,
        })
        .collect()
}

fn text(page: &impl Template) -> String {
    page.render().unwrap()
}

/// Every page in every state, by name.
pub fn pages(lang: Lang) -> Vec<(String, String)> {
    let (online, gone, bad) = (gate("3 号门"), offline(), trouble());
    let say = Say::new(lang, Bearings::of(&gone));
    let mut all = Vec::new();
    let mut add = |name: &str, html: String| all.push((name.to_owned(), html));
    let quiet =
        ScanPage::new(frame(lang, Here::Check, &online), Panel::ready(lang), vec![], vec![]);
    add("ready_empty", text(&quiet));
    add("ready", text(&scan_page(lang, &gone, Panel::ready(lang))));
    add("trouble", text(&scan_page(lang, &bad, Panel::ready(lang))));
    for verdict in Verdict::ALL {
        let panel = say.panel(&outcome(verdict, usual_step(verdict)));
        add(&format!("verdict_{verdict}"), text(&scan_page(lang, &gone, panel)));
    }
    let waiting = GateStatus { parked: 1, ..online.clone() };
    add(
        "parked",
        text(&scan_page(lang, &waiting, say.panel(&outcome(Verdict::Measure, Step::Measure)))),
    );
    let placard = ScanOutcome { person: None, ..outcome(Verdict::Measure, Step::ChoosePerson) };
    add("choose_person", text(&scan_page(lang, &online, say.panel(&placard))));
    let taken = ScanOutcome {
        person: None,
        enterprise: None,
        ..outcome(Verdict::NotPermit, Step::StatusTaken)
    };
    add("status_taken", text(&scan_page(lang, &online, say.panel(&taken))));
    let conditions = vec![
        Condition::StatusOld { age_seconds: 90_000 },
        Condition::CompareDocument,
        Condition::PremisesFull { inside: 400, cap: 400 },
        Condition::EnterpriseFull { inside: 80, cap: 80 },
        Condition::AlreadyInside { since: NOW.plus_hours(-3) },
        Condition::OtherSite,
        Condition::Leaving { because: Verdict::Suspended },
    ];
    let order = Some("按街道离线值守规定第三条办理。".to_owned()).filter(|_| lang == Lang::Zh);
    let conditional = ScanOutcome {
        conditions,
        offline_order: order,
        ..outcome(Verdict::Conditional, Step::Confirm)
    };
    add("conditions", text(&scan_page(lang, &gone, say.panel(&conditional))));
    let unrecorded =
        ScanOutcome { recorded: Recorded::No, ..outcome(Verdict::Valid, Step::Passed) };
    add("not_recorded", text(&scan_page(lang, &bad, say.panel(&unrecorded))));
    let leaving = ScanOutcome {
        direction: Direction::Out,
        tenths: None,
        ..outcome(Verdict::Valid, Step::Passed)
    };
    add("left", text(&scan_page(lang, &online, say.panel(&leaving))));
    let first = recent().remove(0);
    add("correction", text(&scan_page(lang, &online, say.correction(&first))));
    let refused = frame(lang, Here::Check, &online)
        .notice("stop", crate::error::GateError::Implausible { from: 340, to: 430 }.say(lang));
    let part = Part {
        frame: refused,
        panel: say.panel(&outcome(Verdict::Measure, Step::Measure)),
        recent: vec![],
        parked: vec![],
    };
    add("part_refused", text(&part));
    for (name, verdict, step) in [
        ("part_measure", Verdict::Measure, Step::Measure),
        ("part_valid", Verdict::Valid, Step::Passed),
        ("part_fever", Verdict::Fever, Step::Recheck),
    ] {
        let panel = say.panel(&outcome(verdict, step));
        let lines = recent().iter().filter_map(|row| say.line(row)).collect();
        let frame = frame(lang, Here::Check, &online);
        add(name, text(&Part { frame, panel, recent: lines, parked: vec![] }));
    }
    let (frame_now, panel) = (frame(lang, Here::Check, &online), Panel::ready(lang));
    add("part_ready", text(&Part { frame: frame_now, panel, recent: vec![], parked: vec![] }));
    let mut away = frame(lang, Here::Check, &online);
    away.path = "/session/x/override".to_owned();
    let asked = say.panel(&outcome(Verdict::NotOnRoster, Step::Stopped));
    for (name, leaders) in [("override", guards().split_off(2)), ("override_nobody", vec![])] {
        let (frame, panel) = (away.clone(), asked.clone());
        let page = OverridePage {
            frame,
            session: "x".into(),
            panel,
            leaders,
            leader: String::new(),
            reason: String::new(),
        };
        add(name, text(&page));
    }
    people_pages(lang, &online, &mut add);
    access_pages(lang, &online, &mut add);
    device_pages(lang, &online, &mut add);
    all
}

fn people_pages(lang: Lang, status: &GateStatus, add: &mut impl FnMut(&str, String)) {
    let person = PersonRow {
        worker: "AB12C-0113".into(),
        number: "0113".into(),
        name: "张**".into(),
        last_four: Some("2147".into()),
        role: "缝制工".into(),
        enterprise: "云锦服饰（示例）".into(),
    };
    for (name, rows, empty) in [
        ("people", None, false),
        ("people_no_roster", None, true),
        ("people_none", Some(vec![]), false),
        ("people_found", Some(vec![person.clone(), person.clone()]), false),
        ("people_many", Some(vec![person; 5]), false),
    ] {
        let page = PeoplePage {
            frame: frame(lang, Here::People, status),
            query: if rows.is_some() { "张".into() } else { String::new() },
            session: None,
            rows,
            roster_empty: empty,
            leaving: false,
        };
        add(name, text(&page));
    }
    let host = HostRow {
        serial: "FG-7K2M4-Q9DXX-00000".into(),
        enterprise: "云锦服饰（示例）".into(),
    };
    for (name, session, hosts) in [
        ("visitor", None, vec![host]),
        ("visitor_no_host", None, vec![]),
        ("visitor_of_placard", Some("x".to_owned()), vec![]),
    ] {
        let enterprise = session.as_ref().map(|_| "云锦服饰（示例）".to_owned());
        let frame = frame(lang, Here::People, status);
        let form = VisitorForm::default();
        add(name, text(&VisitorPage { frame, session, enterprise, hosts, form }));
    }
    let say = Say::new(lang, Bearings::of(status));
    let inside = InsideLine {
        name: "张**".into(),
        enterprise: "云锦服饰（示例）".into(),
        visitor: true,
        since: say.zone.say_time(lang, NOW, NOW),
        span: fugong_common::time::say_span(lang, 7200),
    };
    for (name, rows) in [("inside_none", vec![]), ("inside", vec![inside.clone(), inside])] {
        add(name, text(&InsidePage { frame: frame(lang, Here::Inside, status), rows }));
    }
    let rows: Vec<_> = recent()
        .iter()
        .filter_map(|row| {
            let line = say.line(row)?;
            let (guard, sent) = (row.guard.clone(), row.sent);
            Some(Record { seq: row.seq, line, guard, sent, purged: row.seq == 38 })
        })
        .collect();
    for (name, rows) in
        [("records", Some(rows)), ("records_none", Some(vec![])), ("records_failed", None)]
    {
        let verdicts = Verdict::ALL.iter().map(|it| (it.code(), it.word(lang), false)).collect();
        let frame = frame(lang, Here::Records, status);
        let older = Some("/records?verdict=&page=1".to_owned());
        add(
            name,
            text(&RecordsPage { frame, rows, total: 1208, first: 0, newer: None, older, verdicts }),
        );
    }
}

fn access_pages(lang: Lang, status: &GateStatus, add: &mut impl FnMut(&str, String)) {
    let print = "5f".repeat(32);
    let named = "3 号门".to_owned();
    let issuer = "https://permits.example".to_owned();
    for (name, state) in [
        ("enrol", EnrolmentStatus::NotEnrolled),
        ("enrol_cut_off", EnrolmentStatus::CutOff),
        (
            "enrol_waiting",
            EnrolmentStatus::Waiting { gate_name: named, issuer, device_fingerprint: print },
        ),
    ] {
        add(name, text(&EnrolPage { frame: frame(lang, Here::Outside, status), state }));
    }
    let outside = frame(lang, Here::Outside, status);
    let wrong = super::words::AccessWords::of(lang).pair_wrong.to_owned();
    let refused = Frame { notice: Some(Notice { tone: "stop", text: wrong }), ..outside.clone() };
    for (name, frame) in [("pair", outside.clone()), ("pair_wrong", refused)] {
        add(name, text(&PairPage { frame, code: "7K2M-4Q9D".into(), label: String::new() }));
    }
    for (name, error) in
        [("sign_on_wrong", PinError::Wrong), ("sign_on_locked", PinError::Locked { seconds: 240 })]
    {
        let frame = outside.clone().notice("stop", pin_refusal(lang, &error.into()));
        add(name, text(&SignOnPage { frame, guards: guards(), chosen: guards().pop() }));
    }
    for (name, guards, chosen) in [
        ("sign_on", guards(), None),
        ("sign_on_nobody", vec![], None),
        ("sign_on_pin", guards(), guards().pop()),
    ] {
        add(name, text(&SignOnPage { frame: outside.clone(), guards, chosen }));
    }
    let words = super::words::AccessWords::of(lang);
    for (name, guards) in [("shift", guards()), ("shift_alone", vec![])] {
        let facts = vec![words.shift_parked_none.to_owned()];
        let frame = frame(lang, Here::Shift, status);
        add(name, text(&ShiftPage { frame, facts, guards, note: String::new(), to: "g1".into() }));
    }
}

fn device_pages(lang: Lang, status: &GateStatus, add: &mut impl FnMut(&str, String)) {
    let say = Say::new(lang, Bearings::of(status));
    let d = super::words::DeviceWords::of(lang);
    let link = "https://gate.example:8443/pair?code=7K2M-4Q9D";
    let code = ShownCode {
        code: "7K2M-4Q9D".into(),
        link: link.into(),
        qr: qr(link),
        valid: fugong_common::words::fill(
            d.pair_valid,
            &[("span", &fugong_common::time::say_span(lang, 600))],
        ),
    };
    for (name, code, leader) in [("device", None, false), ("device_code", Some(code), true)] {
        let browsers =
            [("东侧通道手机", true), ("值班室电脑", false)].map(|(label, this)| Browser {
                id: i64::from(this),
                label: label.into(),
                paired: say.zone.say_time(lang, NOW, NOW),
                guard: Some("刘敏".into()),
                this,
            });
        let sections = vec![
            (
                d.enrolment,
                vec![
                    (d.gate, status.name.clone()),
                    (d.fingerprint, super::access::grouped(&"5f".repeat(32))),
                ],
            ),
            (d.journal, vec![(d.journal_next, "1209".to_owned())]),
        ];
        let frame = frame(lang, Here::Device, status);
        let browsers = browsers.into();
        let set_clock =
            Some(fugong_common::words::fill(d.clock_field, &[("zone", &"Asia/Shanghai")]));
        add(
            name,
            text(&DevicePage {
                frame,
                sections,
                browsers,
                code,
                set_clock,
                time: String::new(),
                leader,
            }),
        );
    }
}
