//! Looking people up, registering visitors, who is inside, and today's records.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fugong_common::lang::Lang;
use fugong_common::service::language::Language;
use fugong_common::service::problem::Problem;
use fugong_common::time::say_span;
use fugong_common::verdict::Verdict;
use fugong_common::words::fill;
use serde::Deserialize;

use super::guard::OnDuty;
use super::shown::{Frame, Here, Line};
use super::words::{PeopleWords, ScanWords};
use super::{Site, draw, lane};
use crate::error::GateError;
use crate::view::{Direction, HostRow, PersonRow, RecordQuery, SessionId, Step, Visitor};

/// Records on one page.
const PAGE: u32 = 50;
/// Rows that a look-up shows at most (design §3).
const ROWS: usize = 5;

#[derive(Debug, Template)]
#[template(path = "people.html")]
pub struct PeoplePage {
    pub frame: Frame,
    pub query: String,
    pub session: Option<String>,
    /// `None` before anything was asked.
    pub rows: Option<Vec<PersonRow>>,
    pub roster_empty: bool,
    pub leaving: bool,
}

impl PeoplePage {
    pub fn number(&self, row: &PersonRow) -> String {
        fill(ScanWords::of(self.frame.lang).worker_number, &[("n", &row.number)])
    }

    /// As many rows as are shown at most: there may be more people.
    pub fn maybe_more(&self) -> bool {
        self.rows.as_ref().is_some_and(|rows| rows.len() >= ROWS)
    }

    /// Nobody else is meant: the focus waits on the choice instead of the field.
    pub fn only_one(&self) -> bool {
        self.rows.as_ref().is_some_and(|rows| rows.len() == 1)
    }
}

#[derive(Debug, Template)]
#[template(path = "visitor.html")]
pub struct VisitorPage {
    pub frame: Frame,
    pub session: Option<String>,
    /// Enterprise of the placard that was scanned.
    pub enterprise: Option<String>,
    pub hosts: Vec<HostRow>,
    pub form: VisitorForm,
}

/// One who is inside.
#[derive(Clone, Debug)]
pub struct InsideLine {
    pub name: String,
    pub enterprise: String,
    pub visitor: bool,
    pub since: String,
    pub span: String,
}

#[derive(Debug, Template)]
#[template(path = "inside.html")]
pub struct InsidePage {
    pub frame: Frame,
    pub rows: Vec<InsideLine>,
}

/// One record.
#[derive(Clone, Debug)]
pub struct Record {
    pub seq: u64,
    pub line: Line,
    pub guard: String,
    pub sent: bool,
    pub purged: bool,
}

#[derive(Debug, Template)]
#[template(path = "records.html")]
pub struct RecordsPage {
    pub frame: Frame,
    /// `None` where they can't be read.
    pub rows: Option<Vec<Record>>,
    pub total: u32,
    pub first: u32,
    pub newer: Option<String>,
    pub older: Option<String>,
    /// (code, word, chosen)
    pub verdicts: Vec<(&'static str, &'static str, bool)>,
}

impl RecordsPage {
    pub fn range(&self, words: &PeopleWords) -> String {
        let shown = self.rows.as_ref().map_or(0, Vec::len);
        let last = self.first.saturating_add(u32::try_from(shown).unwrap_or(u32::MAX));
        let first = self.first + 1;
        fill(words.page_of, &[("a", &first), ("b", &last), ("n", &self.total)])
    }

