//! Who has signed what, whose turn it is, and who will sign once it comes to that.

use fugong_common::hex;
use fugong_common::lang::Lang;
use fugong_common::service::problem::Problem;
use fugong_common::time::{Millis, Zone};
use fugong_common::words::fill;

use crate::accounts::{Role, holders, say_post};
use crate::applications::deeds::Deeds;
use crate::applications::pages::words::CaseWords;
use crate::applications::store::{Application, Revision};
use crate::applications::words::ApplicationWords;
use crate::approvals::{self, Round};
use crate::db::Tx;
use crate::divisions;
use crate::web::Page;

/// A party of the route.
pub struct PartyView {
    pub class: &'static str,
    pub dot: &'static str,
    pub title: String,
    pub who: String,
    pub when: String,
    pub chip: (&'static str, &'static str),
}

/// The card of signatures.
pub struct SigningView {
    pub parties: Vec<PartyView>,
    /// Before the round begins: who will sign.
    pub ahead: String,
    /// Signatures that an edit has voided.
    pub void: Vec<String>,
    /// What is signed.
    pub digest: String,
    pub digest_short: String,
}

pub async fn view(
    tx: &mut Tx,
    page: &Page,
    found: &Application,
    zone: &Zone,
    deeds: &Deeds,
    current: Option<&Revision>,
) -> Result<SigningView, Problem> {
    let (parties, ahead) = match found.state().round() {
        Some(round) => (party_views(tx, page, found, round, zone, deeds).await?, String::new()),
        None if found.state().is_final() => (Vec::new(), String::new()),
        None => (Vec::new(), route_ahead(tx, page, found).await?),
    };
    let digest = current.map(|revision| hex::encode(&revision.sha256)).unwrap_or_default();
    Ok(SigningView {
        parties,
        ahead,
        void: void_lines(tx, page, found, zone).await?,
        digest_short: digest.chars().take(16).collect(),
        digest,
    })
}

async fn void_lines(
    tx: &mut Tx,
    page: &Page,
    found: &Application,
    zone: &Zone,
) -> Result<Vec<String>, Problem> {
    let w = ApplicationWords::of(page.lang);
    let signed = approvals::store::list(tx, &found.id).await?;
    let void = signed.iter().filter(|line| line.voided_at.is_some()).map(|line| {
        let time = zone.say_time(page.lang, Millis(line.at), page.now);
        let revision = fill(w.revision_n, &[("n", &line.revision)]);
        format!("{} · {} · {time} · {revision}", line.name, say_post(&line.post, page.lang))
    });
    Ok(void.collect())
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
async fn route_ahead(tx: &mut Tx, page: &Page, found: &Application) -> Result<String, Problem> {
    let regime = divisions::store::find_regime(tx, &found.division_path, page.now).await?;
    let Some(regime) = regime else { return Ok(String::new()) };
    let step = regime.settings.routes.of(found.scale);
    let parties: Vec<&str> = step.parties.iter().map(|party| party.title(page.lang)).collect();
    if parties.is_empty() {
        return Ok(ApplicationWords::of(page.lang).no_route.to_owned());
    }
    let parties = parties.join(page.lang.of("、", ", "));
    Ok(fill(CaseWords::of(page.lang).not_route_yet, &[("parties", &parties)]))
}
