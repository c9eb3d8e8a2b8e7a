//! The scan page and every step on it. Each step is one request whose answer is the whole station;
//! a script asks for that part alone, a browser without one gets it within its page.

use askama::Template;
use axum::extract::{Form, Multipart, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use fugong_common::lang::Lang;
use fugong_common::service::language::Language;
use fugong_common::service::problem::Problem;
use fugong_common::verdict::{Icon, Verdict};
use serde::Deserialize;

use super::guard::OnDuty;
use super::keypad;
use super::panel::degrees;
use super::shown::{Action, Frame, Here, Line, Panel, Parked, Stage};
use super::words::ScanWords;
use super::{Site, draw, go};
use crate::engine::Guard;
use crate::error::GateError;
use crate::view::{Correction, Direction, ScanOutcome, SessionId};

/// Entries under the panel.
const RECENT: u32 = 8;

#[derive(Debug, Template)]
#[template(path = "scan.html")]
pub struct ScanPage {
    pub frame: Frame,
    pub panel: Panel,
    pub recent: Vec<Line>,
    pub parked: Vec<Parked>,
    pub leaving: bool,
    pub fever_word: &'static str,
    pub low_word: &'static str,
}

/// What a script swaps in: the bar and the station.
#[derive(Debug, Template)]
#[template(path = "part.html")]
pub struct Part {
    pub frame: Frame,
    pub panel: Panel,
    pub recent: Vec<Line>,
    pub parked: Vec<Parked>,
}

impl ScanPage {
    pub fn new(frame: Frame, panel: Panel, recent: Vec<Line>, parked: Vec<Parked>) -> Self {
        let lang = frame.lang;
        Self {
            leaving: panel.leaving,
            frame,
            panel,
            recent,
            parked,
            fever_word: Verdict::Fever.word(lang),
            low_word: Verdict::LowReading.word(lang),
        }
    }
}

/// One request on the lane: who asks, in which language, whole page or part.
pub(super) struct Station<'a> {
    pub site: &'a Site,
    pub lang: Lang,
    pub guard: &'a Guard,
    pub part: bool,
}

impl Station<'_> {
    pub async fn outcome(&self, outcome: &ScanOutcome) -> Response {
        let panel = self.site.say(self.lang).panel(outcome);
        self.answer(panel, None).await
    }

    async fn result(
        &self,
        result: Result<ScanOutcome, GateError>,
        session: Option<SessionId>,
        direction: Direction,
    ) -> Response {
        self.reading(result, session, direction, "").await
    }

    /// The same after a reading was typed.
    async fn reading(
        &self,
        result: Result<ScanOutcome, GateError>,
        session: Option<SessionId>,
        direction: Direction,
        typed: &str,
    ) -> Response {
        match result {
            Ok(outcome) => self.outcome(&outcome).await,
            Err(error) => {
                let panel =
                    session.and_then(|session| self.site.gate.session(session)).map_or_else(
                        || self.ready(direction),
                        |outcome| self.site.say(self.lang).panel(&outcome),
                    );
                self.failed(self.typed(panel, typed), error.into()).await
            }
        }
    }

    /// The panel with its plain field as it was typed; a script's keypad begins anew.
    fn typed(&self, panel: Panel, typed: &str) -> Panel {
        let typed = if self.part { String::new() } else { typed.to_owned() };
        Panel { typed, ..panel }
    }

    /// A step that wasn't taken: the reason in a banner over what stood there before.
    pub async fn failed(&self, panel: Panel, problem: Problem) -> Response {
        let status = problem.status();
        let mut response = self.answer(panel, Some(advice(&problem, self.lang))).await;
        *response.status_mut() = status;
        response
    }

    /// Asks what was wrong with an entry that can still be corrected.
    async fn correction(&self, seq: u64) -> Result<Panel, GateError> {
        self.site.gate.correctable(seq)?;
        let rows = self.site.gate.recent(RECENT).await?;
        let row = rows.into_iter().find(|row| row.seq == seq);
        Ok(self.site.say(self.lang).correction(&row.ok_or(GateError::TooLateToCorrect)?))
    }

    pub fn ready(&self, direction: Direction) -> Panel {
        Panel { leaving: direction == Direction::Out, ..Panel::ready(self.lang) }
    }

    async fn answer(&self, panel: Panel, refusal: Option<String>) -> Response {
        let say = self.site.say(self.lang);
        let recent = match self.site.gate.recent(RECENT).await {
            Ok(rows) => rows.iter().filter_map(|row| say.line(row)).collect(),
            Err(_) => Vec::new(),
        };
        let parked: Vec<_> = self.site.gate.parked().iter().map(|it| say.parked(it)).collect();
        let mut frame = self.site.frame(self.lang, Here::Check, "/", Some(self.guard));
        if let Some(text) = refusal {
            frame = frame.notice("stop", text);
        }
        if self.part {
            draw(&Part { frame, panel, recent, parked })
        } else {
            draw(&ScanPage::new(frame, panel, recent, parked))
        }
    }
}