    pub fn any_purged(&self) -> bool {
        self.rows.iter().flatten().any(|row| row.purged)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Within {
    session: Option<String>,
    direction: Direction,
}

fn session_of(text: Option<&String>) -> Option<SessionId> {
    text.and_then(|text| text.parse().ok())
}

/// `GET /people`
pub async fn form(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    Query(within): Query<Within>,
) -> Response {
    let frame = site.frame(lang, Here::People, "/people", Some(&on_duty.guard));
    draw(&PeoplePage {
        frame,
        query: String::new(),
        session: session_of(within.session.as_ref()).map(|id| id.to_string()),
        rows: None,
        roster_empty: site.gate.status().roster_len == 0,
        leaving: within.direction == Direction::Out,
    })
}

#[derive(Debug, Deserialize)]
pub struct Asked {
    query: String,
    #[serde(flatten)]
    within: Within,
}

/// `POST /people`: not a GET, because names don't belong into addresses and each look-up is recorded.
pub async fn look_up(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    Form(asked): Form<Asked>,
) -> Response {
    let found = site.gate.lookup(&on_duty.guard, asked.query.trim()).await;
    let mut frame = site.frame(lang, Here::People, "/people", Some(&on_duty.guard));
    let (status, rows) = match found {
        Ok(rows) => (StatusCode::OK, Some(rows.into_iter().take(ROWS).collect())),
        Err(error) => {
            frame = frame.notice("stop", error.say(lang));
            (Problem::from(error).status(), None)
        }
    };
    let page = PeoplePage {
        frame,
        query: asked.query,
        session: session_of(asked.within.session.as_ref()).map(|id| id.to_string()),
        rows,
        roster_empty: site.gate.status().roster_len == 0,
        leaving: asked.within.direction == Direction::Out,
    };
    (status, draw(&page)).into_response()
}

#[derive(Debug, Deserialize)]
pub struct Chosen {
    worker: String,
    #[serde(flatten)]
    within: Within,
}

/// `POST /people/choose`: on to the lane with this person.
pub async fn choose(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    Form(chosen): Form<Chosen>,
) -> Response {
    let (gate, guard) = (&site.gate, &on_duty.guard);
    let result = match session_of(chosen.within.session.as_ref()) {
        Some(session) => gate.choose_person(guard, session, &chosen.worker).await,
        None => gate.person(guard, &chosen.worker, chosen.within.direction).await,
    };
    match result {
        Ok(outcome) => lane::show(&site, lang, &on_duty, &outcome).await,
        Err(error) => {
            let frame = site.frame(lang, Here::People, "/people", Some(guard));
            let page = PeoplePage {
                frame: frame.notice("stop", error.say(lang)),
                query: String::new(),
                session: session_of(chosen.within.session.as_ref()).map(|id| id.to_string()),
                rows: None,
                roster_empty: site.gate.status().roster_len == 0,
                leaving: chosen.within.direction == Direction::Out,
            };
            (Problem::from(error).status(), draw(&page)).into_response()
        }
    }
}

/// What the visitor form holds, and gives back when something is missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct VisitorForm {
    pub session: String,
    pub host: String,
    pub name: String,
    pub phone: String,
    pub plate: String,
    pub purpose: String,
    pub direction: Direction,
}

impl VisitorForm {
    pub fn is_leaving(&self) -> bool {
        self.direction == Direction::Out
    }
}

fn visitor_page(
    site: &Site,
    lang: Lang,
    on_duty: &OnDuty,
    form: VisitorForm,
    error: Option<GateError>,
) -> Response {
    let mut frame = site.frame(lang, Here::Check, "/visitor", Some(&on_duty.guard));
    let mut status = StatusCode::OK;
    if let Some(error) = error {
        frame = frame.notice("stop", error.say(lang));
        status = Problem::from(error).status();
    }
    let open = form.session.parse().ok().and_then(|id| site.gate.session(id));
    // Only a placard that holds can be visited; another site's is refused, its visitor is not.
    let placard = open.filter(|outcome| outcome.step == Step::ChoosePerson);
    let page = VisitorPage {
        frame,
        session: placard.as_ref().map(|outcome| outcome.session.to_string()),
        enterprise: placard.and_then(|outcome| outcome.enterprise).map(|it| it.name),
        hosts: site.gate.hosts(),
        form,
    };
    (status, draw(&page)).into_response()
}

/// `GET /visitor`
pub async fn visitor_form(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    Query(within): Query<Within>,
) -> Response {
    let session = within.session.unwrap_or_default();
    let form = VisitorForm { session, direction: within.direction, ..VisitorForm::default() };
    visitor_page(&site, lang, &on_duty, form, None)
}

/// `POST /visitor`
pub async fn visitor(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    Form(form): Form<VisitorForm>,
) -> Response {
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let visitor = Visitor {
        name: form.name.trim().to_owned(),
        phone: form.phone.trim().to_owned(),
        plate: given(&form.plate),
        purpose: given(&form.purpose),
    };
    let (gate, guard) = (&site.gate, &on_duty.guard);
    let result = match form.session.parse::<SessionId>() {
        Ok(session) => gate.visitor(guard, session, visitor).await,
        Err(_) => gate.visitor_of(guard, &form.host, visitor, form.direction).await,
    };
    match result {
        Ok(outcome) => lane::show(&site, lang, &on_duty, &outcome).await,
        Err(error) => visitor_page(&site, lang, &on_duty, form, Some(error)),
    }
}

/// `GET /inside`
pub async fn inside(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
) -> Response {
    let say = site.say(lang);
    let words = PeopleWords::of(lang);
    let rows = site.gate.inside().into_iter().map(|row| InsideLine {
        since: say.zone.say_time(lang, row.since, say.now),
        span: fill(words.inside_age, &[("span", &say_span(lang, say.now.since(row.since) / 1000))]),
        name: row.name,
        enterprise: row.enterprise,
        visitor: row.visitor,
    });
    let rows = rows.collect();
    draw(&InsidePage {
        frame: site.frame(lang, Here::Inside, "/inside", Some(&on_duty.guard)),
        rows,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filter {
    verdict: String,
    page: u32,
}

/// `GET /records`
pub async fn records(
    State(site): State<Site>,
    Language(lang): Language,
    on_duty: OnDuty,
    Query(filter): Query<Filter>,
) -> Response {
    let verdict = Verdict::from_code(&filter.verdict);
    let page = filter.page.min(100_000);
    let first = page * PAGE;
    let answer = site.gate.records(RecordQuery { verdict, skip: first, limit: PAGE }).await;
    let say = site.say(lang);
    let address = |page: u32| {
        let code = verdict.map(Verdict::code).unwrap_or_default();
        format!("/records?verdict={code}&page={page}")
    };
    let total = answer.as_ref().map_or(0, |page| page.total);
    let rows = answer.ok().map(|page| {
        let rows = page.rows.into_iter().filter_map(|row| {
            let line = say.line(&row)?;
            let purged = row.name.is_empty() && row.plate.is_none() && row.guard.is_empty();
            Some(Record { seq: row.seq, line, guard: row.guard, sent: row.sent, purged })
        });
        rows.collect()
    });
    let verdicts = Verdict::ALL.iter().map(|it| (it.code(), it.word(lang), verdict == Some(*it)));
    let path = address(page);
    draw(&RecordsPage {
        frame: site.frame(lang, Here::Records, &path, Some(&on_duty.guard)),
        rows,
        total,
        first,
        newer: page.checked_sub(1).map(address),
        older: (first + PAGE < total).then(|| address(page + 1)),
        verdicts: verdicts.collect(),
    })
}
