//! One application: facts in one column, decisions in the other, acts in a bar at the thumb.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use fugong_common::hex;
use fugong_common::lang::Lang;
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone, say_span};
use fugong_common::words::fill;

use super::super::clock::{Elapsed, elapsed};
use super::super::deeds::{Deeds, Edit};
use super::super::history::{self, EventLine, SiteCheck};
use super::super::state::{Check, State};
use super::super::store::{self, Application, Revision};
use super::super::terms::{CLASSES, class_code, class_title};
use super::super::words::ApplicationWords;
use super::view::{Chip, class_chip, say_date, state_chip, waits_for};
use super::words::{CaseWords, PHRASES};
use super::{find, say_sign_fault, zone_of};
use crate::accounts::{Role, holders, say_post};
use crate::approvals::{self, Round};
use crate::authz::Action;
use crate::db::Tx;
use crate::divisions;
use crate::web::{Frame, Nav, Page, Tone, html};

/// An answer of a site check.
pub struct ItemView {
    pub group: &'static str,
    pub chip: Option<(&'static str, &'static str, &'static str)>,
    pub note: String,
}

/// A site check as it is shown.
pub struct CheckView {
    pub items: Vec<ItemView>,
    pub note: String,
    pub by: String,
    pub attended: bool,
    pub meeting_note: String,
    pub passed: bool,
}

/// A party of the route.
struct PartyView {
    class: &'static str,
    dot: &'static str,
    title: String,
    who: String,
    when: String,
    chip: (&'static str, &'static str),
}

struct StageView {
    class: &'static str,
    dot: &'static str,
    title: &'static str,
    when: String,
}

struct EventView {
    what: String,
    who: String,
    when: String,
    exact: String,
    stayed: String,
    on_behalf: bool,
}

struct RevisionView {
    text: String,
    compare: String,
    on_behalf: bool,
}

struct Choice {
    value: String,
    text: String,
}

#[derive(Template)]
#[template(path = "applications/show.html")]
struct ShowPage {
    frame: Frame,
    w: &'static ApplicationWords,
    c: &'static CaseWords,
    id: String,
    name: String,
    receipt: String,
    state: Chip,
    class: Option<Chip>,
    route: String,
    on_behalf: bool,
    submitted: String,
    elapsed: Elapsed,
    mend: Vec<String>,
    mend_by: String,
    refusal: Option<(String, String, String)>,
    facts: Vec<(&'static str, String)>,
    check: Option<CheckView>,
    planned: String,
    older_checks: usize,
    parties: Vec<PartyView>,
    route_ahead: String,
    digest: String,
    digest_short: String,
    void: Vec<String>,
    stages: Vec<StageView>,
    revisions: Vec<RevisionView>,
    events: Vec<EventView>,
    deeds: Deeds,
    why: String,
    edit_label: &'static str,
    seen_state: &'static str,
    seen_revision: i64,
    checkers: Vec<Choice>,
    visit_on: String,
    today: String,
    classes: Vec<(&'static str, &'static str, bool)>,
    class_reason: String,
    permit_id: String,
    is_draft: bool,
    send_label: &'static str,
}

pub async fn show(page: Page, Path(id): Path<String>) -> Result<Response, Problem> {
    show_with(&page, &id, None).await
}

/// The page, with a notice of its own where an act was not done.
#[expect(clippy::too_many_lines, reason = "the values of one page, field by field")]
pub async fn show_with(
    page: &Page,
    id: &str,
    notice: Option<(Tone, String)>,
) -> Result<Response, Problem> {
    let lang = page.lang;
    let (w, c) = (ApplicationWords::of(lang), CaseWords::of(lang));
    let mut tx = page.app.db().read().await?;
    let found = find(page, &mut tx, Action::ReadApplications, id).await?;
    let zone = zone_of(page, &mut tx, &found.division_id).await?;
    let revisions = store::list_revisions(&mut tx, id).await?;
    let checks = history::list_checks(&mut tx, id).await?;
    let recorded = checks.iter().find(|check| !check.result.is_empty());
    let check = match recorded {
        Some(check) => Some(check_view(&mut tx, check, &zone, page).await?),
        None => None,
    };
    let signed = approvals::store::list(&mut tx, id).await?;
    let events = history::list_events(&mut tx, id).await?;
    let deeds = Deeds::of(&found, &page.actor);
    let round = round_of(&found);
    let parties = match round {
        Some(round) => party_views(&mut tx, page, &found, round, &zone, &deeds).await?,
        None => Vec::new(),
    };
    let route_ahead = match round {
        None if !found.state().is_final() => route_ahead(&mut tx, page, &found, c).await?,
        _ => String::new(),
    };
    let checkers = if deeds.accept || deeds.send {
        holders::list(&mut tx, &found.division_path, Role::Checker, lang, page.now).await?
    } else {
        Vec::new()
    };
    drop(tx);
    let current = revisions.first();
    let digest = current.map(|revision| hex::encode(&revision.sha256)).unwrap_or_default();
    let class_now = current.map(|revision| revision.filing.class.clone());
    let frame = page.frame(Nav::Applications);
    let frame = match notice.or_else(|| done_notice(page, &found, c)) {
        Some((tone, text)) => frame.notice(tone, text),
        None => frame,
    };
    let why = match &deeds.sign_fault {
        Some(fault) => say_sign_fault(fault, &found, &zone, page),
        None => String::new(),
    };
    let void: Vec<String> = signed
        .iter()
        .filter(|line| line.voided_at.is_some())
        .map(|line| {
            let time = zone.say_time(lang, Millis(line.at), page.now);
            let revision = fill(w.revision_n, &[("n", &line.revision)]);
            format!("{} · {} · {time} · {revision}", line.name, say_post(&line.post, lang))
        })
        .collect();
    let resting = found.state().is_final() || matches!(found.state(), State::Returned { .. });
    let times = (found.stages.submitted_at, found.stages.due_at);
    let none = Elapsed { text: String::new(), due: String::new(), class: "" };
    html(&ShowPage {
        frame,
        w,
        c,
        id: found.id.clone(),
        name: found.enterprise_name.clone(),
        receipt: found.receipt.clone().unwrap_or_default(),
        state: state_chip(found.state(), lang),
        class: class_chip(found.class_rank, lang),
        route: format!("{} · {}", found.scale.title(lang), found.scale.route_title(lang)),
        on_behalf: found.on_behalf,
        submitted: match found.stages.submitted_at {
            Millis(0) => String::new(),
            at => fill(w.submitted_at, &[("time", &zone.say_time(lang, at, page.now))]),
        },
        elapsed: if resting { none } else { elapsed(&zone, times, page.now, lang) },
        mend: mend_lines(found.state(), lang),
        mend_by: match found.state() {
            State::Returned { by, .. } => format!("{} · {}", by.name, say_post(&by.post, lang)),
            _ => String::new(),
        },
        refusal: match found.state() {
            State::Refused { reason, basis, complain, .. } => {
                Some((reason.clone(), basis.clone(), complain.clone()))
            }
            _ => None,
        },
        facts: current
            .map(|revision| revision.filing.lines(lang))
            .map(|lines| lines.into_iter().filter(|(_, value)| !value.is_empty()).collect())
            .unwrap_or_default(),
        planned: match found.state() {
            State::SiteCheck(Check::Sent { checker, planned_on }) => {
                let day = say_date(&zone, planned_on, page.now, lang);
                fill(c.check_planned, &[("name", &checker.name), ("day", &day)])
            }
            _ => String::new(),
        },
        older_checks: checks.iter().filter(|check| !check.result.is_empty()).count().max(1) - 1,
        check,
        parties,
        route_ahead,
        digest_short: digest.chars().take(16).collect(),
        digest,
        void,
        stages: stage_views(&found, &zone, page),
        revisions: revision_views(&revisions, &found, &zone, page),
        events: events.iter().map(|event| event_view(event, &zone, page)).collect(),
        why,
        edit_label: match deeds.edit {
            Some(Edit::Draft) => c.edit_draft,
            Some(Edit::Returned) => c.edit_returned,
            Some(Edit::Amend) | None => c.amend,
        },
        seen_state: found.state().code(),
        seen_revision: found.case.revision,
        checkers: checkers
            .into_iter()
            .map(|holder| Choice {
                text: format!("{} · {}", holder.name, holder.division_name),
                value: holder.account_id,
            })
            .collect(),
        visit_on: zone.date(page.now.plus_days(1)),
        today: zone.date(page.now),
        classes: CLASSES
            .into_iter()
            .map(|class| {
                let chosen = class_now.as_ref().is_some_and(|now| now.class == class);
                (class_code(class), class_title(class, lang), chosen)
            })
            .collect(),
        class_reason: class_now.map(|class| class.reason).unwrap_or_default(),
        permit_id: match found.state() {
            State::Issued { permit_id, .. } => permit_id.clone(),
            _ => String::new(),
        },
        is_draft: matches!(found.state(), State::Draft),
        send_label: match found.state() {
            State::SiteCheck(Check::Failed { .. }) => c.send_again,
            State::SiteCheck(Check::Sent { .. }) => c.resend,
            _ => c.send_checker,
        },
        deeds,
    })
}

fn round_of(application: &Application) -> Option<&Round> {
    match application.state() {
        State::Signing(round) | State::Approved(round) | State::Issued { round, .. } => Some(round),
        _ => None,
    }
}

/// What the last act was, as the redirect after it says.
fn done_notice(page: &Page, found: &Application, c: &'static CaseWords) -> Option<(Tone, String)> {
    let text = match page.done.as_deref()? {
        "saved" => c.done_saved.to_owned(),
        "submitted" => {
            let receipt = found.receipt.as_deref().unwrap_or_default();
            fill(c.done_submitted, &[("receipt", &receipt)])
        }
        "accepted" => c.done_accepted.to_owned(),
        "sent" => c.done_sent.to_owned(),
        "checked" => c.done_checked.to_owned(),
        "signed" => c.done_signed.to_owned(),
        "next" => c.done_signed_next.to_owned(),
        "last" => c.done_signed_last.to_owned(),
        "returned" => c.done_returned.to_owned(),
        "refused" => c.done_refused.to_owned(),
        "withdrawn" => c.done_withdrawn.to_owned(),
        "classed" => c.done_classed.to_owned(),
        "issued" => c.done_issued.to_owned(),
        _ => return None,
    };
    Some((Tone::Ok, text))
}

/// Everything to mend, phrase and note together.
pub(super) fn mend_lines(state: &State, lang: Lang) -> Vec<String> {
    let State::Returned { faults, .. } = state else { return Vec::new() };
    faults
        .iter()
        .map(|fault| {
            let phrase = PHRASES.iter().find(|(code, _, _)| *code == fault.phrase);
            let phrase = phrase.map_or("", |(_, zh, en)| lang.of(zh, en));
            match (phrase, fault.note.as_str()) {
                (phrase, "") => phrase.to_owned(),
                ("", note) => note.to_owned(),
                (phrase, note) => format!("{phrase}{}{note}", lang.of("：", ": ")),
            }
        })
        .collect()
}

/// The result of an item as a chip: tone, mark, word.
pub(super) fn result_chip(
    result: &str,
    c: &'static CaseWords,
) -> (&'static str, &'static str, &'static str) {
    match result {
        "meets" => ("ok", "✓", c.r_meets),
        "fails" => ("stop", "■", c.r_fails),
        _ => ("unk", "●", c.r_not_applicable),
    }
}

pub(super) async fn check_view(
    tx: &mut Tx,
    check: &SiteCheck,
    zone: &Zone,
    page: &Page,
) -> Result<CheckView, Problem> {
    let c = CaseWords::of(page.lang);
    let answers = history::list_items(tx, &check.id).await?;
    let items = history::CHECK_GROUPS
        .iter()
        .map(|group| {
            let answer = answers.iter().find(|item| item.group_code == *group);
            ItemView {
                group: group_title(group, c),
                chip: answer.map(|item| result_chip(&item.result, c)),
                note: answer.map(|item| item.note.clone()).unwrap_or_default(),
            }
        })
        .collect();
    let time = zone.say_time(page.lang, Millis(check.recorded_at), page.now);
    let attended = check.attended == Some(1);
    Ok(CheckView {
        items,
        note: check.note.clone(),
        by: fill(c.check_recorded, &[("name", &check.recorded_by), ("time", &time)]),
        attended,
        meeting_note: check.meeting_note.clone(),
        passed: attended && check.result == "meets",
    })
}

pub(super) fn group_title(group: &str, c: &'static CaseWords) -> &'static str {
    match group {
        "mechanism" => c.g_mechanism,
        "people" => c.g_people,
        "materials" => c.g_materials,
        _ => c.g_management,
    }
}

async fn party_views(
    tx: &mut Tx,
    page: &Page,
    found: &Application,
    round: &Round,
    zone: &Zone,
    deeds: &Deeds,
) -> Result<Vec<PartyView>, Problem> {
    let lang = page.lang;
    let c = CaseWords::of(lang);
    let next: Vec<&str> = round.next().into_iter().map(|party| party.code.as_str()).collect();
    let last = round.missing().count() == 1;
    let mut views = Vec::new();
    for party in &round.step.parties {
        let title = party.title(lang).to_owned();
        if let Some(given) = round.signature(party) {
            views.push(PartyView {
                class: "done",
                dot: "✓",
                title,
                who: format!("{} · {}", given.name, say_post(&given.post, lang)),
                when: zone.say_time(lang, given.at, page.now),
                chip: ("ok", c.agreed),
            });
            continue;
        }
        let turn = next.contains(&party.code.as_str());
        let mine = turn && deeds.sign && party.takes(page.actor.post.role);
        let who = if mine {
            if last { c.your_turn_last.to_owned() } else { c.your_turn.to_owned() }
        } else {
            holder_names(tx, page, found, party, &round.line).await?
        };
        views.push(PartyView {
            class: if turn { "now" } else { "" },
            dot: "",
            title,
            who,
            when: String::new(),
            chip: if turn { ("warn", c.to_sign) } else { ("unk", c.later) },
        });
    }
    Ok(views)
}

/// Who could sign for a party.
async fn holder_names(
    tx: &mut Tx,
    page: &Page,
    found: &Application,
    party: &divisions::Party,
    line: &str,
) -> Result<String, Problem> {
    let mut names: Vec<String> = Vec::new();
    for role in party.roles.iter().filter_map(|code| Role::parse(code)) {
        let held = holders::list(tx, &found.division_path, role, page.lang, page.now).await?;
        for holder in held {
            let other_line = role == Role::Department
                && !line.is_empty()
                && !holder.line.is_empty()
                && holder.line != line;
            if !other_line && names.len() < 4 {
                names.push(format!("{}（{}）", holder.name, holder.post));
            }
        }
    }
    if names.is_empty() {
        return Ok(CaseWords::of(page.lang).nobody_holds.to_owned());
    }
    let names = names.join(page.lang.of("、", ", "));
    Ok(match page.lang {
        Lang::Zh => names,
        Lang::En => names.replace('（', " (").replace('）', ")"),
    })
}

/// Before the round begins: who will sign, by the rules of today.
async fn route_ahead(
    tx: &mut Tx,
    page: &Page,
    found: &Application,
    c: &'static CaseWords,
) -> Result<String, Problem> {
    let regime = divisions::store::find_regime(tx, &found.division_path, page.now).await?;
    let Some(regime) = regime else { return Ok(String::new()) };
    let step = regime.settings.routes.of(found.scale);
    let parties: Vec<&str> = step.parties.iter().map(|party| party.title(page.lang)).collect();
    if parties.is_empty() {
        return Ok(ApplicationWords::of(page.lang).no_route.to_owned());
    }
    let parties = parties.join(page.lang.of("、", ", "));
    Ok(fill(c.not_route_yet, &[("parties", &parties)]))
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