/// Whether the script asks. A header that forms can't send: other origins would need our leave.
fn is_part(headers: &HeaderMap) -> bool {
    headers.contains_key("fugong-part")
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    direction: Direction,
    session: Option<String>,
}

impl Asked {
    fn session(&self) -> Option<SessionId> {
        self.session.as_deref()?.parse().ok()
    }
}

/// `GET /`
pub async fn page(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    let station = Station { site: &site, lang, guard: &on_duty.guard, part: is_part(&headers) };
    match asked.session().and_then(|session| site.gate.session(session)) {
        Some(outcome) => station.outcome(&outcome).await,
        None => station.answer(station.ready(asked.direction), None).await,
    }
}

/// `GET /part`: bar and station anew, for the script's look every few seconds.
pub async fn part(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    Query(asked): Query<Asked>,
) -> Response {
    let station = Station { site: &site, lang, guard: &on_duty.guard, part: true };
    station.answer(station.ready(asked.direction), None).await
}

#[derive(Debug, Deserialize)]
pub struct Scanned {
    text: String,
    #[serde(default)]
    direction: Direction,
}

/// `POST /scan`
pub async fn scan(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    headers: HeaderMap,
    Form(form): Form<Scanned>,
) -> Response {
    let station = Station { site: &site, lang, guard: &on_duty.guard, part: is_part(&headers) };
    let result = site.gate.scan(&on_duty.guard, &form.text, form.direction).await;
    station.result(result, None, form.direction).await
}

