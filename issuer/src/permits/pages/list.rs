//! The list of permits, by state, by key, and by whatever of a permit somebody has at hand.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use fugong_common::serial::Serial;
use fugong_common::service::problem::Problem;
use fugong_common::words::fill;
use serde::Deserialize;

use super::{say_state, say_term};
use crate::authz::Action;
use crate::fields::Sent;
use crate::keys;
use crate::permits::printing;
use crate::permits::store::{self, Filter, StateFilter};
use crate::permits::words::PermitWords;
use crate::web::{Frame, Nav, Page, Paging, Refused, Tone, encode, html_again};

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Search {
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    after: String,
}

/// A search as typed: a check number is found whatever way it is written.
pub fn filter(q: &str, state: &str, key: &str) -> Filter {
    Filter {
        search: q.trim().to_owned(),
        serial: Serial::parse_typed(q).map(Serial::to_hex).unwrap_or_default(),
        state: StateFilter::parse(state),
        key_id: key.to_owned(),
    }
}

struct Line {
    id: String,
    document: String,
    name: String,
    mode: String,
    term: String,
    tone: Tone,
    state: &'static str,
    copies: i64,
    printable: bool,
    ticked: bool,
}

struct StateOption {
    code: &'static str,
    label: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "permits/list.html")]
struct ListPage {
    frame: Frame,
    w: &'static PermitWords,
    search: Search,
    states: Vec<StateOption>,
    lines: Vec<Line>,
    next: Option<String>,
    may_print: bool,
    may_reissue: bool,
    key_banner: Option<String>,
    /// As typed into the form below the list, where it was not taken.
    reason: String,
    sheet: String,
}

const fn state_label(w: &PermitWords, state: StateFilter) -> &'static str {
    match state {
        StateFilter::All => w.all,
        StateFilter::Valid => w.valid,
        StateFilter::NotYet => w.not_yet,
        StateFilter::Suspended => w.suspended,
        StateFilter::ToConfirm => w.to_confirm,
        StateFilter::EndsSoon => w.ends_soon,
        StateFilter::Expired => w.expired,
        StateFilter::Revoked => w.revoked,
        StateFilter::Superseded => w.superseded,
    }
}

pub async fn list(page: Page, Query(search): Query<Search>) -> Result<Response, Problem> {
    show_list(&page, search, &Sent::default(), None).await
}

/// The list below which a form stood that was not taken: the same page of it, with what was ticked
/// and typed.
pub(in crate::permits) async fn list_again(
    page: Page,
    sent: &Sent,
    problem: Problem,
) -> Result<Response, Problem> {
    let refused = Refused::of(problem, page.lang)?;
    let field = |name| sent.value(name).to_owned();
    let search =
        Search { q: field("q"), state: field("state"), key: field("key"), after: field("after") };
    show_list(&page, search, sent, Some(&refused)).await
}

async fn show_list(
    page: &Page,
    search: Search,
    sent: &Sent,
    refused: Option<&Refused>,
) -> Result<Response, Problem> {
    let w = PermitWords::of(page.lang);
    let filter = filter(&search.q, &search.state, &search.key);
    let bounds = page.reach().bounds();
    let mut tx = page.app.db().read().await?;
    let mut found =
        store::list(&mut tx, &bounds, &filter, page.now, &search.after, Paging::FETCH).await?;
    let key = match search.key.parse() {
        Ok(id) => keys::store::find(&mut tx, id).await?,
        Err(_) => None,
    };
    drop(tx);
    // A key that only signs no more, such as after a restore, still counts at the gates.
    let key_banner = key.and_then(|key| match key.entry.revoked {
        Some(_) => Some(w.key_withdrawn_banner),
        None => (key.entry.sign_until <= page.now.seconds()).then_some(w.key_ended_banner),
    });
    let key_banner = key_banner.map(|said| fill(said, &[("key", &search.key)]));
    let next = Paging::cut(&mut found, |permit| permit.id.clone());
    let lines = found.iter().map(|permit| {
        let (tone, state) = say_state(w, permit, page.now);
        Line {
            id: permit.id.clone(),
            document: permit.document_number.clone(),
            name: permit.facts.name.clone(),
            mode: w.mode(permit.claims.mode),
            term: say_term(w, permit),
            tone,
            state,
            copies: permit.copies,
            printable: printing::is_printable(permit, page.now),
            ticked: sent.ticks("id", &permit.id),
        }
    });
    let lines = lines.collect();
    let mut frame = page.frame(Nav::Permits);
    let batch = page.done.as_deref().and_then(|done| done.strip_prefix("batch-")?.split_once('-'));
    if let Some((done, left)) = batch
        && let (Ok(n), Ok(left)) = (done.parse::<u32>(), left.parse::<u32>())
    {
        frame = match left {
            0 => frame.notice(Tone::Ok, fill(w.done_batch, &[("n", &n)])),
            _ => frame.notice(Tone::Warn, fill(w.done_batch_left, &[("n", &n), ("left", &left)])),
        };
    }
    let shown = ListPage {
        frame: frame.refused(refused),
        reason: sent.value("reason").to_owned(),
        sheet: sent.value("sheet").to_owned(),
        w,
        states: StateFilter::ALL
            .into_iter()
            .map(|state| StateOption {
                code: state.code(),
                label: state_label(w, state),
                chosen: state == filter.state,
            })
            .collect(),
        lines,
        next: next.map(|after| {
            format!(
                "/permits?q={}&state={}&key={}&after={}",
                encode(&search.q),
                encode(&search.state),
                encode(&search.key),
                encode(&after)
            )
        }),
        may_print: page.actor.may(Action::PrintPermits),
        may_reissue: !search.key.is_empty() && page.actor.may(Action::ReissuePermits),
        key_banner,
        search,
    };
    html_again(&shown, refused)
}
