//! The settings' home: one's own, and what the post may manage.

use askama::Template;
use axum::response::Response;
use fugong_common::lang::Lang;
use fugong_common::service::problem::Problem;
use fugong_common::words::fill;

use super::set_up::{Facts, Step, look, progress};
use super::words::SettingsWords;
use crate::authz::Action;
use crate::divisions;
use crate::web::{Frame, Nav, Page, Routes, Tone, html};

pub fn routes(routes: Routes) -> Routes {
    routes.get("/settings", Action::UseConsole, home)
}

/// A room of the settings.
struct Room {
    href: &'static str,
    title: &'static str,
    why: &'static str,
}

/// A step of the set-up as it is shown.
struct StepShown {
    title: &'static str,
    detail: String,
    href: String,
    state: &'static str,
    class: &'static str,
    mark: &'static str,
}

#[derive(Template)]
#[template(path = "settings/home.html")]
struct HomePage {
    frame: Frame,
    w: &'static SettingsWords,
    name: String,
    sign_in: String,
    post: String,
    rooms: Vec<Room>,
    set_up: Option<SetUp>,
}

struct SetUp {
    summary: String,
    done: usize,
    all: usize,
    steps: Vec<StepShown>,
}

fn rooms(page: &Page, w: &'static SettingsWords) -> Vec<Room> {
    let all = [
        (Action::ManageAccounts, "/settings/accounts", w.accounts, w.accounts_why),
        (Action::ManageDivisions, "/settings/divisions", w.divisions, w.divisions_why),
        (Action::ManageDivisions, "/settings/regimes", w.regimes, w.regimes_why),
        (Action::ManageAccounts, "/settings/roles", w.roles, w.roles_why),
        (Action::ReadKeys, "/keys", w.keys, w.keys_why),
        (Action::ReadAudit, "/settings/audit", w.audit, w.audit_why),
    ];
    all.into_iter()
        .filter(|(action, ..)| page.actor.may(*action))
        .map(|(_, href, title, why)| Room { href, title, why })
        .collect()
}

/// What a step says beyond its title, and where it is done.
fn say(step: Step, page: &Page, facts: &Facts, done: bool) -> (&'static str, String, String) {
    let w = SettingsWords::of(page.lang);
    let division = format!("/settings/divisions/{}", page.actor.post.division_id);
    let open = |text: &'static str| if done { String::new() } else { text.to_owned() };
    match step {
        Step::Tree => {
            let count = fill(w.tree_count, &[("count", &facts.below)]);
            (w.tree, if done { count } else { String::new() }, division)
        }
        Step::Hotline => (w.hotline, String::new(), format!("{division}#hotline")),
        Step::Pattern => (w.pattern, String::new(), format!("{division}#pattern")),
        Step::Regime => (w.regime, open(w.regime_open), "/settings/regimes".to_owned()),
        Step::Accounts => {
            let parties: Vec<_> = facts
                .unsigned
                .iter()
                .map(|party| match page.lang {
                    Lang::Zh => party.zh.as_str(),
                    Lang::En => party.en.as_str(),
                })
                .collect();
            let missing = parties.join(page.lang.of("、", ", "));
            let detail =
                if done { String::new() } else { fill(w.parties_open, &[("parties", &missing)]) };
            (w.parties, detail, "/settings/accounts/new".to_owned())
        }
        Step::Keys => (w.trust, open(w.trust_open), "/keys".to_owned()),
        Step::Premises => (w.premises, String::new(), "/premises".to_owned()),
        Step::Gate => (w.gate, String::new(), "/gates".to_owned()),
        Step::Permit => (w.permit, String::new(), "/permits".to_owned()),
    }
}

fn set_up(page: &Page, facts: &Facts) -> SetUp {
    let w = SettingsWords::of(page.lang);
    let (done, next) = progress(facts);
    let all = Step::ALL.len();
    let steps = Step::ALL.into_iter().map(|step| {
        let is_done = step.is_done(facts);
        let (state, class, mark) = match (is_done, next == Some(step)) {
            (true, _) => (w.done, "done", "✓"),
            (false, true) => (w.next, "now", ""),
            (false, false) => (w.open, "", ""),
        };
        let (title, detail, href) = say(step, page, facts, is_done);
        StepShown { title, detail, href, state, class, mark }
    });
    let text = if done == all { w.set_up_whole } else { w.set_up_done };
    // The whole sentence has no place for how many are done.
    let summary = fill(text, &[("done", &done), ("all", &all)]);
    SetUp { summary, done, all, steps: steps.collect() }
}

async fn home(page: Page) -> Result<Response, Problem> {
    let w = SettingsWords::of(page.lang);
    let mut shown = None;
    if page.actor.may(Action::ManageDivisions) {
        let mut tx = page.app.db().read().await?;
        let id = &page.actor.post.division_id;
        if let Some(division) = divisions::store::find(&mut tx, id).await? {
            let bounds = page.reach().bounds();
            shown = Some(set_up(&page, &look(&mut tx, &division, &bounds, page.now).await?));
        }
    }
    let mut frame = page.frame(Nav::Settings);
    if page.done.as_deref() == Some("password") {
        frame = frame.notice(Tone::Ok, w.password_done);
    }
    html(&HomePage {
        frame,
        w,
        name: page.actor.name.clone(),
        sign_in: page.actor.sign_in.clone(),
        post: format!("{} · {}", page.actor.post.title, page.actor.post.division_name),
        rooms: rooms(&page, w),
        set_up: shown,
    })
}