/// `POST /photo`: the same with a picture instead of its text.
pub async fn photo(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    headers: HeaderMap,
    mut form: Multipart,
) -> Response {
    let station = Station { site: &site, lang, guard: &on_duty.guard, part: is_part(&headers) };
    let (mut picture, mut direction) = (None, Direction::In);
    loop {
        match form.next_field().await {
            Ok(Some(field)) if field.name() == Some("photo") => match field.bytes().await {
                Ok(bytes) => picture = Some(bytes),
                Err(error) => {
                    let problem = Problem::for_status(error.status());
                    return station.failed(station.ready(direction), problem).await;
                }
            },
            Ok(Some(field)) if field.name() == Some("direction") => {
                if field.text().await.is_ok_and(|text| text == Direction::Out.code()) {
                    direction = Direction::Out;
                }
            }
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => {
                let problem = Problem::for_status(error.status());
                return station.failed(station.ready(direction), problem).await;
            }
        }
    }
    let texts = match site.frames.photo(picture.unwrap_or_default()).await {
        Ok(texts) => texts,
        Err(problem) => return station.failed(station.ready(direction), problem).await,
    };
    let mut outcomes = texts.iter();
    if let (Some(text), None) = (outcomes.next(), outcomes.next()) {
        let result = site.gate.scan(&on_duty.guard, text, direction).await;
        return station.result(result, None, direction).await;
    }
    // Which of them was meant can't be known: a placard beside a pass, two passes on a desk.
    let several = ScanWords::of(lang).photo_several.to_owned();
    station.answer(station.ready(direction), Some(several)).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reading {
    temperature: String,
    direction: Option<Direction>,
}

/// `POST /session/{session}/measure`
pub async fn measure(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    headers: HeaderMap,
    Path(session): Path<String>,
    Form(form): Form<Reading>,
) -> Response {
    let station = Station { site: &site, lang, guard: &on_duty.guard, part: is_part(&headers) };
    let Ok(session) = session.parse::<SessionId>() else {
        return station.result(Err(GateError::NoSession), None, Direction::In).await;
    };
    let limits = site.say(lang).limits;
    let before = site.gate.session(session).map(|outcome| outcome.direction);
    let direction = form.direction.or(before).unwrap_or_default();
    let Some(tenths) = keypad::read(&form.temperature, limits) else {
        let error = GateError::Implausible { from: limits.min, to: limits.max };
        return station.reading(Err(error), Some(session), direction, &form.temperature).await;
    };
    // The segment was moved on a page without a script: judge the other way first.
    if before.is_some_and(|before| before != direction) {
        match site.gate.turn(&on_duty.guard, session, direction).await {
            Ok(outcome) if outcome.wants_reading() => {}
            other => return station.result(other, Some(session), direction).await,
        }
    }
    let result = site.gate.measure(&on_duty.guard, session, tenths).await;
    station.reading(result, Some(session), direction, &form.temperature).await
}

#[derive(Debug, Deserialize)]
pub struct Act {
    #[serde(rename = "do")]
    act: String,
    #[serde(default)]
    reason: String,
}

/// `POST /session/{session}/act`: the buttons under the panel.
pub async fn act(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    headers: HeaderMap,
    Path(session): Path<String>,
    Form(form): Form<Act>,
) -> Response {
    let station = Station { site: &site, lang, guard: &on_duty.guard, part: is_part(&headers) };
    let Ok(id) = session.parse::<SessionId>() else {
        return station.result(Err(GateError::NoSession), None, Direction::In).await;
    };
    let (gate, guard) = (&site.gate, &on_duty.guard);
    let direction = gate.session(id).map(|outcome| outcome.direction).unwrap_or_default();
    let result = match form.act.as_str() {
        "refuse" => gate.refuse(guard, id, &form.reason).await,
        "park" => gate.park(guard, id).await,
        "resume" => gate.resume(guard, id).await,
        "confirm" => gate.confirm_condition(guard, id).await,
        "in" => gate.turn(guard, id, Direction::In).await,
        "out" => gate.turn(guard, id, Direction::Out).await,
        "people" => return go(&format!("/people?session={id}")),
        "visitor" => return go(&format!("/visitor?session={id}")),
        "override" => return go(&format!("/session/{id}/override")),
        _ => Err(GateError::WrongStep),
    };
    station.result(result, Some(id), direction).await
}

#[derive(Debug, Deserialize)]
pub struct Correcting {
    #[serde(rename = "do", default)]
    act: String,
    #[serde(default)]
    temperature: String,
    #[serde(default)]
    direction: Direction,
}

/// `POST /correct/{seq}`: asks what was wrong, or takes the answer.
pub async fn correct(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    headers: HeaderMap,
    Path(seq): Path<u64>,
    Form(form): Form<Correcting>,
) -> Response {
    let station = Station { site: &site, lang, guard: &on_duty.guard, part: is_part(&headers) };
    let say = site.say(lang);
    let correction = match form.act.as_str() {
        "ask" => {
            return match station.correction(seq).await {
                Ok(panel) => station.answer(panel, None).await,
                Err(error) => station.result(Err(error), None, form.direction).await,
            };
        }
        "in" => Correction::Direction { direction: Direction::In },
        "out" => Correction::Direction { direction: Direction::Out },
        "not_passed" => Correction::DidNotPass,
        _ => {
            let Some(tenths) = keypad::read(&form.temperature, say.limits) else {
                let error = GateError::Implausible { from: say.limits.min, to: say.limits.max };
                return match station.correction(seq).await {
                    Ok(panel) => {
                        let panel = station.typed(panel, &form.temperature);
                        station.failed(panel, error.into()).await
                    }
                    Err(error) => station.result(Err(error), None, form.direction).await,
                };
            };
            Correction::Temperature { tenths }
        }
    };
    let result = site.gate.correct(&on_duty.guard, seq, correction).await;
    station.result(result, None, form.direction).await
}

/// What to do about a problem, or what it is.
pub fn advice(problem: &Problem, lang: Lang) -> String {
    problem.advice().unwrap_or_else(|| problem.title()).say(lang).to_owned()
}

/// Draws the lane after a step that began on another page (look-up, visitor form).
pub async fn show(site: &Site, lang: Lang, on_duty: &OnDuty, outcome: &ScanOutcome) -> Response {
    let station = Station { site, lang, guard: &on_duty.guard, part: false };
    station.outcome(outcome).await
}

impl super::panel::Say {
    /// What was wrong with this entry: the reading, the way, or that they passed at all.
    pub fn correction(&self, row: &crate::view::RecentRow) -> Panel {
        let words = ScanWords::of(self.lang);
        let direction = row.direction.unwrap_or_default();
        let other = match direction {
            Direction::In => Direction::Out,
            Direction::Out => Direction::In,
        };
        let mut was = vec![row.name.clone()];
        was.extend(row.tenths.map(degrees));
        was.push(self.way(direction).to_owned());
        was.retain(|part| !part.is_empty());
        let turned = match other {
            Direction::In => words.was_in,
            Direction::Out => words.was_out,
        };
        let to = format!("/correct/{}", row.seq);
        Panel {
            stage: Stage::Measure,
            tone: "step",
            icon: Some(Icon::Step.name()),
            word: words.correct.to_owned(),
            why: vec![was.join(" · ")],
            instruction: words.correct_which.to_owned(),
            limits: Some(self.limits),
            actions: vec![
                Action::new(other.code(), turned, ""),
                Action::new("not_passed", words.not_passed, ""),
            ],
            measure_to: Some(to.clone()),
            act_to: Some(to),
            leaving: direction == Direction::Out,
            correcting: true,
            ..Panel::ready(self.lang)
        }
    }
}
