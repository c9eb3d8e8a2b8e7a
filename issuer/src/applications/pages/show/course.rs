//! How an application went so far: stages, revisions, every event.

use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone, say_span};
use fugong_common::words::fill;

use crate::accounts::say_post;
use crate::applications::history::{self, EventLine};
use crate::applications::pages::view::waits_for;
use crate::applications::pages::words::CaseWords;
use crate::applications::state::State;
use crate::applications::store::{Application, Revision};
use crate::db::Tx;
use crate::web::Page;

pub struct StageView {
    pub class: &'static str,
    pub dot: &'static str,
    pub title: &'static str,
    pub when: String,
}

pub struct EventView {
    pub what: String,
    pub who: String,
    pub when: String,
    pub exact: String,
    pub stayed: String,
    pub on_behalf: bool,
}

pub struct RevisionView {
    pub text: String,
    pub compare: String,
    pub on_behalf: bool,
}

pub struct CourseView {
    pub stages: Vec<StageView>,
    pub revisions: Vec<RevisionView>,
    pub events: Vec<EventView>,
}

pub async fn view(
    tx: &mut Tx,
    page: &Page,
    found: &Application,
    zone: &Zone,
    revisions: &[Revision],
) -> Result<CourseView, Problem> {
    let events = history::list_events(tx, &found.id).await?;
    Ok(CourseView {
        stages: stage_views(found, zone, page),
        revisions: revision_views(revisions, found, zone, page),
        events: events.iter().map(|event| event_view(event, zone, page)).collect(),
    })
}

fn stage_views(found: &Application, zone: &Zone, page: &Page) -> Vec<StageView> {
    let c = CaseWords::of(page.lang);
    let stages = &found.stages;
    let refused = matches!(found.state(), State::Refused { .. });
    let decided = if refused { Millis(0) } else { stages.decided_at };
    let all = [
        (c.p_filed, stages.submitted_at),
        (c.p_accepted, stages.accepted_at),
        (c.p_checked, stages.checked_at),
        (c.p_decided, decided),
        (c.p_issued, stages.issued_at),
    ];
    let under_way = !found.state().is_final();
    let mut now_found = false;
    all.into_iter()
        .map(|(title, at)| {
            let done = at.0 > 0;
            let now = !done && !now_found && under_way;
            now_found |= now;
            StageView {
                class: if done {
                    "done"
                } else if now {
                    "now"
                } else {
                    ""
                },
                dot: if done { "✓" } else { "" },
                title,
                when: if done {
                    zone.say_time(page.lang, at, page.now)
                } else if now {
                    waits_for(found.state(), zone, page.now, page.lang)
                } else {
                    String::new()
                },
            }
        })
        .collect()
}

fn revision_views(
    revisions: &[Revision],
    found: &Application,
    zone: &Zone,
    page: &Page,
) -> Vec<RevisionView> {
    let c = CaseWords::of(page.lang);
    revisions
        .iter()
        .map(|revision| {
            let time = zone.say_time(page.lang, revision.made_at, page.now);
            let who = [
                ("n", &revision.revision as &dyn std::fmt::Display),
                ("time", &time),
                ("name", &revision.name),
            ];
            RevisionView {
                text: fill(c.revision_by, &who),
                compare: if revision.revision > 1 {
                    format!(
                        "/applications/{}/compare?a={}&b={}",
                        found.id,
                        revision.revision - 1,
                        revision.revision
                    )
                } else {
                    String::new()
                },
                on_behalf: revision.on_behalf,
            }
        })
        .collect()
}

fn event_view(event: &EventLine, zone: &Zone, page: &Page) -> EventView {
    let c = CaseWords::of(page.lang);
    let n: (&str, &dyn std::fmt::Display) = ("n", &event.revision);
    let what = match event.event.as_str() {
        "submit" => fill(c.e_submit, &[n]),
        "amend" => fill(c.e_amend, &[n]),
        "classify" => fill(c.e_classify, &[n]),
        "accept" => c.e_accept.to_owned(),
        "send_checker" => c.e_send_checker.to_owned(),
        "record_check" if event.to_state == "signing" => c.e_record_check_meets.to_owned(),
        "record_check" => c.e_record_check_fails.to_owned(),
        "sign" => c.e_sign.to_owned(),
        "return" => c.e_return.to_owned(),
        "refuse" => c.e_refuse.to_owned(),
        "withdraw" => c.e_withdraw.to_owned(),
        "reroute" => c.e_reroute.to_owned(),
        "issue" => c.e_issue.to_owned(),
        _ => String::new(),
    };
    let stayed = event.stayed_ms / 1000;
    EventView {
        what,
        who: format!("{} · {}", event.name, say_post(&event.post, page.lang)),
        when: zone.say_time(page.lang, Millis(event.at), page.now),
        exact: zone.stamp(Millis(event.at)),
        stayed: if stayed >= 60 && event.from_state != "draft" {
            fill(c.left_over, &[("span", &say_span(page.lang, stayed))])
        } else {
            String::new()
        },
        on_behalf: event.on_behalf == 1,
    }
}
